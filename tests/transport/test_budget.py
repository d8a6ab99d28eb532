"""The retry budget: an outage cannot multiply the load."""

from functools import partial

import pytest

from koscom_async import BrokerUnavailableError, Retry
from koscom_async._transport.retry import Retrier, RetryBudget
from koscom_async._transport.statistics import Counters, TraceBuilder
from tests.fake_time import FakeTime
from tests.transport.test_retry import run


def test_the_reserve_can_be_spent_once():
    budget = RetryBudget(Retry(budget_reserve=3, budget_share=0.0))
    assert [budget.spend("star") for _ in range(5)] == [True, True, True, False, False]


def test_first_tries_earn_retries_up_to_the_reserve():
    budget = RetryBudget(Retry(budget_reserve=2, budget_share=0.25))
    assert [budget.spend("star") for _ in range(3)] == [True, True, False]
    for _ in range(4):
        budget.earn("star")
    assert [budget.spend("star") for _ in range(2)] == [True, False]
    for _ in range(1000):
        budget.earn("star")
    assert [budget.spend("star") for _ in range(3)] == [True, True, False]


def test_each_broker_has_its_own_budget():
    budget = RetryBudget(Retry(budget_reserve=1, budget_share=0.0))
    assert (budget.spend("star"), budget.spend("star"), budget.spend("cyber")) == (True, False, True)


@pytest.mark.parametrize("calls_a_second", [10, 20, 50])
async def test_a_total_outage_multiplies_the_load_by_at_most_a_fifth_in_any_ten_seconds(calls_a_second):
    time, counters = FakeTime(), Counters()
    retrier = Retrier(Retry(attempts=4, base=0.2, cap=5.0), counters=counters, sleep=time.sleep)
    asked: list[float] = []
    saved: list[TraceBuilder] = []

    async def attempt():
        asked.append(time.now)
        raise BrokerUnavailableError("down", code="3600", retriable=True)

    async def call(number):
        await time.sleep(number / calls_a_second)
        trace = TraceBuilder()
        with pytest.raises(BrokerUnavailableError):
            await run(retrier, attempt, trace=trace)
        saved.append(trace)

    seconds = 40
    await time.run(*(partial(call, number) for number in range(seconds * calls_a_second)))
    for start in range(seconds - 10):
        in_window = sum(start <= moment < start + 10 for moment in asked)
        assert in_window <= 1.2 * 10 * calls_a_second
    assert counters.of("star").retries_saved > 0
    assert any("retry budget is spent" in note for trace in saved for note in trace.notes)

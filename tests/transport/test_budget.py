"""The retry budget: an outage cannot multiply the load."""

from functools import partial
from itertools import count

import pytest

from koscom_async import BrokerUnavailableError, Retry
from koscom_async._transport.retry import MOST_DEBTORS, Retrier, RetryBudget
from koscom_async._transport.statistics import Counters, TraceBuilder
from tests.fake_time import FakeTime
from tests.transport.test_retry import run

ME = (1, "1606…0001")


NUMBERS = count(2)


def others(number):
    """Return callers of whom each asks once."""
    return [(next(NUMBERS), None) for _ in range(number)]


def spent(budget, number, broker="star"):
    """Return how many of so many callers may retry."""
    return sum(budget.spend(broker, caller) for caller in others(number))


def test_the_reserve_can_be_spent_once():
    budget = RetryBudget(Retry(budget_reserve=3, budget_share=0.0))
    assert [spent(budget, 5), spent(budget, 5)] == [3, 0]


def test_first_tries_earn_retries_up_to_the_reserve():
    budget = RetryBudget(Retry(budget_reserve=2, budget_share=0.25))
    assert spent(budget, 3) == 2
    for caller in others(4):
        budget.earn("star", caller)
    assert spent(budget, 2) == 1
    for caller in others(1000):
        budget.earn("star", caller)
    assert spent(budget, 3) == 2


def test_each_broker_has_its_own_budget():
    budget = RetryBudget(Retry(budget_reserve=1, budget_share=0.0))
    assert [spent(budget, 2), spent(budget, 2, "cyber")] == [1, 1]


def test_one_account_that_always_fails_leaves_half_of_the_retries_to_the_others_and_takes_what_it_earns():
    budget = RetryBudget(Retry(budget_reserve=10, budget_share=0.1))
    assert sum(budget.spend("star", ME) for _ in range(20)) == 5
    for _ in range(200):
        budget.earn("star", ME)
        budget.spend("star", ME)
    assert spent(budget, 20) >= 5


def test_what_callers_took_is_remembered_of_a_bounded_number():
    budget = RetryBudget(Retry(budget_reserve=10**6))
    spent(budget, 3 * MOST_DEBTORS)
    assert len(budget._debts) == MOST_DEBTORS


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

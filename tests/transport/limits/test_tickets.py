"""Overload: which operations are whole, what the others cost, and what work that is not urgent gets; on a fake clock."""

from functools import partial
from itertools import pairwise
from math import inf
from random import Random

import anyio
import pytest

from koscom_async._transport.limits.limiter import ProcessLimiter, Turn, with_turns
from koscom_async._transport.limits.lines import PATIENT_TURN_EVERY
from koscom_async._transport.limits.tickets import (
    HEARD_AGAIN_SECONDS,
    MOST_HEARD,
    PATIENT_SECONDS,
    QUANTUM,
    SLOW_START_SECONDS,
    Heard,
)
from tests.transport.limits.operations import CALLS, HOLDINGS, Town

DEADLINE = 8.0
ALLOWED = 11
"""So many holdings the limits allow in 8 s: a burst of 10 and 80 calls more at the broker that takes 8 of each."""


async def test_of_sixty_at_once_those_that_the_limits_allow_are_whole_and_the_others_are_refused_early():
    town = Town()
    await town.run(*town.operations(60, seconds=DEADLINE))
    assert town.words["whole"] >= ALLOWED - 2
    assert town.calls <= 1.1 * CALLS * town.words["whole"]
    # Nothing was known of such an operation until the first was whole.
    refused = sorted(end.seconds for end in town.ended if end.word == "refused")
    assert len(refused) + town.words["whole"] == 60
    assert refused[-1] <= SLOW_START_SECONDS
    assert town.state() == {}


async def test_questions_about_one_account_that_wait_are_refused_as_soon_as_the_first_is_whole():
    town = Town()
    # Each takes four calls of one broker, one after another: the limits allow 22, and the first takes half a second.
    balances = [partial(town.balance, "star", calls=4, seconds=DEADLINE) for _ in range(100)]
    await town.run(*balances)
    assert town.words["whole"] >= 18
    assert town.words["whole"] + town.words["refused"] == 100
    assert town.calls == 4 * town.words["whole"]
    # All but the few with which it is close, and clear only when it is their turn.
    refused = sorted(end.seconds for end in town.ended if end.word == "refused")
    assert refused[int(0.9 * len(refused))] <= 1.0
    assert town.state() == {}


@pytest.mark.parametrize("plan", [{"star": (1,) * 4}, {"star": (1,) * 4, "cyber": (1,) * 4}])
async def test_an_operation_that_waits_to_begin_with_several_calls_is_counted_once(plan):
    town = Town()
    # An account at a broker of which nothing is known is asked for each asset class, and a firm each of its brokers.
    await town.run(*town.operations(60, seconds=DEADLINE, first=None, plan=plan))
    assert town.words["whole"] >= 20, "the limits allow 22"
    assert town.state() == {}
    # What does not wait for others is not refused.
    town.ended.clear()
    town.time.now += 600
    await town.run(*town.operations(5, seconds=3.0, first=None, plan=plan))
    assert town.words == {"whole": 5}


async def test_of_sixty_more_the_others_are_refused_at_once_and_cost_no_call():
    town = Town()
    await town.run(*town.operations(3, seconds=DEADLINE))
    town.ended.clear()
    town.time.now += 60
    await town.run(*town.operations(60, seconds=DEADLINE))
    assert town.words["whole"] >= ALLOWED - 2
    refused = [end for end in town.ended if end.word == "refused"]
    assert len(refused) == 60 - town.words["whole"]
    assert max((end.calls, end.seconds) for end in refused) <= (0, 0.2)
    assert town.calls == CALLS * town.words["whole"]
    # What it is told to wait is enough.
    again = max(end.retry_after for end in refused)
    town.ended.clear()
    await town.run(partial(town.operation, after=again, seconds=DEADLINE))
    assert town.words == {"whole": 1}


@pytest.mark.parametrize("load", [1, 10])
async def test_goodput_stays_at_what_the_limits_allow(load):
    town, chance, horizon = Town(), Random(load), 16.0
    capacity = 10 / sum(HOLDINGS["cyber"])  # operations a second
    operations, at = [], 0.0
    while (at := at + chance.expovariate(load * capacity)) < horizon:
        operations.append(partial(town.operation, after=at, seconds=DEADLINE))
    await town.run(*operations)
    bound = min(len(operations), int((horizon + DEADLINE) * capacity) + 1)
    assert town.words["whole"] >= 0.9 * bound, town.words
    assert town.calls <= 1.1 * CALLS * town.words["whole"]
    assert town.state() == {}


async def test_the_operation_that_began_first_leaves_first_at_each_broker():
    town = Town(burst=1)
    await town.run(*town.operations(3, plan={"star": (3, 3)}))
    order = [name for _, broker, name in town.left if broker == "star"]
    # The first is alone there until the second's list of accounts has been read; its calls never wait for another's.
    assert order == sorted(order)


async def alone_and_beside(long):
    """Return the seconds of holdings alone, and those of each of several beside a long operation, and how that ended."""
    town = Town()
    await town.run(partial(town.operation, seconds=DEADLINE))
    alone = town.ended[0].seconds
    town.time.now += 60
    town.ended.clear()
    short = [partial(town.operation, after=after, seconds=DEADLINE) for after in (5.0, 9.0, 13.0, 17.0)]
    await town.run(partial(town.operation, kind="years", plan={"cyber": long}), *short)
    assert town.state() == {}
    return alone, town.ended[:-1], town.ended[-1]


async def test_a_query_of_600_calls_slows_holdings_at_most_twofold_and_ends():
    alone, beside, long = await alone_and_beside((75,) * 8)
    assert [end.word for end in beside] == ["whole"] * 4
    assert max(end.seconds for end in beside) <= 2 * alone
    assert (long.word, long.calls) == ("whole", 601)
    # It takes the rate that the others leave.
    assert long.seconds <= 1.1 * (600 + 4 * sum(HOLDINGS["cyber"])) / 10


async def test_what_one_investor_has_very_much_of_refuses_no_other():
    town = Town()
    await town.run(partial(town.operation, seconds=DEADLINE))
    for _ in range(10):
        await town.run(partial(town.operation, seconds=29.0, plan={"star": (25,) * 4}))
    assert [end.calls for end in town.ended] == [CALLS] + [101] * 10
    town.ended.clear()
    town.time.now += 60
    await town.run(*town.operations(6, seconds=DEADLINE))
    assert town.words == {"whole": 6}


async def test_one_investor_whose_account_is_slow_refuses_no_other():
    town = Town()
    for investor in range(10):
        await town.run(partial(town.operation, seconds=DEADLINE, investor=investor))
    town.latency = 1.8
    for _ in range(8):
        await town.run(partial(town.operation, seconds=10.0, plan={"cyber": (4,)}, investor=99))
    assert town.words == {"whole": 18}
    town.latency = 0.1
    town.ended.clear()
    town.time.now += 60
    await town.run(*[partial(town.operation, seconds=DEADLINE, investor=100 + number) for number in range(8)])
    assert town.words == {"whole": 8}


def test_an_investor_is_heard_once_a_minute_and_a_hundred_are_remembered():
    heard = Heard()
    assert [heard.hears(None, now) for now in (0, 1, 2)] == [True] * 3
    assert [heard.hears(7, now) for now in (0, 1, HEARD_AGAIN_SECONDS, 90, 200)] == [
        True,
        False,
        True,
        False,
        True,
    ]
    assert all(heard.hears(1000 + asker, 201) for asker in range(2 * MOST_HEARD))
    assert len(heard) == MOST_HEARD
    assert not heard.hears(1000 + 2 * MOST_HEARD - 1, 202)


async def test_work_that_is_not_urgent_gets_a_turn_in_ten_of_a_stream_of_urgent_work():
    town = Town(burst=1)
    stream = [
        partial(town.operation, after=number / 12, seconds=20.0, kind="one", plan={"star": (1,)})
        for number in range(150)
    ]
    patient = partial(town.operation, name="patient", kind="years", plan={"star": (12,)})
    await town.run(*stream, patient)
    times = [at for at, broker, name in town.left if (broker, name) == ("star", "patient")]
    assert len(times) == 12
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert max(gaps) <= PATIENT_TURN_EVERY / 10 + 0.2
    assert town.state() == {}


async def test_operations_without_a_deadline_are_served_in_order_and_behind_urgent_ones():
    town = Town(burst=1, latency=0.0)
    batch = [partial(town.operation, name="batch", kind="b", plan={"star": (4,)}) for _ in range(5)]
    urgent = partial(town.operation, after=0.05, name="urgent", seconds=5.0, kind="u", plan={"star": (4,)})
    await town.run(*batch, urgent)
    order = [name for _, broker, name in town.left if broker == "star"]
    assert order.index("urgent") <= 3
    assert order[order.index("urgent") :][:8].count("urgent") == 4


async def test_an_operation_that_cannot_be_whole_at_one_broker_is_refused_there_and_read_elsewhere():
    town = Town(burst=1)
    await town.run(partial(town.operation, seconds=20.0, plan={"star": (6,), "cyber": (1,)}))
    town.ended.clear()
    town.time.now += 60
    # An operation of which nothing is known fills the line at one of two brokers.
    other = partial(town.operation, seconds=25.0, kind="new", plan={"star": (4,) * 8})
    late = partial(town.operation, after=1.0, seconds=0.6, plan={"star": (6,), "cyber": (1,)})
    await town.run(other, late)
    end, _ = town.ended
    assert (end.word, end.refused_at, end.calls) == ("in part", ["star"], 2)
    assert end.retry_after > 0
    assert town.state() == {}


async def test_an_operation_that_is_due_before_a_pause_ends_is_refused_there_at_once():
    town, plan = Town(), {"star": (3,), "cyber": (1,)}

    async def pauses():
        await town.time.sleep(
            0.25
        )  # the first has begun at the broker: what it still asks for is refused, too
        await town.limiter.pause("star", 20.0)

    late = [partial(town.operation, after=after, seconds=DEADLINE, plan=plan) for after in (0.0, 1.0, 2.0)]
    # The first of these has begun, too, and waits out the pause before the others.
    in_time = [partial(town.operation, after=after, seconds=25.0, plan=plan) for after in (0.0, 3.0)]
    await town.run(*in_time, *late, pauses)
    assert [end.word for end in town.ended] == ["in part"] * 3 + ["whole"] * 2
    for end in town.ended[:3]:
        assert end.refused_at == ["star"]
        assert end.seconds < 0.5
        assert end.ended_at + end.retry_after == pytest.approx(20.25, abs=0.2)
    assert town.state() == {}


async def test_what_finds_only_work_that_is_not_urgent_is_let_in_however_little_time_it_has():
    town = Town(burst=1)
    await town.run(partial(town.operation, seconds=20.0, plan={"star": (6,)}))
    town.ended.clear()
    town.time.now += 60
    batch = town.operations(5, kind="batch", plan={"star": (8,)})
    await town.run(*batch, partial(town.operation, after=1.0, seconds=0.5, plan={"star": (6,)}))
    # Its list of accounts, and what the time allowed at the broker.
    (late,) = [end for end in town.ended if end.word != "whole"]
    assert (late.word, late.calls > 2) == ("late", True)


async def test_a_broker_that_stays_silent_keeps_no_operation_from_beginning():
    town = Town()
    await town.run(*town.operations(2, seconds=DEADLINE))
    town.ended.clear()
    town.time.now += 60
    town.silent = frozenset({"star"})
    few = [partial(town.operation, after=float(number), seconds=DEADLINE) for number in range(20)]
    await town.run(*few)
    assert town.words == {"late": 20}  # each has read what the others answered
    assert {end.calls >= 10 for end in town.ended} == {True}
    assert town.state() == {}


async def test_what_is_owed_to_an_account_that_failed_is_owed_no_more():
    town = Town()
    await town.run(partial(town.operation, seconds=DEADLINE))
    line = town.limiter.bulkhead.of("cyber").line
    with town.limiter.ticket("holdings", DEADLINE) as ticket:
        async with Turn(town.limiter, "common", "member", lambda: None, ticket):
            assert line.owed == sum(HOLDINGS["cyber"])
        ticket.fail("cyber")
        assert line.owed == 0
    assert town.state() == {}


async def test_whatever_is_cancelled_nothing_stays_owed_or_taken():
    for seed in range(2):
        chance, town = Random(seed), Town(latency=0.2)
        operations = [
            partial(
                town.operation,
                after=chance.choice([0.0, chance.uniform(0, 3)]),
                seconds=chance.choice([chance.uniform(0, 3), DEADLINE, PATIENT_SECONDS + 1, inf]),
                kind=chance.choice(["holdings", "other"]),
                plan=chance.choice([HOLDINGS, {"star": (2, QUANTUM + 3)}, {"cyber": (1,), "nh": (3,)}]),
            )
            for _ in range(24)
        ]
        await town.run(*operations)
        assert len(town.ended) == 24, seed
        assert town.state() == {}, seed
        assert all(not (kind.begun or kind.waiting) for kind in town.limiter._tickets._kinds.values())


class WithoutTickets:
    """A limiter that was written before there were tickets."""

    def __init__(self, *given, **how):
        self._limiter = ProcessLimiter(*given, **how)
        self.bulkhead = self._limiter.bulkhead

    async def acquire(self, broker, service, turn=None):
        await self._limiter.acquire(broker, service)

    def release(self, broker, turn=None):
        self._limiter.release(broker)


async def test_a_limiter_without_tickets_serves_calls_in_the_order_in_which_they_come():
    town = Town(limiter=lambda *given, **how: with_turns(WithoutTickets(*given, **how)))
    await town.run(*town.operations(60, seconds=DEADLINE))
    assert town.words == {"late": 60}
    assert town.calls > 4 * CALLS
    with anyio.fail_after(1):
        async with Turn(town.limiter, "nh", "account", lambda: None, None):
            pass

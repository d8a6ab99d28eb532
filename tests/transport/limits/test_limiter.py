"""The limiter inside one process: rate, burst, calls in flight, order, pauses, cancelled waiters."""

from collections import Counter
from functools import partial

import anyio
import anyio.to_thread
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koscom_async import BrokerLimits, Limits, QuotaExceededError, UsageError
from koscom_async._transport.limits.limiter import ProcessLimiter
from koscom_async._transport.limits.quota import Source
from tests.fake_time import FakeTime, settled

WIDE = 1000


def limiter_of(time, *, rate=10.0, burst=1, in_flight=WIDE, total=WIDE, brokers=None):
    limits = Limits(
        default=BrokerLimits(rate=rate, burst=burst, in_flight=in_flight),
        brokers=brokers or {},
        in_flight=total,
    )
    return ProcessLimiter(limits, clock=time.clock, sleep=time.sleep)


class Departures:
    """Calls that leave through a limiter, and how many are out at once."""

    def __init__(self, time, limiter):
        self.time, self.limiter = time, limiter
        self.left: list[tuple[float, int]] = []
        self.out: Counter[str] = Counter()
        self.most_out: Counter[str] = Counter()
        self.most_in_total = 0

    async def call(self, number, broker="star", *, answer_after=0.0):
        await self.limiter.acquire(broker, "account")
        self.left.append((self.time.now, number))
        self.out[broker] += 1
        self.most_out[broker] = max(self.most_out[broker], self.out[broker])
        self.most_in_total = max(self.most_in_total, self.out.total())
        try:
            await self.time.sleep(answer_after)
        finally:
            self.out[broker] -= 1
            self.limiter.release(broker)

    @property
    def times(self):
        return [round(time, 9) for time, _ in self.left]

    @property
    def order(self):
        return [number for _, number in self.left]


async def test_calls_leave_at_the_rate_after_the_burst():
    time = FakeTime()
    departures = Departures(time, limiter_of(time, rate=10, burst=3))
    await time.run(*(partial(departures.call, number) for number in range(6)))
    assert departures.times == [0, 0, 0, 0.1, 0.2, 0.3]


async def test_a_rest_earns_a_burst_again_and_no_more():
    time = FakeTime()
    departures = Departures(time, limiter_of(time, rate=10, burst=2))
    await time.run(*(partial(departures.call, number) for number in range(2)))
    time.now = 100.0
    await time.run(*(partial(departures.call, number) for number in range(4)))
    assert departures.times == [0, 0, 100, 100, 100.1, 100.2]


async def test_waiters_leave_in_the_order_in_which_they_came():
    time = FakeTime()
    departures = Departures(time, limiter_of(time, rate=5, burst=1))
    await time.run(*(partial(departures.call, number) for number in range(8)))
    assert departures.order == list(range(8))


async def test_each_broker_is_metered_on_its_own():
    time = FakeTime()
    slow = BrokerLimits(rate=1, burst=1, in_flight=WIDE)
    departures = Departures(time, limiter_of(time, rate=100, burst=10, brokers={"star": slow}))
    calls = [partial(departures.call, number, "star") for number in range(3)]
    calls += [partial(departures.call, number, "cyber") for number in range(10, 13)]
    await time.run(*calls)
    assert departures.left[:4] == [(0.0, 0), (0.0, 10), (0.0, 11), (0.0, 12)]
    assert departures.times[4:] == [1, 2]


async def test_no_more_calls_are_out_than_a_broker_takes():
    time = FakeTime()
    departures = Departures(time, limiter_of(time, rate=1000, burst=WIDE, in_flight=2))
    await time.run(*(partial(departures.call, number, answer_after=1.0) for number in range(5)))
    assert departures.most_out["star"] == 2
    assert departures.times == [0, 0, 1, 1, 2]


async def test_no_more_calls_are_out_in_total_than_connections():
    time = FakeTime()
    departures = Departures(time, limiter_of(time, rate=1000, burst=WIDE, total=3))
    await time.run(
        *(partial(departures.call, number, f"broker{number}", answer_after=1.0) for number in range(7))
    )
    assert departures.most_in_total == 3
    assert departures.times == [0, 0, 0, 1, 1, 1, 2]


async def ask_once(limiter, broker):
    await limiter.acquire(broker, "account")
    limiter.release(broker)


async def test_who_is_asked_alone_gives_way_to_nobody():
    limiter = limiter_of(FakeTime(), rate=1000, burst=WIDE, in_flight=2, total=2)
    await limiter.acquire("star", "account")
    with anyio.CancelScope() as scope:
        scope.cancel()
        await limiter.acquire("star", "account")  # does not wait, so that it is not cancelled
    assert not scope.cancelled_caught
    assert limiter.bulkhead.in_flight("star") == 2


async def test_when_places_run_short_brokers_that_have_none_go_first():
    time = FakeTime()
    limiter = limiter_of(time, rate=1000, burst=WIDE, total=4)
    await ask_once(limiter, "cyber")
    departures = Departures(time, limiter)
    calls = [partial(departures.call, number, "star", answer_after=1.0) for number in range(5)]
    calls += [partial(departures.call, 10 + number, "cyber", answer_after=1.0) for number in range(2)]
    await time.run(*calls)
    assert departures.left == [(0, 0), (0, 1), (0, 10), (0, 11), (1, 2), (1, 3), (1, 4)]
    assert departures.most_in_total == 4


async def test_a_call_that_is_cancelled_while_it_lets_others_go_first_gives_its_place_back():
    limiter = limiter_of(FakeTime(), rate=1000, burst=WIDE, in_flight=2, total=2)
    await ask_once(limiter, "diamond")
    await limiter.acquire("star", "account")
    with anyio.CancelScope() as scope:
        scope.cancel()
        await limiter.acquire("star", "account")
    assert scope.cancelled_caught
    assert (limiter.bulkhead.in_flight(), limiter.bulkhead.in_flight("star")) == (1, 1)


async def test_a_pause_holds_every_waiter_of_that_broker_and_no_other():
    time = FakeTime()
    limiter = limiter_of(time, rate=10, burst=5)
    departures = Departures(time, limiter)
    await limiter.pause("star", 7.0)
    await time.run(
        partial(departures.call, 1, "star"),
        partial(departures.call, 2, "star"),
        partial(departures.call, 3, "cyber"),
    )
    assert departures.left == [(0.0, 3), (7.0, 1), (7.0, 2)]


async def test_a_shorter_pause_does_not_end_a_longer_one():
    time = FakeTime()
    limiter = limiter_of(time)
    departures = Departures(time, limiter)
    await limiter.pause("star", 7.0)
    await limiter.pause("star", 1.0)
    await time.run(partial(departures.call, 1))
    assert departures.times == [7]


async def test_a_pause_that_begins_while_a_call_waits_its_turn_holds_it_too():
    time = FakeTime()
    limiter = limiter_of(time, rate=1, burst=1)
    departures = Departures(time, limiter)

    async def pause_early():
        await time.sleep(0.5)
        await limiter.pause("star", 5.0)

    await time.run(partial(departures.call, 1), partial(departures.call, 2), pause_early)
    assert departures.times == [0, 5.5]


async def test_a_pause_holds_a_call_that_waits_for_a_place_among_all():
    time = FakeTime()
    limiter = limiter_of(time, rate=1000, burst=WIDE, total=1)
    departures = Departures(time, limiter)

    async def pause_early():
        await time.sleep(0.5)
        await limiter.pause("star", 5.0)

    await time.run(
        partial(departures.call, 1, "cyber", answer_after=1.0), partial(departures.call, 2), pause_early
    )
    assert departures.left == [(0.0, 1), (5.5, 2)]


@pytest.mark.parametrize("blocked_by", ["rate", "slots", "total"])
async def test_a_cancelled_waiter_gives_everything_back(blocked_by):
    time = FakeTime()
    limiter = limiter_of(
        time,
        rate=1.0 if blocked_by == "rate" else 1000.0,
        burst=1 if blocked_by == "rate" else WIDE,
        in_flight=1 if blocked_by == "slots" else WIDE,
        total=1 if blocked_by == "total" else WIDE,
    )
    await limiter.acquire("star", "account")
    async with anyio.create_task_group() as group:
        group.start_soon(limiter.acquire, "star", "account")
        await settled()
        group.cancel_scope.cancel()
    limiter.release("star")
    departures = Departures(time, limiter)
    time.now = 1.0
    await time.run(partial(departures.call, 1), partial(departures.call, 2, answer_after=0.0))
    assert departures.times == [1, 2 if blocked_by == "rate" else 1]


async def test_calls_that_may_not_leave_any_more_empty_the_queue_and_cost_no_turn():
    time = FakeTime()
    limiter = limiter_of(time, rate=1, burst=1)
    departures, refused = Departures(time, limiter), []

    class Turn:
        is_answered = ticket = demand = None

        def check(self):
            if time.now >= 0.5:
                raise UsageError("closed")

    async def refused_call():
        with pytest.raises(UsageError):
            await limiter.acquire("star", "account", Turn())
        refused.append(time.now)

    async def wait_behind_the_others():
        await time.sleep(0.7)
        await departures.call(2)

    await time.run(partial(departures.call, 1), *[refused_call] * 9, wait_behind_the_others)
    assert refused == [1.0] * 9  # the first wakes for its turn, and the others find the same
    assert departures.left == [(0.0, 1), (1.0, 2)]


async def test_a_call_that_finds_everything_free_does_not_overtake_one_that_waits_for_a_place_among_all():
    time = FakeTime()
    limiter = limiter_of(time, burst=WIDE, total=1)
    departures = Departures(time, limiter)
    calls = [partial(departures.call, 1, "star", answer_after=1), partial(departures.call, 2, "cyber")]

    async def latecomer():
        await time.sleep(1)  # the moment at which the place is handed on
        await departures.call(3, "diamond")

    await time.run(*calls, latecomer)
    assert departures.order == [1, 2, 3]
    assert departures.most_in_total == 1


async def test_a_call_that_the_quota_refuses_holds_no_place():
    time = FakeTime()
    limiter = limiter_of(time)
    await limiter.record_quota("account", source=Source("star", is_refusal=True), remaining=0, limit=10)
    with pytest.raises(QuotaExceededError):
        await limiter.acquire("star", "account")
    assert (limiter.bulkhead.in_flight(), limiter.bulkhead.in_flight("star")) == (0, 0)
    await limiter.acquire("star", "discretionary")
    assert limiter.bulkhead.in_flight("star") == 1


async def test_it_can_be_made_before_the_event_loop_runs():
    limiter = await anyio.to_thread.run_sync(lambda: ProcessLimiter(Limits()))
    await limiter.acquire("star", "account")
    limiter.release("star")
    assert limiter.bulkhead.in_flight() == 0


@given(
    rate=st.floats(0.5, 50),
    burst=st.integers(1, 5),
    in_flight=st.integers(1, 4),
    answers=st.lists(st.floats(0, 2), min_size=1, max_size=25),
)
@settings(max_examples=60, deadline=None)
def test_over_any_window_the_rate_is_kept_and_everybody_leaves(rate, burst, in_flight, answers):
    async def scenario():
        time = FakeTime()
        limiter = limiter_of(time, rate=rate, burst=burst, in_flight=in_flight)
        departures = Departures(time, limiter)
        await time.run(
            *(partial(departures.call, number, answer_after=wait) for number, wait in enumerate(answers))
        )
        return departures, limiter

    departures, limiter = anyio.run(scenario)
    assert departures.order == list(range(len(answers)))
    assert departures.most_out["star"] <= in_flight
    assert limiter.bulkhead.in_flight() == limiter.bulkhead.in_flight("star") == 0
    times = [time for time, _ in departures.left]
    for first in range(len(times)):
        for last in range(first, len(times)):
            allowed = burst + rate * (times[last] - times[first])
            assert last - first + 1 <= allowed + 1e-6

"""The limiter in the process under anything: random arrivals, answers, cancellations and pauses, on a fake clock.

Whatever happens: over any window the rate is never exceeded, waiters leave in order, none waits for ever, no more
calls are out than may be, and in the end no place is taken.
"""

from collections import Counter
from functools import partial

import anyio
from attrs import define, field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from koscom_async import BrokerLimits, Limits
from koscom_async._transport.limits.limiter import ProcessLimiter
from tests.fake_time import FakeTime

BROKERS = ("star", "cyber")
ROUNDING = 1e-6


@frozen(kw_only=True)
class Caller:
    """Comes at a moment, holds its place for a while, and gives up after its patience, wherever it is then."""

    broker: str
    comes_at: float
    answer_after: float
    patience: float | None


@frozen(kw_only=True)
class Pause:
    broker: str
    begins_at: float
    lasts: float


@define
class Seen:
    """What was observed of a run."""

    left: list[tuple[float, int]] = field(factory=list)
    came: list[int] = field(factory=list)
    ended: list[int] = field(factory=list)
    out: Counter = field(factory=Counter)
    most_out: Counter = field(factory=Counter)
    most_in_total: int = 0
    ended_at: float = 0.0


moments = st.integers(0, 40).map(lambda tenths: tenths / 10)  # round, so that things happen at one moment
callers = st.builds(
    Caller,
    broker=st.sampled_from(BROKERS),
    comes_at=moments,
    answer_after=st.sampled_from([0.0, 0.1, 0.5, 2.0]),
    patience=st.none() | moments,
)
pauses = st.builds(
    Pause, broker=st.sampled_from(BROKERS), begins_at=moments, lasts=st.sampled_from([0.1, 1.0, 3.0])
)
limits = st.builds(
    lambda rate, burst, in_flight, total: Limits(
        default=BrokerLimits(rate=rate, burst=burst, in_flight=in_flight), in_flight=total
    ),
    rate=st.sampled_from([0.7, 3.0, 10.0]) | st.floats(0.5, 50),
    burst=st.integers(1, 5),
    in_flight=st.integers(1, 4),
    total=st.sampled_from([1, 2, 6]),  # few, so that many wait for a place among all
)


async def run(limits, callers, pauses):
    time = FakeTime()
    limiter = ProcessLimiter(limits, clock=time.clock, sleep=time.sleep)
    seen = Seen()

    async def call(number, caller):
        await time.sleep(caller.comes_at)
        seen.came.append(number)
        async with anyio.create_task_group() as group:
            if caller.patience is not None:
                group.start_soon(give_up, group.cancel_scope, caller.patience)
            await limiter.acquire(caller.broker, "account")
            try:
                leave(number, caller.broker)
                await time.sleep(caller.answer_after)
            finally:
                seen.out[caller.broker] -= 1
                limiter.release(caller.broker)
            group.cancel_scope.cancel()
        seen.ended.append(number)

    async def give_up(scope, patience):
        await time.sleep(patience)
        scope.cancel()

    def leave(number, broker):
        seen.left.append((time.now, number))
        seen.out[broker] += 1
        seen.most_out[broker] = max(seen.most_out[broker], seen.out[broker])
        seen.most_in_total = max(seen.most_in_total, seen.out.total())

    async def hold(pause):
        await time.sleep(pause.begins_at)
        await limiter.pause(pause.broker, pause.lasts)

    await time.run(
        *(partial(call, number, caller) for number, caller in enumerate(callers)),
        *(partial(hold, pause) for pause in pauses),
    )
    seen.ended_at = time.now
    return seen, limiter


@given(limits=limits, callers=st.lists(callers, min_size=1, max_size=20), pauses=st.lists(pauses, max_size=4))
@settings(max_examples=60, deadline=None)
def test_whatever_happens_the_limits_are_kept_and_everybody_comes_to_an_end(limits, callers, pauses):
    seen, limiter = anyio.run(run, limits, callers, pauses)
    own = limits.default
    assert sorted(seen.ended) == list(range(len(callers)))
    assert {number for number, caller in enumerate(callers) if caller.patience is None} <= {
        number for _, number in seen.left
    }
    assert seen.most_in_total <= limits.in_flight
    assert limiter.bulkhead.in_flight() == 0
    for broker in BROKERS:
        assert seen.most_out[broker] <= own.in_flight
        assert limiter.bulkhead.in_flight(broker) == 0
        left = [(time, number) for time, number in seen.left if callers[number].broker == broker]
        order = [number for _, number in left]
        assert order == [number for number in seen.came if number in set(order)]
        times = [time for time, _ in left]
        for first in range(len(times)):
            for last in range(first, len(times)):
                assert last - first + 1 <= own.burst + own.rate * (times[last] - times[first]) + ROUNDING
        for pause in (pause for pause in pauses if pause.broker == broker):
            inside = [
                time for time in times if pause.begins_at < time < pause.begins_at + pause.lasts - ROUNDING
            ]
            assert inside == []


@given(limits=limits, callers=st.lists(callers, min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_who_gave_up_cost_the_others_nothing(limits, callers):
    """Those who gave up before they left have taken no turn: the others' last leaves when it would have without them."""
    patient = [caller for caller in callers if caller.patience is None]
    # They hold their slots for no time, so that the rate alone says when a call leaves.
    quick = [
        Caller(broker="star", comes_at=0.0, answer_after=0.0, patience=caller.patience) for caller in callers
    ]
    seen, _ = anyio.run(run, limits, quick, [])
    taken = len(seen.left)
    assert taken >= len(patient)
    last = max((time for time, _ in seen.left), default=0.0)
    earliest = max(0, taken - limits.default.burst) / limits.default.rate
    assert abs(last - earliest) <= ROUNDING


@given(
    limits=limits,
    rounds=st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=6), min_size=1, max_size=5),
)
@settings(max_examples=60, deadline=None)
def test_cancelling_after_any_number_of_steps_leaves_every_place_free(limits, rounds):
    async def scenario():
        time = FakeTime()
        limiter = ProcessLimiter(limits, clock=time.clock, sleep=time.sleep)

        async def call(broker):
            await limiter.acquire(broker, "account")
            try:
                await anyio.sleep_forever()
            finally:
                limiter.release(broker)

        for steps in rounds:
            async with anyio.create_task_group() as group:
                for number, step in enumerate(steps):
                    group.start_soon(call, BROKERS[number % 2])
                    for _ in range(step):
                        await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()
            assert limiter.bulkhead.in_flight() == 0
            assert [limiter.bulkhead.in_flight(broker) for broker in BROKERS] == [0, 0]
            time.now += 100.0

    anyio.run(scenario)

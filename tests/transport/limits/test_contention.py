"""Several processes at one rate, each of which knows its own lines only; Redis's decisions are made on a fake clock."""

from collections import Counter
from functools import partial
from random import Random

import pytest

from koscom_async import OverloadedError
from koscom_async._transport.limits import contention, redis_limiter
from koscom_async._transport.limits.contention import Pace, Throttle
from koscom_async._transport.limits.limiter import GCRA
from koscom_async._transport.limits.redis_limiter import RedisLimiter
from koscom_async._transport.limits.redis_store import Decision
from koscom_async._transport.limits.tickets import SILENT_SECONDS, Tickets
from tests.fake_time import Clock, FakeTime
from tests.transport.limits.operations import CALLS, HOLDINGS, Town

DEADLINE, RATE, BURST = 8.0, 10.0, 10


class OneRate:
    """Stands for Redis: one rate for each broker, and an answer at once."""

    def __init__(self, clock):
        self._clock = clock
        self._rates = {}

    async def decide(self, broker, service, *, interval, slack, reserve):
        rate = self._rates.setdefault(broker, GCRA(RATE, BURST))
        now = self._clock()
        granted = rate.ready_at() <= now
        if granted:
            rate.take(now)
        wait = max(0.0, rate.ready_at() - now)
        return Decision(granted=granted, spent=False, at=0, wait=wait, paused=0.0, quota=None)


def processes(time, count):
    """Return towns that share nothing but the rate."""
    store = OneRate(time.clock)

    def limiter(limits, *, clock, sleep):
        made = RedisLimiter("redis://localhost:1", limits, clock=clock, sleep=sleep)
        made._store = store
        return made

    return [Town(limiter=limiter, time=time) for _ in range(count)]


async def test_four_processes_at_twice_the_load_keep_most_answers_and_waste_few_calls(monkeypatch):
    time, chance, horizon = FakeTime(), Random(1), 16.0
    for module in (contention, redis_limiter):
        monkeypatch.setattr(module, "random", Random(2).random)
    towns = processes(time, 4)
    capacity = RATE / sum(HOLDINGS["cyber"])
    operations, at = [], 0.0
    while (at := at + chance.expovariate(2 * capacity)) < horizon:
        operations.append(partial(chance.choice(towns).operation, after=at, seconds=DEADLINE))
    await time.run(*operations)
    words = sum((town.words for town in towns), Counter())
    allowed = (BURST + RATE * (horizon + DEADLINE)) / sum(HOLDINGS["cyber"])
    assert words["whole"] >= 0.7 * min(allowed, len(operations)), words
    assert CALLS * words["whole"] >= 0.8 * sum(town.calls for town in towns), words
    assert [town.state() for town in towns] == [{}] * 4


def test_the_pace_is_the_mean_of_the_turns_that_calls_waited_for_and_never_above_the_rate():
    pace = Pace(0.1, 0.1)
    for now, is_contended in [(0.0, False), (9.0, True), (9.5, True), (10.0, False), (90.0, True)]:
        pace.record_turn(now, is_contended=is_contended)
    assert pace.seconds == pytest.approx(0.1 + 0.1 * 0.4 + 0.1 * 0.36)
    for now in range(1000):
        pace.record_turn(90 + now / 1000, is_contended=True)
    assert pace.seconds == 0.1


async def test_where_operations_starve_new_ones_are_refused_and_those_that_begin_are_as_many_again_as_are_whole(
    monkeypatch,
):
    clock, drawn = Clock(), 0.5
    monkeypatch.setattr(contention, "random", lambda: drawn)
    tickets = Tickets(lambda broker: GCRA(RATE, BURST), clock=clock)
    line, throttle = tickets.line("star"), Throttle(clock)

    def begin(ticket):
        with throttle.admit(ticket, line):
            ticket.at(line).take_turn(clock())

    def starve(ticket):
        with pytest.raises(TimeoutError), throttle.admit(ticket, line):
            raise TimeoutError

    begun = [tickets.open("holdings", DEADLINE) for _ in range(8)]
    for ticket in begun:
        begin(ticket)
    for ticket in begun[:4]:
        starve(ticket)  # given up before the deadline: it says nothing
    clock.now += DEADLINE
    for ticket in begun[:4]:
        starve(ticket)
        starve(ticket)  # counts once
    begin(tickets.open("holdings", DEADLINE))  # half of them are whole
    for ticket in begun[4:]:
        starve(ticket)
    with pytest.raises(OverloadedError) as refused:
        begin(tickets.open("holdings", DEADLINE))
    assert refused.value.retry_after > 0
    begin(tickets.open("holdings", 60.0))  # not urgent
    drawn = 0.9
    begin(tickets.open("holdings", DEADLINE))


async def test_at_a_broker_that_stays_silent_no_operation_starves():
    clock = Clock()
    tickets = Tickets(lambda broker: GCRA(RATE, BURST), clock=clock)
    line, throttle = tickets.line("star"), Throttle(clock)
    line.unanswered_since = 0.0
    for _ in range(20):
        ticket = tickets.open("holdings", DEADLINE)
        with throttle.admit(ticket, line):
            ticket.at(line).take_turn(clock())
        clock.now += max(DEADLINE, SILENT_SECONDS + 1)
        with pytest.raises(TimeoutError), throttle.admit(ticket, line):
            raise TimeoutError


@pytest.mark.parametrize("is_paused", [True, False])
async def test_one_investor_whose_operations_starve_keeps_no_other_from_beginning(monkeypatch, is_paused):
    monkeypatch.setattr(contention, "random", lambda: 0.0)
    clock = Clock()
    rate = GCRA(RATE, BURST)
    tickets = Tickets(lambda broker: rate, clock=clock)
    line, throttle = tickets.line("star"), Throttle(clock)

    def begin(asker):
        ticket = tickets.open("holdings", DEADLINE)
        ticket.asker = asker
        with throttle.admit(ticket, line):
            ticket.at(line).take_turn(clock())
        return ticket

    for asker in (2, 3, 4):
        begin(asker)
    for asker in range(10, 20) if is_paused else [1] * 7:
        ticket = begin(asker)
        clock.now += DEADLINE
        if is_paused:
            rate.pause(clock.now + 30)  # by its 429, say, and for all of its investors
        with pytest.raises(TimeoutError), throttle.admit(ticket, line):
            raise TimeoutError
    begin(5)

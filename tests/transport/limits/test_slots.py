"""How slots are divided: what brokers that stay silent can take, and what is left for the others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koscom_async import BrokerLimits, BrokerUnavailableError, ConnectionFailedError, Limits, UsageError
from koscom_async._transport.limits import limiter as limiter_module
from koscom_async._transport.limits.bulkhead import Slots
from koscom_async._transport.limits.limiter import ProcessLimiter, Turn, with_turns
from koscom_async.errors import BreakerOpenError


def filled(slots, *brokers):
    """Let brokers take all that they may, one after another; return how many each has."""
    for broker in brokers:
        of_broker = slots.of(broker)
        while slots.may_take(of_broker):
            slots.take(of_broker)
    return [slots.of(broker).taken for broker in brokers]


SILENT = ("a", "b", "c", "d", "e")


def test_five_brokers_that_stay_silent_leave_slots_for_a_sixth_and_for_what_all_need():
    slots = Slots(Limits())
    assert filled(slots, *SILENT) == [8, 8, 8, 8, 5]
    assert filled(slots, "sound", "another") == [2, 1]
    assert filled(slots, "common", "auth") == [4, 0]
    assert (slots.free, slots.taken) == (0, 44)


def test_however_many_brokers_fall_silent_at_one_instant_those_asked_before_find_a_slot():
    for silent in range(1, 18):
        slots = Slots(Limits())
        brokers = [slots.of(str(number)) for number in range(silent + 3)]
        filled(slots, *map(str, range(silent)))
        for each in brokers[silent:]:
            assert slots.may_take(each), silent
            slots.take(each)


def test_a_broker_that_is_asked_alone_takes_all_that_the_platform_has_not_taken_beside_its_own():
    slots = Slots(Limits(default=BrokerLimits(in_flight=100), in_flight=40))
    assert filled(slots, "common", "star") == [44, 0]
    for left in range(40, -1, -1):
        assert slots.of("star").taken == 40 - left
        slots.give_back(slots.of("common"))
        filled(slots, "star")
    assert filled(slots, "common") == [4]


@pytest.mark.parametrize("in_flight", [1, 2, 3, 4])
def test_few_slots_are_all_used_and_the_platform_has_one_of_its_own(in_flight):
    slots = Slots(Limits(in_flight=in_flight))
    slots.of("cyber")
    assert sum(filled(slots, "star", "cyber")) == in_flight
    assert filled(slots, "common") == [1]


def test_a_broker_that_does_not_answer_in_time_shrinks_where_slots_run_short_and_each_answer_widens_it():
    slots = Slots(Limits())
    for broker in SILENT:
        for _ in range(8):
            slots.record(slots.of(broker), is_answered=False)
    assert filled(slots, *SILENT) == [8, 8, 4, 1, 1]
    for expected in (2, 3, 4, 5, 6, 7, 8):
        slots.record(slots.of("d"), is_answered=True)
        assert filled(slots, "d") == [expected]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from((*SILENT, "common")), st.booleans()), max_size=200), st.integers(1, 50)
)
def test_no_slot_is_given_twice_and_none_is_lost(steps, in_flight):
    slots = Slots(Limits(in_flight=in_flight))
    for broker, is_taken in steps:
        of_broker = slots.of(broker)
        if is_taken and slots.may_take(of_broker):
            slots.take(of_broker)
        elif not is_taken and of_broker.taken:
            slots.give_back(of_broker)
        taken = {name: slots.of(name).taken for name in (*SILENT, "common")}
        assert slots.taken == sum(taken.values())
        assert slots.free == in_flight - (slots.taken - min(taken["common"], max(1, in_flight // 10))) >= 0


REFUSED = BrokerUnavailableError("down", code="3600", status=503)


@pytest.mark.parametrize(
    ("error", "seconds", "answered"),
    [
        (None, 9, True),
        (REFUSED, 9, True),
        (ConnectionFailedError("timed out"), 0, False),
        (KeyboardInterrupt(), 1, None),
        (KeyboardInterrupt(), 5, False),
        (BreakerOpenError("open"), 9, None),
        (UsageError("not written"), 9, None),
    ],
)
async def test_a_turn_says_whether_its_broker_answered(monkeypatch, error, seconds, answered):
    now = 100.0
    monkeypatch.setattr(limiter_module, "monotonic", lambda: now)
    turn = Turn(ProcessLimiter(Limits()), "star", "account", lambda: None)
    try:
        async with turn:
            now += seconds
            if error is not None:
                raise error
    except type(error):
        pass
    assert turn.is_answered is answered


async def test_a_limiter_that_was_written_without_turns_is_called_without():
    called = []

    class Plain:
        name = "plain"

        async def acquire(self, broker, service):
            called.append((broker, service))

        def release(self, broker):
            called.append(broker)

    limiter = with_turns(Plain())
    async with Turn(limiter, "star", "account", lambda: None):
        pass
    assert (called, limiter.name) == ([("star", "account"), "star"], "plain")

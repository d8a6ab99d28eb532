"""The circuit breaker: opens on a run of availability failures, lets one probe through, and closes when it answers."""

from datetime import UTC, datetime

import pytest

from koscom_async import (
    AccountUnavailableError,
    Breaker,
    BreakerOpenError,
    BrokerUnavailableError,
    ConnectionFailedError,
    LimitsUnavailableError,
    QuotaExceededError,
    RateLimitedError,
    UsageError,
)
from koscom_async._transport.breaker import Breakers, BreakerState


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breakers(clock):
    return Breakers(Breaker(failures=3, cool_down=30.0), clock=clock)


def attempt(breakers, error=None, broker="star"):
    with breakers.guard(broker):
        if error is not None:
            raise error


def fail(breakers, error, times=1, broker="star"):
    for _ in range(times):
        with pytest.raises(type(error)):
            attempt(breakers, error, broker)


DOWN = BrokerUnavailableError("broker server cannot serve", code="3600", category="op-exco", retriable=True)
GONE = ConnectionFailedError("timed out", retriable=True)


@pytest.mark.parametrize("error", [DOWN, GONE], ids=["refused", "no answer"])
def test_a_run_of_availability_failures_opens_it(breakers, error):
    fail(breakers, error, times=2)
    assert breakers.state_of("star") is BreakerState.CLOSED
    fail(breakers, error)
    assert breakers.state_of("star") is BreakerState.OPEN
    with pytest.raises(BreakerOpenError):
        attempt(breakers)


def test_it_says_why_it_is_open_with_the_code_that_opened_it(breakers, clock):
    fail(breakers, DOWN, times=3)
    clock.now = 10.0
    with pytest.raises(BreakerOpenError) as caught:
        attempt(breakers)
    assert (caught.value.code, caught.value.category, caught.value.retriable) == ("3600", "op-exco", True)
    assert caught.value.retry_after == 20.0
    assert "after `retry_after` seconds" in caught.value.advice
    assert caught.value.message == (
        "circuit open: star failed 3 times in a row (broker server cannot serve); next probe in 20 s"
    )


@pytest.mark.parametrize(
    "error",
    [AccountUnavailableError("not found", code="4001"), RateLimitedError("slower", code="429")],
    ids=["account", "rate"],
)
def test_a_broker_that_answers_is_not_down_whatever_it_answers(breakers, error):
    fail(breakers, DOWN, times=2)
    fail(breakers, error)
    fail(breakers, DOWN, times=2)
    assert breakers.state_of("star") is BreakerState.CLOSED


def test_a_success_ends_the_run(breakers):
    fail(breakers, DOWN, times=2)
    attempt(breakers)
    fail(breakers, DOWN, times=2)
    assert breakers.state_of("star") is BreakerState.CLOSED


def test_each_broker_has_its_own(breakers):
    fail(breakers, DOWN, times=3)
    attempt(breakers, broker="cyber")
    assert breakers.states() == {"star": "open", "cyber": "closed"}


def test_after_the_rest_one_probe_passes_and_nobody_else(breakers, clock):
    fail(breakers, DOWN, times=3)
    clock.now = 30.0
    with breakers.guard("star"):
        assert breakers.state_of("star") is BreakerState.HALF_OPEN
        with pytest.raises(BreakerOpenError) as caught:
            attempt(breakers)
        assert caught.value.retry_after == 1.0
    assert breakers.state_of("star") is BreakerState.CLOSED
    attempt(breakers)


def test_a_probe_that_fails_opens_it_for_another_rest(breakers, clock):
    fail(breakers, DOWN, times=3)
    clock.now = 30.0
    fail(breakers, DOWN)
    clock.now = 59.0
    fail(breakers, BreakerOpenError("x"))
    clock.now = 60.0
    attempt(breakers)
    assert breakers.state_of("star") is BreakerState.CLOSED


def test_a_probe_that_is_cancelled_leaves_the_way_to_the_next(breakers, clock):
    fail(breakers, DOWN, times=3)
    clock.now = 30.0
    with pytest.raises(KeyboardInterrupt):
        attempt(breakers, KeyboardInterrupt())
    assert breakers.state_of("star") is BreakerState.OPEN
    attempt(breakers)
    assert breakers.state_of("star") is BreakerState.CLOSED


def test_a_late_failure_of_an_older_call_does_not_prolong_the_rest(breakers, clock):
    def late_failure():
        with breakers.guard("star"):
            fail(breakers, DOWN, times=3)
            clock.now = 20.0
            raise GONE

    with pytest.raises(ConnectionFailedError):
        late_failure()
    clock.now = 30.0
    attempt(breakers)
    assert breakers.state_of("star") is BreakerState.CLOSED


UNASKED = [
    LimitsUnavailableError("the limits cannot be kept"),
    QuotaExceededError("the day's calls are spent", resets_at=datetime(2026, 3, 2, tzinfo=UTC)),
]


@pytest.mark.parametrize("error", UNASKED, ids=["limits", "quota"])
def test_a_call_that_the_limiter_refused_says_nothing_of_the_broker(breakers, error):
    fail(breakers, DOWN, times=2)
    fail(breakers, error, times=5)
    assert breakers.state_of("star") is BreakerState.CLOSED
    fail(breakers, DOWN)
    assert breakers.state_of("star") is BreakerState.OPEN


@pytest.mark.parametrize("error", UNASKED, ids=["limits", "quota"])
def test_a_probe_that_the_limiter_refused_leaves_the_way_to_the_next(breakers, clock, error):
    fail(breakers, DOWN, times=3)
    clock.now = 30.0
    fail(breakers, error)
    assert breakers.state_of("star") is BreakerState.OPEN
    attempt(breakers)
    assert breakers.state_of("star") is BreakerState.CLOSED


def test_a_call_that_cannot_be_sent_says_nothing_about_the_broker(breakers, clock):
    fail(breakers, DOWN, times=2)
    fail(breakers, UsageError("no investor"))
    fail(breakers, DOWN)
    assert breakers.state_of("star") is BreakerState.OPEN
    clock.now += 30.0
    fail(breakers, UsageError("no investor"))
    assert breakers.state_of("star") is BreakerState.OPEN
    attempt(breakers)
    assert breakers.state_of("star") is BreakerState.CLOSED

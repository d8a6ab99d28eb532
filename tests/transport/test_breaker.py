"""The circuit breaker: opens where most investors get no answer, lets one probe through, and closes when it answers.

Times are a clock's that the tests set. `by` is the investor who asks.
"""

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
from koscom_async._transport.breaker import MOST_CALLERS, Breakers, BreakerState


@pytest.fixture
def breakers(clock):
    return Breakers(Breaker(failures=3, cool_down=30.0), clock=clock)


def attempt(breakers, error=None, broker="star", *, by=1, account=None):
    with breakers.guard(broker, (by, account)):
        if error is not None:
            raise error


def fail(breakers, error, times=1, broker="star", *, by=1, account=None):
    for _ in range(times):
        with pytest.raises(type(error)):
            attempt(breakers, error, broker, by=by, account=account)


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
        "circuit open: star failed 3 times lately (broker server cannot serve); next probe in 20 s"
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
    with breakers.guard("star", (1, None)):
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
        with breakers.guard("star", (1, None)):
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


def opened_by(breakers, *investors, times=2, error=DOWN):
    """Have several investors fail, none often enough to open the circuit alone."""
    for investor in investors:
        fail(breakers, error, times=times, by=investor)


def test_one_investor_s_failures_hold_up_that_investor_and_no_other(breakers):
    fail(breakers, DOWN, times=3, by=1)
    fail(breakers, BreakerOpenError("x"), by=1)
    for investor in range(2, 100):
        attempt(breakers, by=investor)
    assert breakers.state_of("star") is BreakerState.CLOSED


def test_one_account_s_failures_hold_up_no_other_account_of_the_same_investor(breakers):
    fail(breakers, DOWN, times=3, account="1606…0001")
    fail(breakers, BreakerOpenError("x"), account="1606…0001")
    attempt(breakers, account="1606…0002")


def test_one_account_s_failures_open_nothing_while_its_investor_s_other_account_is_read(breakers):
    attempt(breakers, account="1606…0002")
    fail(breakers, DOWN, times=20, account="1606…0001")
    assert breakers.state_of("star") is BreakerState.CLOSED


def test_a_few_failures_open_nothing_where_as_many_investors_were_answered(breakers):
    for investor in range(10):
        attempt(breakers, by=investor)
    opened_by(breakers, *range(10, 20))
    assert breakers.state_of("star") is BreakerState.CLOSED
    opened_by(breakers, 20)
    assert breakers.state_of("star") is BreakerState.OPEN


def test_an_outage_shows_soon_however_many_were_answered_before(breakers):
    for investor in range(500):
        attempt(breakers, by=investor)
    for investor in range(500, 511):
        assert breakers.state_of("star") is BreakerState.CLOSED
        fail(breakers, DOWN, by=investor)
    assert breakers.state_of("star") is BreakerState.OPEN


def test_an_investor_with_many_accounts_that_fail_is_one_of_the_latest(breakers):
    for investor in range(10):
        attempt(breakers, by=investor)
    for number in range(100):
        fail(breakers, DOWN, by=10 + number % 3, account=f"{number}")
    assert breakers.state_of("star") is BreakerState.CLOSED


def test_several_investors_failures_hold_up_all(breakers):
    opened_by(breakers, 1, 2, 3)
    fail(breakers, BreakerOpenError("x"), by=4)


def test_nor_does_an_investor_who_fails_often_speak_for_others_who_failed_once(clock):
    breakers = Breakers(Breaker(failures=10, cool_down=30.0), clock=clock)
    fail(breakers, DOWN, times=10, by=1)
    opened_by(breakers, 2, 3, times=1)
    attempt(breakers, by=4)
    assert breakers.state_of("star") is BreakerState.CLOSED


def test_failures_that_are_long_past_are_forgotten(breakers, clock):
    fail(breakers, DOWN, times=2)
    clock.now = 61.0
    fail(breakers, DOWN, times=2, by=2)
    assert breakers.state_of("star") is BreakerState.CLOSED


def test_a_hostile_investor_s_probes_cannot_keep_the_others_out(breakers, clock):
    opened_by(breakers, 1, 2, 3)
    for clock.now in (31.0, 62.0):
        fail(breakers, DOWN, by=9)
    attempt(breakers, by=4)
    assert breakers.state_of("star") is BreakerState.CLOSED


def test_a_call_that_waited_asks_again_and_may_be_the_probe(breakers, clock):
    with breakers.guard("star", (4, None)) as guard:
        opened_by(breakers, 1, 2, 3)
        with pytest.raises(BreakerOpenError):
            guard.check()
        clock.now = 30.0
        guard.check()
        assert breakers.state_of("star") is BreakerState.HALF_OPEN
        fail(breakers, BreakerOpenError("x"), by=5)
    assert breakers.state_of("star") is BreakerState.CLOSED


@pytest.mark.parametrize("service", ["common", "auth"])
def test_what_may_be_one_investor_s_record_opens_no_service_that_all_need(breakers, service):
    plain = BrokerUnavailableError("HTTP 500", code="500", status=500, retriable=True)
    for investor in range(9):
        fail(breakers, plain, times=3, broker=service, by=investor)
    assert breakers.states()[service] == "closed"
    no_gateway = BrokerUnavailableError("HTTP 503", code="503", status=503, retriable=True)
    for error in (GONE, no_gateway):
        others = Breakers(Breaker(failures=3))
        fail(others, error, times=3, broker=service)
        assert others.states() == {service: "open"}


def test_it_remembers_a_bounded_number_of_callers(breakers, clock):
    for investor in range(3 * MOST_CALLERS):
        attempt(breakers, by=investor)
    assert len(breakers._circuits["star"].heard) == MOST_CALLERS

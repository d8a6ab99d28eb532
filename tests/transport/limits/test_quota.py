"""The day's calls: counted down, kept in reserve, and new at midnight UTC."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async import QuotaExceededError, ServiceQuota
from koscom_async._transport.limits.limiter import PROBE_EVERY, DailyQuota

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


class Calendar:
    moment = NOON

    def __call__(self):
        return self.moment


def test_what_is_not_known_is_not_limited():
    quota = DailyQuota(now=Calendar())
    quota.take("account", "star")
    assert quota.snapshot() == ()


def test_calls_count_down_what_the_gateway_said_was_left():
    quota = DailyQuota(now=Calendar())
    quota.record("account", "star", remaining=2, limit=50_000)
    quota.take("account", "star")
    quota.take("account", "star")
    with pytest.raises(QuotaExceededError) as caught:
        quota.take("account", "star")
    assert caught.value.resets_at == MIDNIGHT
    assert "spent until 2026-03-02 00:00 UTC" in str(caught.value)


def test_the_gateway_s_word_counts_more_than_our_own_count():
    quota = DailyQuota(now=Calendar())
    quota.record("account", "star", remaining=1, limit=10)
    quota.take("account", "star")
    quota.record("account", "star", remaining=5, limit=10)
    assert quota.snapshot() == (ServiceQuota(service="account", remaining=5, limit=10, resets_at=MIDNIGHT),)
    quota.take("account", "star")


def test_each_service_has_its_own_day():
    quota = DailyQuota(now=Calendar())
    quota.record("account", "star", remaining=0, limit=10)
    quota.take("member", "star")
    with pytest.raises(QuotaExceededError):
        quota.take("account", "star")


def test_at_midnight_utc_the_day_is_new():
    calendar = Calendar()
    quota = DailyQuota(now=calendar)
    quota.record("account", "star", remaining=0, limit=10)
    calendar.moment = MIDNIGHT - timedelta(microseconds=1)
    with pytest.raises(QuotaExceededError):
        quota.take("account", "star")
    calendar.moment = MIDNIGHT
    quota.take("account", "star")
    assert quota.snapshot() == ()


def test_the_reserve_is_left_for_others():
    quota = DailyQuota(reserve=0.2, now=Calendar())
    quota.record("account", "star", remaining=11, limit=50)
    quota.take("account", "star")
    with pytest.raises(QuotaExceededError, match="down to the reserve of 20%"):
        quota.take("account", "star")


@pytest.mark.parametrize(
    ("seconds_after_midnight", "believed_until"),
    [
        (-1, MIDNIGHT),
        (0, MIDNIGHT + timedelta(seconds=60)),
        (59.9, MIDNIGHT + timedelta(seconds=60)),
        (60, MIDNIGHT + timedelta(days=1)),
        (3600, MIDNIGHT + timedelta(days=1)),
    ],
)
def test_what_an_answer_says_in_the_first_minute_may_be_yesterday_s_and_is_believed_for_that_minute(
    seconds_after_midnight, believed_until
):
    """An answer that was on its way at midnight says "none left": no call would leave all day to learn better."""
    calendar = Calendar()
    quota = DailyQuota(now=calendar)
    calendar.moment = MIDNIGHT + timedelta(seconds=seconds_after_midnight)
    quota.record("account", "star", remaining=0, limit=50_000)
    with pytest.raises(QuotaExceededError) as caught:
        quota.take("account", "star")
    assert caught.value.resets_at == believed_until
    calendar.moment = believed_until
    quota.take("account", "star")


@given(
    steps=st.lists(
        st.one_of(
            st.just("take"),
            st.integers(0, 30).map(lambda remaining: ("record", remaining)),
            st.integers(1, 50_000).map(lambda seconds: ("pass", seconds)),
        ),
        max_size=60,
    ),
    reserve=st.sampled_from([0.0, 0.25]),
)
def test_after_what_was_said_no_more_are_taken_than_were_left_above_the_reserve(steps, reserve):
    calendar = Calendar()
    calendar.moment = NOON
    quota = DailyQuota(reserve=reserve, now=calendar)
    left, believed, probe_at = (
        None,
        None,
        None,
    )  # calls above the reserve, until when that is known, the next probe
    for step in steps:
        if step == "take":
            if left is not None and calendar.moment >= believed:
                left = None
                probe_at = None
            if left is not None and left <= 0 and (probe_at is None or calendar.moment < probe_at):
                probe_at = probe_at or calendar.moment + PROBE_EVERY
                with pytest.raises(QuotaExceededError):
                    quota.take("account", "star")
                continue
            quota.take("account", "star")
            if left is not None and left <= 0:
                probe_at = calendar.moment + PROBE_EVERY
                continue
            left = None if left is None else left - 1
        elif step[0] == "pass":
            calendar.moment += timedelta(seconds=step[1])
        else:
            quota.record("account", "star", remaining=step[1], limit=20)
            if believed is not None and calendar.moment >= believed:
                probe_at = None
            left = step[1] - reserve * 20
            probe_at = None if left > 0 else probe_at
            day = calendar.moment.replace(hour=0, minute=0, second=0, microsecond=0)
            first_minute = calendar.moment - day < timedelta(minutes=1)
            believed = day + (timedelta(minutes=1) if first_minute else timedelta(days=1))


# Whose word it is. `SPENT` is what an answer says that leaves no call.
SPENT = {"remaining": 0, "limit": 50_000}
SOUND = {"remaining": 40_000, "limit": 50_000}


@pytest.fixture
def calendar():
    return Calendar()


@pytest.fixture
def quota(calendar):
    return DailyQuota(now=calendar)


def is_refused(quota, broker, service="account"):
    try:
        quota.take(service, broker)
    except QuotaExceededError:
        return True
    return False


def test_one_broker_s_answer_that_leaves_no_call_holds_for_that_broker_and_no_other(quota):
    assert quota.record("account", "samsung", **SOUND)
    assert not quota.record("account", "star", **SPENT)
    assert [is_refused(quota, broker) for broker in ("star", "cyber", "samsung")] == [True, False, False]
    assert quota.snapshot()[0].remaining == 39_998


def test_nor_does_a_small_number_by_one_broker_that_is_counted_down(quota):
    quota.record("account", "star", remaining=1, limit=50_000)
    assert [is_refused(quota, broker) for broker in ("star", "star", "cyber")] == [False, True, False]


def test_two_brokers_or_a_429_or_the_platform_itself_are_believed_of_all(quota):
    quota.record("account", "star", **SPENT)
    assert quota.record("account", "cyber", **SPENT)
    assert is_refused(quota, "samsung")
    assert quota.record("member", "common", **SPENT)
    assert is_refused(quota, "common", "member")
    assert quota.record("discretionary", "star", **SPENT, is_refusal=True)
    assert is_refused(quota, "cyber", "discretionary")


def test_a_probe_now_and_then_ends_a_lie_and_who_said_it_is_not_believed_alone_again(quota, calendar):
    quota.record("account", "star", **SPENT, is_refusal=True)
    assert is_refused(quota, "cyber")
    calendar.moment += PROBE_EVERY
    quota.check("account", "cyber")
    assert [is_refused(quota, "cyber"), is_refused(quota, "cyber")] == [False, True], "one probe"
    assert quota.record("account", "cyber", **SOUND)
    assert not is_refused(quota, "cyber")
    assert not quota.record("account", "star", **SPENT, is_refusal=True)
    assert [is_refused(quota, broker) for broker in ("star", "cyber")] == [True, False]
    assert quota.record("account", "samsung", **SPENT, is_refusal=True), "the next one may be right"
    assert is_refused(quota, "cyber")

"""The day's calls: counted down, kept in reserve, and new at midnight UTC."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async import QuotaExceededError, ServiceQuota
from koscom_async._transport.limits.limiter import DailyQuota

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


class Calendar:
    moment = NOON

    def __call__(self):
        return self.moment


def test_what_is_not_known_is_not_limited():
    quota = DailyQuota(now=Calendar())
    quota.take("account")
    assert quota.snapshot() == ()


def test_calls_count_down_what_the_gateway_said_was_left():
    quota = DailyQuota(now=Calendar())
    quota.record("account", remaining=2, limit=50_000)
    quota.take("account")
    quota.take("account")
    with pytest.raises(QuotaExceededError) as caught:
        quota.take("account")
    assert caught.value.resets_at == MIDNIGHT
    assert "spent until 2026-03-02 00:00 UTC" in str(caught.value)


def test_the_gateway_s_word_counts_more_than_our_own_count():
    quota = DailyQuota(now=Calendar())
    quota.record("account", remaining=1, limit=10)
    quota.take("account")
    quota.record("account", remaining=5, limit=10)
    assert quota.snapshot() == (ServiceQuota(service="account", remaining=5, limit=10, resets_at=MIDNIGHT),)
    quota.take("account")


def test_each_service_has_its_own_day():
    quota = DailyQuota(now=Calendar())
    quota.record("account", remaining=0, limit=10)
    quota.take("member")
    with pytest.raises(QuotaExceededError):
        quota.take("account")


def test_at_midnight_utc_the_day_is_new():
    calendar = Calendar()
    quota = DailyQuota(now=calendar)
    quota.record("account", remaining=0, limit=10)
    calendar.moment = MIDNIGHT - timedelta(microseconds=1)
    with pytest.raises(QuotaExceededError):
        quota.take("account")
    calendar.moment = MIDNIGHT
    quota.take("account")
    assert quota.snapshot() == ()


def test_the_reserve_is_left_for_others():
    quota = DailyQuota(reserve=0.2, now=Calendar())
    quota.record("account", remaining=11, limit=50)
    quota.take("account")
    with pytest.raises(QuotaExceededError, match="down to the reserve of 20%"):
        quota.take("account")


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
    quota.record("account", remaining=0, limit=50_000)
    with pytest.raises(QuotaExceededError) as caught:
        quota.take("account")
    assert caught.value.resets_at == believed_until
    calendar.moment = believed_until
    quota.take("account")


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
    left, believed = None, None  # calls above the reserve, and until when that is known
    for step in steps:
        if step == "take":
            if left is not None and calendar.moment >= believed:
                left = None
            if left is not None and left <= 0:
                with pytest.raises(QuotaExceededError):
                    quota.take("account")
                continue
            quota.take("account")
            left = None if left is None else left - 1
        elif step[0] == "pass":
            calendar.moment += timedelta(seconds=step[1])
        else:
            quota.record("account", remaining=step[1], limit=20)
            left = step[1] - reserve * 20
            day = calendar.moment.replace(hour=0, minute=0, second=0, microsecond=0)
            first_minute = calendar.moment - day < timedelta(minutes=1)
            believed = day + (timedelta(minutes=1) if first_minute else timedelta(days=1))

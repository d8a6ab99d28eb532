"""The day's calls: counted down, kept in reserve, and new at midnight UTC."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async import QuotaExceededError, ServiceQuota
from koscom_async._transport.limits.quota import FIRST_PROBE, PROBE_EVERY, DailyQuota, Source

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)

PLATFORM = Source("common")
"""Whose word is believed at once; that of brokers is tested below."""


class Calendar:
    moment = NOON

    def __call__(self):
        return self.moment


def test_what_is_not_known_is_not_limited():
    quota = DailyQuota(now=Calendar())
    quota.take("account", "common")
    assert quota.snapshot() == ()


def test_calls_count_down_what_the_gateway_said_was_left():
    quota = DailyQuota(now=Calendar())
    quota.record("account", PLATFORM, remaining=2, limit=50_000)
    quota.take("account", "common")
    quota.take("account", "common")
    with pytest.raises(QuotaExceededError) as caught:
        quota.take("account", "common")
    assert caught.value.resets_at == MIDNIGHT
    assert "spent until 2026-03-02 00:00 UTC" in str(caught.value)


def test_the_gateway_s_word_counts_more_than_our_own_count():
    quota = DailyQuota(now=Calendar())
    quota.record("account", PLATFORM, remaining=1, limit=10)
    quota.take("account", "common")
    quota.record("account", PLATFORM, remaining=5, limit=10)
    assert quota.snapshot() == (ServiceQuota(service="account", remaining=5, limit=10, resets_at=MIDNIGHT),)
    quota.take("account", "common")


def test_each_service_has_its_own_day():
    quota = DailyQuota(now=Calendar())
    quota.record("account", PLATFORM, remaining=0, limit=10)
    quota.take("member", "common")
    with pytest.raises(QuotaExceededError):
        quota.take("account", "common")


def test_at_midnight_utc_the_day_is_new():
    calendar = Calendar()
    quota = DailyQuota(now=calendar)
    quota.record("account", PLATFORM, remaining=0, limit=10)
    calendar.moment = MIDNIGHT - timedelta(microseconds=1)
    with pytest.raises(QuotaExceededError):
        quota.take("account", "common")
    calendar.moment = MIDNIGHT
    quota.take("account", "common")
    assert quota.snapshot() == ()


def test_the_reserve_is_left_for_others():
    quota = DailyQuota(reserve=0.2, now=Calendar())
    quota.record("account", PLATFORM, remaining=11, limit=50)
    quota.take("account", "common")
    with pytest.raises(QuotaExceededError, match="down to the reserve of 20%"):
        quota.take("account", "common")


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
    quota.record("account", PLATFORM, remaining=0, limit=50_000)
    with pytest.raises(QuotaExceededError) as caught:
        quota.take("account", "common")
    assert caught.value.resets_at == believed_until
    calendar.moment = believed_until
    quota.take("account", "common")


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
    left, believed, probe_at, pause = None, None, None, FIRST_PROBE
    for step in steps:
        if left is not None and calendar.moment >= believed:
            left, probe_at, pause = None, None, FIRST_PROBE
        if step == "take":
            if left is not None and left <= 0:  # none is left above the reserve, but for a probe now and then
                probe_at = probe_at or calendar.moment + pause
                if calendar.moment < probe_at:
                    with pytest.raises(QuotaExceededError):
                        quota.take("account", "common")
                    continue
                pause = min(2 * pause, PROBE_EVERY)
                probe_at = calendar.moment + pause
            quota.take("account", "common")
            left = None if left is None else left - 1
        elif step[0] == "pass":
            calendar.moment += timedelta(seconds=step[1])
        else:
            quota.record("account", PLATFORM, remaining=step[1], limit=20)
            left = step[1] - reserve * 20
            probe_at, pause = (None, FIRST_PROBE) if left > 0 else (probe_at, pause)
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


def test_one_answer_that_leaves_no_call_is_not_believed(quota):
    assert quota.record("account", Source("samsung", 1), **SOUND)
    for _ in range(3):
        assert not quota.record("account", Source("star", 2), **SPENT)
    assert [is_refused(quota, broker) for broker in ("star", "cyber", "samsung")] == [False] * 3
    assert quota.snapshot()[0].remaining == 39_997


def test_nor_are_several_within_a_minute_of_an_answer_that_leaves_some_but_with_a_429(quota, calendar):
    quota.record("account", Source("samsung", 1), **SOUND)
    for source in (Source("star", 2), Source("star", 3), Source("cyber", 4)):
        assert not quota.record("account", source, **SPENT)
    assert not is_refused(quota, "star")
    calendar.moment += timedelta(minutes=1)
    assert not quota.record("account", Source("star", 2), **SPENT)
    assert quota.record("account", Source("cyber", 4), **SPENT)


def test_nor_is_a_small_number_in_one_answer_that_is_counted_down(quota):
    quota.record("account", Source("star", 1), remaining=1, limit=50_000)
    assert [is_refused(quota, broker) for broker in ("star", "star", "cyber")] == [False] * 3


def test_two_investors_answers_hold_for_their_broker(quota):
    for investor in (1, 2):
        assert not quota.record("account", Source("star", investor), **SPENT)
    assert [is_refused(quota, broker) for broker in ("star", "cyber")] == [True, False]


def test_two_brokers_to_two_investors_or_a_429_or_the_platform_itself_are_believed_of_all(quota):
    quota.record("account", Source("star", 1), **SPENT)
    assert not quota.record("account", Source("cyber", 1), **SPENT), "one investor's accounts"
    assert quota.record("account", Source("cyber", 2), **SPENT)
    assert is_refused(quota, "samsung")
    assert quota.record("member", PLATFORM, **SPENT)
    assert is_refused(quota, "common", "member")
    assert quota.record("discretionary", Source("star", 1, is_refusal=True), **SPENT)
    assert is_refused(quota, "cyber", "discretionary")


def test_a_probe_ends_a_lie_within_a_second_and_its_broker_is_not_believed_alone_again(quota, calendar):
    lie = Source("star", 1, is_refusal=True)
    quota.record("account", lie, **SPENT)
    assert is_refused(quota, "cyber")
    calendar.moment += FIRST_PROBE
    quota.check("account", "cyber")
    assert [is_refused(quota, "cyber"), is_refused(quota, "cyber")] == [False, True], "one probe"
    assert quota.record("account", Source("cyber", 2), **SOUND)
    assert not is_refused(quota, "cyber")
    assert not quota.record("account", lie, **SPENT)
    assert not is_refused(quota, "cyber")
    assert quota.record("account", Source("samsung", 1, is_refusal=True), **SPENT), (
        "the next one may be right"
    )
    assert is_refused(quota, "cyber")


def test_a_day_that_is_spent_is_asked_about_less_and_less_often_and_at_least_every_five_minutes(
    quota, calendar
):
    quota.record("account", Source("star", 1, is_refusal=True), **SPENT)
    probes, began = [], calendar.moment
    for calendar.moment in (began + timedelta(seconds=second) for second in range(1500)):
        if not is_refused(quota, "star"):
            probes.append((calendar.moment - began).seconds)
            quota.record("account", Source("star", 1, is_refusal=True), **SPENT)
    assert probes == [1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111, 1411]

"""The day's calls: counted down, kept in reserve, and new at midnight UTC."""

from datetime import UTC, datetime, timedelta

import pytest

from koscom_async import QuotaExceededError, ServiceQuota
from koscom_async._transport.quota import DailyQuota

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

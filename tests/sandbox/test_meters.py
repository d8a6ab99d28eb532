"""Rates and quotas: what passes, what is refused, and what the headers say."""

from datetime import date

import pytest

from koscom_async.sandbox import RateLimit
from koscom_async.sandbox.meters import Quota, RateMeter
from koscom_async.sandbox.reply import Refused
from tests.sandbox.asking import BALANCE, CONSENT, asking


def left(answer) -> tuple[str, str]:
    return answer.headers["X-RateLimit-Limit-Day"], answer.headers["X-RateLimit-Remaining-Day"]


async def test_the_headers_count_down_for_each_service(ask):
    first, second = await ask.balance("star"), await ask.balance("cyber")
    consent = await ask.client.post(CONSENT, json=ask.member_message(), headers=ask.api_key)
    assert [left(answer) for answer in (first, second, consent)] == [
        ("50000", "49999"),
        ("50000", "49998"),
        ("50000", "49999"),
    ]


async def test_a_business_error_is_counted_and_a_refused_caller_is_not(ask_quickly):
    ask = ask_quickly
    unknown = await ask.balance("star", "GOLD")
    stranger = await ask.client.post(BALANCE.format("star"), json=ask.message())
    assert left(unknown) == ("50000", "49999")
    assert "X-RateLimit-Remaining-Day" not in stranger.headers
    assert left(await ask.balance("star")) == ("50000", "49998")


async def test_over_the_quota_every_call_of_the_service_is_refused():
    async with asking(quota={"account": 1}) as ask:
        first, second = await ask.balance("star"), await ask.balance("cyber")
        consent = await ask.client.post(CONSENT, json=ask.member_message(), headers=ask.api_key)
    assert [answer.status_code for answer in (first, second, consent)] == [200, 429, 200]
    assert second.json() == {"message": "API rate limit exceeded"}
    assert left(second) == ("1", "0")


async def test_over_the_rate_a_broker_asks_to_wait():
    async with asking(rate_limits={"star": RateLimit(0.01, burst=2)}) as ask:
        answers = [await ask.balance("star") for _ in range(3)]
        other = await ask.balance("cyber")
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json() == {"message": "API rate limit exceeded"}
    assert answers[2].headers["Retry-After"] == "100"
    assert other.status_code == 200


def test_the_rate_is_kept_and_the_burst_comes_back():
    now = 0.0
    meter = RateMeter(RateLimit(2.0, burst=3), clock=lambda: now)

    def admitted() -> bool:
        try:
            meter.admit()
        except Refused:
            return False
        return True

    assert [admitted() for _ in range(4)] == [True, True, True, False]
    now = 0.5
    assert [admitted() for _ in range(2)] == [True, False]
    now = 60.0
    assert [admitted() for _ in range(4)] == [True, True, True, False]


def test_the_quota_begins_anew_each_day():
    day = date(2026, 1, 1)
    quota = Quota(1, today=lambda: day)
    assert quota.spend("account")["X-RateLimit-Remaining-Day"] == "0"
    with pytest.raises(Refused):
        quota.spend("account")
    day = date(2026, 1, 2)
    assert quota.spend("account")["X-RateLimit-Remaining-Day"] == "0"


def test_a_limit_must_be_possible():
    with pytest.raises(ValueError, match="burst must be at least 1"):
        RateLimit(1.0, burst=0)
    with pytest.raises(ValueError, match="rate must be above 0"):
        RateLimit(float("inf"))

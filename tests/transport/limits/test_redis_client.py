"""The client with shared limits: it closes them, and without Redis it delivers, or says why not, as was set."""

import anyio
import anyio.to_thread
import pytest
import redis

from koscom_async import Koscom, LimitsUnavailableError, Retry, Settings
from koscom_async.integrations.redis import RedisLimiter
from koscom_async.sandbox import SandboxGateway


def impatient(settings):
    """The gateway's settings, with waits before retries that a test does not notice."""
    return Settings(
        base_url=settings.base_url,
        api_key=settings.api_key,
        api_secret=settings.api_secret,
        com_id=settings.com_id,
        srv_id=settings.srv_id,
        retry=Retry(attempts=3, base=0.001, cap=0.002),
    )


@pytest.fixture
async def gateway():
    async with SandboxGateway(in_process=True) as gateway:
        yield gateway


def client_of(gateway, url, **changes):
    settings = impatient(gateway.settings)
    limiter = RedisLimiter(url, settings.limits, timeout=5.0, **changes)
    return Koscom(settings, transport=gateway.transport, limiter=limiter), limiter


async def test_holdings_are_whole_and_every_call_paid_its_turn_and_its_part_of_the_day(gateway, redis_server):
    koscom, _ = client_of(gateway, redis_server.url)
    async with koscom:
        holdings = await koscom.holdings(gateway.investor)
        assert holdings.complete
        quotas = {quota.service: quota.remaining for quota in koscom.statistics().quotas}
    with redis.Redis.from_url(redis_server.url) as client:
        assert sorted(
            key.decode().split(":")[-1] for key in client.keys("*broker*")
        ) == [  # one a broker asked
            "common",
            "cyber",
            "diamond",
            "star",
        ]
        assert int(client.hget("{koscom}:service:account", "remaining")) <= quotas["account"] < 50_000
        assert len(client.client_list()) == 1  # this one: the client closed the limiter's


async def test_without_redis_nothing_is_sent_and_the_error_says_why(gateway, mortal_redis):
    koscom, _ = client_of(gateway, mortal_redis.url)
    await anyio.to_thread.run_sync(mortal_redis.stop)
    async with koscom:
        with pytest.raises(LimitsUnavailableError, match="so the call was not made") as caught:
            await koscom.holdings(gateway.investor)
    assert caught.value.endpoint == "member.consent"
    assert len(gateway.calls) == 0


async def test_redis_that_goes_in_the_middle_fails_its_accounts_and_no_breaker(
    gateway, mortal_redis, monkeypatch
):
    koscom, limiter = client_of(gateway, mortal_redis.url)
    acquire = limiter.acquire
    one_at_a_time = anyio.Lock()

    async def gone_after_the_list(broker, service, turn=None):
        if broker != "common":
            async with one_at_a_time:
                await anyio.to_thread.run_sync(mortal_redis.stop)
        await acquire(broker, service, turn)

    monkeypatch.setattr(limiter, "acquire", gone_after_the_list)
    async with koscom:
        holdings = await koscom.holdings(gateway.investor)
        statistics = koscom.statistics()
    assert len(holdings.failures) == 3
    for failure in holdings.failures:
        assert isinstance(failure.error, LimitsUnavailableError)
        assert failure.error.broker == failure.account.broker.short_name
    assert {broker.breaker for broker in statistics.brokers} == {"closed"}
    assert limiter.bulkhead.in_flight() == 0


async def test_with_a_local_share_holdings_are_whole_without_redis(gateway, mortal_redis):
    koscom, _ = client_of(gateway, mortal_redis.url, local_share=0.5)
    await anyio.to_thread.run_sync(mortal_redis.stop)
    async with koscom:
        assert (await koscom.holdings(gateway.investor)).complete

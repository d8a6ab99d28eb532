"""What a client says of itself: counted by broker, frozen, and the same figures as the gateway's."""

from collections import Counter

import pytest
from attrs.exceptions import FrozenInstanceError

from koscom_async import Breaker, BrokerLimits, BrokerStatistics, Koscom, Limits, QuotaExceededError, Retry
from koscom_async.sandbox import Fault, SandboxGateway
from tests.client.fake_gateway import URL, FakeGateway, investor_of, link, refusal
from tests.end_to_end.test_main_job import impatient

PATIENT = Breaker(failures=1000)


async def statistics_of(faults, *, times=1, quota=50_000, **changes):
    async with SandboxGateway(faults=faults, quota=quota) as gateway, client_of(gateway, **changes) as koscom:
        for _ in range(times):
            await koscom.holdings(gateway.investor, deadline=10)
        return koscom.statistics(), Counter(call.broker for call in gateway.calls)


def client_of(gateway, **changes):
    return Koscom(impatient(gateway.settings, **changes))


async def test_calls_are_counted_by_broker_as_the_gateway_counts_them():
    statistics, seen = await statistics_of({})
    assert {each.broker: each.calls for each in statistics.brokers} == dict(seen)
    assert {(each.failures, each.retries, each.in_flight, each.breaker) for each in statistics.brokers} == {
        (0, 0, 0, "closed")
    }


async def test_retries_and_failures_are_counted():
    statistics, seen = await statistics_of({"diamond": Fault("down", times=2)})
    diamond = statistics.of("diamond")
    assert (diamond.calls, diamond.failures, diamond.retries, diamond.refusals) == (3, 2, 2, 0)
    assert seen["diamond"] == 3


async def test_refusals_are_counted_with_the_time_that_they_cost():
    statistics, _ = await statistics_of({"diamond": Fault("429:0.02", times=1)})
    diamond = statistics.of("diamond")
    assert (diamond.refusals, diamond.retries) == (1, 1)


async def test_an_open_breaker_is_shown_with_the_calls_that_it_saved():
    statistics, seen = await statistics_of(
        {"diamond": "down"}, times=3, breaker=Breaker(failures=2), retry=Retry(attempts=1)
    )
    diamond = statistics.of("diamond")
    assert (diamond.breaker, diamond.calls, diamond.calls_saved) == ("open", 2, 1)
    assert seen["diamond"] == 2


async def test_a_spent_retry_budget_is_shown():
    retry = Retry(attempts=2, base=0.001, cap=0.001, budget_reserve=1, budget_share=0)
    statistics, _ = await statistics_of({"diamond": "down"}, times=3, retry=retry, breaker=PATIENT)
    diamond = statistics.of("diamond")
    assert (diamond.calls, diamond.retries, diamond.retries_saved) == (4, 1, 2)


async def test_the_days_quota_is_shown_by_service():
    statistics, _ = await statistics_of({}, quota={"account": 100, "common": 7})
    left = {each.service: (each.remaining, each.limit) for each in statistics.quotas}
    assert left["member"] == (6, 7)
    assert left["account"][1] == 100
    assert 0 < left["account"][0] < 100


async def test_a_spent_quota_stops_calls_before_they_leave():
    async with SandboxGateway(quota={"common": 1}) as gateway, client_of(gateway) as koscom:
        await koscom.holdings(gateway.investor)
        with pytest.raises(QuotaExceededError):
            await koscom.holdings(gateway.investor)
        assert koscom.statistics().of("common").calls == 1


async def test_a_snapshot_is_frozen_and_a_stranger_is_zero():
    statistics, _ = await statistics_of({})
    assert statistics.of("samsung") == BrokerStatistics(broker="samsung")
    with pytest.raises(FrozenInstanceError):
        statistics.brokers[0].calls = 5


async def test_a_broker_that_is_asked_class_by_class_comes_back_after_an_outage():
    """Four calls come at once, one of them is the probe, and the refusal of the others must not end it."""
    changes = {"breaker": Breaker(failures=2, cool_down=1e-9), "retry": Retry(attempts=1)}
    async with SandboxGateway(faults={"star": "down"}) as gateway, client_of(gateway, **changes) as koscom:
        for _ in range(3):
            await koscom.holdings(gateway.investor)
        assert koscom.statistics().of("star").breaker == "open"
        gateway.clear_faults()
        await koscom.holdings(gateway.investor)
        assert koscom.statistics().of("star").breaker == "closed"
        assert (await koscom.holdings(gateway.investor)).complete


async def test_brokers_that_no_one_registered_share_a_line_unless_the_settings_name_them_and_errors_tell_them_apart():
    at = {broker: f"{URL}/v1/{broker}/account/" for broker in ("moon", "sun", "toss")}
    links = [link("star", broker, comId="77777", endpoint=address) for broker, address in at.items()]
    gateway = FakeGateway(scripts=dict.fromkeys(at, lambda _: refusal("3600", 503)), linked=links)
    limits = Limits(brokers={"toss": BrokerLimits()})
    async with gateway.client(limits=limits, breaker=PATIENT) as koscom:
        holdings = await koscom.holdings(investor_of())
        calls = {each.broker: each.calls for each in koscom.statistics().brokers}
    assert [failure.error.broker for failure in holdings.failures] == list(at)
    of_one = calls["toss"]
    assert calls == {"common": 1, "unregistered": 2 * of_one, "toss": of_one}

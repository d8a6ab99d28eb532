"""What a run will take, held against what it takes."""

import pytest
from attrs import evolve

from koscom_async import AuthenticationError, BrokerLimits, Koscom, Limits, UsageError
from koscom_async.batch import aggregate, estimate
from tests.batch.crowds import FAST, MemorySink, client_of, gateway_of, keyed


async def test_a_sample_says_what_the_run_takes():
    limits = evolve(FAST, quota_reserve=0.1)
    async with gateway_of(6, quota={"account": 80, "common": 1000}) as gateway:
        async with client_of(gateway, limits=limits) as koscom:
            expected = await estimate(koscom, keyed(gateway), sample=2)
        assert len(gateway.calls) == 2 * 10
        gateway.clear_calls()
        sink = MemorySink()
        async with client_of(gateway) as koscom:
            report = await aggregate(koscom, keyed(gateway), sink=sink)
    assert (expected.investors, expected.accounts, expected.sampled) == (6, 18, 2)
    assert expected.calls == 60
    assert {each.broker: each.calls for each in expected.brokers} == {
        "common": 6, "cyber": 24, "diamond": 6, "star": 24,
    }  # fmt: skip
    assert expected.seconds == 24 / 5_000
    account, common = sorted(expected.quotas, key=lambda quota: quota.service)
    assert (account.calls, account.remaining, account.limit, account.is_enough) == (54, 80 - 18, 80, True)
    assert (common.calls, common.is_enough, account.days) == (6, True, 54 / 72)
    assert evolve(account, reserve=0.2).is_enough is False
    assert expected.is_enough is True
    assert repr(expected) == "<BatchEstimate: 6 investors, 18 accounts, 60 calls, 0.0 hours>"
    assert report.calls == expected.calls


async def test_a_checkpoint_says_it_without_a_call_for_those_who_are_left(tmp_path):
    checkpoint = tmp_path / "journal"
    async with gateway_of(5) as gateway:
        async with client_of(gateway) as koscom:
            await aggregate(koscom, keyed(gateway)[:2], sink=MemorySink(), checkpoint=checkpoint)
            gateway.clear_calls()
            expected = await estimate(koscom, iter(keyed(gateway)), checkpoint=checkpoint)
            none_left = await estimate(koscom, keyed(gateway)[:1], checkpoint=checkpoint)
        limits = Limits(default=BrokerLimits(rate=2.0))
        async with client_of(gateway, limits=limits) as koscom:
            slower = await estimate(koscom, iter(keyed(gateway)), checkpoint=checkpoint)
    assert gateway.calls == ()
    assert (expected.investors, expected.accounts, expected.calls, expected.sampled) == (3, 9, 30, 0)
    assert slower.seconds == 12 / 2
    assert (none_left.investors, none_left.accounts, none_left.calls) == (0, 0, 0), (
        "more are done than are listed"
    )
    assert slower.is_enough is None, "no answer said how many calls a day has"


async def test_what_is_no_source_and_a_sample_that_cannot_be_read_are_errors():
    async with gateway_of(2) as gateway:
        async with client_of(gateway) as koscom:
            with pytest.raises(UsageError, match="item 1 of the investors"):
                await estimate(koscom, [7])
            with pytest.raises(UsageError, match="sample must be"):
                await estimate(koscom, [], sample=0)
            assert (await estimate(koscom, [])).calls == 0
        async with Koscom(evolve(gateway.settings, api_key="wrong"), transport=gateway.transport) as koscom:
            with pytest.raises(AuthenticationError):
                await estimate(koscom, keyed(gateway))

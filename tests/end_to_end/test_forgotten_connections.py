"""Kept connections that are dead: a balancer forgot them, or the gateway closes one just as the next call leaves."""

from functools import partial

import anyio
import pytest

from koscom_async import BrokerLimits, Koscom, Limits
from koscom_async.sandbox import SandboxGateway
from koscom_async.settings import Backend
from tests.end_to_end.test_main_job import impatient

MANY = 40
PLENTY = BrokerLimits(rate=10_000, burst=10_000, in_flight=MANY)
LATENCY_SECONDS = 0.2
"""Long enough for forty calls at once to have forty connections."""


async def at_once(ask, times):
    answers = []

    async def one():
        answers.append(await ask())

    async with anyio.create_task_group() as group:
        for _ in range(times):
            group.start_soon(one)
    return answers


@pytest.mark.parametrize("backend", [Backend.CORE, Backend.FAST, Backend.HTTPX])
@pytest.mark.parametrize("fault", ["forgets", "closes", "closes:0.001"])
async def test_no_call_fails_and_none_is_sent_more_than_twice(backend, fault):
    limits = Limits(default=PLENTY, in_flight=2 * MANY)
    with SandboxGateway(latency={"diamond": LATENCY_SECONDS}) as gateway:
        for idle in (1, MANY):
            async with Koscom(impatient(gateway.settings, backend=backend, limits=limits)) as koscom:
                accounts = await koscom.member.accounts(gateway.investor)
                account = next(each for each in accounts.accounts if each.broker.short_name == "diamond")
                ask = partial(koscom.account.balance, gateway.investor, account)
                await at_once(ask, idle)
                gateway.set_fault("diamond", fault)
                for times in (1, idle, 1):
                    gateway.clear_calls()
                    answers = await at_once(ask, times)
                    assert len({len(answer.rows) for answer in answers}) == 1
                    assert times <= len(gateway.calls) <= 2 * times
                assert koscom.statistics().of("diamond").calls == 2 * idle + 2
                gateway.clear_faults()
                assert (await koscom.holdings(gateway.investor)).complete
                states = {(each.retries, each.failures, each.breaker) for each in koscom.statistics().brokers}
                assert states == {(0, 0, "closed")}


async def test_a_call_over_a_used_connection_is_reset_and_one_over_a_new_connection_is_answered():
    for in_process, sent in (
        (False, 2),
        (True, 1),
    ):  # without a socket there is no connection to be forgotten
        async with SandboxGateway(in_process=in_process) as gateway:
            settings, transport = impatient(gateway.settings), gateway.transport
            async with Koscom(settings, transport=transport) as koscom:
                accounts = await koscom.member.accounts(gateway.investor)
                gateway.set_fault("diamond", "forgets")
                account = next(each for each in accounts.accounts if each.broker.short_name == "diamond")
                for _ in range(2):
                    gateway.clear_calls()
                    await koscom.account.balance(gateway.investor, account)
                    assert [call.fault for call in gateway.calls] == ["forgets"] * sent

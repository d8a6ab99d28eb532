"""Cancelled at any await, in the caller's task or in its own: no task, no connection, no place is left, and the client goes on.

Every step of every task counts: the n-th time that a task of the operation waits for something, all of it is
cancelled; for n = 1, 2, 3, … until there is nothing left to cancel.
"""

import asyncio
import types
from contextlib import contextmanager
from datetime import date

import anyio
import pytest

from koscom_async import Breaker, BrokerLimits, Koscom, Limits, Retry
from koscom_async.sandbox import Fault, SandboxGateway
from koscom_async.settings import Backend
from tests.backends import BACKENDS
from tests.end_to_end.test_main_job import impatient
from tests.leaks import assert_nothing_left, open_descriptors, other_tasks

TIRELESS = {
    "limits": Limits(default=BrokerLimits(rate=1e6, burst=1000)),
    "breaker": Breaker(failures=10**6),
    "retry": Retry(attempts=3, base=0.001, cap=0.002, budget_reserve=1e6),
}


class Steps:
    """Counts how often tasks wait, and does something at one of these moments."""

    def __init__(self, at):
        self.count = 0
        self.at = at
        self.then = None

    @types.coroutine
    def counting(self, coroutine):
        """Run a coroutine as `await` does, and look at each of its awaits."""
        sent, thrown = None, None
        while True:
            try:
                waits_for = coroutine.send(sent) if thrown is None else coroutine.throw(thrown)
            except StopIteration as end:
                return end.value
            self.count += 1
            if self.count == self.at:
                self.then()
            sent, thrown = None, None
            try:
                sent = yield waits_for
            except BaseException as error:  # handed on, as `await` would
                thrown = error

    async def watched(self, coroutine):
        return await self.counting(coroutine)

    @contextmanager
    def watching(self):
        """Watch every task that is begun inside."""
        loop = asyncio.get_running_loop()
        loop.set_task_factory(
            lambda loop, coroutine, **options: asyncio.Task(self.watched(coroutine), loop=loop, **options)
        )
        try:
            yield
        finally:
            loop.set_task_factory(None)


async def cancelled_task(steps, operation):
    """Run an operation in a task, which is cancelled as web frameworks do it."""
    task = asyncio.get_running_loop().create_task(operation())
    steps.then = task.cancel
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


async def cancelled_scope(steps, operation):
    """The same with a cancel scope, as a deadline does it."""
    with anyio.CancelScope() as scope:
        steps.then = scope.cancel
        await steps.watched(operation())


WAYS = {"task": cancelled_task, "scope": cancelled_scope}


async def cancelled_at(at, way, operation):
    """Cancel an operation at a step; return whether it came that far."""
    steps = Steps(at)
    with steps.watching():
        await WAYS[way](steps, operation)
    return steps.count >= at


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("over", ["in process", *BACKENDS])
async def test_a_holdings_call_can_be_cancelled_at_every_await(way, over):
    in_process = over == "in process"
    changes = {} if in_process else {"backend": over}
    tasks, descriptors = other_tasks(), open_descriptors()
    async with SandboxGateway(in_process=in_process) as gateway:
        settings = impatient(gateway.settings, **TIRELESS, **changes)
        async with Koscom(settings, transport=gateway.transport) as koscom:
            at = 1
            while True:
                # Retries and rests are among what can be cancelled.
                gateway.set_fault("diamond", Fault("down", times=2))
                gateway.set_fault("star", Fault("429:0.001", times=1))
                came = await cancelled_at(at, way, lambda: koscom.holdings(gateway.investor, deadline=60))
                await assert_nothing_left(koscom, tasks)
                if not came:
                    break
                at += 1
            assert at > 20, "there was something to cancel"
            gateway.clear_faults()
            assert (await koscom.holdings(gateway.investor)).complete
            await assert_nothing_left(koscom, tasks)
    assert other_tasks() <= tasks
    assert open_descriptors() <= descriptors


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("backend", [*BACKENDS, Backend.HTTPX], indirect=True)
@pytest.mark.parametrize("way", WAYS)
async def test_one_question_alone_can_be_cancelled_at_every_await(way):
    """No fan-out stands between the caller's task and the connections here."""
    tasks = other_tasks()
    async with SandboxGateway() as gateway, Koscom(impatient(gateway.settings, **TIRELESS)) as koscom:
        linked = await koscom.member.accounts(gateway.investor)
        diamond = next(each for each in linked.accounts if each.broker.short_name == "diamond")
        for ask in (
            lambda: koscom.member.registration(gateway.investor),
            lambda: koscom.account.balance(gateway.investor, diamond),
            lambda: koscom.account.portfolio(gateway.investor, diamond),
            lambda: koscom.account.watchlist(gateway.investor, diamond),
        ):
            at = 1
            while await cancelled_at(at, way, ask):
                await assert_nothing_left(koscom, tasks)
                at += 1
            assert at > 1, "there was something to cancel"


async def all_transactions(koscom, investor):
    async with koscom.stream_transactions(investor, date(2024, 3, 1), date(2024, 3, 31)) as stream:
        return [row async for row in stream]


FAN_OUTS = {
    "portfolios": lambda koscom, investor: koscom.portfolios(investor),
    "watchlists": lambda koscom, investor: koscom.watchlists(investor),
    "transactions": all_transactions,
    "discretionary": lambda koscom, investor: koscom.discretionary_holdings(["diamond", "star"]),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FAN_OUTS)
async def test_every_other_fan_out_can_be_cancelled_at_every_await(name, way):
    tasks = other_tasks()
    async with SandboxGateway(in_process=True) as gateway:
        settings = impatient(gateway.settings, **TIRELESS)
        async with Koscom(settings, transport=gateway.transport) as koscom:
            at = 1
            while await cancelled_at(at, way, lambda: FAN_OUTS[name](koscom, gateway.investor)):
                await assert_nothing_left(koscom, tasks)
                at += 1
            assert at > 5, "there was something to cancel"
            await FAN_OUTS[name](koscom, gateway.investor)
            await assert_nothing_left(koscom, tasks)
    assert other_tasks() <= tasks


@pytest.mark.parametrize("way", WAYS)
async def test_a_stream_can_be_cancelled_at_every_await(way):
    tasks = other_tasks()
    async with SandboxGateway(in_process=True) as gateway:
        settings = impatient(gateway.settings, **TIRELESS)
        async with Koscom(settings, transport=gateway.transport) as koscom:

            async def read_two():
                async with koscom.stream_holdings(gateway.investor) as stream:
                    async for _ in stream:
                        if len(stream._outcomes.delivered) == 2:
                            break

            at = 1
            while await cancelled_at(at, way, read_two):
                await assert_nothing_left(koscom, tasks)
                at += 1
            assert at > 10

"""Operations on a fake clock: a first call, and then chains of dependent calls to each broker, all of them by a deadline."""

from collections import Counter
from functools import partial
from math import inf

import anyio
from attrs import define, field

from koscom_async import BrokerLimits, Limits, OverloadedError
from koscom_async._transport.limits.bulkhead import unchecked
from koscom_async._transport.limits.limiter import ProcessLimiter, Turn
from tests.fake_time import FakeTime

HOLDINGS = {"diamond": (1,), "cyber": (1, 4, 2, 1), "star": (1, 2, 1, 1)}
"""What the sandbox's holdings take: chains of calls, by broker."""
CALLS = 1 + sum(sum(chains) for chains in HOLDINGS.values())


@define(eq=False)
class Ended:
    """How an operation ended: `whole`, at a broker `refused`, `refused` before its first call, or `late`."""

    began_at: float
    ended_at: float = inf
    word: str = ""
    calls: int = 0
    refused_at: list = field(factory=list)
    retry_after: float | None = None

    @property
    def seconds(self):
        return self.ended_at - self.began_at


class Town:
    """Operations that share a limiter, and what became of them."""

    def __init__(self, *, rate=10.0, burst=10, latency=0.1, limiter=None, silent=(), time=None):
        self.time = time or FakeTime()
        limits = Limits(default=BrokerLimits(rate=rate, burst=burst))
        self.limiter = (limiter or ProcessLimiter)(limits, clock=self.time.clock, sleep=self.time.sleep)
        self.latency = latency
        self.silent = frozenset(silent)
        self.ended: list[Ended] = []
        self.left: list[tuple[float, str, object]] = []

    async def ask(self, broker, ticket, end, name):
        async with Turn(self.limiter, broker, "account", unchecked, ticket):
            end.calls += 1
            self.left.append((self.time.now, broker, name))
            await self.time.sleep(inf if broker in self.silent else self.latency)

    async def account(self, broker, chains, ticket, end, name):
        async def chain(calls):
            for _ in range(calls):
                await self.ask(broker, ticket, end, name)

        try:
            async with anyio.create_task_group() as group:
                for calls in chains:
                    group.start_soon(chain, calls)
        except* OverloadedError as refused:
            ticket.fail(broker)
            end.refused_at.append(broker)
            end.retry_after = refused.exceptions[0].retry_after

    async def operation(
        self,
        *,
        after=0.0,
        seconds=inf,
        first="common",
        plan=HOLDINGS,
        kind="holdings",
        name=None,
        investor=None,
    ):
        async def ask(ticket, end):
            if ticket is not None:
                ticket.asker = investor
            if first is not None:
                await self.ask(first, ticket, end, name)
            async with anyio.create_task_group() as accounts:
                for broker, chains in plan.items():
                    accounts.start_soon(self.account, broker, chains, ticket, end, name)

        await self.time.sleep(after)
        await self.until(seconds, kind, ask)

    async def balance(self, broker, *, calls, seconds):
        async def ask(ticket, end):
            for _ in range(calls):
                await self.ask(broker, ticket, end, None)

        await self.until(seconds, ("balance", broker), ask)

    async def until(self, seconds, kind, ask):
        end = Ended(self.time.now)
        async with anyio.create_task_group() as group:
            if seconds < inf:
                group.start_soon(self.give_up, group.cancel_scope, seconds)
            end.word = "late"
            try:
                with self.limiter.ticket(kind, seconds) as ticket:
                    await ask(ticket, end)
                end.word = "in part" if end.refused_at else "whole"
            except OverloadedError as refused:
                end.word, end.retry_after = "refused", refused.retry_after
            group.cancel_scope.cancel()
        end.ended_at = self.time.now
        self.ended.append(end)

    async def give_up(self, scope, seconds):
        await self.time.sleep(seconds)
        scope.cancel()

    async def run(self, *operations):
        await self.time.run(*operations)

    def operations(self, count, **how):
        return [partial(self.operation, name=number, **how) for number in range(count)]

    @property
    def words(self):
        return Counter(end.word for end in self.ended)

    @property
    def calls(self):
        return sum(end.calls for end in self.ended)

    def state(self):
        """Return what is owed, waits or is in flight, by broker: nothing, when all have ended."""
        held = {
            broker: (round(calls.line.owed + calls.line.expected, 9), calls.line.waiting, calls.slots.taken)
            for broker, calls in self.limiter.bulkhead._brokers.items()
        }
        return {broker: what for broker, what in held.items() if any(what)}

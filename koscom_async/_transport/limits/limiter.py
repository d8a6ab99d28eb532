"""When each call leaves: a broker's rate, and the limits of one process, which put rate, slots and day together.

A call is granted in the instant in which it leaves, so that a cancelled waiter has nothing to give back. Calls in
flight are the concern of `bulkhead`; the limits that processes share are in `redis_limiter`.
"""

from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from inspect import signature
from time import monotonic
from types import TracebackType
from typing import Any, Protocol, Self, cast, runtime_checkable

import anyio
from attrs import define, field

from koscom_async._clock import utc_now
from koscom_async._transport.limits.bulkhead import UNANSWERED_SECONDS, Bulkhead, unchecked
from koscom_async._transport.limits.quota import DailyQuota, Source
from koscom_async._transport.limits.tickets import Demand, Ticket, Tickets
from koscom_async.errors import (
    BreakerOpenError,
    ConnectionFailedError,
    KoscomError,
    PlatformError,
    ResponseError,
)
from koscom_async.models.statistics import ServiceQuota
from koscom_async.settings import Limits


@runtime_checkable
class Limiter(Protocol):
    """Decides when calls leave. `release` follows each `acquire` that returned; the client closes its limiter.

    A limiter whose `acquire` takes no `turn` is called without, and its `record_quota` without `source`; one without
    `ticket` serves calls, and knows no operations.
    """

    def ticket(self, kind: Hashable, seconds: float) -> AbstractContextManager[Ticket | None]:
        """Return what is entered around an operation of a kind that is due in so many seconds, `inf` for any."""

    async def acquire(self, broker: str, service: str, turn: "Turn | None" = None) -> None:
        """Wait until a call to this broker may leave; raise `QuotaExceededError` if the service's day is spent.

        `turn.check()` raises where the call that waits may not leave any more. Raise `OverloadedError` where the
        operation of `turn.ticket` cannot be whole in time.
        """

    def release(self, broker: str, turn: "Turn | None" = None) -> None:
        """Give the slot back once the call has ended; `turn.is_answered` says how."""

    async def pause(self, broker: str, seconds: float) -> None:
        """Let no call to this broker leave for that long; calls in flight go on."""

    async def record_quota(
        self, service: str, *, remaining: int, limit: int | None, source: Source | None = None
    ) -> None:
        """Record the calls that an answer says are left of the service's day, of `limit` (`None` where it has none)."""

    def quotas(self) -> tuple[ServiceQuota, ...]:
        """Return what is known of each service's day."""

    async def aclose(self) -> None:
        """Close what the limiter opened."""


@define(eq=False)
class Turn:
    """Enter it around a call: it leaves when the limiter lets it, after `seconds_waited`, and gives its slot back.

    `check` raises where the call may not leave any more. `ticket` is its operation's, and `demand` what that asks of
    the broker. `is_answered` is known when the call has ended; `None` where its end says nothing of the broker.
    """

    _limiter: Limiter
    _broker: str
    _service: str
    check: Callable[[], None]
    ticket: Ticket | None = None
    demand: Demand | None = None
    seconds_waited: float = 0.0
    is_answered: bool | None = None
    _left_at: float = 0.0

    async def __aenter__(self) -> Self:
        asked_at = monotonic()
        await self._limiter.acquire(self._broker, self._service, self)
        self._left_at = monotonic()
        self.seconds_waited = self._left_at - asked_at
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.is_answered = True
        elif isinstance(error, PlatformError | ResponseError):
            self.is_answered = None if isinstance(error, BreakerOpenError) else True
        elif (isinstance(error, ConnectionFailedError) and error.retriable) or self._was_given_up(error):
            self.is_answered = False
        self._limiter.release(self._broker, self)

    def _was_given_up(self, error: BaseException) -> bool:
        return not isinstance(error, KoscomError) and monotonic() - self._left_at >= UNANSWERED_SECONDS


def with_turns(limiter: Any) -> Limiter:
    """Return a limiter that takes turns and has tickets: the one given, or an adapter to one written without."""
    takes_turns = "turn" in signature(limiter.acquire).parameters
    if takes_turns and hasattr(limiter, "ticket"):
        return cast("Limiter", limiter)
    return cast("Limiter", _WithoutTickets(limiter) if takes_turns else _WithoutTurns(limiter))


class _WithoutTickets:
    """A limiter that was written without tickets."""

    def __init__(self, limiter: Any) -> None:
        self._limiter = limiter

    def ticket(self, kind: Hashable, seconds: float) -> AbstractContextManager[None]:
        return nullcontext()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._limiter, name)


class _WithoutTurns(_WithoutTickets):
    """A limiter that was written without turns."""

    async def acquire(self, broker: str, service: str, turn: Turn | None = None) -> None:
        await self._limiter.acquire(broker, service)

    def release(self, broker: str, turn: Turn | None = None) -> None:
        self._limiter.release(broker)

    async def record_quota(self, service: str, *, remaining: int, limit: int | None, **_: object) -> None:
        await self._limiter.record_quota(service, remaining=remaining, limit=limit)


class ProcessLimiter:
    """The limits of one client. Only `acquire`, `release`, `pause`, `record_quota` and its tickets change its state."""

    def __init__(
        self,
        limits: Limits,
        *,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._limits = limits
        self._quota = DailyQuota(reserve=limits.quota_reserve, now=now)
        self._clock = clock
        self._rates: dict[str, GCRA] = {}
        self._tickets = Tickets(self._rate, clock=clock)
        self.bulkhead = Bulkhead(limits, self._tickets, clock=clock, sleep=sleep)

    def ticket(self, kind: Hashable, seconds: float) -> Ticket:
        return self._tickets.open(kind, seconds)

    async def acquire(self, broker: str, service: str, turn: Turn | None = None) -> None:
        calls = self.bulkhead.of(broker)
        demand = None
        if turn is not None and turn.ticket is not None:
            demand = turn.demand = self.bulkhead.enter(calls, turn.ticket)
            if demand.is_long:
                await self.bulkhead.wait_for_burst(calls)
        # Most calls find room, and need no queue.
        if self.bulkhead.has_room(calls) and self._take(broker, service):
            self.bulkhead.acquire_nowait(calls, demand)
            return
        self._quota.check(service, broker)

        async def take() -> bool:
            return self._take(broker, service)

        await self.bulkhead.acquire(calls, demand, check=turn.check if turn else unchecked, take=take)

    def _take(self, broker: str, service: str) -> bool:
        rate, now = self._rate(broker), self._clock()
        if rate.ready_at() > now:
            return False
        if self._quota.days:  # most gateways speak of none
            self._quota.take(service, broker)
        rate.take(now)
        return True

    def _rate(self, broker: str) -> "GCRA":
        rate = self._rates.get(broker)
        if rate is None:
            limits = self._limits.of(broker)
            rate = self._rates[broker] = GCRA(limits.rate, limits.burst)
        return rate

    def release(self, broker: str, turn: Turn | None = None) -> None:
        calls = self.bulkhead.of(broker)
        if turn is None:
            self.bulkhead.release(calls)
        else:
            self.bulkhead.release(calls, turn.demand, is_answered=turn.is_answered)

    async def pause(self, broker: str, seconds: float) -> None:
        self._rate(broker).pause(self._clock() + seconds)

    async def record_quota(
        self, service: str, *, remaining: int, limit: int | None, source: Source | None = None
    ) -> None:
        self._quota.record(service, source or Source(), remaining=remaining, limit=limit)

    def quotas(self) -> tuple[ServiceQuota, ...]:
        return self._quota.snapshot()

    async def aclose(self) -> None:
        pass  # it opens nothing


LONG_AGO = float("-inf")


@define(eq=False)
class GCRA:
    """One broker's rate, by the generic cell rate algorithm: a call may leave when the backlog is at most a burst.

    Pure arithmetic on a clock that the caller reads: `rate` calls a second after a `burst`. `free_at` is when the
    backlog is worked off, `paused_until` when a pause ends; `interval` and `slack` are seconds.
    """

    rate: float
    burst: int
    free_at: float = LONG_AGO
    paused_until: float = LONG_AGO
    interval: float = field(init=False)
    slack: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.interval = 1 / self.rate
        self.slack = (self.burst - 1) / self.rate

    @property
    def pace(self) -> float:
        """The seconds a call for those that wait."""
        return self.interval

    def ready_at(self) -> float:
        """Return when the next call may leave; a time in the past means now."""
        return max(self.free_at - self.slack, self.paused_until)

    def take(self, now: float) -> None:
        """Count a call that leaves now."""
        self.free_at = max(self.free_at, now) + self.interval

    def pause(self, until: float) -> None:
        """Let no call leave before then; a shorter pause does not end a longer one."""
        self.paused_until = max(self.paused_until, until)

    def record_grant(self, now: float) -> None:
        """Record a call granted elsewhere (by Redis). The backlog never exceeds one burst."""
        self.take(now)
        self.free_at = min(self.free_at, now + self.burst / self.rate)

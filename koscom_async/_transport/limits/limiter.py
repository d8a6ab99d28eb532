"""How fast each broker is called, and how many calls are in flight: the protocol, and the limits of one process.

A call is granted in the instant in which it leaves, so that a cancelled waiter has nothing to give back. The limits
that processes share are in `redis_limiter`.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from time import monotonic
from types import TracebackType
from typing import Protocol, Self

import anyio
from attrs import define

from koscom_async._clock import utc_now
from koscom_async._transport.limits.bulkhead import Bulkhead
from koscom_async._transport.limits.gcra import GCRA
from koscom_async._transport.limits.quota import DailyQuota
from koscom_async.models.statistics import ServiceQuota
from koscom_async.settings import Limits


class Limiter(Protocol):
    """Decides when calls leave. `release` follows each `acquire` that returned; the client closes its limiter."""

    async def acquire(self, broker: str, service: str) -> None:
        """Return when a call to this broker may leave; raise `QuotaExceededError` if the service's day is spent."""

    def release(self, broker: str) -> None:
        """Give the slot back once the call has ended."""

    async def pause(self, broker: str, seconds: float) -> None:
        """Let no call to this broker leave for that long; calls in flight go on."""

    async def record_quota(self, service: str, *, remaining: int, limit: int | None) -> None:
        """Record what an answer says is left of the service's day."""

    def quotas(self) -> tuple[ServiceQuota, ...]:
        """Return what is known of each service's day."""

    async def aclose(self) -> None:
        """Close what the limiter opened."""


@define(eq=False)
class Slot:
    """Enter it around a call: it leaves when the limiter lets it, after `seconds_waited`, and gives its slot back."""

    _limiter: Limiter
    _broker: str
    _service: str
    seconds_waited: float = 0.0

    async def __aenter__(self) -> Self:
        asked_at = monotonic()
        await self._limiter.acquire(self._broker, self._service)
        self.seconds_waited = monotonic() - asked_at
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._limiter.release(self._broker)


class ProcessLimiter:
    """The limits of one client. Only `acquire`, `release`, `pause` and `record_quota` change its state."""

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
        self.bulkhead = Bulkhead(limits, clock=clock, sleep=sleep)

    async def acquire(self, broker: str, service: str) -> None:
        """Return when a call to this broker may leave; raise `QuotaExceededError` if the service's day is spent."""
        # Most calls find room, and need no queue.
        if self.bulkhead.has_room(broker) and self._take(broker, service):
            self.bulkhead.acquire_nowait(broker)
        else:
            await self._queue(broker, service)

    async def _queue(self, broker: str, service: str) -> None:
        self._quota.check(service)

        async def take() -> bool:
            return self._take(broker, service)

        await self.bulkhead.acquire(broker, ready_at=self._rate(broker).ready_at, take=take)

    def _take(self, broker: str, service: str) -> bool:
        rate, now = self._rate(broker), self._clock()
        if rate.ready_at() > now:
            return False
        self._quota.take(service)
        rate.take(now)
        return True

    def _rate(self, broker: str) -> GCRA:
        rate = self._rates.get(broker)
        if rate is None:
            limits = self._limits.of(broker)
            rate = self._rates[broker] = GCRA(limits.rate, limits.burst)
        return rate

    def release(self, broker: str) -> None:
        """Give the slot back once the call has ended."""
        self.bulkhead.release(broker)

    async def pause(self, broker: str, seconds: float) -> None:
        """Let no call to this broker leave for that long."""
        self._rate(broker).pause(self._clock() + seconds)

    async def record_quota(self, service: str, *, remaining: int, limit: int | None) -> None:
        """Record what an answer says is left of the service's day."""
        self._quota.record(service, remaining=remaining, limit=limit)

    def quotas(self) -> tuple[ServiceQuota, ...]:
        """Return what is known of each service's day."""
        return self._quota.snapshot()

    async def aclose(self) -> None:
        """Do nothing: this limiter opens nothing."""

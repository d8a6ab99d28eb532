"""How fast and how many at once each broker is asked: a protocol, and its implementation inside one process.

The turn is taken in the instant in which a call leaves, so a cancelled waiter has nothing to give back. The
implementation that many processes share is in `redis_limiter`.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from time import monotonic
from typing import Protocol

import anyio

from koscom_async._clock import utc_now
from koscom_async._transport.limits.bulkhead import Bulkhead
from koscom_async._transport.limits.gcra import Schedule
from koscom_async._transport.limits.quota import DailyQuota
from koscom_async.models.statistics import ServiceQuota
from koscom_async.settings import Limits


class Limiter(Protocol):
    """Grants turns. `release` must follow each `acquire` that returned; the client that it is given to closes it."""

    async def acquire(self, broker: str, service: str) -> None:
        """Return when a call to this broker may leave; raise `QuotaExceededError` if the service's day is spent."""

    def release(self, broker: str) -> None:
        """Say that the call's answer is there, or is no longer awaited."""

    async def pause(self, broker: str, seconds: float) -> None:
        """Let no call to this broker leave for that long; what is in flight goes on."""

    async def record_quota(self, service: str, *, remaining: int, limit: int | None) -> None:
        """Take note of what an answer says is left of the service's day."""

    def quotas(self) -> tuple[ServiceQuota, ...]:
        """Return what is known of each service's day."""

    async def aclose(self) -> None:
        """Let go of what it opened."""


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
        self._turnstile = Bulkhead(limits, clock=clock, sleep=sleep)
        self._schedules: dict[str, Schedule] = {}

    def _schedule(self, broker: str) -> Schedule:
        schedule = self._schedules.get(broker)
        if schedule is None:
            limits = self._limits.of(broker)
            schedule = self._schedules[broker] = Schedule(limits.rate, limits.burst)
        return schedule

    async def acquire(self, broker: str, service: str) -> None:
        """Return when a call to this broker may leave; raise `QuotaExceededError` if the service's day is spent."""
        schedule = self._schedule(broker)
        # Most calls find everything free, and need not stand in a queue to see it.
        if self._turnstile.is_free(broker) and self._takes(schedule, service):
            self._turnstile.enter_at_once(broker)
            return
        self._quota.check(service)

        async def take() -> bool:
            return self._takes(schedule, service)

        await self._turnstile.enter(broker, ready_at=schedule.ready_at, take=take)

    def _takes(self, schedule: Schedule, service: str) -> bool:
        now = self._clock()
        if schedule.ready_at() > now:
            return False
        self._quota.take(service)
        schedule.take(now)
        return True

    def release(self, broker: str) -> None:
        """Say that the call's answer is there, or is no longer awaited."""
        self._turnstile.leave(broker)

    async def pause(self, broker: str, seconds: float) -> None:
        """Let no call to this broker leave for that long."""
        self._schedule(broker).pause(self._clock() + seconds)

    async def record_quota(self, service: str, *, remaining: int, limit: int | None) -> None:
        """Take note of what an answer says is left of the service's day."""
        self._quota.record(service, remaining=remaining, limit=limit)

    def quotas(self) -> tuple[ServiceQuota, ...]:
        """Return what is known of each service's day."""
        return self._quota.snapshot()

    async def aclose(self) -> None:
        """Do nothing: it holds nothing open."""

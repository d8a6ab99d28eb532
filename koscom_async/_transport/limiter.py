"""How fast and how many at once each broker is asked: a protocol, and its implementation inside one process.

The rate is kept by GCRA (a virtual schedule: a call may leave when the schedule is at most a burst ahead). Waiters
are served in order, and take their token in the instant in which they leave, so that a cancelled waiter has
nothing to give back.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

import anyio
from attrs import define

from koscom_async._transport.quota import DailyQuota, utc_now
from koscom_async.errors import QuotaExceededError
from koscom_async.models.statistics import ServiceQuota
from koscom_async.settings import BrokerLimits, Limits


class Limiter(Protocol):
    """Grants turns. `release` must follow each `acquire` that returned."""

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


@define(eq=False)
class _Meter:
    """One broker's schedule; `free_at` is where it stands, `paused_until` when a pause ends."""

    limits: BrokerLimits
    queue: anyio.Lock
    places: anyio.Semaphore
    free_at: float = float("-inf")
    paused_until: float = float("-inf")

    def ready_at(self) -> float:
        slack = (self.limits.burst - 1) / self.limits.rate
        return max(self.free_at - slack, self.paused_until)

    def take(self, now: float) -> None:
        self.free_at = max(self.free_at, now) + 1 / self.limits.rate


class ProcessLimiter:
    """The limits of one client. Only `acquire`, `release` and `pause` change its state."""

    def __init__(
        self,
        limits: Limits,
        *,
        clock: Callable[[], float] = anyio.current_time,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._limits = limits
        self._quota = DailyQuota(reserve=limits.quota_reserve, now=now)
        self._clock = clock
        self._sleep = sleep
        # Keyed by broker, not by host: all share one gateway address, but each is metered on its own.
        self._meters: dict[str, _Meter] = {}
        # fast_acquire: a free place costs no trip through the event loop.
        self._total = anyio.Semaphore(limits.in_flight, fast_acquire=True)

    def _meter(self, broker: str) -> _Meter:
        meter = self._meters.get(broker)
        if meter is None:
            limits = self._limits.of(broker)
            meter = self._meters[broker] = _Meter(
                limits=limits,
                queue=anyio.Lock(fast_acquire=True),
                places=anyio.Semaphore(limits.in_flight, fast_acquire=True),
            )
        return meter

    async def acquire(self, broker: str, service: str) -> None:
        """Return when a call to this broker may leave; raise `QuotaExceededError` if the service's day is spent."""
        self._quota.check(service)
        meter = self._meter(broker)
        async with meter.queue:
            await meter.places.acquire()
            try:
                await self._take_turn(meter, service)
            except BaseException:
                meter.places.release()
                raise

    async def _take_turn(self, meter: _Meter, service: str) -> None:
        while True:
            while (wait := meter.ready_at() - self._clock()) > 0:
                await self._sleep(wait)
            await self._total.acquire()
            # A pause may have begun while this call waited for its place among all.
            if meter.ready_at() <= (now := self._clock()):
                break
            self._total.release()
        try:
            self._quota.take(service)
        except QuotaExceededError:
            self._total.release()
            raise
        meter.take(now)

    def release(self, broker: str) -> None:
        """Say that the call's answer is there, or is no longer awaited."""
        self._total.release()
        self._meters[broker].places.release()

    async def pause(self, broker: str, seconds: float) -> None:
        """Let no call to this broker leave for that long."""
        meter = self._meter(broker)
        meter.paused_until = max(meter.paused_until, self._clock() + seconds)

    async def record_quota(self, service: str, *, remaining: int, limit: int | None) -> None:
        """Take note of what an answer says is left of the service's day."""
        self._quota.record(service, remaining=remaining, limit=limit)

    def quotas(self) -> tuple[ServiceQuota, ...]:
        """Return what is known of each service's day."""
        return self._quota.snapshot()

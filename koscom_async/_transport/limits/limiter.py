"""When each call leaves: a broker's rate, a service's day, and the limits of one process, which put them together.

A call is granted in the instant in which it leaves, so that a cancelled waiter has nothing to give back. Calls in
flight are the concern of `bulkhead`; the limits that processes share are in `redis_limiter`.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from inspect import signature
from time import monotonic
from types import TracebackType
from typing import Any, Protocol, Self, cast

import anyio
from attrs import define, evolve, field, frozen

from koscom_async._clock import utc_now
from koscom_async._transport.limits.bulkhead import UNANSWERED_SECONDS, Bulkhead, unchecked
from koscom_async._wire.endpoints import PLATFORM
from koscom_async._wire.envelope import next_reset
from koscom_async._wire.failures import quota_exceeded
from koscom_async.errors import (
    BreakerOpenError,
    ConnectionFailedError,
    KoscomError,
    PlatformError,
    QuotaExceededError,
    ResponseError,
)
from koscom_async.models.statistics import ServiceQuota
from koscom_async.settings import Limits


class Limiter(Protocol):
    """Decides when calls leave. `release` follows each `acquire` that returned; the client closes its limiter.

    A limiter whose `acquire` takes no `turn` is called without, and its `record_quota` without `source`.
    """

    async def acquire(self, broker: str, service: str, turn: "Turn | None" = None) -> None:
        """Wait until a call to this broker may leave; raise `QuotaExceededError` if the service's day is spent.

        `turn.check()` raises where the call that waits may not leave any more.
        """

    def release(self, broker: str, turn: "Turn | None" = None) -> None:
        """Give the slot back once the call has ended; `turn.is_answered` says how."""

    async def pause(self, broker: str, seconds: float) -> None:
        """Let no call to this broker leave for that long; calls in flight go on."""

    async def record_quota(
        self, service: str, *, remaining: int, limit: int | None, source: "Source | None" = None
    ) -> None:
        """Record the calls that an answer says are left of the service's day, of `limit` (`None` where it has none)."""

    def quotas(self) -> tuple[ServiceQuota, ...]:
        """Return what is known of each service's day."""

    async def aclose(self) -> None:
        """Close what the limiter opened."""


@define(eq=False)
class Turn:
    """Enter it around a call: it leaves when the limiter lets it, after `seconds_waited`, and gives its slot back.

    `check` raises where the call may not leave any more. `is_answered` is known when the call has ended; `None` where
    its end says nothing of the broker.
    """

    _limiter: Limiter
    _broker: str
    _service: str
    check: Callable[[], None]
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
    """Return a limiter that may be handed turns: the one given, or what stands before one that takes none."""
    if "turn" in signature(limiter.acquire).parameters:
        return cast("Limiter", limiter)
    return _WithoutTurns(limiter)


class _WithoutTurns:
    """A limiter that was written without turns."""

    def __init__(self, limiter: Any) -> None:
        self._limiter = limiter

    async def acquire(self, broker: str, service: str, turn: Turn | None = None) -> None:
        await self._limiter.acquire(broker, service)

    def release(self, broker: str, turn: Turn | None = None) -> None:
        self._limiter.release(broker)

    async def record_quota(self, service: str, *, remaining: int, limit: int | None, **_: object) -> None:
        await self._limiter.record_quota(service, remaining=remaining, limit=limit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._limiter, name)


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

    async def acquire(self, broker: str, service: str, turn: Turn | None = None) -> None:
        # Most calls find room, and need no queue.
        if self.bulkhead.has_room(broker) and self._take(broker, service):
            self.bulkhead.acquire_nowait(broker)
        else:
            await self._queue(broker, service, turn.check if turn else unchecked)

    async def _queue(self, broker: str, service: str, check: Callable[[], None]) -> None:
        self._quota.check(service, broker)

        async def take() -> bool:
            return self._take(broker, service)

        await self.bulkhead.acquire(broker, check=check, ready_at=self._rate(broker).ready_at, take=take)

    def _take(self, broker: str, service: str) -> bool:
        rate, now = self._rate(broker), self._clock()
        if rate.ready_at() > now:
            return False
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
        self.bulkhead.release(broker, is_answered=turn.is_answered if turn else None)

    async def pause(self, broker: str, seconds: float) -> None:
        self._rate(broker).pause(self._clock() + seconds)

    async def record_quota(
        self, service: str, *, remaining: int, limit: int | None, source: "Source | None" = None
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


# The daily quota.

SETTLING_SECONDS = 60
"""This long after midnight an answer may still speak of yesterday: it was under way, or clocks differ."""


def believed_until(now: datetime) -> datetime:
    """Return until when an answer about the day's calls is believed: until the day ends, in UTC.

    In the day's first minute, only until that minute ends: yesterday's last answer, "none left", must not block the
    whole new day, as no call would leave any more to correct it.
    """
    reset = next_reset(now)
    settled = reset - timedelta(days=1) + timedelta(seconds=SETTLING_SECONDS)
    return settled if now < settled else reset


FIRST_PROBE, PROBE_EVERY = timedelta(seconds=1), timedelta(minutes=5)
"""One call asks about a spent day again: after the first time, then after twice as long each, up to the second."""

ENOUGH = 2
"""That no call is left takes answers of so many brokers to so many investors; of one broker, to so many investors."""

SOUND_FOR = timedelta(minutes=1)
"""So long after an answer that leaves calls it takes a 429 to believe that none is left."""


@frozen
class Source:
    """Whose answer says what is left of a day: a broker's, to an investor (a number that stands for one).

    Empty where it is not known; `is_refusal`: it came with a 429.
    """

    broker: str = ""
    investor: int = 0
    is_refusal: bool = False


@define(eq=False)
class _Day:
    """What is known of a service's day: `quota` by the word of one broker (`speaker`; `None`: as Redis counted).

    `spent_by` are the brokers whose latest answers left no call, each with investors who got such answers; `doubted`
    those brokers whose word was contradicted since. `is_spent`: that no call is left is believed of all.
    """

    quota: ServiceQuota
    speaker: str | None
    sound_until: datetime
    spent_by: dict[str, set[int]] = field(factory=dict)
    doubted: set[str] = field(factory=set)
    is_spent: bool = False
    probe_at: datetime | None = None
    probe_after: timedelta = FIRST_PROBE


class DailyQuota:
    """What is left of each service's day, as answers' headers say: no call is spent that cannot succeed.

    The day is the gateway's, and the header may be any broker's, or one account's. That no call is left is believed of
    all when it comes with a 429, from the platform's own services, or from two brokers to two investors; of a broker,
    when two investors get it there. Now and then one call asks again, and a broker that is contradicted is not
    believed alone any more. `reserve` is the share of the day that this client leaves for others that use the same
    key. Only `check`, `take`, `record`, `adopt` and `must_wait` change it.
    """

    def __init__(self, *, reserve: float = 0.0, now: Callable[[], datetime] = utc_now) -> None:
        self._reserve = reserve
        self._now = now
        self._days: dict[str, _Day] = {}

    def check(self, service: str, broker: str) -> None:
        """Raise `QuotaExceededError` if no call is left to a broker, so that none waits in vain."""
        day = self._today(service)
        if day is not None and self._refuses(day, broker) and not self._is_probe_due(day):
            raise self._exceeded(day)

    def take(self, service: str, broker: str) -> None:
        """Count a call that is about to leave, or raise `QuotaExceededError`."""
        day = self._today(service)
        if day is None:
            return
        if self._refuses(day, broker) and not self._becomes_probe(day):
            raise self._exceeded(day)
        day.quota = evolve(day.quota, remaining=max(0, day.quota.remaining - 1))

    def must_wait(self, service: str, broker: str) -> bool:
        """Whether no call is left to a broker; `False` also where the caller becomes the call that asks again."""
        day = self._today(service)
        return day is not None and self._refuses(day, broker) and not self._becomes_probe(day)

    def record(self, service: str, source: Source, *, remaining: int, limit: int | None) -> bool:
        """Record an answer's headers (`limit`: calls a day, or `None`); return whether they hold for all brokers."""
        quota = ServiceQuota(
            service=service, remaining=remaining, limit=limit, resets_at=believed_until(self._now())
        )
        broker = source.broker
        if self._has_calls(quota):
            self._keep(quota, broker)
            return True
        day = self._today(service) or self._keep(quota, broker)
        is_sure = broker in PLATFORM or (source.is_refusal and broker not in day.doubted)
        if not is_sure and self._now() < day.sound_until:
            return day.is_spent
        investors = day.spent_by.setdefault(broker, set())
        if len(investors) < ENOUGH:
            investors.add(source.investor)
        if is_sure or _agree(day):
            day.quota, day.is_spent = quota, True
        return day.is_spent

    def adopt(self, quota: ServiceQuota) -> None:
        """Replace what is known of a service's day, with what Redis counted for all processes."""
        self._keep(quota, None)

    def snapshot(self) -> tuple[ServiceQuota, ...]:
        """Return what is known of today."""
        known = (self._today(service) for service in sorted(self._days))
        return tuple(day.quota for day in known if day is not None)

    def _keep(self, quota: ServiceQuota, speaker: str | None) -> _Day:
        day = self._today(quota.service)
        if day is None:
            day = self._days[quota.service] = _Day(quota, speaker, self._now())
        if self._has_calls(quota):
            day.sound_until = self._now() + SOUND_FOR
            if day.is_spent:
                day.doubted |= day.spent_by.keys()
            day.spent_by.clear()
            day.is_spent, day.probe_at, day.probe_after = False, None, FIRST_PROBE
        day.quota, day.speaker = quota, speaker
        return day

    def _refuses(self, day: _Day, broker: str) -> bool:
        if day.is_spent or len(day.spent_by.get(broker, ())) >= ENOUGH:
            return True
        # One broker's number that was counted down is no more than its word.
        return not self._has_calls(day.quota) and (day.speaker is None or day.speaker in PLATFORM)

    def _has_calls(self, quota: ServiceQuota) -> bool:
        return quota.remaining > self._reserve * (quota.limit or 0)

    def _is_probe_due(self, day: _Day) -> bool:
        if day.probe_at is None:
            day.probe_at = self._now() + day.probe_after
        return day.probe_at <= self._now()

    def _becomes_probe(self, day: _Day) -> bool:
        is_due = self._is_probe_due(day)
        if is_due:
            day.probe_after = min(2 * day.probe_after, PROBE_EVERY)
            day.probe_at = self._now() + day.probe_after
        return is_due

    def _exceeded(self, day: _Day) -> QuotaExceededError:
        return quota_exceeded(day.quota.resets_at, reserve=self._reserve if day.quota.remaining else 0.0)

    def _today(self, service: str) -> _Day | None:
        day = self._days.get(service)
        return day if day is not None and self._now() < day.quota.resets_at else None


def _agree(day: _Day) -> bool:
    """Whether several brokers say that no call is left, to several investors."""
    believed = [investors for broker, investors in day.spent_by.items() if broker not in day.doubted]
    return len(believed) >= ENOUGH and len(set[int]().union(*believed)) >= ENOUGH

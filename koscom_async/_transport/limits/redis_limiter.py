"""The limits that many processes share through Redis: one broker's rate, pauses and day, whoever asks.

Owns what is done with Redis's decision, and what holds while Redis is away. Calls in flight are limited in each
process, as its connections are.

Why a script of our own, of four dozen lines: a decision here is rate, pause and the day's calls in one atomic step
on the server's clock, it can be sent twice without being granted twice, and withdrawn. `limits` (5.8) has fixed and
sliding windows only, which let twice the rate through at their border or count in one process's clock, and cannot
say when to ask again to the microsecond. `throttled-py` (3.5) has GCRA on the server's clock, but one key a decision,
prints its times with 14 digits, polls, and fails with redis-py's errors; pauses and quota would be second and third
steps that race with the first. redis-py has locks, but no limiter; redis-cell is a module that servers seldom have.
From redis-py come connections, script caching and reconnecting.
"""

import re
from collections.abc import Awaitable, Callable
from random import random

import anyio
from attrs import define

from koscom_async._clock import utc_now
from koscom_async._transport.limits.bulkhead import Bulkhead
from koscom_async._transport.limits.gcra import NEVER, Schedule
from koscom_async._transport.limits.quota import DailyQuota
from koscom_async._transport.limits.redis_store import Decision, Redis, RedisStore
from koscom_async._wire.failures import quota_exceeded
from koscom_async.errors import LimitsUnavailableError, SettingsError
from koscom_async.models.statistics import ServiceQuota
from koscom_async.settings import BrokerLimits, Limits

_PREFIX = re.compile(r"[A-Za-z0-9_.:-]{1,100}", re.ASCII)
LONGEST_TIMEOUT_SECONDS = 60
"""Nobody waits longer for leave to ask."""
_UNEVEN = 0.25
"""By how much of an interval, at most, a wait is lengthened at random where a burst makes up for it."""


@define(eq=False)
class _Lane:
    """What this process knows of a broker: its limits, when to ask again, and what holds while Redis is away."""

    limits: BrokerLimits
    local: Schedule
    ask_at: float = NEVER

    def ready_at(self) -> float:
        return max(self.ask_at, self.local.paused_until)


class RedisLimiter:
    """Each broker's rate, pauses and daily quota, kept together by all processes that use one Redis and `prefix`.

    All of them must be given the same `limits`, of which the calls in flight hold for each process. Give it to the
    client, which closes it: `Koscom(settings, limiter=RedisLimiter(url, settings.limits))`. `redis` is a URL
    (`redis://`, `rediss://`, `unix://`) or a `redis.asyncio.Redis` of yours, which stays yours to close. `prefix`
    begins the keys, which name brokers and services only: take another one for each API key and environment.

    Redis has `timeout` seconds to answer. While it does not, `local_share` decides: `None` fails each call with
    `LimitsUnavailableError`, before it leaves; a share (0.25 for four processes) lets this process go on with that
    share of each broker's rate and burst (of a burst at least one call). Redis is asked again each second. When it
    comes back, a burst may leave once that would not have: it did not count what left meanwhile.
    Raises `SettingsError` for impossible arguments.
    """

    def __init__(  # noqa: PLR0913  # one keyword for each thing that can be set
        self,
        redis: str | Redis,
        limits: Limits,
        *,
        prefix: str = "koscom",
        local_share: float | None = None,
        timeout: float = 1.0,
        clock: Callable[[], float] = anyio.current_time,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        _check(prefix, local_share, timeout)
        self._limits = limits
        self._share = local_share
        self._clock = clock
        self._store = RedisStore(
            redis, prefix=prefix, timeout=timeout, clock=clock, meanwhile=_meanwhile(local_share)
        )
        self._turnstile = Bulkhead(limits, clock=clock, sleep=sleep)
        self._quota = DailyQuota(reserve=limits.quota_reserve, now=utc_now)
        self._lanes: dict[str, _Lane] = {}

    async def acquire(self, broker: str, service: str) -> None:
        """Return when a call to this broker may leave.

        Raises `QuotaExceededError` if the service's day is spent, and `LimitsUnavailableError` if Redis is away and
        no local share is set.
        """
        lane = self._lane(broker)

        async def take() -> bool:
            return await self._take(broker, lane, service)

        await self._turnstile.enter(broker, ready_at=lane.ready_at, take=take)

    def release(self, broker: str) -> None:
        """Say that the call's answer is there, or is no longer awaited."""
        self._turnstile.leave(broker)

    async def pause(self, broker: str, seconds: float) -> None:
        """Let no process call this broker for that long; while Redis is away, this one."""
        self._lane(broker).local.pause(self._clock() + seconds)
        await self._store.pause(broker, seconds)

    async def record_quota(self, service: str, *, remaining: int, limit: int | None) -> None:
        """Tell every process what an answer says is left of the service's day."""
        self._quota.record(service, remaining=remaining, limit=limit)
        if quota := await self._store.record(service, remaining=remaining, limit=limit):
            self._quota.learn(quota)

    def quotas(self) -> tuple[ServiceQuota, ...]:
        """Return what this process heard last of each service's day."""
        return self._quota.snapshot()

    async def aclose(self) -> None:
        """Close the connections that it opened. Asked again, it opens new ones."""
        await self._store.aclose()

    def _lane(self, broker: str) -> _Lane:
        lane = self._lanes.get(broker)
        if lane is None:
            limits, share = self._limits.of(broker), self._share or 1.0
            local = Schedule(limits.rate * share, max(1, int(limits.burst * share)))
            lane = self._lanes[broker] = _Lane(limits, local)
        return lane

    async def _take(self, broker: str, lane: _Lane, service: str) -> bool:
        interval = 1 / lane.limits.rate
        decision = await self._store.decide(
            broker,
            service,
            interval=interval,
            slack=(lane.limits.burst - 1) * interval,
            reserve=self._limits.quota_reserve,
        )
        return self._take_locally(lane, service) if decision is None else self._follow(lane, decision)

    def _follow(self, lane: _Lane, decision: Decision) -> bool:
        now = self._clock()
        if decision.quota is not None:
            self._quota.learn(decision.quota)
            if decision.spent:
                reserve = self._limits.quota_reserve if decision.quota.remaining else 0.0
                raise quota_exceeded(decision.quota.resets_at, reserve=reserve)
        lane.local.pause(now + decision.paused)
        lane.ask_at = now + decision.wait
        if decision.granted:
            lane.local.follow(now)
        if decision.wait and lane.limits.burst > 1:
            # All processes are told the same moment: the one nearest to Redis would win every time.
            lane.ask_at += random() * _UNEVEN / lane.limits.rate  # noqa: S311  # spreads load, guards nothing
        return decision.granted

    def _take_locally(self, lane: _Lane, service: str) -> bool:
        if self._share is None:
            raise LimitsUnavailableError(
                f"the limits that processes share cannot be kept, so the call was not made: {self._store.outage}"
            )
        now = self._clock()
        lane.ask_at = lane.local.ready_at()
        if lane.ask_at > now:
            return False
        self._quota.take(service)
        lane.local.take(now)
        return True


def _check(prefix: object, local_share: object, timeout: object) -> None:
    if not isinstance(prefix, str) or not _PREFIX.fullmatch(prefix):
        raise SettingsError("prefix must be 1 to 100 letters, digits and any of _ . : -", setting="prefix")
    if local_share is not None and not _is_above_zero_and_to(1, local_share):
        raise SettingsError(
            f"local_share must be None or above 0 and at most 1, got {local_share!r}", setting="local_share"
        )
    if not _is_above_zero_and_to(LONGEST_TIMEOUT_SECONDS, timeout):
        raise SettingsError(
            f"timeout must be a number of seconds above 0 and at most {LONGEST_TIMEOUT_SECONDS}, got {timeout!r}",
            setting="timeout",
        )


def _is_above_zero_and_to(most: float, value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most


def _meanwhile(local_share: float | None) -> str:
    if local_share is None:
        return "calls fail until it does"
    return f"this process goes on with {local_share:.0%} of each broker's rate until it does"

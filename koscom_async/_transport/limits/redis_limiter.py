"""The limits that many processes share through Redis: each broker's rate and pauses, and each service's day.

Owns what follows from Redis's decision, and what holds during an outage. Calls in flight are limited in each process,
as its connections are.

Why our own script, of four dozen lines: a decision here is rate, pause and the day's calls in one atomic step
on the server's clock, it can be sent twice without being granted twice, and withdrawn. `limits` (5.8) has fixed and
sliding windows only, which let twice the rate through at their border or count in one process's clock, and cannot
say when to ask again to the microsecond. `throttled-py` (3.5) has GCRA on the server's clock, but one key a decision,
prints its times with 14 digits, polls, and fails with redis-py's errors; pauses and quota would be second and third
steps that race with the first. redis-py has locks, but no limiter; redis-cell is a module that servers seldom have.
From redis-py come connections, script caching and reconnecting.
"""

import re
from collections.abc import Awaitable, Callable, Hashable
from random import random
from time import monotonic

import anyio
from attrs import define

from koscom_async._clock import utc_now
from koscom_async._transport.limits.bulkhead import Bulkhead, unchecked
from koscom_async._transport.limits.contention import Pace, Throttle
from koscom_async._transport.limits.limiter import GCRA, LONG_AGO, Turn
from koscom_async._transport.limits.quota import DailyQuota, Source
from koscom_async._transport.limits.redis_store import WHATEVER_IS_LEFT, Decision, Redis, RedisStore
from koscom_async._transport.limits.tickets import Ticket, Tickets
from koscom_async._wire.failures import quota_exceeded
from koscom_async.errors import LimitsUnavailableError, SettingsError
from koscom_async.models.statistics import ServiceQuota
from koscom_async.settings import BrokerLimits, Limits

_PREFIX = re.compile(r"[A-Za-z0-9_.:-]{1,100}", re.ASCII)
LONGEST_TIMEOUT_SECONDS = 60
"""The longest `timeout` that makes sense: a call waits for Redis before it leaves."""
_UNEVEN = 0.25
"""A wait is lengthened at random by at most this share of an interval, where a burst makes up for it."""


@define(eq=False)
class _BrokerState:
    """What this process knows of a broker: its limits, when to ask again, and what holds during an outage."""

    limits: BrokerLimits
    local: GCRA
    own_pace: Pace
    ask_at: float = LONG_AGO

    @property
    def pace(self) -> float:
        return self.own_pace.seconds

    @property
    def interval(self) -> float:
        return 1 / self.limits.rate

    @property
    def burst(self) -> int:
        return self.limits.burst

    @property
    def free_at(self) -> float:
        return self.local.free_at

    @property
    def paused_until(self) -> float:
        return self.local.paused_until

    def ready_at(self) -> float:
        return max(self.ask_at, self.paused_until)


class RedisLimiter:
    """Each broker's rate, pauses and daily quota, kept together by all processes that use one Redis and `prefix`.

    Give all of them the same `limits`; the calls in flight are limited in each process. The client closes its limiter:
    `Koscom(settings, limiter=RedisLimiter(url, settings.limits))`. `redis` is a URL (`redis://`, `rediss://`,
    `unix://`) or a `redis.asyncio.Redis`, which you close yourself. `prefix` begins the keys, which name brokers and
    services only: take another one for each API key and environment.

    Redis has `timeout` seconds to answer. While it does not, `local_share` decides: `None` fails each call with
    `LimitsUnavailableError`, before it leaves; a share (0.25 for four processes) lets this process go on with that
    share of each broker's rate and burst (of a burst at least one call). Redis is asked again each second. When it
    comes back, one burst too many may leave: Redis did not count the calls of the outage.
    Raises `SettingsError` for impossible arguments.
    """

    def __init__(
        self,
        redis: str | Redis,
        limits: Limits,
        *,
        prefix: str = "koscom",
        local_share: float | None = None,
        timeout: float = 1.0,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        _check(prefix, local_share, timeout)
        self._limits = limits
        self._share = local_share
        self._clock = clock
        self._store = RedisStore(
            redis, prefix=prefix, timeout=timeout, clock=clock, meanwhile=_meanwhile(local_share)
        )
        self._tickets = Tickets(self._state, clock=clock)
        self._throttle = Throttle(clock)
        self.bulkhead = Bulkhead(limits, self._tickets, clock=clock, sleep=sleep)
        self._quota = DailyQuota(reserve=limits.quota_reserve, now=utc_now)
        self._brokers: dict[str, _BrokerState] = {}

    def ticket(self, kind: Hashable, seconds: float) -> Ticket:
        """Return what is entered around an operation: its place in this process, whose line alone is known."""
        return self._tickets.open(kind, seconds)

    async def acquire(self, broker: str, service: str, turn: Turn | None = None) -> None:
        """Return when a call to this broker may leave.

        Raises `QuotaExceededError` if the service's day is spent, `OverloadedError` if the operation cannot be whole in
        time, and `LimitsUnavailableError` if Redis does not answer and no local share is set.
        """
        state, calls = self._state(broker), self.bulkhead.of(broker)
        ticket, demand = turn.ticket if turn is not None else None, None

        async def take() -> bool:
            return await self._take(broker, state, service)

        with self._throttle.admit(ticket, calls.line):
            if turn is not None and ticket is not None:
                demand = turn.demand = self.bulkhead.enter(calls, ticket)
                if demand.is_long:
                    await self.bulkhead.wait_for_burst(calls)
            await self.bulkhead.acquire(calls, demand, check=turn.check if turn else unchecked, take=take)
        if ticket is None or not ticket.is_patient:
            state.own_pace.record_turn(self._clock(), is_contended=calls.line.waiting > 0)

    def release(self, broker: str, turn: Turn | None = None) -> None:
        """Give the slot back once the call has ended."""
        calls = self.bulkhead.of(broker)
        if turn is None:
            self.bulkhead.release(calls)
        else:
            self.bulkhead.release(calls, turn.demand, is_answered=turn.is_answered)

    async def pause(self, broker: str, seconds: float) -> None:
        """Let no process call this broker for that long; during an outage, this process."""
        self._state(broker).local.pause(self._clock() + seconds)
        await self._store.pause(broker, seconds)

    async def record_quota(
        self, service: str, *, remaining: int, limit: int | None, source: Source | None = None
    ) -> None:
        """Record for every process what an answer says is left of the service's day, if it is believed."""
        if not self._quota.record(service, source or Source(), remaining=remaining, limit=limit):
            return
        if quota := await self._store.record(service, remaining=remaining, limit=limit):
            self._quota.adopt(quota)

    def quotas(self) -> tuple[ServiceQuota, ...]:
        """Return what this process knows of each service's day."""
        return self._quota.snapshot()

    async def aclose(self) -> None:
        """Close the connections that it opened; the next call opens new ones."""
        await self._store.aclose()

    def _state(self, broker: str) -> _BrokerState:
        state = self._brokers.get(broker)
        if state is None:
            limits, share = self._limits.of(broker), self._share or 1.0
            local = GCRA(limits.rate * share, max(1, int(limits.burst * share)))
            interval = 1 / limits.rate
            state = self._brokers[broker] = _BrokerState(limits, local, Pace(interval, interval))
        return state

    async def _take(self, broker: str, state: _BrokerState, service: str) -> bool:
        decision = await self._decide(broker, state, service, reserve=self._limits.quota_reserve)
        if decision is not None and decision.spent and not self._is_spent(decision, broker):
            decision = await self._decide(broker, state, service, reserve=WHATEVER_IS_LEFT)
        if decision is None:
            return self._take_locally(broker, state, service)
        return self._apply(state, decision)

    def _is_spent(self, decision: Decision, broker: str) -> bool:
        """Whether a day that Redis counted down is spent for this broker, and no call asks about it now."""
        quota = decision.quota
        if quota is None:
            return True
        self._quota.adopt(quota)
        return self._quota.must_wait(quota.service, broker)

    async def _decide(
        self, broker: str, state: _BrokerState, service: str, *, reserve: float
    ) -> Decision | None:
        interval = 1 / state.limits.rate
        slack = (state.limits.burst - 1) * interval
        return await self._store.decide(broker, service, interval=interval, slack=slack, reserve=reserve)

    def _apply(self, state: _BrokerState, decision: Decision) -> bool:
        now = self._clock()
        if decision.quota is not None:
            self._quota.adopt(decision.quota)
            if decision.spent:
                reserve = self._limits.quota_reserve if decision.quota.remaining else 0.0
                raise quota_exceeded(decision.quota.resets_at, reserve=reserve)
        state.local.pause(now + decision.paused)
        state.ask_at = now + decision.wait
        if decision.granted:
            state.local.record_grant(now)
        if decision.wait and state.limits.burst > 1:
            # All processes wait for the same moment: the one nearest to Redis would win every time.
            state.ask_at += random() * _UNEVEN / state.limits.rate  # noqa: S311  # spreads load, guards nothing
        return decision.granted

    def _take_locally(self, broker: str, state: _BrokerState, service: str) -> bool:
        if self._share is None:
            raise LimitsUnavailableError(
                "the shared limits are not available, so the call was not made: "
                + self._store.outage(broker, service)
            )
        now = self._clock()
        state.ask_at = state.local.ready_at()
        if state.ask_at > now:
            return False
        self._quota.take(service, broker)
        state.local.take(now)
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

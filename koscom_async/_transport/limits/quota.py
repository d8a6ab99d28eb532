"""The day's quota of each service: what is left, whose word is believed, and when a spent day is asked about again.

Pure bookkeeping on a clock that is given: no call waits here, and none is made.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import define, evolve, field, frozen

from koscom_async._clock import utc_now
from koscom_async._wire.endpoints import PLATFORM
from koscom_async._wire.envelope import next_reset
from koscom_async._wire.failures import quota_exceeded
from koscom_async.errors import QuotaExceededError
from koscom_async.models.statistics import ServiceQuota

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
    key. `days` holds what is known, by service. Only `check`, `take`, `record`, `adopt` and `must_wait` change it.
    """

    def __init__(self, *, reserve: float = 0.0, now: Callable[[], datetime] = utc_now) -> None:
        self._reserve = reserve
        self._now = now
        self.days: dict[str, _Day] = {}

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
        known = (self._today(service) for service in sorted(self.days))
        return tuple(day.quota for day in known if day is not None)

    def _keep(self, quota: ServiceQuota, speaker: str | None) -> _Day:
        day = self._today(quota.service)
        if day is None:
            day = self.days[quota.service] = _Day(quota, speaker, self._now())
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
        day = self.days.get(service)
        return day if day is not None and self._now() < day.quota.resets_at else None


def _agree(day: _Day) -> bool:
    """Whether several brokers say that no call is left, to several investors."""
    believed = [investors for broker, investors in day.spent_by.items() if broker not in day.doubted]
    return len(believed) >= ENOUGH and len(set[int]().union(*believed)) >= ENOUGH

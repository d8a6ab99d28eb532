"""What is left of the day's calls, as the gateway's headers say, so that no call is spent that cannot succeed."""

from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import evolve

from koscom_async._clock import utc_now
from koscom_async._wire.envelope import next_reset
from koscom_async._wire.failures import quota_exceeded
from koscom_async.models.statistics import ServiceQuota

SETTLING_SECONDS = 60
"""This long after midnight an answer may still speak of yesterday: it was under way, or clocks differ."""


def believed_until(now: datetime) -> datetime:
    """Return how long to believe what an answer says of the day's calls: until the day ends, in UTC.

    In the day's first minute only until that minute ends: yesterday's last answer, "none left", must not block the
    whole new day, as no call would leave any more to correct it.
    """
    reset = next_reset(now)
    settled = reset - timedelta(days=1) + timedelta(seconds=SETTLING_SECONDS)
    return settled if now < settled else reset


class DailyQuota:
    """The day's calls of each service. Only `take`, `record` and `adopt` change it.

    `reserve` is the share of the day that this client leaves for others that use the same key.
    """

    def __init__(self, *, reserve: float = 0.0, now: Callable[[], datetime] = utc_now) -> None:
        self._reserve = reserve
        self._now = now
        self._services: dict[str, ServiceQuota] = {}

    def check(self, service: str) -> None:
        """Raise `QuotaExceededError` if no call is left, so that no call waits in vain."""
        quota = self._of_today(service)
        if quota is not None:
            self._check(quota)

    def _check(self, quota: ServiceQuota) -> None:
        if quota.remaining <= self._reserve * (quota.limit or 0):
            raise quota_exceeded(quota.resets_at, reserve=self._reserve if quota.remaining else 0.0)

    def take(self, service: str) -> None:
        """Count a call that is about to leave, or raise `QuotaExceededError`."""
        quota = self._of_today(service)
        if quota is not None:
            self._check(quota)
            self._services[service] = evolve(quota, remaining=quota.remaining - 1)

    def record(self, service: str, *, remaining: int, limit: int | None) -> None:
        """Record what an answer's headers say."""
        self.adopt(
            ServiceQuota(
                service=service, remaining=remaining, limit=limit, resets_at=believed_until(self._now())
            )
        )

    def adopt(self, quota: ServiceQuota) -> None:
        """Replace what is known of a service's day, with what Redis counted for all processes."""
        self._services[quota.service] = quota

    def snapshot(self) -> tuple[ServiceQuota, ...]:
        """Return what is known of today."""
        known = (self._of_today(service) for service in sorted(self._services))
        return tuple(quota for quota in known if quota is not None)

    def _of_today(self, service: str) -> ServiceQuota | None:
        quota = self._services.get(service)
        return quota if quota is not None and self._now() < quota.resets_at else None

"""What the gateway lets through: a rate for each broker, and a quota a day for each service.

Owns the counting and the answers over the limit; the application owns when they are asked.
"""

import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from attrs import field, frozen

from koscom_async.sandbox.reply import refused_by_gateway

DAILY_QUOTA = 50_000
"""Calls a day to each service, as the documents give it."""

OVER_LIMIT = "API rate limit exceeded"


@frozen
class RateLimit:
    """Calls a second to one broker, and how many may come at once after a rest."""

    rate: float = field()
    burst: int = field(default=1)

    @rate.validator
    def _check_rate(self, _: object, value: float) -> None:
        if not value > 0 or math.isinf(value):
            raise ValueError(f"RateLimit.rate must be above 0, got {value!r}")

    @burst.validator
    def _check_burst(self, _: object, value: int) -> None:
        if value < 1:
            raise ValueError(f"RateLimit.burst must be at least 1, got {value!r}")


class RateMeter:
    """The generic cell rate algorithm: one moment in time says how much of the burst is used up."""

    def __init__(self, limit: RateLimit, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / limit.rate
        self._tolerance = self._interval * (limit.burst - 1)
        self._clock = clock
        self._full_again_at = -math.inf

    def admit(self) -> None:
        """Let a call through, or refuse it with the seconds to wait."""
        now = self._clock()
        full_again_at = max(self._full_again_at, now)
        wait = full_again_at - self._tolerance - now
        # Sums of floats: a call that comes exactly in time must pass.
        if wait > 1e-9:  # a nanosecond
            raise refused_by_gateway(429, OVER_LIMIT, {"Retry-After": str(math.ceil(wait))})
        self._full_again_at = full_again_at + self._interval


def _today() -> date:
    return datetime.now(UTC).date()


class Quota:
    """Calls left today for each service; the day ends at 00:00 UTC."""

    def __init__(self, limits: int | Mapping[str, int], *, today: Callable[[], date] = _today) -> None:
        self._limits = limits
        self._today = today
        self._day = today()
        self._spent: dict[str, int] = {}

    def spend(self, service: str) -> dict[str, str]:
        """Count a call; return the headers that say what is left, or refuse it."""
        if (today := self._today()) != self._day:
            self._day, self._spent = today, {}
        limit = self._limits if isinstance(self._limits, int) else self._limits.get(service, DAILY_QUOTA)
        spent = self._spent[service] = self._spent.get(service, 0) + 1
        headers = {
            "X-RateLimit-Limit-Day": str(limit),
            "X-RateLimit-Remaining-Day": str(max(limit - spent, 0)),
        }
        if spent > limit:
            raise refused_by_gateway(429, OVER_LIMIT, headers)
        return headers

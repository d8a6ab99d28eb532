"""The time in Korea, for the platform's dates and service hours, and in UTC, for its quotas."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

KST = timezone(timedelta(hours=9), "KST")
"""Korea has no summer time."""

korean_now: Callable[[], datetime] = partial(datetime.now, KST)
"""Returns the time of day in Korea."""

utc_now: Callable[[], datetime] = partial(datetime.now, UTC)
"""Returns the time of day in UTC."""

"""The time of day in Korea, by which the platform's dates, times and service hours go."""

from datetime import datetime, timedelta, timezone

KST = timezone(timedelta(hours=9), "KST")
"""Korea has no summer time."""


def korean_now() -> datetime:
    """Return the time of day in Korea."""
    return datetime.now(KST)

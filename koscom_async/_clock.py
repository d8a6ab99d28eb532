"""The time in Korea, for the platform's dates and service hours, and in UTC, for its quotas."""

from datetime import UTC, datetime, timedelta, timezone

KST = timezone(timedelta(hours=9), "KST")
"""Korea has no summer time."""


def korean_now() -> datetime:
    """Return the time of day in Korea."""
    return datetime.now(KST)


def utc_now() -> datetime:
    """Return the time of day in UTC."""
    return datetime.now(UTC)

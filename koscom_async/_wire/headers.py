"""What an answer's headers say of waiting: `Retry-After` in its two forms, and the calls left for the day."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_LONGEST_WAIT = 1e9  # 30 years: nobody waits for it, and sums with it stay finite
_WHOLE = re.compile(r"\d{1,12}", re.ASCII)


def read_retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return the seconds to wait, from a number or a date; `None` for none and for junk."""
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def read_remaining_calls(headers: Mapping[str, str]) -> int | None:
    """Return how many calls the day still allows, or `None` where the gateway does not say."""
    return _read_whole(headers, "x-ratelimit-remaining-day")


def read_call_limit(headers: Mapping[str, str]) -> int | None:
    """Return how many calls a day has, or `None` where the gateway does not say."""
    return _read_whole(headers, "x-ratelimit-limit-day")


def _read_whole(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "").strip()
    return int(text) if _WHOLE.fullmatch(text) else None


def next_reset(now: datetime) -> datetime:
    """Return when the day's quota begins anew: 00:00 UTC."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)

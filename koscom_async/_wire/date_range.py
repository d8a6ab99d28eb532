"""How long a range of dates a broker allows, from the words of its refusal (6006)."""

import re

DATE_RANGE_EXCEEDED = "6006"

_DAYS = re.compile(r"(?<!\d)(\d{1,4})\s*(?:일|days?\b)", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"(?<!\d)(\d{1,4})(?!\d)", re.ASCII)


def read_most_days(*texts: str | None) -> int | None:
    """Return the days that a broker allows, from the words of 6006; `None` where they give no number.

    The manual says that the number is in the message, and not in which form: one that stands before a word for days
    counts before one that stands alone.
    """
    for pattern in (_DAYS, _NUMBER):
        for text in texts:
            if text is not None and (match := pattern.search(text)) is not None and int(match[1]):
                return int(match[1])
    return None

"""Headers: how long to wait, and what is left of the day."""

from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async._wire.envelope import next_reset, read_remaining_calls, read_retry_after
from tests.loops import each

NOW = datetime(2018, 11, 5, 8, 0, 0, tzinfo=UTC)
FOREVER = 1e9  # what any wait of more than thirty years comes down to

RETRY_AFTER: dict[str, float | None] = {
    # seconds
    "0": 0.0,
    "1": 1.0,
    "120": 120.0,
    " 7 ": 7.0,
    "007": 7.0,
    "1.5": 1.5,
    "0.25": 0.25,
    "86400": 86400.0,
    "999999999": 999999999.0,
    # extremes
    "1000000000": FOREVER,
    "99999999999999999999": FOREVER,
    "9" * 400: FOREVER,
    # dates, in the three forms of HTTP and with zones
    "Mon, 05 Nov 2018 08:00:30 GMT": 30.0,
    "Mon, 05 Nov 2018 08:00:00 GMT": 0.0,
    "Monday, 05-Nov-18 08:02:00 GMT": 120.0,
    "Mon Nov  5 08:01:00 2018": 60.0,
    "Mon, 05 Nov 2018 17:00:30 +0900": 30.0,
    "Mon, 05 Nov 2018 08:00:30 -0000": 30.0,
    "05 Nov 2018 08:00:30 GMT": 30.0,
    "Tue, 06 Nov 2018 00:00:00 GMT": 57600.0,
    "Mon, 05 Nov 2018 07:59:30 GMT": 0.0,
    "Thu, 01 Jan 1970 00:00:00 GMT": 0.0,
    "Fri, 31 Dec 9999 23:59:59 GMT": (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - NOW).total_seconds(),
    # junk
    "": None,
    "   ": None,
    "-1": None,
    "-0.5": None,
    "+5": None,
    "nan": None,
    "inf": None,
    "-inf": None,
    "Infinity": None,
    "1e3": None,
    "0x10": None,
    "1_000": None,
    "1,000": None,
    "5.": None,
    ".5": None,
    "５": None,
    "5s": None,
    "5, 10": None,
    "soon": None,
    "null": None,
    "Fri, 31 Dec 100000 23:59:59 GMT": None,
    "Mon, 99 Nov 2018 08:00:30 GMT": None,
    "Mon, 05 Nov 2018 25:00:00 GMT": None,
    "Mon, 05 Nov 2018 08:00:30 +9999": None,
    "Mon, 05 Foo 2018 08:00:30 GMT": None,
    "2018-11-05T08:00:30Z": None,
    "Mon,": None,
    ",,,,": None,
}


@each("text", RETRY_AFTER)
def test_retry_after_is_seconds_from_a_number_or_a_date_and_nothing_from_junk(text: str) -> None:
    assert read_retry_after({"retry-after": text}, now=NOW) == RETRY_AFTER[text]


def test_no_header_is_no_wait() -> None:
    assert read_retry_after({}, now=NOW) is None


def test_the_headers_name_may_be_in_any_case() -> None:
    assert read_retry_after(httpx.Headers({"Retry-After": "3"}), now=NOW) == 3.0
    assert read_remaining_calls(httpx.Headers({"X-RateLimit-Remaining-Day": "41"})) == 41


dates = st.datetimes(timezones=st.just(UTC)).map(lambda moment: f"{moment:%a, %d %b %Y %H:%M:%S} GMT")


@given(text=st.text() | dates | st.from_regex(r"[-+0-9:., A-Za-z]{0,40}", fullmatch=True))
def test_no_text_makes_the_header_raise_or_ask_for_less_than_nothing(text: str) -> None:
    seconds = read_retry_after({"retry-after": text}, now=NOW)
    assert seconds is None or 0.0 <= seconds < float("inf")


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("50000", 50000),
        ("0", 0),
        (" 12 ", 12),
        ("007", 7),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("many", None),
        ("１２", None),
        ("1e3", None),
        ("nan", None),
        ("9" * 5000, None),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_the_calls_left_are_a_whole_number_or_not_said(text: str, calls: int | None) -> None:
    assert read_remaining_calls({"x-ratelimit-remaining-day": text}) == calls


def test_no_quota_header_says_nothing_of_the_quota() -> None:
    assert read_remaining_calls({"x-ratelimit-limit-day": "50000"}) is None


@pytest.mark.parametrize(
    ("now", "reset"),
    [
        (NOW, datetime(2018, 11, 6, tzinfo=UTC)),
        (datetime(2018, 11, 5, tzinfo=UTC), datetime(2018, 11, 6, tzinfo=UTC)),
        (datetime(2018, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC)),
        (
            datetime(2018, 11, 6, 8, 59, tzinfo=timezone(timedelta(hours=9))),
            datetime(2018, 11, 6, tzinfo=UTC),
        ),
        (datetime(2018, 11, 6, 9, 0, tzinfo=timezone(timedelta(hours=9))), datetime(2018, 11, 7, tzinfo=UTC)),
    ],
)
def test_the_day_begins_anew_at_midnight_utc(now: datetime, reset: datetime) -> None:
    assert next_reset(now) == reset

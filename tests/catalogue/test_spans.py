"""Ranges are cut into parts of which each holds what one call may have, and no day or minute stands in two."""

import itertools
from datetime import date, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from koscom_async._services.catalogue.spans import spans
from koscom_async._wire.catalogue.arguments import Values
from tests.catalogue.examples import OPERATIONS

DAYS = st.dates(date(1990, 1, 1), date(2030, 12, 31))
MINUTES = st.builds(time, st.integers(8, 18), st.integers(0, 59))


@given(DAYS, DAYS, st.sampled_from([("D", 140), ("W", 694), ("M", 2990)]))
def test_each_day_is_asked_once_the_newest_part_first(one, other, every):
    since, until = sorted((one, other))
    parts = spans(OPERATIONS["market.stocks.history"], Values(since=since, until=until, every=every[0]))
    assert (parts[0].until, parts[-1].since) == (until, since)
    assert all((part.until - part.since).days < every[1] for part in parts)
    assert all(later.since - timedelta(1) == earlier.until for later, earlier in itertools.pairwise(parts))


@given(MINUTES, MINUTES, st.sampled_from([("10", 16), ("60", 99), ("600", 990)]))
def test_parts_of_a_session_meet_in_a_minute(one, other, every):
    since, until = sorted((one, other))
    parts = spans(OPERATIONS["market.stocks.intraday"], Values(since=since, until=until, every=every[0]))
    assert (parts[0].until, parts[-1].since) == (until, since)
    lengths = [
        (part.until.hour - part.since.hour) * 60 + part.until.minute - part.since.minute for part in parts
    ]
    assert all(0 <= length <= every[1] for length in lengths)
    assert all(later.since == earlier.until for later, earlier in itertools.pairwise(parts))


def test_what_has_no_range_is_one_call():
    assert spans(OPERATIONS["market.stocks.price"], Values(issue="005930")) == [None]

"""Ranges of dates cut so that each day is asked about once, and what is learned from a refusal."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async._services.windows import DateRanges, Window

MINE, ALSO_MINE, THEIRS = (1, 1), (1, 2), (2, 1)
"""Two accounts of one investor, and one of another."""

DAYS = st.dates(date(2000, 1, 1), date(2030, 1, 1))


def window(days, since=date(2018, 1, 1)):
    return Window(since, since + timedelta(days - 1))


@given(since=DAYS, days=st.integers(1, 1500), most=st.integers(1, 400))
def test_windows_have_each_day_once_in_order_and_are_as_few_as_can_be(since, days, most):
    parts = window(days, since).cut(most)
    days_read = [part.since + timedelta(n) for part in parts for n in range(part.days)]
    assert days_read == [since + timedelta(n) for n in range(days)]
    assert all(part.days <= most for part in parts)
    assert len(parts) == -(-days // most)


@pytest.mark.parametrize(
    ("stated", "learned"),
    [(30, 30), (365, 365), (None, 548), (1096, 548), (6006, 548), (0, 548), (1095, 1095), (2, 548), (3, 3)],
    ids=["30", "365", "no number", "refused", "another number", "nothing", "a day less", "tiny", "little"],
)
def test_a_refusal_teaches_what_it_says_or_half_of_what_was_refused(stated, learned):
    ranges = DateRanges()
    ranges.record_refusal("star", MINE, refused=1096, stated=stated)
    assert ranges.max_days("star", MINE) == learned
    assert ranges.max_days("cyber", MINE) is None


def test_a_second_refusal_never_allows_more():
    ranges = DateRanges()
    ranges.record_refusal("star", MINE, refused=1096, stated=30)
    ranges.record_refusal("star", MINE, refused=90, stated=60)
    assert ranges.max_days("star", MINE) == 30
    ranges.record_refusal("star", MINE, refused=30, stated=None)
    assert ranges.max_days("star", MINE) == 15


def test_what_was_answered_before_and_is_refused_now_is_learnt_anew():
    ranges = DateRanges()
    ranges.record_success("star", 365)
    ranges.record_refusal("star", MINE, refused=100, stated=None)
    assert ranges.max_days("star", MINE) == 50
    ranges.record_refusal("star", MINE, refused=50, stated=90)
    assert ranges.max_days("star", MINE) == 25
    ranges.record_success("star", 25)
    assert ranges.max_days("star", MINE) == 25


@given(st.integers(1, 4000), st.lists(st.none() | st.integers(0, 5000), min_size=13, max_size=13))
def test_every_refusal_ends_in_a_shorter_window_until_a_day_is_left(days, stated):
    ranges = DateRanges()
    for number in stated:
        ranges.record_refusal("star", MINE, refused=days, stated=number)
        most = ranges.max_days("star", MINE)
        assert 1 <= most < days or days == most == 1
        assert most >= days // (366 + 1)
        days = most


def test_a_single_day_is_never_cut_to_nothing():
    ranges = DateRanges()
    ranges.record_refusal("star", MINE, refused=1, stated=None)
    assert ranges.max_days("star", MINE) == 1
    assert window(1).cut(0) == (window(1),)

"""Which days the Korean market trades, counted from its first, and the holidays of twelve nations.

The holidays are rules in `documents/holidays.json`: a day (`0301`), one after Easter or a day of the moon
(`easter-2`, `chuseok+1`), or a weekday of a month (`05 -1 1`, the last Monday of May); then the first and last year of
the rule, the year since which a weekday stands in for it, and the weekdays that it stands in for.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from itertools import chain
from threading import Lock
from typing import Any

FIRST_YEAR, LAST_YEAR = 1995, 2100
SATURDAYS_UNTIL = date(1998, 12, 5)
"""The market traded on Saturdays until then."""

_DAY = timedelta(days=1)
_SATURDAY = 6


@cache
def _rules() -> dict[str, Any]:
    text = files("koscom_async.sandbox.documents").joinpath("holidays.json").read_text(encoding="utf-8")
    rules: dict[str, Any] = json.loads(text)
    return rules


def nations() -> tuple[str, ...]:
    """Return the codes of the nations whose holidays are known."""
    return tuple(_rules()["nations"])


@cache
def holidays(nation: str, year: int) -> tuple[date, ...]:
    """Return the weekdays of a year on which a nation's market is closed, in order."""
    once = _rules()["once"].get(nation, "").split()
    closed = [_parse(text) for text in once if text.startswith(str(year))]
    replaced: list[tuple[date, str]] = []
    for rule, since, until, substitute, weekdays in map(_with_defaults, _rules()["nations"][nation]):
        if since <= year <= until and (day := _find_day(rule, year)) is not None:
            if year >= substitute:
                replaced.append((day, weekdays))
            closed.append(day)
    for day, weekdays in replaced:
        # A feast that falls on a Sunday, or on another holiday, is kept on the next weekday that is free.
        if str(day.isoweekday()) in weekdays or closed.count(day) > 1:
            closed.remove(day)
            free = day
            while free == day or free in closed or free.isoweekday() >= _SATURDAY:
                free += _DAY
            closed.append(free)
    return tuple(sorted({day for day in closed if day.isoweekday() < _SATURDAY}))


def _with_defaults(rule: list[Any]) -> list[Any]:
    return [*rule, *["", 0, 9999, 9999, ""][len(rule) :]]


def _parse(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def _find_day(rule: str, year: int) -> date | None:
    """Return the day of a rule in a year; `None` where the table of the moon ends before."""
    if rule == "last weekday":
        last = date(year, 12, 31)
        return last - _DAY * max(0, last.isoweekday() - 5)
    if " " in rule:
        return _weekday_of_month(year, *map(int, rule.split()))
    if rule.isdigit():
        return date(year, int(rule[:2]), int(rule[2:]))
    sign = "-" if "-" in rule else "+"
    name, _, days = rule.partition(sign)
    feast = _easter(year) if name == "easter" else _moon(name).get(year)
    return None if feast is None else feast + _DAY * int(f"{sign}{days or 0}")


@cache
def _moon(name: str) -> dict[int, date]:
    return {day.year: day for day in map(_parse, _rules()["lunar"][name].split())}


def _weekday_of_month(year: int, month: int, number: int, weekday: int) -> date:
    if number > 0:
        first = date(year, month, 1)
        return first + _DAY * ((weekday - first.isoweekday()) % 7 + 7 * (number - 1))
    last = date(year + month // 12, month % 12 + 1, 1) - _DAY
    return last - _DAY * ((last.isoweekday() - weekday) % 7)


def _easter(year: int) -> date:
    """Return Easter Sunday, by the method of Meeus, Jones and Butcher."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    rest = (32 + 2 * e + 2 * i - h - k) % 7
    month, day = divmod(h + rest - 7 * ((a + 11 * h + 22 * rest) // 451) + 114, 31)
    return date(year, month, day + 1)


@cache
def _trading_days(year: int) -> tuple[date, ...]:
    closed = set(holidays("KR", year))
    first = date(year, 1, 1)
    days = (first + _DAY * number for number in range(366))
    return tuple(day for day in days if day.year == year and _trades(day) and day not in closed)


def _trades(day: date) -> bool:
    return day.isoweekday() < _SATURDAY or (day.isoweekday() == _SATURDAY and day <= SATURDAYS_UNTIL)


class TradingDays:
    """The trading days from the market's first to the end of a year, each with its number."""

    def __init__(self) -> None:
        self._days: list[date] = []
        self._year = FIRST_YEAR - 1
        # The gateway's thread asks, and so may a test's.
        self._lock = Lock()

    def _through(self, year: int) -> list[date]:
        with self._lock:
            last = min(year, LAST_YEAR)
            self._days += chain.from_iterable(map(_trading_days, range(self._year + 1, last + 1)))
            self._year = max(last, self._year)
            return self._days

    def number(self, day: date) -> int:
        """Return the number of the last trading day that is not after a day; -1 before the first."""
        return bisect_right(self._through(day.year), day) - 1

    def first_number(self, day: date) -> int:
        """Return the number of the first trading day that is not before a day."""
        return bisect_left(self._through(day.year + 1), day)

    def day(self, number: int) -> date:
        """Return the trading day of a number."""
        while number >= len(self._days) and self._year < LAST_YEAR:
            self._through(self._year + 1)
        return self._days[number]

    def has(self, day: date) -> bool:
        """Return whether the market trades on a day."""
        number = self.number(day)
        return number >= 0 and self._days[number] == day

    def last_days(self, first: int, last: int, *, cycle: str) -> Iterator[tuple[int, int]]:
        """Yield the first and last number of each week or month (`W`, `M`, or `D`), the latest first."""
        end = last
        while end >= first:
            start = end
            while cycle != "D" and start > 0 and _same(self.day(start - 1), self.day(end), cycle):
                start -= 1
            yield start, end
            end = start - 1


def _same(one: date, other: date, cycle: str) -> bool:
    if cycle == "W":
        return one.isocalendar()[:2] == other.isocalendar()[:2]
    return (one.year, one.month) == (other.year, other.month)

"""When the Korean market trades: the hours asked for, those in which it surely trades, what has not ended, and periods.

The hours are of all years at once: from 2016-08 on the market closes half an hour later, from 2023 on derivatives open
a quarter of an hour earlier. On the day of the university entrance examination (수능), one of the Thursdays of
November, everything is an hour later, and in the first days of January the market may open at 10:00.
"""

from datetime import date, datetime, time, timedelta

from attrs import frozen

from koscom_async._clock import KST

WEEKEND = 5
"""The first weekday of it."""

_DAY = timedelta(1)
_THURSDAY = 3
_EXPIRIES = {0, _THURSDAY}
_LATER_CLOSE = date(2016, 8, 1)
_SETTLED = timedelta(minutes=10)
"""After this the day's prices are those of the close."""
_STOCKS = (time(9), time(15, 30))
_DERIVATIVES = (time(8, 45), time(15, 45))


@frozen(eq=False)
class Session:
    """One day's session: from when to when bars are asked for, and between which times one may not be missing."""

    opens: time
    closes: time
    surely_open: time
    surely_until: time


def session_of(day: date, kind: str) -> Session:
    """Return the session of a day for `stocks`, `index`, `futures` or `options`."""
    is_derivative = kind in {"futures", "options"}
    opens, closes = _DERIVATIVES if is_derivative else _STOCKS
    surely_open, surely_until = time(9), closes
    if is_derivative and day.weekday() in _EXPIRIES:
        surely_until = time(15, 20)  # for what expires
    if day < _LATER_CLOSE:
        surely_until = time(15)
    if _may_be_late(day):
        closes = closes.replace(hour=closes.hour + 1)
    if _may_be_late(day) or (day.month, day.day) <= (1, 4):
        surely_open = time(10)
    return Session(opens, closes, surely_open, surely_until)


def unfinished_day(now: datetime, kind: str) -> date:
    """Return the day whose session is the next to end: today, or the next weekday."""
    day = now.date()
    if now >= datetime.combine(day, session_of(day, kind).closes, KST) + _SETTLED:
        day += _DAY
    while day.weekday() >= WEEKEND:
        day += _DAY
    return day


def _may_be_late(day: date) -> bool:
    return day.month == 11 and 10 <= day.day <= 24 and day.weekday() == _THURSDAY


def period_of(day: date, every: str) -> tuple[date, date]:
    """Return the first and the last day of the week or month in which a day is; of any other word, the day alone."""
    if every == "week":
        first = day - _DAY * day.weekday()
        return first, first + 6 * _DAY
    if every == "month":
        first = day.replace(day=1)
        return first, (first + 31 * _DAY).replace(day=1) - _DAY
    return day, day

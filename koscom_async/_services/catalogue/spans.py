"""Ranges of days or minutes, cut into what one call holds: the newest first, as the platform orders its rows.

The platform answers with the newest hundred rows of a range and drops the rest without a word. So a range is cut into
parts that cannot hold more; days of a hundred rows may (Saturdays were trading days until 1998), and are asked further
back.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from math import inf

from attrs import frozen

from koscom_async._wire.catalogue.arguments import Values
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.catalogue.operation import Operation
from koscom_async.models.market.sessions import period_of

_DAY = timedelta(1)
_SATURDAY, _LAST_SATURDAYS = 5, 1998
_ANY_DAY = date(2000, 1, 1)
"""Any day: times of day are counted on it."""


@frozen(eq=False)
class Span:
    """A part of the range, both ends included."""

    since: date | time
    until: date | time

    def before(self, answer: Answer, *, most: int | None) -> "tuple[Span | None, bool]":
        """Return what is left to ask before the oldest row of a full answer, and whether that is known.

        A full answer whose rows have no dates, or such as were not asked for, does not say what it left out.
        """
        if len(answer) < (most or inf):
            return None, True
        if not isinstance(self.since, date) or not isinstance(self.until, date):
            return None, False
        dates = answer.column("date") if "date" in answer.names else ()
        last = min(filter(None, dates), default=self.until) - _DAY
        if last >= self.until or not any(dates):
            return None, False
        days = (last - number * _DAY for number in range((last - self.since).days + 1))
        return (Span(self.since, last) if any(map(_may_trade, days)) else None), True


def _may_trade(day: date) -> bool:
    return day.weekday() < _SATURDAY or (day.weekday() == _SATURDAY and day.year <= _LAST_SATURDAYS)


def spans(operation: Operation, values: Values) -> list[Span | None]:
    """Return the parts of an operation's range, the newest first; `None` for one that has no range."""
    since, until = values.get("since"), values.get("until")
    size = operation.window.get(_word(operation, values)) or operation.window.get("*")
    if size is None or since is None or until is None:
        return [None]
    if isinstance(since, date):
        return list(_days(since, until, size, _word(operation, values)))
    return list(_minutes(since, until, size))


def _word(operation: Operation, values: Values) -> str:
    """Return the caller's word for how often, such as `day`: the arguments have the platform's."""
    sent = values.get("every")
    words = next((each.values for each in operation.parameters if each.name == "every"), {})
    return next((word for word, value in words.items() if value == sent), "*")


def _days(since: date, until: date, size: int, every: str) -> Iterator[Span]:
    while (until - since).days >= size:
        start = until - timedelta(size - 1)
        # A week or month that two parts had a piece of would be two rows, or none.
        first, last = period_of(start, every)
        start = start if first == start else last + _DAY
        yield Span(start, until)
        until = start - _DAY
    yield Span(since, until)


def _minutes(since: time, until: time, size: int) -> Iterator[Span]:
    # A row stands for the interval that ends at its time, so that parts meet in a minute and share no row.
    first, last = (datetime.combine(_ANY_DAY, each) for each in (since, until))
    step = timedelta(minutes=size)
    while last - first > step:
        yield Span((last - step).time(), last.time())
        last -= step
    yield Span(first.time(), last.time())

"""The kinds of values that answers hold: how each is read, one value or a column of them.

Beside the platform's spellings of absent stands the market's, a dash. Any other value raises `ScalarError`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any

from attrs import frozen

from koscom_async._decimals import EXACT
from koscom_async._wire.values import NOTHING, ScalarError, read_date, read_number, read_text
from koscom_async.models.catalogue.operation import AnswerField

DASHED = NOTHING | {"-", "--"}
_NUMBERS = frozenset({Decimal})


def is_absent(value: object) -> bool:
    """Whether a value spells absence."""
    return value is None or (isinstance(value, str) and value.strip() in DASHED)


def read_words(value: object) -> str | None:
    """Return text without the spaces around it."""
    return None if is_absent(value) else read_text(value)


def read_issue(value: object) -> str | None:
    """Return a code without the feed's suffix: `005930*001` is `005930`."""
    text = read_words(value)
    return None if text is None else text.partition("*")[0] or None


def read_flag(value: object) -> bool | None:
    """Return whether it is so; letters that the manual does not have say nothing."""
    return {"Y": True, "N": False}.get((read_words(value) or "").upper())


def read_figure(value: object) -> Decimal | None:
    """Return a number with the digits that were sent."""
    if is_absent(value):
        return None
    if type(value) is Decimal and value.is_finite():
        return value
    return read_number(value)


def read_whole(value: object) -> int | None:
    """Return a whole number."""
    figure = read_figure(value)
    if figure is None:
        return None
    if figure != int(figure):
        raise ScalarError("expected a whole number, got one with a fraction")
    return int(figure)


def read_day(value: object) -> date | None:
    """Return a day, sent as text or as a number."""
    text = read_words(value)
    return None if text is None or not text.strip("0") else read_date(text)


def clock(digits: int) -> Callable[[object], time | None]:
    """Return a reader of times of day of so many digits: hours, minutes, seconds, hundredths, without leading zeros."""

    def read_clock(value: object) -> time | None:
        text = read_words(value)
        if text is None or not text.strip("0"):
            return None
        text = text.replace(":", "").zfill(digits)
        if len(text) != digits or not (text.isascii() and text.isdecimal()):
            raise ScalarError(f"expected a time of {digits} digits, got text of {len(text)} characters")
        hour, minute, second, hundredths = (int(text[at : at + 2] or 0) for at in (0, 2, 4, 6))
        if hour > 23:
            return None  # a signal: 31000000 says that the session is closed
        try:
            return time(hour, minute, second, hundredths * 10_000)
        except ValueError:
            raise ScalarError("expected a time of day, got other digits") from None

    return read_clock


def read_nested(value: object) -> Any:
    """Return what has an inside of its own, as it came."""
    return None if is_absent(value) else value


KINDS: Mapping[str, Callable[[object], Any]] = {
    "text": read_words,
    "code": read_issue,
    "flag": read_flag,
    "price": read_figure,
    "quantity": read_figure,
    "money": read_figure,
    "rate": read_figure,
    "count": read_whole,
    "date": read_day,
    "clock4": clock(4),
    "clock6": clock(6),
    "clock8": clock(8),
    "nested": read_nested,
}

FIGURES = tuple(kind for kind, read in KINDS.items() if read is read_figure)
"""The kinds that have a unit."""

_Column = Sequence[Any]


def _are_plain(codes: _Column) -> bool:
    """Whether all are codes without suffix, space and dash, as mostly."""
    try:
        return "".join(codes).isalnum() and "" not in codes
    except TypeError:  # some are no texts
        return False


@frozen(eq=False)
class Column:
    """Reads one field of many rows at once: mostly nothing has to be done, or one thing for all of them."""

    field: AnswerField
    is_loose: bool = False

    def read(self, column: _Column, path: str, notes: list[str]) -> _Column:
        """Return the values; raise `ScalarError` naming the field, or note it where what cannot be read may be left."""
        kind = self.field.kind
        if KINDS[kind] is read_figure and _NUMBERS.issuperset(map(type, column)):
            return self._in_units(column)
        if kind == "code" and _are_plain(column):
            return column
        return self._in_units([self._one(value, path, notes) for value in column])

    def _one(self, value: object, path: str, notes: list[str]) -> Any:
        try:
            return KINDS[self.field.kind](value)
        except (ScalarError, ArithmeticError) as error:
            complaint = f"{path}{self.field.wire}: {error}"
        if not self.is_loose:
            raise ScalarError(complaint)
        notes.append(complaint)
        return None

    def _in_units(self, column: _Column) -> _Column:
        unit = self.field.unit
        if unit == 1:
            return column
        return [None if value is None else EXACT.multiply(value, Decimal(unit)) for value in column]

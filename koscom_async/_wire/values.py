"""Reads single values, and brings objects, lists and blocks to one shape. Knows no field and no record.

The platform's spellings, and no others:

- absent is `None`, `"null"`, `""` and blank text (a missing key never gets here);
- a number is a JSON number or text that holds one; it comes out without exponent and needless zeros;
- a code is text in capitals; zeros, punctuation, "NULL" and other placeholders are absent;
- a date is YYYYMMDD (or with dashes); 00000000 and 99999999 mean none;
- a time is YYYYMMDDhhmm, with ss and two or three digits of the second's fraction where they are sent.

Any other value raises `ScalarError`, which names the kind of value and never the value: it may be personal.
Blocks may be missing or come in several forms; one of the wrong type raises `MalformedResponseError`.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Rounded
from typing import Any

from koscom_async._clock import KST
from koscom_async._identifiers import clean_code
from koscom_async.errors import MalformedResponseError

Block = Mapping[str, Any]

PageKey = str | Decimal
"""The key of a page: the broker's own text or number, which goes back as it came."""

MAX_DIGITS = 34
"""Digits before or after the point that an amount may have: more than any money, less than an attack."""

LONGEST_NUMBER = 100
"""Characters of a number; a longer text is none, and no decimal is made of it."""

LONGEST_PAGE_KEY = 1_000
"""Characters of a page's key, which goes back with the next call."""

NOTHING = frozenset({"", "null"})
"""The texts that spell absence."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)
_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(?:(\d{2})(\d{2,3})?)?", re.ASCII)
_NO_DATES = frozenset({"00000000", "99999999"})

# The thread's own context may round; this one holds whatever MAX_DIGITS lets in.
_EXACT = Context(prec=4 * MAX_DIGITS)


class ScalarError(ValueError):
    """A value is not what its field holds; the message names kinds only."""


def is_absent(value: object) -> bool:
    """Whether a value is one of the platform's spellings of absent."""
    if value is None:
        return True
    return isinstance(value, str) and value.strip() in NOTHING


def _kind(value: object) -> str:
    match value:
        case bool():
            return "a boolean"
        case Decimal():
            return "a number"
        case str():
            return f"text of {len(value)} characters"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return f"a {type(value).__name__}"


def _exact(value: Decimal) -> Decimal:
    if not value:
        return Decimal(0)
    if not value.is_finite() or value.adjusted() > MAX_DIGITS or int(value.as_tuple().exponent) < -MAX_DIGITS:
        raise ScalarError("expected an amount of money or units, got a number out of range")
    plain = value.normalize(_EXACT)
    return plain.quantize(Decimal(1), context=_EXACT) if int(plain.as_tuple().exponent) > 0 else plain


class OddNumber(Decimal):
    """A JSON number too large for any amount: harmless in a field that is not read, refused in one that is."""


# Holds 35 digits, at most 34 places behind the point, and no exponent above zero; any other number raises. It reads and
# strips numbers in C, at a third of the cost of a Python function.
_AMOUNTS = Context(
    prec=MAX_DIGITS + 1,
    Emax=MAX_DIGITS,
    Emin=0,
    clamp=1,
    traps=[InvalidOperation, Overflow, Inexact, Rounded],
)

sent_number: Callable[[str | int], Decimal] = _AMOUNTS.create_decimal
"""Return a JSON number with the digits that were sent; raise an `ArithmeticError` where they are too many."""

plain: Callable[[Decimal], Decimal] = _AMOUNTS.normalize
"""Return a number of `sent_number` without needless zeros behind the point; raise an `ArithmeticError` for others.

The sign of a zero stays.
"""


def any_number(digits: str) -> Decimal:
    """Return any JSON number: as it was sent, as the plainest equal decimal where that is long, or as an odd one."""
    if len(digits) <= LONGEST_NUMBER:
        try:
            return sent_number(digits)
        except ArithmeticError:
            pass
        try:
            return _exact(Decimal(digits))
        except (ScalarError, InvalidOperation):
            pass
    return OddNumber("Infinity")


def read_number(value: object) -> Decimal | None:
    """Return the exact number, or `None` where there is none."""
    if is_absent(value):
        return None
    if isinstance(value, Decimal):
        return _exact(value)
    if isinstance(value, str):
        text = value.strip()
        if len(text) <= LONGEST_NUMBER and _NUMBER.fullmatch(text):
            with suppress(InvalidOperation):
                return _exact(Decimal(text))
    raise ScalarError(f"expected a number, got {_kind(value)}")


_MANY = 10**9


def read_count(value: object) -> int | None:
    """Return a number of rows, or `None` where there is none."""
    if type(value) is Decimal and value.is_finite() and 0 <= value < _MANY and value == (rows := int(value)):
        return rows  # as nearly always
    number = read_number(value)
    if number is None:
        return None
    if number < 0 or number != int(number):
        raise ScalarError("expected a number of rows, got one that is negative or not whole")
    return int(number)


def read_text(value: object) -> str | None:
    """Return text without the spaces around it, or `None`; a code that came as a number is its digits."""
    if is_absent(value):
        return None
    if isinstance(value, Decimal):
        return f"{_exact(value):f}"
    if not isinstance(value, str):
        raise ScalarError(f"expected text, got {_kind(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ScalarError("expected text, got half a character (a lone surrogate)") from None
    return value.strip()


def read_page_key(value: object) -> PageKey | None:
    """Return the key of the next page exactly as it came, blanks and needless zeros included, or `None`."""
    text = read_text(value)
    if text is None:
        return None
    if len(text) > LONGEST_PAGE_KEY:
        raise ScalarError(f"expected a page's key, got {_kind(value)}")
    return value if isinstance(value, str | Decimal) else text


def read_identifier(block: Block, name: str, shape: re.Pattern[str], path: str) -> str | None:
    """Read a field that stands in errors, logs and paths of others: what does not have its shape is never shown."""
    text: str | None = read_field(block, name, read_text, path)
    if text is not None and not shape.fullmatch(text):
        raise MalformedResponseError(
            f"{path}.{name}: expected letters and digits, got other text, or too much"
        )
    return text


def read_texts(value: object) -> tuple[str, ...]:
    """Return a list of texts without what is absent in it; a single text stands for a list of one."""
    if is_absent(value):
        return ()
    entries = value if isinstance(value, list) else [value]
    return tuple(text for entry in entries if (text := read_text(entry)) is not None)


def read_code(value: object) -> str | None:
    """Return an instrument's code in capitals, or `None` where there is none or a placeholder stands for it."""
    text = read_text(value)
    return None if text is None else clean_code(text)


def read_codes(value: object) -> tuple[str, ...]:
    """Return a list of symbols, without what is none; a single one stands for a list of one.

    They join no money, so that short ones are kept: a share may be traded as "F".
    """
    return tuple(code for text in read_texts(value) if (code := clean_code(text, shortest=1)) is not None)


def read_date(value: object) -> date | None:
    """Return a calendar day in Korea, or `None`."""
    text = read_text(value)
    if text is None or text.replace("-", "") in _NO_DATES:
        return None
    parts = _DATE.fullmatch(text)
    try:
        if parts:
            return date(int(parts[1]), int(parts[2]), int(parts[3]))
    except ValueError:
        pass
    raise ScalarError(f"expected a date as YYYYMMDD, got {_kind(value)}")


def read_time(value: object) -> datetime | None:
    """Return a time of day in Korea, or `None`; one whose digits are all 0 is none."""
    text = read_text(value)
    if text is None or not text.strip("0"):
        return None
    parts = _TIME.fullmatch(text)
    try:
        if parts:
            year, month, day, hour, minute = (int(parts[place]) for place in range(1, 6))
            fraction = (parts[7] or "").ljust(6, "0")
            return datetime(year, month, day, hour, minute, int(parts[6] or 0), int(fraction), tzinfo=KST)
    except ValueError:
        pass
    raise ScalarError(f"expected a time as YYYYMMDDhhmmss, got {_kind(value)}")


def read_object(value: object, path: str) -> Block:
    """Return a block, empty where it is absent."""
    if is_absent(value):
        return {}
    if not isinstance(value, dict):
        raise MalformedResponseError(f"{path}: expected an object, got a {type(value).__name__}")
    return value


def read_entries(value: object) -> list[Any]:
    """Return what stands in the place of rows, as a list: a single object stands for one."""
    if is_absent(value):
        return []
    return value if isinstance(value, list) else [value]


def read_rows(value: object, path: str) -> Iterator[tuple[str, Block]]:
    """Yield each row with its path; a single object stands for one row, an empty one for none."""
    for index, entry in enumerate(read_entries(value)):
        row = read_object(entry, f"{path}[{index}]")
        if row:
            yield f"{path}[{index}]", row


def read_blocks(value: object, path: str, *, objects: Collection[str], lists: Collection[str]) -> Block:
    """Return an object of blocks, whether it came as one or as an array of blocks with a key each.

    A list may be split over several blocks; an object that comes twice is ambiguous, and refused. Other keys
    are left out: one that stands in every block must not hurt.
    """
    if not isinstance(value, list):
        return read_object(value, path)
    merged: dict[str, Any] = {}
    for where, block in read_rows(value, path):
        for name in lists:
            content = block.get(name)
            if not is_absent(content):
                merged.setdefault(name, []).extend(content if isinstance(content, list) else [content])
        for name in objects:
            content = block.get(name)
            if is_absent(content):
                continue
            if name in merged:
                raise MalformedResponseError(f"{where}.{name}: the same block came twice")
            merged[name] = content
    return merged


def read_field(block: Block, name: str, reader: Any, path: str) -> Any:
    """Read one field by a rule of `scalars`, naming the field if it breaks."""
    try:
        return reader(block.get(name))
    except ScalarError as error:
        raise MalformedResponseError(f"{path}.{name}: {error}") from None

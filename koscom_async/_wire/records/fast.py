"""Rows that are spelled plainly, read in one pass by a function that is generated once for each record.

Decides nothing: `converter` says what a row means, and reads every row that is not plain (text with blanks around it,
numbers as text, a field in two spellings, a code that the documents do not list). Numbers must come from `_wire.json`.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache, partial
from itertools import chain
from typing import Any, TypeVar

import attrs

from koscom_async._cooperative import SLICE_ODD_ROWS, SLICE_ROWS, Cooperative, Pace, batched
from koscom_async._identifiers import ISIN_LENGTH
from koscom_async._wire.records.converter import Unread, code_of, is_code, names_of, read_record
from koscom_async._wire.values import (
    NOTHING,
    Block,
    plain,
    read_code,
    read_codes,
    read_date,
    read_entries,
    read_object,
    read_time,
)
from koscom_async.models._fields import construction
from koscom_async.models.account import WON
from koscom_async.models.codes import OpenEnum
from koscom_async.models.currencies import currency_of

Record = TypeVar("Record")
FastReader = Callable[..., Record | None]

_TEXT = (
    "if it is not None:",
    "  if it == '' or it == 'null': it = None",
    "  elif it.strip() is not it: return None",
    # Half a character (a lone surrogate) cannot be encoded.
    "  elif not it.isascii(): it.encode()",
)

_CODE = ("if it is not None: it = KNOWN_CODE(it) or CODE(it)",)
_CODES: dict[object, tuple[str, ...]] = {str | None: _CODE, tuple[str, ...]: ("it = CODES(it)",)}

_known_codes: dict[str, str] = {}
"""Codes that have been read and are what came: investors and brokers have most of them in common"""
_MOST_KNOWN = 2**15


def _learn_code(value: object) -> str | None:
    code = read_code(value)
    if code is not None and code == value and len(code) <= ISIN_LENGTH:
        if len(_known_codes) == _MOST_KNOWN:
            _known_codes.clear()
        _known_codes[code] = code
    return code


_LONGEST_DAY = 10


# Rows of one time have few days in common with each other, but those often.
@lru_cache(maxsize=1024)
def _day(value: object) -> date | None:
    if isinstance(value, str) and len(value) > _LONGEST_DAY:
        raise ValueError  # which is not kept: many long texts would stay in memory
    return read_date(value)


# How each type of field is read; what is not plain returns, or raises. A code is looked up among those that are known.
# What the lines use has capitals, since fields have none.
_LINES: dict[object, tuple[str, ...]] = {
    Decimal | None: (
        "if it is not None:",
        "  if it.__class__ is not Decimal: return None",
        "  it = PLAIN(it) if it else ZERO",
    ),
    str | None: _TEXT,
    str: (
        "if it not in CURRENCIES:",
        *(f"  {line}" for line in _TEXT),
        "  it = WON if it is None else CURRENCY(it)",
    ),
    date | None: ("it = DAY(it)",),
    datetime | None: ("it = TIME(it)",),
}

_NAMES: dict[str, Any] = {
    "Decimal": Decimal,
    "ZERO": Decimal(0),
    "WON": WON,
    "CURRENCIES": {
        WON,
        "USD",
        "JPY",
        "HKD",
        "CNY",
        "EUR",
    },  # of nearly all rows, and spelled as they are here
    "CURRENCY": currency_of,
    "PLAIN": plain,
    "DAY": _day,
    "TIME": read_time,
    "KNOWN_CODE": _known_codes.get,
    "CODE": _learn_code,
    "CODES": read_codes,
}


def read_row(
    kind: type[Record], row: Block, path: str, unread: Unread | None = None, **given: object
) -> Record:
    """Return a row as a record, or raise as `read_record` does; `given` is what it does not say."""
    record = generated(kind)(row, **given)
    return read_record(kind, row, path, unread, **given) if record is None else record


def read_row_list(
    kind: type[Record], value: object, path: str, unread: Unread | None = None, **given: object
) -> Cooperative[list[Record]]:
    """Return the records of what stands in the place of rows; an empty object is none."""
    read: FastReader[Record] = partial(generated(kind), **given) if given else generated(kind)
    records: list[Record] = []
    pace = Pace(SLICE_ODD_ROWS)
    start = 0
    for entries in batched(read_entries(value), count=SLICE_ROWS):
        made = [read(entry) for entry in entries]
        if not all(made):  # a record is never false
            for index, (record, entry) in enumerate(zip(made, entries, strict=True)):
                if not record:
                    made[index] = _odd_record(kind, entry, f"{path}[{start + index}]", unread, **given)
                    if pace.is_due():
                        yield
        records += filter(None, made)
        start += len(entries)
        yield
    return records


def _odd_record(
    kind: type[Record], entry: object, path: str, unread: Unread | None, **given: object
) -> Record | None:
    row = read_object(entry, path)
    return read_record(kind, row, path, unread, **given) if row else None


def _generated(kind: type) -> FastReader[Any]:
    attributes = attrs.fields(kind)
    defaults = {f"DEFAULT_{each.name}": each.default for each in attributes}
    codes = {code.__name__: _members(code) for each in attributes if (code := code_of(each.type)) is not None}
    making, known = construction(kind)
    names: dict[str, Any] = _NAMES | defaults | codes | known
    exec(compile(_source(kind, making), f"<fast reader of {kind.__name__}>", "exec"), names)  # noqa: S102  # of our own tables
    read: FastReader[Any] = names["read"]
    return read


generated: Callable[[type], FastReader[Any]] = cache(_generated)
"""Return a function that makes a record of a plain row, and `None` of any other.

What a row does not say itself is given to it by name.
"""


def _members(code: type[OpenEnum]) -> dict[str | None, OpenEnum | None]:
    spellings = {spelling: member for member in code for spelling in (member.value, member.value.lower())}
    return dict.fromkeys((None, *NOTHING)) | spellings


def _source(kind: type, making: str) -> str:
    attributes = attrs.fields_dict(kind)
    given = [each for name, each in attributes.items() if name not in names_of(kind) and name != "raw"]
    parameters = [
        each.name if each.default is attrs.NOTHING else f"{each.name}=DEFAULT_{each.name}" for each in given
    ]
    fields = (_field_lines(attributes[name], spellings) for name, spellings in names_of(kind).items())
    lines = (
        f"def read({', '.join(['block', *(['*'] if parameters else []), *parameters])}):",
        "  if not block: return None",
        "  try:",
        "    get = block.get",
        *(f"    {line}" for line in chain.from_iterable(fields)),
        "  except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError): return None",
        "  raw = block",
    )
    return "\n".join(lines) + making


def _field_lines(field: Any, spellings: tuple[str, ...]) -> Iterator[str]:
    first, *variants = spellings
    yield f"it = get({first!r})"
    for variant in variants:
        yield f"if it is None: it = get({variant!r})"
        yield f"elif {variant!r} in block: return None"
    if field.default is attrs.NOTHING:
        yield "if it is None: return None"
    code = code_of(field.type)
    lines = _CODES if is_code(field) else _LINES
    yield from (f"it = {code.__name__}[it]",) if code is not None else lines[field.type]
    yield f"{field.name} = it"

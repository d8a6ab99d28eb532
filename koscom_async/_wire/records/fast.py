"""Rows that are spelled plainly, read in one pass by a function that is generated once for each record.

`records` says what a row means, and is asked about every row that is not plain: text with blanks around it,
numbers as text, a field in two spellings, a code that the documents do not list. So this module can be quick, and
never decides anything. It trusts that numbers came from `exact_json` or `quick_json`.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from itertools import chain
from typing import Any, TypeVar

import attrs

from koscom_async._cooperative import SLICE_ROWS, Cooperative, batched
from koscom_async._wire.records.converter import CODES, WIRE_NAMES, read_record
from koscom_async._wire.scalars import NOTHING, plain, read_date, read_texts, read_time
from koscom_async._wire.shapes import Block, read_entries, read_object
from koscom_async.models._fast import unlocked
from koscom_async.models.account import WON

Record = TypeVar("Record")
Quick = Callable[..., Record | None]

_TEXT = (
    "if it is not None:",
    "  if it == '' or it == 'null': it = None",
    "  elif it.strip() is not it: return None",
    # Half a character (a lone surrogate) cannot be encoded.
    "  elif not it.isascii(): it.encode()",
)

# How each type of field is read; what is not plain returns, or raises.
_LINES: dict[object, tuple[str, ...]] = {
    Decimal | None: (
        "if it is not None:",
        "  if type(it) is not Decimal: return None",
        "  it = plain(it) if it else ZERO",
    ),
    str | None: _TEXT,
    str: (*_TEXT, "it = WON if it is None else it.upper()"),
    date | None: ("it = day(it)",),
    datetime | None: ("it = time(it)",),
    tuple[str, ...]: ("it = texts(it)",),
    **{code | None: (f"it = {code.__name__}[it]",) for code in CODES},
}

_NAMES: dict[str, Any] = {
    "Decimal": Decimal,
    "ZERO": Decimal(0),
    "WON": WON,
    "plain": plain,
    # Rows of one time have few days in common with each other, but those often.
    "day": lru_cache(maxsize=1024)(read_date),
    "time": read_time,
    "texts": read_texts,
    "new": object.__new__,
    **{
        code.__name__: dict.fromkeys((None, *NOTHING)) | {member.value: member for member in code}
        for code in CODES
    },
}


def _source(kind: type) -> str:
    attributes = attrs.fields_dict(kind)
    given = [each for name, each in attributes.items() if name not in WIRE_NAMES[kind] and name != "raw"]
    parameters = [
        each.name if each.default is attrs.NOTHING else f"{each.name}=DEFAULT_{each.name}" for each in given
    ]
    fields = (_field_lines(attributes[name], names) for name, names in WIRE_NAMES[kind].items())
    lines = (
        f"def read({', '.join(['block', *(['*'] if parameters else []), *parameters])}):",
        "  if not block: return None",
        "  record = new(draft)",
        "  try:",
        "    get = block.get",
        *(f"    {line}" for line in chain.from_iterable(fields)),
        "  except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError): return None",
        *(f"  record.{each.name} = {each.name}" for each in given),
        "  record.raw = block" if "raw" in attributes else "",
        "  record.__class__ = kind",
        "  return record",
    )
    return "\n".join(lines)


def _field_lines(field: Any, spellings: tuple[str, ...]) -> Iterator[str]:
    first, *variants = spellings
    yield f"it = get({first!r})"
    for variant in variants:
        yield f"if it is None: it = get({variant!r})"
        yield f"elif {variant!r} in block: return None"
    if field.default is attrs.NOTHING:
        yield "if it is None: return None"
    yield from _LINES[field.type]
    yield f"record.{field.name} = it"


def _generated(kind: type) -> Quick[Any]:
    defaults = {f"DEFAULT_{each.name}": each.default for each in attrs.fields(kind)}
    names: dict[str, Any] = _NAMES | defaults | {"kind": kind, "draft": unlocked(kind)}
    exec(compile(_source(kind), f"<quick {kind.__name__}>", "exec"), names)  # noqa: S102  # of our own tables
    read: Quick[Any] = names["read"]
    return read


_GENERATED: dict[type, Quick[Any]] = {}


def generated(kind: type[Any]) -> Quick[Any]:
    """Return a function that makes a record of a plain row, and `None` of any other.

    What a row does not say itself is given to it by name.
    """
    read = _GENERATED.get(kind)
    if read is None:
        read = _GENERATED[kind] = _generated(kind)
    return read


def read_row(kind: type[Record], row: Block, path: str, **given: object) -> Record:
    """Return a row as a record, or raise naming the field that does not fit; `given` is what it does not say."""
    record = generated(kind)(row, **given)
    return read_record(kind, row, path, **given) if record is None else record


def read_row_list(kind: type[Record], value: object, path: str, **given: object) -> Cooperative[list[Record]]:
    """Return the records of what stands in the place of rows; an empty object is none."""
    quick: Quick[Record] = partial(generated(kind), **given) if given else generated(kind)
    records: list[Record] = []
    index = 0
    for entries in batched(read_entries(value), count=SLICE_ROWS):
        for entry in entries:
            record = quick(entry)
            if record is None:
                row = read_object(entry, f"{path}[{index}]")
                record = read_record(kind, row, f"{path}[{index}]", **given) if row else None
            if record is not None:
                records.append(record)
            index += 1
        yield
    return records

"""Rows that are spelled plainly, read in one pass by a function that is generated once for each record.

`records` says what a row means, and is asked about every row that is not plain: text with blanks around it or that
spells nothing, numbers as text, a field in two spellings, a code that the documents do not list. So this module can
be quick, and never decides anything. It trusts that numbers came from `exact_json`, which leaves them plain.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import attrs

from koscom_async._wire.records import WIRE_NAMES
from koscom_async._wire.scalars import NOTHING, ScalarError, read_date
from koscom_async._wire.shapes import Block
from koscom_async.models.account import WON
from koscom_async.models.codes import OpenEnum, Product, TradeType

Record = TypeVar("Record")
Quick = Callable[[Block], Record | None]


def _text(value: Any) -> str | None:
    """Return plain text; anything else raises, and the row is read with care."""
    if value is None or value in NOTHING:
        return None
    if value.strip() is not value:
        raise ScalarError
    if not value.isascii():
        value.encode()
    return str(value)


def _codes(kind: type[OpenEnum]) -> Mapping[object, OpenEnum | None]:
    return {None: None} | {member.value: member for member in kind}


# How each type of field is read; what is not plain returns or raises.
_NUMBER = "if it is not None and type(it) is not Decimal: return None"
_LINES: dict[object, tuple[str, ...]] = {
    Decimal | None: (_NUMBER,),
    str | None: ("it = text(it)",),
    date | None: ("it = day(it)",),
    Product | None: ("it = products[it]",),
    TradeType | None: ("it = trade_types[it]",),
    str: ("if it is not None: return None", "it = WON"),
}


def _source(kind: type) -> str:
    lines = ["def read(block):", "  get = block.get", "  try:"]
    for attribute in attrs.fields(kind):
        spellings = WIRE_NAMES[kind].get(attribute.name)
        if spellings is None:
            continue
        lines.append(f"    it = get({spellings[0]!r})")
        for variant in spellings[1:]:
            lines += [
                f"    if it is None: it = get({variant!r})",
                f"    elif {variant!r} in block: return None",
            ]
        lines += [f"    {line}" for line in _LINES[attribute.type]]
        lines.append(f"    {attribute.name} = it")
    lines += [
        "  except (LookupError, TypeError, AttributeError, ValueError): return None",
        "  record = new(kind)",
    ]
    for attribute in attrs.fields(kind):
        known = attribute.name if attribute.name in WIRE_NAMES[kind] else _DEFAULTS[attribute.name]
        lines.append(f"  set_{attribute.name}(record, {known})")
    return "\n".join([*lines, "  return record"])


_DEFAULTS = {"raw": "block", "other_codes": "()"}


def generated(kind: type[Any]) -> Quick[Any]:
    """Return a function that makes a record of a plain row, and `None` of any other."""
    names: dict[str, Any] = {
        "Decimal": Decimal,
        "WON": WON,
        "text": _text,
        "day": read_date,
        "products": _codes(Product),
        "trade_types": _codes(TradeType),
        "kind": kind,
        "new": object.__new__,
        # The records are frozen, so their slots are filled directly, as their own constructor does.
        **{f"set_{each.name}": getattr(kind, each.name).__set__ for each in attrs.fields(kind)},
    }
    exec(compile(_source(kind), f"<quick {kind.__name__}>", "exec"), names)  # noqa: S102  # of our own tables
    read: Quick[Any] = names["read"]
    return read

"""Rows of market data as Arrow, polars and pandas tables: columns are a record's fields."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, cast, get_args, get_type_hints

import attrs

from koscom_async._hints import needed
from koscom_async.errors import UsageError
from koscom_async.export.frames import table_of, unexact
from koscom_async.export.rows import plain
from koscom_async.export.tables import INEXACT, MONEY, QUANTITY, REPORTED_RATE, Column, Type
from koscom_async.models.catalogue.operation import AnswerField

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

_TYPES: Mapping[type, Type] = {
    Decimal: MONEY, datetime: "moment", date: "day", bool: "flag", int: "count", str: "text",
}  # fmt: skip


_KINDS: Mapping[str, Type] = {
    **dict.fromkeys(("price", "quantity", "money"), QUANTITY),
    "rate": REPORTED_RATE,
    "count": "count",
    "date": "day",
    "flag": "flag",
}
"""The types of an answer's fields by their kind; times of day, and the other kinds, are text."""

Columns = Sequence[tuple[str, str, Type]]
"""The attribute, the Korean term and the type of each column."""


def _columns(kind: Any) -> Columns:
    """Return the columns that a record makes."""
    hints = get_type_hints(kind)
    found = []
    for field in attrs.fields(kind):
        if "ko" in field.metadata:
            of = next((each for each in get_args(hints[field.name]) if each in _TYPES), hints[field.name])
            found.append((field.name, field.metadata["ko"], _TYPES[of]))
    return tuple(found)


columns: Callable[[Any], Columns] = cache(_columns)


def answer_columns(fields: Sequence[AnswerField]) -> Columns:
    """Return the columns that an answer's fields make; a term that two of them have names neither."""
    terms = Counter(each.ko for each in fields)
    return [
        (each.name, each.ko if each.ko and terms[each.ko] == 1 else each.name, _KINDS.get(each.kind, "text"))
        for each in fields
    ]


def to_arrow(
    columns: Columns, values: Sequence[Sequence[Any]], facts: Mapping[str, object], *, names: str
) -> "pa.Table":
    """Return columns as an Arrow table; the facts that hold for all rows are in its metadata, as JSON."""
    if names not in {"en", "ko"}:
        raise UsageError(f"there are no names {names!r}", advice="one of en, ko")
    metadata = {f"koscom.{name}": json.dumps(plain(fact), ensure_ascii=False) for name, fact in facts.items()}
    typed: list[tuple[Column, list[object]]] = []
    for (name, term, type_), column in zip(columns, values, strict=True):
        cells = [None if each is None else str(each) for each in column] if type_ == "text" else list(column)
        typed.append((Column(term if names == "ko" else name, type_), cells))
    made = table_of([*typed, (INEXACT, typed[0][1])])
    return cast("pa.Table", made.replace_schema_metadata(metadata))


def to_polars(table: "pa.Table") -> "pl.DataFrame":
    """Return an Arrow table as a polars frame."""
    return cast("pl.DataFrame", needed("polars", extra="polars").from_arrow(table))


def to_pandas(table: "pa.Table", *, exact: bool) -> "pd.DataFrame":
    """Return an Arrow table as a pandas frame, with the facts in its `attrs`."""
    pandas = needed("pandas", extra="pandas")
    frame = table.to_pandas(types_mapper=pandas.ArrowDtype) if exact else unexact(table)
    for name, fact in (table.schema.metadata or {}).items():
        frame.attrs[name.decode().removeprefix("koscom.")] = json.loads(fact)
    return cast("pd.DataFrame", frame)

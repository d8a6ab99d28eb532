"""Holdings as Arrow, polars and pandas tables with exact decimal columns; what came and does not fit is refused."""

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from koscom_async.errors import UsageError
from koscom_async.export.notes import consent_notes, doubt_lines
from koscom_async.export.rows import TableName
from koscom_async.export.tables import TABLES, Column, Exact, columns_of
from koscom_async.models.holdings import Holdings


def needed(name: str, *, extra: str) -> ModuleType:
    """Import a library that an extra brings, or raise an `ImportError` that says how to get it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
        raise _missing(name, extra) from error


def located(name: str, *, extra: str) -> Path:
    """Return the folder of a package that an extra brings, without importing it, or raise as `needed` does."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise _missing(name, extra)
    return Path(spec.origin).parent


def _missing(name: str, extra: str) -> ImportError:
    return ImportError(
        f'this needs {name}, which comes with an extra: pip install "koscom_async[{extra}]"', name=name
    )


if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

DIGITS = 38
"""What a 128-bit decimal holds in all."""

ZONE = "Asia/Seoul"


def to_arrow(holdings: Holdings, table: TableName = "positions") -> "pa.Table":
    """Return a table of the holdings as an Arrow table; its schema is the same whatever is held.

    The schema's metadata say whether the holdings are complete, when the question was asked, and, as JSON lists of
    texts that are mostly empty, what may be counted twice (`koscom.doubts`) and a consent that ends soon
    (`koscom.notes`).
    """
    arrow = needed("pyarrow", extra="arrow")
    if table not in TABLES:
        raise UsageError(f"there is no table {table!r}", advice=f"one of {', '.join(TABLES)}")
    arrays = {column.name: _array(arrow, column, values) for column, values in columns_of(holdings, table)}
    facts = {
        "koscom.complete": str(holdings.complete).lower(),
        "koscom.as_of": holdings.as_of.isoformat(),
        **{
            f"koscom.{name}": json.dumps(texts, ensure_ascii=False)
            for name, texts in _remarks(holdings).items()
        },
    }
    return cast("pa.Table", arrow.table(arrays).replace_schema_metadata(facts))


def to_polars(holdings: Holdings, table: TableName = "positions") -> "pl.DataFrame":
    """Return a table of the holdings as a polars frame, which has no metadata: columns say if it is whole and sure."""
    polars = needed("polars", extra="polars")
    return cast("pl.DataFrame", polars.from_arrow(to_arrow(holdings, table)))


def to_pandas(holdings: Holdings, table: TableName = "positions") -> "pd.DataFrame":
    """Return a table of the holdings as a pandas frame of Arrow-backed columns; `attrs` say if it is whole and sure."""
    pandas = needed("pandas", extra="pandas")
    frame = to_arrow(holdings, table).to_pandas(types_mapper=pandas.ArrowDtype)
    frame.attrs.update(complete=holdings.complete, as_of=holdings.as_of.isoformat(), **_remarks(holdings))
    return cast("pd.DataFrame", frame)


def _remarks(holdings: Holdings) -> dict[str, list[str]]:
    doubts = [f"{doubt.account}: {line}" for doubt, line in doubt_lines(holdings)]
    return {"doubts": doubts, "notes": consent_notes(holdings)}


def _array(arrow: ModuleType, column: Column, values: list[object]) -> Any:
    kind = arrow.decimal128(DIGITS, column.type.places) if isinstance(column.type, Exact) else None
    try:
        return arrow.array(values, type=kind or _TYPES[str(column.type)](arrow))
    except arrow.ArrowInvalid:
        # Arrow's own message, and its context, would quote the amount.
        pass
    raise UsageError(
        f"a number in column {column.name!r} has more digits than {kind} holds, and is not rounded",
        code="inexact",
        advice="to_dicts() has every digit",
    )


_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "text": lambda arrow: arrow.string(),
    "texts": lambda arrow: arrow.list_(arrow.string()),
    "flag": lambda arrow: arrow.bool_(),
    "count": lambda arrow: arrow.int64(),
    "seconds": lambda arrow: arrow.float64(),
    "moment": lambda arrow: arrow.timestamp("us", tz=ZONE),
}

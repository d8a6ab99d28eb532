"""Holdings as Arrow, polars and pandas tables with exact decimal columns; what does not fit is null, and named."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from koscom_async._hints import needed
from koscom_async.errors import UsageError
from koscom_async.export.notes import consent_notes, doubt_lines
from koscom_async.export.rows import TableName
from koscom_async.export.tables import INEXACT, KEY, TABLES, Column, Exact, columns_of, rows_of, values_of
from koscom_async.models.holdings import Holdings

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

DIGITS = 38
"""What a 128-bit decimal holds in all."""

ZONE = "Asia/Seoul"


def to_arrow(holdings: Holdings, table: TableName = "positions", *, key: str | None = None) -> "pa.Table":
    """Return a table of the holdings as an Arrow table; its schema is the same whatever is held.

    `key` is the caller's own name for the investor: the first column then, and a part of `account_key`.
    The schema's metadata say whether the holdings are complete, when the question was asked, and, as JSON lists of
    texts that are mostly empty, what may be counted twice (`koscom.doubts`) and a consent that ends soon
    (`koscom.notes`). A number with more digits than its column holds is null, and its row names the column in
    `inexact`: so one broker's odd row costs nothing else.
    """
    if table not in TABLES:
        raise UsageError(f"there is no table {table!r}", advice=f"one of {', '.join(TABLES)}")
    made = table_of(columns_of(holdings, table, key=key))
    facts = {
        "koscom.complete": str(holdings.complete).lower(),
        "koscom.as_of": holdings.as_of.isoformat(),
        **{
            f"koscom.{name}": json.dumps(texts, ensure_ascii=False)
            for name, texts in _remarks(holdings).items()
        },
    }
    return cast("pa.Table", made.replace_schema_metadata(facts))


def concat(holdings: Mapping[str, Holdings], table: TableName = "positions") -> "pa.Table":
    """Return a table of many investors, by the caller's names for them, as one Arrow table with the column `key`.

    Every row says whether its investor's holdings are complete; of the metadata only those remain that hold for all.
    """
    if not holdings:
        raise UsageError("there are no holdings", advice="give at least one investor's")
    rows = [row for key, each in holdings.items() for row in rows_of(each, table, key=key)]
    is_complete = str(all(each.complete for each in holdings.values())).lower()
    made = table_of(values_of(rows, (KEY, *TABLES[table])))
    return cast("pa.Table", made.replace_schema_metadata({"koscom.complete": is_complete}))


def table_of(columns: Iterable[tuple[Column, list[object]]]) -> "pa.Table":
    """Return columns with their values as an Arrow table; `INEXACT`, where it is one of them, is the last."""
    arrow = needed("pyarrow", extra="arrow")
    arrays: dict[str, Any] = {}
    inexact: defaultdict[int, list[str]] = defaultdict(list)
    for column, values in columns:
        shown = inexact_marks(inexact, len(values)) if column is INEXACT else values
        arrays[column.name] = array(arrow, column, shown, inexact)
    return cast("pa.Table", arrow.table(arrays))


def to_polars(
    holdings: Holdings, table: TableName = "positions", *, key: str | None = None
) -> "pl.DataFrame":
    """Return a table of the holdings as a polars frame, which has no metadata: columns say if it is whole and sure."""
    polars = needed("polars", extra="polars")
    return cast("pl.DataFrame", polars.from_arrow(to_arrow(holdings, table, key=key)))


def to_pandas(
    holdings: Holdings, table: TableName = "positions", *, key: str | None = None, exact: bool = True
) -> "pd.DataFrame":
    """Return a table of the holdings as a pandas frame of Arrow-backed columns; `attrs` say if it is whole and sure.

    With `exact=False`, of pandas' own types: doubles, text, times in Korea without a zone.
    """
    pandas = needed("pandas", extra="pandas")
    arrow = to_arrow(holdings, table, key=key)
    frame = arrow.to_pandas(types_mapper=pandas.ArrowDtype) if exact else unexact(arrow)
    frame.attrs.update(complete=holdings.complete, as_of=holdings.as_of.isoformat(), **_remarks(holdings))
    return cast("pd.DataFrame", frame)


def unexact(table: "pa.Table") -> Any:
    """Return a pandas frame of which every column is a number, a text, a truth or a time."""
    arrow, compute = import_module("pyarrow"), import_module("pyarrow.compute")

    def plain(column: Any) -> Any:
        if arrow.types.is_decimal(column.type):
            return column.cast(arrow.float64())
        if arrow.types.is_list(column.type):
            return compute.binary_join(column, ", ")
        if arrow.types.is_timestamp(column.type):
            return compute.local_timestamp(column)
        if arrow.types.is_date(column.type):  # else pandas keeps objects, which nothing resamples or draws
            return column.cast(arrow.timestamp("us"))
        return column

    return arrow.table(list(map(plain, table.columns)), names=table.column_names).to_pandas()


def _remarks(holdings: Holdings) -> dict[str, list[str]]:
    doubts = [f"{doubt.account}: {line}" for doubt, line in doubt_lines(holdings)]
    return {"doubts": doubts, "notes": consent_notes(holdings)}


def inexact_marks(inexact: Mapping[int, Sequence[str]], rows: int) -> list[object]:
    """Return the column that names, for each row, the columns whose number did not fit."""
    return [", ".join(inexact[row]) if row in inexact else None for row in range(rows)]


def array(
    arrow: ModuleType, column: Column, values: list[object], inexact: defaultdict[int, list[str]]
) -> Any:
    """Return the values as an array; those that do not fit are null, and their column is noted for their row."""
    if not isinstance(column.type, Exact):
        return _plain_array(arrow, values, _TYPES[str(column.type)](arrow))
    kind = arrow.decimal128(DIGITS, column.type.places)
    try:
        return arrow.array(values, type=kind)
    except arrow.ArrowInvalid:
        pass
    step = Decimal(1).scaleb(-column.type.places)
    for row, value in enumerate(values):
        if isinstance(value, Decimal) and not _fits(value, step):
            inexact[row].append(column.name)
    return arrow.array(
        [None if column.name in inexact.get(row, ()) else value for row, value in enumerate(values)],
        type=kind,
    )


def _plain_array(arrow: ModuleType, values: list[object], kind: Any) -> Any:
    try:
        return arrow.array(values, type=kind)
    except UnicodeEncodeError:  # half a character (a lone surrogate), in a key or in another's message
        return arrow.array([_whole(value) for value in values], type=kind)


def _whole(value: object) -> object:
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value


_COLUMN = Context(prec=DIGITS, traps=[InvalidOperation, Inexact])


def _fits(value: Decimal, step: Decimal) -> bool:
    try:
        value.quantize(step, context=_COLUMN)
    except ArithmeticError:
        return False
    return True


_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "text": lambda arrow: arrow.string(),
    "texts": lambda arrow: arrow.list_(arrow.string()),
    "flag": lambda arrow: arrow.bool_(),
    "count": lambda arrow: arrow.int64(),
    "seconds": lambda arrow: arrow.float64(),
    "moment": lambda arrow: arrow.timestamp("us", tz=ZONE),
    "day": lambda arrow: arrow.date32(),
}

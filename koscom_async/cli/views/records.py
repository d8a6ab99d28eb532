"""Rows of named columns as a terminal shows them: one line a row, without the columns that are empty in all of them."""

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from attrs import frozen
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from koscom_async._hints import needed
from koscom_async.cli.main import Failed
from koscom_async.cli.output import cell, csv_table, write_stderr
from koscom_async.cli.views.layout import Column, Grid, Row, fitting, plain_text
from koscom_async.export.records import columns
from koscom_async.export.texts import counted
from koscom_async.models.market.table import Table


@frozen
class ColumnsTable:
    """A table of columns by name; numbers stand right."""

    columns: Mapping[str, Sequence[object]]
    with_commas: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        shown = {
            name: values for name, values in self.columns.items() if any(each is not None for each in values)
        }
        if not shown:
            yield Text("No rows.")
            return
        headers = tuple(
            Column(
                name,
                is_number=all(isinstance(each, Decimal | int | None) for each in values),
                least=None,
            )
            for name, values in shown.items()
        )
        rows = tuple(Row(tuple(map(self._text, values))) for values in zip(*shown.values(), strict=True))
        yield fitting([Grid(headers, rows)], options.max_width)

    def _text(self, value: object) -> Text:
        if isinstance(value, datetime):
            return Text(f"{value:%Y-%m-%d %H:%M:%S}")
        return plain_text(f"{value:,f}" if self.with_commas and isinstance(value, Decimal) else cell(value))


def table_of(table: Table[Any]) -> ColumnsTable:
    """Return the rows of a table of records for a terminal."""
    rows = table.to_rows()
    shown = {
        name: [row[name] or None if type_ == "flag" else row[name] for row in rows]
        for name, _, type_ in columns(table.kind)
        if name != "received_at"
    }
    return ColumnsTable(shown, with_commas=True)


def renderers_of(table: Table[Any], page: Callable[[], RenderableType]) -> Mapping[str, Callable[[], Any]]:
    """Return the formats of a table of records, which a terminal shows as a page."""
    return {
        "table": page,
        "json": table.to_dicts,
        "csv": lambda: _csv_of(table),
        "parquet": lambda: parquet_of(table.to_arrow),
    }


def _csv_of(table: Table[Any]) -> str:
    """Return the rows of a table of records as CSV."""
    return csv_table([name for name, *_ in columns(table.kind)], table.to_rows())


def parquet_of(make: Callable[[], Any]) -> bytes:
    """Return an Arrow table as a Parquet file, and say on stderr what does not fit its columns."""
    try:
        table = make()
        writer = needed("pyarrow.parquet", extra="arrow")
    except ImportError as error:
        raise Failed(str(error)) from error
    odd = sum(map(bool, table.column("inexact").to_pylist()))
    if odd:
        write_stderr(
            f"koscom: {counted(odd, 'row')} with a number of more digits than a column holds: null, and named in the "
            "column `inexact`; --json and --csv have every digit"
        )
    page = io.BytesIO()
    writer.write_table(table, page)
    return page.getvalue()

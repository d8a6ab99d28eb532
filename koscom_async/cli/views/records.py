"""Rows of named columns: as a table on a terminal, and as CSV, Parquet and a workbook."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from attrs import evolve, frozen
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from koscom_async._hints import needed
from koscom_async.cli.output import cell, csv_table, write_stderr
from koscom_async.cli.views.layout import (
    FAINT,
    LEAST_TEXT_WIDTH,
    NARROW_GAP,
    Column,
    Grid,
    Row,
    fitting,
    plain_text,
)
from koscom_async.export import amounts, frames
from koscom_async.export.excel import book
from koscom_async.export.notes import Answered, failure_lines
from koscom_async.export.tables import INEXACT, Type
from koscom_async.export.tables import Column as TypedColumn
from koscom_async.export.texts import counted
from koscom_async.models.market.table import Table
from koscom_async.models.outcome import Outcome

LEAST_COLUMNS = 3
"""With fewer of its columns, a table is shown as a line for each cell."""


@frozen
class ColumnsTable:
    """One line per row, without the columns that are empty in all of them; numbers stand right.

    Where there is no room, names are broken; of several rows with `may_leave_out`, the last columns but what is true
    or not are left out, and named below.
    """

    columns: Mapping[str, Sequence[object]]
    with_commas: bool = False
    may_leave_out: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        shown = {
            name: values for name, values in self.columns.items() if any(each is not None for each in values)
        }
        if not shown:
            yield Text("No rows.")
            return
        grid = self._grid(shown)
        tight = evolve(grid, gap=NARROW_GAP)
        broken = evolve(tight, columns=tuple(map(_broken, grid.columns)))
        if self.may_leave_out and len(grid.rows) > 1 and broken.least_width > options.max_width:
            flags = [name for name, values in shown.items() if any(each is True for each in values)]
            first = tight.beginning(options.max_width, always=flags)
            if len(first.columns) >= LEAST_COLUMNS:
                left_out = ", ".join(each.header for each in grid.columns if each not in first.columns)
                yield first.drawn(options.max_width)
                yield Text(f"There is no room for: {left_out}", FAINT)
                return
        yield fitting([grid, tight, broken], options.max_width)

    def _grid(self, shown: Mapping[str, Sequence[object]]) -> Grid:
        headers = (Column(name, is_number=_are_numbers(values), least=None) for name, values in shown.items())
        rows = (Row(tuple(map(self._text, values))) for values in zip(*shown.values(), strict=True))
        return Grid(tuple(headers), tuple(rows))

    def _text(self, value: object) -> Text:
        if isinstance(value, datetime):
            return Text(f"{value:%Y-%m-%d %H:%M:%S}")
        if self.with_commas and isinstance(value, Decimal):
            return Text(amounts.as_it_came(value))
        return plain_text(cell(value))


class Lines:
    """Rows of text under a row of headers; a narrow terminal leaves out the second column."""

    def __init__(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        texts = [(Text(first), *(Text(each, FAINT) for each in others)) for first, *others in rows]
        self._grids = (
            Grid(tuple(columns), tuple(map(Row, texts))),
            Grid((columns[0], *columns[2:]), tuple(Row((first, *others)) for first, _, *others in texts)),
        )

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield fitting(self._grids, options.max_width)


def _broken(column: Column) -> Column:
    return evolve(column, least=LEAST_TEXT_WIDTH) if column.header.casefold() == "name" else column


def _are_numbers(values: Sequence[object]) -> bool:
    return all(isinstance(each, Decimal | int | None) for each in values)


def records_table(table: Table[Any]) -> ColumnsTable:
    """Return the rows of a table of records for a terminal."""
    rows = table.to_rows()
    shown = {
        name: [row[name] or None if type_ == "flag" else row[name] for row in rows]
        for name, _, type_ in table.columns
        if name != "received_at"
    }
    return ColumnsTable(shown, with_commas=True, may_leave_out=True)


@frozen
class Sheet:
    """Rows of typed columns, as CSV, for data frames and for a spreadsheet.

    What is missing in them is in Parquet's metadata and on the spreadsheet's second sheet, if `answer` has accounts.
    """

    name: str
    columns: Mapping[str, Type]
    rows: Sequence[Mapping[str, object]]
    answer: Answered | None = None

    def formats(self) -> Mapping[str, Callable[[], str | bytes]]:
        """Return what makes each format of rows."""
        return {
            "csv": lambda: csv_table(tuple(self.columns), self.rows),
            "parquet": lambda: parquet_of(self._arrow),
            "xlsx": lambda: book(self._sheets()),
        }

    def _arrow(self) -> Any:
        made = frames.table_of([*_typed(self.columns, self.rows), (INEXACT, [None] * len(self.rows))])
        if self.answer is None:
            return made
        complete, as_of = str(self.answer.complete).lower(), self.answer.as_of.isoformat()
        return made.replace_schema_metadata({"koscom.complete": complete, "koscom.as_of": as_of})

    def _sheets(self) -> dict[str, Iterator[tuple[TypedColumn, list[object]]]]:
        sheets = {self.name: _typed(self.columns, self.rows)}
        if self.answer is not None:
            sheets["accounts"] = _typed(_ACCOUNTS, [_account(each) for each in self.answer.outcomes])
        return sheets


_ACCOUNTS: Mapping[str, Type] = {"broker": "text", "account": "text", "complete": "flag", "error": "text"}


def _account(outcome: Outcome) -> dict[str, object]:
    return {
        "broker": outcome.account.broker.short_name,
        "account": outcome.account.masked_number,
        "complete": outcome.ok,
        "error": " ".join(failure_lines(outcome)) or None,
    }


def _typed(
    columns: Mapping[str, Type], rows: Sequence[Mapping[str, object]]
) -> Iterator[tuple[TypedColumn, list[object]]]:
    for name, type_ in columns.items():
        values = [row[name] for row in rows]
        # Codes of the platform are open enums: what a column of text holds is their text.
        texts = [None if each is None else str(each) for each in values]
        yield TypedColumn(name, type_), list(texts if type_ == "text" else values)


def renderers_of(table: Table[Any], page: Callable[[], RenderableType]) -> Mapping[str, Callable[[], Any]]:
    """Return the formats of a table of records, which a terminal shows as a page."""
    types = {each: type_ for each, _, type_ in table.columns}
    return {
        "table": page,
        "json": table.to_dicts,
        **Sheet(type(table).__name__.strip("_").lower(), types, table.to_rows()).formats(),
        "parquet": lambda: parquet_of(table.to_arrow),
    }


def parquet_of(make: Callable[[], Any]) -> bytes:
    """Return an Arrow table as a Parquet file, and say on stderr what does not fit its columns."""
    table = make()
    writer = needed("pyarrow.parquet", extra="arrow")
    odd = sum(map(bool, table.column("inexact").to_pylist()))
    if odd:
        write_stderr(
            f"koscom: {counted(odd, 'row')} with a number of more digits than a column holds: null, and named in the "
            "column `inexact`; --json and --csv have every digit"
        )
    page = io.BytesIO()
    writer.write_table(table, page)
    return page.getvalue()

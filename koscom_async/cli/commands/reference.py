"""`koscom fields` and `koscom columns`: which wire field an attribute comes from, and what a data frame's columns are.

Prints what the readers and the exports are made from. Does not ask any gateway.
"""

from collections.abc import Iterator, Mapping, Sequence

import click
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from koscom_async._wire.records.field_table import WireField, wire_fields
from koscom_async.cli.main import Failed
from koscom_async.cli.output import json_text, print_report, write_stdout
from koscom_async.cli.views.grid import Column, Grid, Row, fitting
from koscom_async.cli.views.sections import FAINT, section
from koscom_async.export.rows import plain
from koscom_async.export.tables import TABLES, type_name

_FIELDS = (
    Column("Attribute", least=None),
    Column("Korean term", least=None),
    Column("Wire field", least=16),
)
_COLUMNS = (
    Column("Column", least=None),
    Column("Type", least=19),
    Column("Unit", least=None),
    Column("Meaning", least=24),
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Write them as a JSON array.")


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


@click.command(name="fields")
@click.argument("name", required=False)
@_JSON
def fields_command(*, name: str | None, as_json: bool) -> None:
    """List the wire fields that the records' attributes come from, or those of one name.

    NAME is a record (Holding), an attribute (quantity) or a wire field, in any case.
    """
    found = [each for each in wire_fields() if name is None or name.casefold() in _names(each)]
    if not found:
        raise Failed(f"unknown field {name!r}; run `koscom fields` for the list")
    if as_json:
        write_stdout(json_text(plain(found)))
    else:
        print_report(Group(*_by_record(found)))


def _names(field: WireField) -> set[str]:
    return {each.casefold() for each in (field.record, field.attribute, *field.wire)}


def _by_record(fields: Sequence[WireField]) -> Iterator[RenderableType]:
    records: dict[str, list[WireField]] = {}
    for field in fields:
        records.setdefault(field.record, []).append(field)
    for record, own in records.items():
        rows = [(each.attribute, each.term, ", ".join(each.wire)) for each in own]
        yield from section(record, Lines(_FIELDS, rows))


@click.command(name="columns")
@click.argument("table", required=False, type=click.Choice(tuple(TABLES)))
@_JSON
def columns_command(*, table: str | None, as_json: bool) -> None:
    """List the columns of data frames, of every table or of one.

    The tables are those of Holdings.to_pandas(), to_polars() and to_arrow(). A decimal's type names its digits and
    its decimal places.
    """
    listed = [each for each in frame_columns() if table in {None, each["table"]}]
    if as_json:
        write_stdout(json_text(listed))
    else:
        print_report(Group(*_by_table(listed)))


def frame_columns() -> Iterator[Mapping[str, str]]:
    """Yield each column of each table: table, column, type, unit and meaning."""
    for table, columns in TABLES.items():
        for each in columns:
            yield {
                "table": table,
                "column": each.name,
                "type": type_name(each.type),
                "unit": each.unit.replace("`", ""),
                "meaning": each.meaning.replace("`", ""),
            }


def _by_table(columns: Sequence[Mapping[str, str]]) -> Iterator[RenderableType]:
    for table in dict.fromkeys(each["table"] for each in columns):
        rows = [
            [each[key] for key in ("column", "type", "unit", "meaning")]
            for each in columns
            if each["table"] == table
        ]
        yield from section(table, Lines(_COLUMNS, rows))

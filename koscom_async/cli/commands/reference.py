"""Lists that are part of the library: `koscom brokers`, `koscom fields` and `koscom columns`.

Prints what the readers and the exports are made from. Does not ask any gateway.
"""

from collections.abc import Iterator, Mapping, Sequence

import click
from attrs import frozen
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from koscom_async._hints import near
from koscom_async._wire.records.field_table import WireField, wire_fields
from koscom_async.brokers import BROKERS, Broker
from koscom_async.cli.ending import write_list
from koscom_async.cli.main import LISTED, Failed
from koscom_async.cli.options import LISTS, OutputOptions, Word, output_options
from koscom_async.cli.views.layout import FAINT, Column, Grid, Row, fitting, section
from koscom_async.cli.views.records import Lines
from koscom_async.export import records
from koscom_async.export.rows import plain
from koscom_async.export.tables import TABLES, Type, type_name
from koscom_async.models.market.bars import Bar
from koscom_async.models.market.issues import Issue
from koscom_async.models.market.others import Component, InvestorTrade, NetAssetValue
from koscom_async.models.market.quotes import IndexValue, Level, Quote
from koscom_async.models.market.valuation import ValuedPosition

_BROKERS = (
    Column("Code", least=None),
    Column("Short name", least=None),
    Column("Korean name", least=None),
    Column("English name", least=10),
    Column("ALL", least=None),
    Column("Offered", least=None),
)
# Whether one query for all asset classes works.
_ALL = {True: "yes", False: "no, by class", None: "will be asked"}


@click.command(name="brokers", epilog=LISTED)
@output_options(*LISTS)
def brokers_command(*, output: OutputOptions) -> None:
    """List the brokers that the library knows; what it does not know of others it learns when it asks them.

    ALL: whether one query for all asset classes works. Offered: whether the platform offers it, or it is one of the
    platform's own virtual brokers.
    """
    write_list(plain(BROKERS), lambda: BrokersTable(BROKERS), output)


@frozen
class BrokersTable:
    """One line per broker."""

    brokers: tuple[Broker, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        grid = Grid(_BROKERS, tuple(map(_broker_row, self.brokers)))
        yield fitting(grid.dropping("English name", "Offered"), options.max_width)


def _broker_row(broker: Broker) -> Row:
    offered = "virtual" if broker.is_virtual else "yes" if broker.is_offered else "no"
    return Row(
        (
            Text(broker.code, FAINT),
            Text(broker.short_name),
            Text(broker.name_ko),
            Text(broker.name),
            Text(_ALL[broker.supports_all]),
            Text(offered),
        ),
        style="" if broker.is_offered else FAINT,
    )


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


@click.command(name="fields", epilog=LISTED)
@click.argument("name", required=False)
@output_options(*LISTS)
def fields_command(*, name: str | None, output: OutputOptions) -> None:
    """List the wire fields that the records' attributes come from, or those of one name.

    NAME is a record (Holding), an attribute (quantity) or a wire field, in any case.
    """
    found = [each for each in wire_fields() if name is None or name.casefold() in _names(each)]
    if not found:
        every = {each for field in wire_fields() for each in _spellings(field)}
        raise Failed(
            f"unknown field {name!r}; {near(name or '', every) or 'run `koscom fields` for the list'}"
        )
    write_list(plain(found), lambda: Group(*_by_record(found)), output)


def _spellings(field: WireField) -> tuple[str, ...]:
    return (field.record, field.attribute, *field.wire)


def _names(field: WireField) -> set[str]:
    return {each.casefold() for each in _spellings(field)}


def _by_record(fields: Sequence[WireField]) -> Iterator[RenderableType]:
    by_record: dict[str, list[WireField]] = {}
    for field in fields:
        by_record.setdefault(field.record, []).append(field)
    for record, own in by_record.items():
        rows = [(each.attribute, each.term, ", ".join(each.wire)) for each in own]
        yield from section(record, Lines(_FIELDS, rows))


_MARKET: Mapping[str, type] = {
    "quotes": Quote,
    "order_book": Level,
    "bars": Bar,
    "listing": Issue,
    "index": IndexValue,
    "investors": InvestorTrade,
    "components": Component,
    "nav": NetAssetValue,
    "valuation": ValuedPosition,
}
"""The market's tables, by what is asked for, and what their rows are."""


@click.command(name="columns", epilog=LISTED)
@click.argument("table", required=False, type=Word((*TABLES, *_MARKET)), metavar="[TABLE]")
@output_options(*LISTS)
def columns_command(*, table: str | None, output: OutputOptions) -> None:
    """List the columns of data frames, of every table or of one.

    The tables are those of Holdings.to_pandas(), to_polars() and to_arrow(), and those of market data (quotes,
    order_book, bars, listing, index, investors, components, nav, valuation). A decimal's type names its digits and its
    decimal places.
    """
    listed = [each for each in frame_columns() if table in {None, each["table"]}]
    write_list(listed, lambda: Group(*_by_table(listed)), output)


def frame_columns() -> Iterator[Mapping[str, str]]:
    """Yield each column of each table: table, column, type, unit and meaning; of market data, the Korean term."""
    for table, columns in TABLES.items():
        for each in columns:
            unit, meaning = each.unit.replace("`", ""), each.meaning.replace("`", "")
            yield _column(table, each.name, each.type, unit, meaning)
    for of_market, kind in _MARKET.items():
        for name, term, type_ in records.columns(kind):
            yield _column(of_market, name, type_, "", term)


def _column(table: str, name: str, type_: Type, unit: str, meaning: str) -> Mapping[str, str]:
    return {"table": table, "column": name, "type": type_name(type_), "unit": unit, "meaning": meaning}


def _by_table(columns: Sequence[Mapping[str, str]]) -> Iterator[RenderableType]:
    for table in dict.fromkeys(each["table"] for each in columns):
        rows = [
            [each[key] for key in ("column", "type", "unit", "meaning")]
            for each in columns
            if each["table"] == table
        ]
        yield from section(table, Lines(_COLUMNS, rows))

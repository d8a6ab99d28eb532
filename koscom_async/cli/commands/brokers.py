"""`koscom brokers`: the registry of brokers."""

from collections.abc import Sequence

import click
from attrs import frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from koscom_async.brokers import BROKERS, Broker
from koscom_async.cli.output import json_text, print_report, write_stdout
from koscom_async.cli.views.grid import Column, Grid, Row, fitting
from koscom_async.cli.views.sections import FAINT
from koscom_async.export.rows import plain

_COLUMNS = (
    Column("Code", least=None),
    Column("Short name", least=None),
    Column("Korean name", least=None),
    Column("English name", least=10),
    Column("ALL", least=None),
    Column("Offered", least=None),
)
# What a narrower terminal leaves out, one after the other.
_DROPPED = ((), ("English name",), ("English name", "Offered"))

# Whether one query for all asset classes works.
_ALL = {True: "yes", False: "no, by class", None: "will be asked"}


@click.command(name="brokers")
@click.option("--json", "as_json", is_flag=True, help="Write them as a JSON array.")
def brokers_command(*, as_json: bool) -> None:
    """List the brokers that the library knows; what it does not know of others it learns when it asks them.

    ALL: whether one query for all asset classes works. Offered: whether the platform offers it, or it is one of the
    platform's own virtual brokers.
    """
    if as_json:
        write_stdout(json_text(plain(BROKERS)))
    else:
        print_report(BrokersTable(BROKERS))


@frozen
class BrokersTable:
    """One line per broker."""

    brokers: tuple[Broker, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield fitting([_grid(self.brokers, dropped) for dropped in _DROPPED], options.max_width)


def _grid(brokers: Sequence[Broker], dropped: Sequence[str]) -> Grid:
    kept = [number for number, column in enumerate(_COLUMNS) if column.header not in dropped]
    rows = map(_row, brokers)
    return Grid(
        tuple(_COLUMNS[number] for number in kept),
        tuple(Row(tuple(row.cells[number] for number in kept), style=row.style) for row in rows),
    )


def _row(broker: Broker) -> Row:
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

"""`koscom watchlist`: what the investor watches, by symbol, and where."""

import asyncio
from collections.abc import Iterator, Mapping

import click
from attrs import frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from koscom_async.cli.access import GatewayOptions, open_client
from koscom_async.cli.ending import finish
from koscom_async.cli.main import exit_codes
from koscom_async.cli.options import ROWS, OutputOptions, answer_options
from koscom_async.cli.views.layout import Column, Grid, Row, fitting, page, plain_text
from koscom_async.cli.views.progress import read_stream
from koscom_async.cli.views.records import Sheet
from koscom_async.export.tables import Type
from koscom_async.export.texts import account_name, broker_name
from koscom_async.models.gathered import Watched, Watchlists

COLUMNS: Mapping[str, Type] = dict.fromkeys(("code", "broker", "account", "group"), "text")
_HEADERS = (Column("Symbol", least=None), Column("Watched at", least=20))


@click.command(name="watchlist", epilog=exit_codes())
@answer_options(*ROWS)
def watchlist_command(*, output: OutputOptions, gateway: GatewayOptions) -> None:
    """Show every symbol that the investor watches, and at which brokers, in which groups."""
    watchlists = asyncio.run(_read(gateway, output))
    notes = [
        f"{account_name(each.account)}: {note}" for each in watchlists.outcomes for note in each.trace.notes
    ]
    renderers = {
        "table": lambda: page("Watchlists", watchlists, WatchlistsTable(watchlists), notes),
        "json": watchlists.to_dicts,
        **Sheet("watchlist", COLUMNS, list(_records(watchlists)), watchlists).formats(),
    }
    finish(watchlists, renderers, output)


async def _read(gateway: GatewayOptions, output: OutputOptions) -> Watchlists:
    async with open_client(gateway) as access:
        stream = access.koscom.stream_watchlists(access.investor, deadline=output.deadline)
        return (await read_stream(stream, access, quiet=output.quiet)).watchlists


def _records(watchlists: Watchlists) -> Iterator[Mapping[str, object]]:
    for symbol in watchlists.symbols:
        for place in symbol.watched:
            yield {
                "code": symbol.code,
                "broker": place.account.broker.short_name,
                "account": place.account.masked_number,
                "group": place.group,
            }


@frozen
class WatchlistsTable:
    """One line per symbol."""

    watchlists: Watchlists

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = tuple(
            Row((plain_text(symbol.code), plain_text(", ".join(map(_place, symbol.watched)))))
            for symbol in self.watchlists.symbols
        )
        yield fitting([Grid(_HEADERS, rows)], options.max_width) if rows else Text("Nothing is watched.")


def _place(place: Watched) -> str:
    broker = broker_name(place.account)
    return broker if place.group is None else f"{broker} ({place.group})"

"""`koscom watchlist`: what the investor watches, by symbol, and where."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

import click
from attrs import frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from koscom_async.cli.main import EXIT_CODES_HELP
from koscom_async.cli.options import opened
from koscom_async.cli.progress import progress
from koscom_async.cli.service_output import answer_with, check_formats, service_options
from koscom_async.cli.views.grid import Column, Grid, Row, fitting
from koscom_async.cli.views.sections import plain_text
from koscom_async.client import Koscom
from koscom_async.export.texts import broker_name
from koscom_async.models.gathered import Watched, Watchlists

COLUMNS = ("code", "broker", "account", "group")
_HEADERS = (Column("Symbol", least=None), Column("Watched at", least=20))


@click.command(name="watchlist", epilog=EXIT_CODES_HELP)
@service_options
@click.pass_context
def watchlist_command(
    context: click.Context,
    *,
    as_json: bool,
    as_csv: bool,
    deadline: float | None,
    sandbox: bool,
    faults: Sequence[str],
    latency: float | None,
) -> None:
    """Show every symbol that the investor watches, and at which brokers, in which groups."""
    check_formats(as_json=as_json, as_csv=as_csv)

    async def read() -> Watchlists:
        async with opened(sandbox=sandbox, faults=faults, latency=latency) as access:
            with progress(access.sandbox_url) as seen:
                async with (
                    Koscom(access.settings, tokens=access.tokens) as koscom,
                    koscom.stream_watchlists(access.investor, deadline=deadline) as stream,
                ):
                    seen.asking(stream)
                    async for outcome in stream:
                        seen.settled(outcome)
                    return stream.watchlists

    watchlists = asyncio.run(read())
    answer_with(
        context,
        watchlists,
        title="Watchlists",
        table=WatchlistsTable(watchlists),
        columns=COLUMNS,
        records=_records(watchlists),
        as_json=as_json,
        as_csv=as_csv,
    )


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
    """One line a symbol."""

    watchlists: Watchlists

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the lines."""
        rows = tuple(
            Row((plain_text(symbol.code), plain_text(", ".join(map(_place, symbol.watched)))))
            for symbol in self.watchlists.symbols
        )
        yield fitting([Grid(_HEADERS, rows)], options.max_width) if rows else Text("Nothing is watched.")


def _place(place: Watched) -> str:
    broker = broker_name(place.account)
    return broker if place.group is None else f"{broker} ({place.group})"

"""`koscom market`: quotes, bars, order books, snapshots, indices and holidays, in each format."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from functools import partial, wraps
from typing import Any, ClassVar, NoReturn

import anyio
import click
from attrs import NOTHING, frozen
from rich.console import Group
from rich.text import Text

from koscom_async._clock import korean_now
from koscom_async._record import Record
from koscom_async._services.catalogue.boards import BOARDS, MAIN_BOARDS
from koscom_async._services.market.service import MarketService
from koscom_async._services.tasks import background, gather
from koscom_async.cli.access import GatewayOptions, open_client
from koscom_async.cli.ending import single_data, write
from koscom_async.cli.main import FAILED, PARTIAL, WHOLE, CommandGroup, exit_codes
from koscom_async.cli.options import DAY, ROWS, OutputOptions, Word, answer_options
from koscom_async.cli.output import write_stderr
from koscom_async.cli.views.layout import FAINT, HEADING
from koscom_async.cli.views.records import renderers_of, table_of
from koscom_async.client import Koscom
from koscom_async.export.texts import clean, counted
from koscom_async.models.market.bars import Bars
from koscom_async.models.market.quotes import IndexValue, OrderBook, Quotes
from koscom_async.models.market.table import RowTable, Table, ko

Ask = Callable[..., Awaitable[Table[Any]]]

_EVERY = ("day", "week", "month", "10s", "1m", "10m")
_REPORT_SECONDS = 1.0
"""How often a long question says on stderr how many calls it has made."""

_EPILOGUE = exit_codes("everything asked is there", "an error: nothing is there", is_partial=False)
_BOARD = click.option(
    "--board", type=Word(BOARDS), help="Where it is listed.  [default: found by the listings]"
)


@click.group(name="market", cls=CommandGroup)
def market_group() -> None:
    """Show market data (시세): prices in KRW, quantities in shares, times in Korea.

    Needs no investor: KOSCOM_API_KEY and KOSCOM_API_SECRET are enough.
    """


def _command(name: str) -> Callable[[Ask], click.Command]:
    """Make a command of a question to the market: it asks, writes the answer in its format, and exits."""

    def made(ask: Ask) -> click.Command:
        @wraps(ask)
        def run(*, output: OutputOptions, gateway: GatewayOptions, **arguments: Any) -> NoReturn:
            question = partial(ask, deadline=output.deadline, **arguments)
            _finish(asyncio.run(_asked(question, gateway, quiet=output.quiet)), output)

        return market_group.command(name=name, epilog=_EPILOGUE)(answer_options(*ROWS)(run))

    return made


@_command("quote")
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@_BOARD
async def quote_command(market: MarketService, **asked: Any) -> Quotes:
    """Show the last prices of issues, by code or ISIN; codes without a price are named on stderr."""
    return await market.quotes(**asked)


@_command("bars")
@click.argument("code")
@click.option("--since", type=DAY, required=True, help="The first day.")
@click.option("--until", type=DAY, help="The last day.  [default: today in Korea]")
@click.option("--every", type=Word(_EVERY), default="day", show_default=True, help="The length of a bar.")
@_BOARD
async def bars_command(market: MarketService, *, since: date, until: date | None, **asked: Any) -> Bars:
    """Show the course of an issue's price, the oldest first: bars of days, weeks, months, seconds or minutes."""
    return await market.bars(since=since, until=until, **asked)


@_command("book")
@click.argument("code")
@_BOARD
async def book_command(market: MarketService, **asked: Any) -> OrderBook:
    """Show an issue's order book: asks (매도), the highest first, then bids (매수)."""
    return await market.order_book(**asked)


@_command("snapshot")
@click.argument("board", type=Word(MAIN_BOARDS), metavar="[kospi|kosdaq]")
async def snapshot_command(market: MarketService, **asked: Any) -> Quotes:
    """Show every issue of a board, in one call."""
    return await market.snapshot(**asked)


@_command("index")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
async def index_command(market: MarketService, *, names: Sequence[str], deadline: float | None) -> Table[Any]:
    """Show indices, by name (KOSPI, 코스닥150) or code (K51)."""
    values = await gather([partial(market.index, name, deadline=deadline) for name in names])
    return _Indices(rows=tuple(values))


@_command("holidays")
@click.argument("nation", default="KR")
async def holidays_command(market: MarketService, *, nation: str, deadline: float | None) -> Table[Any]:
    """Show the days on which a nation's market is closed, from today to the end of the year."""
    days = await market.holidays(nation.upper(), deadline=deadline)
    return _Holidays(nation=nation.upper(), rows=tuple(_Holiday(on=day) for day in days))


@frozen(kw_only=True, eq=False, repr=False)
class _Indices(RowTable):
    kind: ClassVar[type[Record]] = IndexValue
    rows: tuple[IndexValue, ...]

    def _title(self) -> str:
        return ", ".join(value.name or value.code for value in self.rows)


@frozen(kw_only=True, eq=False, repr=False)
class _Holiday(Record):
    on: date = ko("일자", NOTHING)


@frozen(kw_only=True, eq=False, repr=False)
class _Holidays(RowTable):
    kind: ClassVar[type[Record]] = _Holiday
    nation: str
    rows: tuple[_Holiday, ...]

    def _title(self) -> str:
        return f"{self.nation}, {counted(len(self), 'holiday')}"


async def _asked(question: Ask, gateway: GatewayOptions, *, quiet: bool) -> Table[Any]:
    async with open_client(gateway, for_investor=False) as access, _reported(access.koscom, quiet=quiet):
        return await question(access.koscom.market)


def _finish(answer: Table[Any], output: OutputOptions) -> NoReturn:
    """Write the answer, name on stderr what is missing, and exit."""
    renderers = renderers_of(answer, partial(_page, answer))
    as_of = getattr(answer, "as_of", korean_now())
    data = partial(single_data, answer.to_dicts(), as_of=as_of, complete=answer.complete)
    write({**renderers, "json": data}, output)
    for note in () if answer.complete else answer.notes:
        write_stderr(f"koscom: INCOMPLETE: {clean(note)}")
    click.get_current_context().exit(WHOLE if answer.complete else PARTIAL if answer.to_rows() else FAILED)


@asynccontextmanager
async def _reported(koscom: Koscom, *, quiet: bool) -> AsyncIterator[None]:
    """Say on stderr how many calls a long question has made."""

    async def report() -> None:
        while True:
            await anyio.sleep(_REPORT_SECONDS)
            write_stderr(f"koscom: {counted(koscom.statistics().of('market').calls, 'call')} so far …")

    async with background() as group:
        if not quiet:
            group.start_soon(report)
        yield


def _page(answer: Table[Any]) -> Group:
    notes = (Text(clean(note), FAINT) for note in answer.notes)
    return Group(Text(clean(answer.title), HEADING), *notes, table_of(answer))

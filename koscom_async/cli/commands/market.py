"""`koscom market`: quotes, bars, order books, snapshots, indices and holidays, in each format."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any, get_args

import click

from koscom_async._services.catalogue.boards import BOARDS, MAIN_BOARDS
from koscom_async._services.tasks import gather
from koscom_async.cli.commands.tables import EPILOGUE, Ask, table_command
from koscom_async.cli.main import CommandGroup
from koscom_async.cli.options import DAY, Word
from koscom_async.client import Koscom
from koscom_async.errors import KoscomError, kept
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.market.bars import Bars, Every
from koscom_async.models.market.quotes import IndexValue, IndexValues, OrderBook, Quotes

_BOARD = click.option(
    "--board", type=Word(BOARDS), help="Where it is listed.  [default: found by the listings]"
)


@click.group(name="market", cls=CommandGroup)
def market_group() -> None:
    """Show market data (시세): prices in KRW, quantities in shares, times in Korea.

    Needs no investor: KOSCOM_API_KEY and KOSCOM_API_SECRET are enough.
    """


def _command(name: str) -> Callable[[Ask], click.Command]:
    return lambda ask: market_group.command(name=name, epilog=EPILOGUE)(table_command(ask))


@_command("quote")
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@_BOARD
async def quote_command(koscom: Koscom, **asked: Any) -> Quotes:
    """Show the last prices of issues, by code or ISIN; codes without a price are named on stderr."""
    return await koscom.market.quotes(**asked)


@_command("bars")
@click.argument("code")
@click.option("--since", type=DAY, required=True, help="The first day.")
@click.option("--until", type=DAY, help="The last day.  [default: today in Korea]")
@click.option(
    "--every", type=Word(get_args(Every)), default="day", show_default=True, help="The length of a bar."
)
@_BOARD
async def bars_command(koscom: Koscom, *, since: date, until: date | None, **asked: Any) -> Bars:
    """Show the course of an issue's price, the oldest first: bars of days, weeks, months, seconds or minutes."""
    return await koscom.market.bars(since=since, until=until, **asked)


@_command("book")
@click.argument("code")
@_BOARD
async def book_command(koscom: Koscom, **asked: Any) -> OrderBook:
    """Show an issue's order book: asks (매도), the highest first, then bids (매수)."""
    return await koscom.market.order_book(**asked)


@_command("snapshot")
@click.argument("board", type=Word(MAIN_BOARDS), metavar="[kospi|kosdaq]")
async def snapshot_command(koscom: Koscom, **asked: Any) -> Quotes:
    """Show every issue of a board, in one call."""
    return await koscom.market.snapshot(**asked)


@_command("index")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
async def index_command(koscom: Koscom, *, names: Sequence[str], deadline: float | None) -> IndexValues:
    """Show indices, by name (KOSPI, 코스닥150) or code (K51)."""
    asked = list(dict.fromkeys(names))
    answers = await gather([partial(_index, koscom, name, deadline) for name in asked])
    failures = {
        name: each for name, each in zip(asked, answers, strict=True) if isinstance(each, KoscomError)
    }
    if len(failures) == len(asked):
        raise failures[asked[0]]
    return IndexValues(
        rows=tuple(each for each in answers if isinstance(each, IndexValue)), failures=failures
    )


async def _index(koscom: Koscom, name: str, deadline: float | None) -> IndexValue | KoscomError:
    try:
        return await koscom.market.index(name, deadline=deadline)
    except KoscomError as error:
        return kept(error)


@_command("holidays")
@click.argument("nation", default="KR")
async def holidays_command(koscom: Koscom, *, nation: str, deadline: float | None) -> Answer:
    """Show the days on which a nation's market is closed, from today to the end of the year."""
    return await koscom.ask("market.extra.holiday", nation=nation.upper(), deadline=deadline)

"""`koscom market`: quotes, bars, order books, snapshots, indices and holidays, in each format."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import partial, wraps
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import anyio
import click
from attrs import NOTHING, frozen
from rich.console import Group
from rich.text import Text

from koscom_async._record import Record
from koscom_async._services.catalogue.boards import BOARDS, MAIN_BOARDS
from koscom_async._services.market.service import MarketService
from koscom_async._services.tasks import background, gather
from koscom_async.cli.commands.holdings_request import ANSWER, Format, format_of
from koscom_async.cli.ending import write_file
from koscom_async.cli.main import FAILED, PARTIAL, WHOLE, exit_codes
from koscom_async.cli.options import DAY, Command, GatewayOptions, add_options, gateway_options, open_client
from koscom_async.cli.output import (
    encode,
    json_text,
    print_report,
    text_of,
    versioned,
    write_stderr,
    write_stdout,
)
from koscom_async.cli.views.layout import FAINT, HEADING
from koscom_async.cli.views.records import csv_of, parquet_of, table_of
from koscom_async.client import Koscom
from koscom_async.errors import UsageError
from koscom_async.export.texts import clean, counted
from koscom_async.models.market.bars import Bars
from koscom_async.models.market.quotes import IndexValue, Quotes
from koscom_async.models.market.table import Table, ko

Ask = Callable[[MarketService], Awaitable[Table[Any]]]

_FORMATS: tuple[Format, ...] = ("table", "json", "csv", "parquet")
_EVERY = ("day", "week", "month", "10s", "1m", "10m")
_REPORT_SECONDS = 1.0
"""How often a long question says on stderr how many calls it has made."""

_EPILOGUE = exit_codes("everything asked is there", "an error: nothing is there", is_partial=False)
_BOARD = click.option(
    "--board", type=click.Choice(BOARDS), help="Where it is listed.  [default: found by the listings]"
)


@click.group(name="market")
def market_group() -> None:
    """Show market data (시세): prices in KRW, quantities in shares, times in Korea.

    Needs no investor: KOSCOM_API_KEY and KOSCOM_API_SECRET are enough.
    """


@frozen(kw_only=True)
class _Output:
    """How an answer is asked for and written."""

    format: Format
    file: Path | None
    deadline: float | None
    quiet: bool
    gateway: GatewayOptions


def _output_options(command: Command) -> Command:
    @wraps(command)
    def collected(
        *arguments: Any, format_: str | None, as_json: bool, as_csv: bool, output: Path | None,
        deadline: float | None, quiet: bool, gateway: GatewayOptions, **others: Any,
    ) -> Any:  # fmt: skip
        file = None if output == Path("-") else output
        chosen = format_of(format_, as_json=as_json, as_csv=as_csv, output=file)
        if chosen not in _FORMATS:
            raise click.UsageError(
                f"market data cannot be written as {chosen}, only as {', '.join(_FORMATS)}"
            )
        if chosen == "parquet" and file is None and sys.stdout.isatty():
            raise click.UsageError("parquet is not for a terminal: add --output FILE, or redirect it")
        asked = _Output(format=chosen, file=file, deadline=deadline, quiet=quiet, gateway=gateway)
        return command(*arguments, output=asked, **others)

    formats = click.option(
        "--format",
        "format_",
        type=click.Choice(_FORMATS),
        help="Output format.  [default: by the suffix of --output, or table]",
    )
    return add_options(collected, (formats, *ANSWER, gateway_options))


@market_group.command(name="quote", epilog=_EPILOGUE)
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@_BOARD
@_output_options
@click.pass_context
def quote_command(context: click.Context, /, *, codes: Sequence[str], board: Any, output: _Output) -> None:
    """Show the last prices of issues, by code or ISIN; codes without a price are named on stderr."""
    _run(context, output, lambda market: market.quotes(codes, board=board, deadline=output.deadline))


@market_group.command(name="bars", epilog=_EPILOGUE)
@click.argument("code")
@click.option("--since", **DAY, required=True, help="The first day.")
@click.option("--until", **DAY, help="The last day.  [default: today in Korea]")
@click.option(
    "--every", type=click.Choice(_EVERY), default="day", show_default=True, help="The length of a bar."
)
@_BOARD
@_output_options
@click.pass_context
def bars_command(
    context: click.Context, /, *, code: str, since: datetime, until: datetime | None, every: Any, board: Any,
    output: _Output,
) -> None:  # fmt: skip
    """Show the course of an issue's price, the oldest first: bars of days, weeks, months, seconds or minutes."""
    last = None if until is None else until.date()
    _run(
        context,
        output,
        lambda market: market.bars(
            code, since.date(), last, every=every, board=board, deadline=output.deadline
        ),
    )


@market_group.command(name="book", epilog=_EPILOGUE)
@click.argument("code")
@_BOARD
@_output_options
@click.pass_context
def book_command(context: click.Context, /, *, code: str, board: Any, output: _Output) -> None:
    """Show an issue's order book: asks (매도) from the highest down, then bids (매수)."""
    _run(context, output, lambda market: market.order_book(code, board=board, deadline=output.deadline))


@market_group.command(name="snapshot", epilog=_EPILOGUE)
@click.argument("board", type=click.Choice(MAIN_BOARDS))
@_output_options
@click.pass_context
def snapshot_command(context: click.Context, /, *, board: Any, output: _Output) -> None:
    """Show every issue of a board, in one call."""
    _run(context, output, lambda market: market.snapshot(board, deadline=output.deadline))


@market_group.command(name="index", epilog=_EPILOGUE)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@_output_options
@click.pass_context
def index_command(context: click.Context, /, *, names: Sequence[str], output: _Output) -> None:
    """Show indices, by name (KOSPI, 코스닥150) or code (K51)."""

    async def ask(market: MarketService) -> Table[Any]:
        return _Indices(
            rows=tuple(
                await gather([partial(market.index, name, deadline=output.deadline) for name in names])
            )
        )

    _run(context, output, ask)


@market_group.command(name="holidays", epilog=_EPILOGUE)
@click.argument("nation", default="KR")
@_output_options
@click.pass_context
def holidays_command(context: click.Context, /, *, nation: str, output: _Output) -> None:
    """Show the days on which a nation's market is closed, from today to the end of the year."""

    async def ask(market: MarketService) -> Table[Any]:
        days = await market.holidays(nation.upper(), deadline=output.deadline)
        return _Holidays(nation=nation.upper(), rows=tuple(_Holiday(on=day) for day in days))

    _run(context, output, ask)


@frozen(kw_only=True, eq=False, repr=False)
class _Indices(Table[IndexValue]):
    kind: ClassVar[type[Record]] = IndexValue
    rows: tuple[IndexValue, ...]

    def _items(self) -> Iterator[IndexValue]:
        return iter(self.rows)

    def _title(self) -> str:
        return counted(len(self.rows), "index") if len(self.rows) == 1 else f"{len(self.rows)} indices"


@frozen(kw_only=True, eq=False, repr=False)
class _Holiday(Record):
    on: date = ko("일자", NOTHING)


@frozen(kw_only=True, eq=False, repr=False)
class _Holidays(Table[_Holiday]):
    kind: ClassVar[type[Record]] = _Holiday
    nation: str
    rows: tuple[_Holiday, ...]

    def _items(self) -> Iterator[_Holiday]:
        return iter(self.rows)

    def _title(self) -> str:
        return f"{self.nation}, {counted(len(self.rows), 'holiday')}"


def _run(context: click.Context, output: _Output, ask: Ask) -> NoReturn:
    """Ask, write the answer, name on stderr what is missing, and exit."""
    try:
        answer = asyncio.run(_asked(output, ask))
    except UsageError as error:
        hint = f": {error.advice}" if error.advice else ""
        raise click.UsageError(f"{error.message}{hint}") from error
    made: dict[Format, Callable[[], Any]] = {
        "table": lambda: Group(
            Text(clean(answer.title), HEADING), *map(_faint, _notes(answer)), table_of(answer)
        ),
        "json": lambda: encode(json_text(versioned(answer.to_dicts()))),
        "csv": lambda: encode(csv_of(answer)),
        "parquet": lambda: parquet_of(answer.to_arrow),
    }
    written = made[output.format]()
    if output.file is not None:
        write_file(output.file, text_of(written).encode() if output.format == "table" else written)
        write_stderr(f"written to {clean(str(output.file))}")
    elif output.format == "table":
        print_report(written)
    else:
        write_stdout(written)
    is_whole = getattr(answer, "complete", True)
    for note in () if is_whole else _notes(answer):
        write_stderr(f"koscom: INCOMPLETE: {clean(note)}")
    context.exit(WHOLE if is_whole else PARTIAL if answer.to_rows() else FAILED)


async def _asked(output: _Output, ask: Ask) -> Table[Any]:
    async with open_client(output.gateway) as access, _reported(access.koscom, quiet=output.quiet):
        return await ask(access.koscom.market)


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


def _notes(answer: Table[Any]) -> list[str]:
    match answer:
        case Bars():
            return list(answer.notes)
        case Quotes():
            missing = [f"{', '.join(answer.missing)}: not listed, or left out"] if answer.missing else []
            return missing + [f"{code}: {error}" for code, error in answer.failures.items()]
    return []


def _faint(note: str) -> Text:
    return Text(clean(note), FAINT)

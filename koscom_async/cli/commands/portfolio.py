"""`koscom portfolio`: what each account is made of, in shares or in quantities."""

import asyncio
from collections.abc import Iterator, Mapping

import click
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from koscom_async.cli.access import GatewayOptions, open_client
from koscom_async.cli.ending import finish
from koscom_async.cli.main import exit_codes
from koscom_async.cli.options import ROWS, OutputOptions, answer_options
from koscom_async.cli.views.layout import FAINT, Column, Grid, Row, fitting, page, plain_text
from koscom_async.cli.views.progress import read_stream
from koscom_async.cli.views.records import Sheet
from koscom_async.export import amounts
from koscom_async.export.tables import REPORTED_RATE, Type
from koscom_async.export.texts import account_name, kind
from koscom_async.models.codes import Measure
from koscom_async.models.gathered import PortfolioLot, PortfolioPosition, Portfolios
from koscom_async.models.portfolio import PortfolioCash, PortfolioRow
from koscom_async.models.positions import Instrument

_NAMES = ("asset_class", "product", "code", "name", "broker", "account", "measure")
_NUMBERS = ("number", "share", "quantity", "return_rate")
COLUMNS: Mapping[str, Type] = {**dict.fromkeys(_NAMES, "text"), **dict.fromkeys(_NUMBERS, REPORTED_RATE)}
_HEADERS = (
    Column("Name", least=12),
    Column("Code", least=None),
    Column("Kind", least=None),
    Column("Account", least=14),
    Column("Number", is_number=True),
    Column("What it is", least=10),
    Column("Return", is_number=True),
)
_MEASURES = {Measure.SHARE: "% of its class", Measure.QUANTITY: "quantity", None: "not known"}


@click.command(name="portfolio", epilog=exit_codes())
@click.option(
    "--quantities", is_flag=True, help="Ask for quantities (QTY) instead of shares in percent (RAT)."
)
@answer_options(*ROWS)
def portfolio_command(*, quantities: bool, output: OutputOptions, gateway: GatewayOptions) -> None:
    """Show what each linked account is made of, with each number as what it is: shares are never added up."""
    portfolios = asyncio.run(_read(gateway, output, Measure.QUANTITY if quantities else Measure.SHARE))
    notes = [
        f"{account_name(each.account)}: {note}" for each in portfolios.outcomes for note in each.trace.notes
    ]
    renderers = {
        "table": lambda: page("Portfolios", portfolios, PortfoliosTable(portfolios), notes),
        "json": portfolios.to_dicts,
        **Sheet("portfolio", COLUMNS, list(_records(portfolios)), portfolios).formats(),
    }
    finish(portfolios, renderers, output)


async def _read(gateway: GatewayOptions, output: OutputOptions, measure: Measure) -> Portfolios:
    async with open_client(gateway) as access:
        stream = access.koscom.stream_portfolios(access.investor, measure=measure, deadline=output.deadline)
        return (await read_stream(stream, access, quiet=output.quiet)).portfolios


def _records(portfolios: Portfolios) -> Iterator[Mapping[str, object]]:
    for position in portfolios.positions:
        for lot in position.lots:
            yield _record(lot)


def _record(lot: PortfolioLot) -> dict[str, object]:
    names = [name for name in COLUMNS if name not in {"broker", "account"}]
    return {
        "broker": lot.account.broker.short_name,
        "account": lot.account.masked_number,
        **{name: getattr(lot.row, name) for name in names},
    }


class PortfoliosTable:
    """One line per account row, instrument by instrument, below the accounts' cash."""

    def __init__(self, portfolios: Portfolios) -> None:
        self._portfolios = portfolios

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = (*self._cash(), *self._lots())
        grids = Grid(_HEADERS, rows).dropping("Kind")
        yield (
            fitting((*grids, grids[-1].folding("Code")), options.max_width)
            if rows
            else Text("Nothing is held.")
        )

    def _cash(self) -> Iterator[Row]:
        for outcome in self._portfolios.outcomes:
            if outcome.portfolio is not None and outcome.portfolio.cash is not None:
                cash = outcome.portfolio.cash
                yield Row(
                    (
                        Text("Cash"),
                        Text(),
                        Text(),
                        Text(account_name(outcome.account)),
                        Text(amounts.quantity(cash.number)),
                        Text(_cash_words(cash), FAINT),
                        Text(),
                    )
                )

    def _lots(self) -> Iterator[Row]:
        for position in self._portfolios.positions:
            for lot in position.lots:
                yield _lot_row(position, lot)


def _cash_words(cash: PortfolioCash) -> str:
    return {Measure.SHARE: "% of all assets", Measure.QUANTITY: "KRW"}.get(
        cash.measure or Measure(""), _MEASURES[None]
    )


def _words(row: PortfolioRow) -> str:
    return "" if row.number is None else _MEASURES.get(row.measure, _MEASURES[None])


def _lot_row(position: PortfolioPosition, lot: PortfolioLot) -> Row:
    row: PortfolioRow = lot.row
    instrument = Instrument(asset_class=position.asset_class, product=position.product)
    return Row(
        (
            plain_text(position.name or position.code or amounts.UNKNOWN),
            plain_text((position.name and position.code) or "", FAINT),
            plain_text(kind(instrument)),
            Text(account_name(lot.account)),
            Text(amounts.quantity(row.number)),
            Text(_words(row), FAINT),
            Text(amounts.percent(row.return_rate)),
        )
    )

"""`koscom holdings`: what the investor owns, everywhere, right now; each view of it in each of its formats."""

import asyncio
from functools import partial
from pathlib import Path
from typing import NoReturn

import click

from koscom_async.cli.access import Access, GatewayOptions, open_client
from koscom_async.cli.commands.holdings_request import HoldingsRequest, holdings_options
from koscom_async.cli.ending import Renderers, exit_code, finish
from koscom_async.cli.files import save, saved_holdings
from koscom_async.cli.main import FAILED, exit_codes
from koscom_async.cli.output import write_stderr
from koscom_async.cli.views import records
from koscom_async.cli.views.differences import difference_data, difference_report
from koscom_async.cli.views.explanations import explanation_data, explanation_report
from koscom_async.cli.views.groups import groups_data, groups_report, groups_sheet
from koscom_async.cli.views.live import live_report
from koscom_async.cli.views.positions import csv_text
from koscom_async.cli.views.progress import read_stream
from koscom_async.cli.views.report import report
from koscom_async.cli.watch import watch, watcher
from koscom_async.export.excel import workbook
from koscom_async.export.texts import clean
from koscom_async.models.breakdown import GroupBy
from koscom_async.models.holdings import Holdings
from koscom_async.models.market.valuation import Valuation


@click.command(name="holdings", epilog=exit_codes())
@holdings_options
def holdings_command(*, request: HoldingsRequest, gateway: GatewayOptions) -> None:
    """Show what the investor owns at every linked broker, merged.

    Amounts in KRW are whole won, gains are red and losses blue as Korean brokers show them; — is not known. The other
    formats have every digit.
    """
    if request.interval is not None:
        asyncio.run(_watch(gateway, request, request.interval))
    # Read first: a wrong file is refused before any call is spent.
    earlier = saved_holdings(request.earlier) if request.earlier else None
    holdings, valuation = asyncio.run(_read(gateway, request))
    if request.save:
        _save(holdings, request.save)
    if valuation is not None:
        finish(holdings, records.renderers_of(valuation, partial(live_report, valuation)), request.output)
    finish(holdings, renderers_of(request, holdings, earlier), request.output)


async def _read(gateway: GatewayOptions, request: HoldingsRequest) -> tuple[Holdings, Valuation | None]:
    async with open_client(gateway) as access:
        holdings = await read_holdings(access, request)
        if request.view != "live":
            return holdings, None
        return holdings, await holdings.revalue(access.koscom.market, deadline=request.output.deadline)


async def _watch(gateway: GatewayOptions, request: HoldingsRequest, interval: float) -> NoReturn:
    async with open_client(gateway) as access:
        first = await read_holdings(access, request)
        again = partial(access.koscom.holdings, access.investor, deadline=request.output.deadline)
        with watcher(interval=interval, by=request.by, with_lots=request.with_lots) as watching:
            await watch(first, again, watching, interval=interval)


async def read_holdings(access: Access, request: HoldingsRequest) -> Holdings:
    """Read every account, and report on stderr how it goes."""
    stream = access.koscom.stream_holdings(access.investor, deadline=request.output.deadline)
    return (await read_stream(stream, access, quiet=request.output.quiet)).holdings


def _save(holdings: Holdings, file: Path) -> None:
    path = clean(str(file))
    if exit_code(holdings) == FAILED:
        write_stderr(f"not saved to {path}: no account was read")
        return
    save(holdings, file)
    partial_answer = "" if holdings.complete else ", INCOMPLETE as it is,"
    write_stderr(f"saved{partial_answer} to {path}, with account numbers in full: keep it to yourself")


def renderers_of(request: HoldingsRequest, holdings: Holdings, earlier: Holdings | None) -> Renderers:
    """Return the formats of the view that is asked for: the options of two views exclude each other."""
    if request.by is not None:
        return _by(holdings, request.by)
    if earlier is not None:
        return _diff(holdings, earlier)
    if request.term is not None:
        return _explain(holdings, request.term)
    return whole_renderers(holdings, with_lots=request.with_lots)


def whole_renderers(holdings: Holdings, *, with_lots: bool) -> Renderers:
    """Return every format of whole holdings."""
    return {
        "table": lambda: report(holdings, with_lots=with_lots),
        "json": holdings.to_dicts,
        "csv": lambda: csv_text(holdings, with_lots=with_lots),
        "parquet": lambda: records.parquet_of(
            lambda: holdings.to_arrow("lots" if with_lots else "positions")
        ),
        "xlsx": lambda: workbook(holdings),
        "html": lambda: holdings.to_html().encode(),
    }


def _by(holdings: Holdings, by: GroupBy) -> Renderers:
    return {
        "table": lambda: groups_report(holdings, by),
        "json": lambda: groups_data(holdings, by),
        **groups_sheet(holdings, by).formats(),
    }


def _diff(holdings: Holdings, earlier: Holdings) -> Renderers:
    return {
        "table": lambda: difference_report(holdings, earlier),
        "json": lambda: difference_data(holdings, earlier),
    }


def _explain(holdings: Holdings, term: str) -> Renderers:
    return {
        "table": lambda: explanation_report(holdings, term),
        "json": lambda: explanation_data(holdings, term),
    }

"""`koscom holdings`: what the investor owns, everywhere, right now; each view of it in each of its formats."""

import asyncio
import io
from collections.abc import Callable, Mapping
from functools import partial

import click

from koscom_async.cli.commands.holdings_request import HoldingsRequest, View, holdings_options
from koscom_async.cli.ending import Forms, end, exit_code, save, saved_holdings
from koscom_async.cli.main import FAILED, Failed, exit_codes
from koscom_async.cli.options import Access, Gateway, opened
from koscom_async.cli.output import csv_of_groups, csv_text, write_stderr
from koscom_async.cli.views.differences import difference_data, difference_report
from koscom_async.cli.views.explanations import explanation_data, explanation_report
from koscom_async.cli.views.groups import groups_data, groups_report
from koscom_async.cli.views.progress import read_stream
from koscom_async.cli.views.report import report
from koscom_async.cli.watch import watch, watcher
from koscom_async.export.frames import needed
from koscom_async.export.texts import clean
from koscom_async.models.breakdown import GroupBy
from koscom_async.models.holdings import Holdings


@click.command(name="holdings", epilog=exit_codes())
@holdings_options
@click.pass_context
def holdings_command(context: click.Context, /, *, request: HoldingsRequest, gateway: Gateway) -> None:
    """Show what the investor owns at every linked broker, merged.

    Amounts in KRW are whole won, gains are red and losses blue as Korean brokers show them; — is not known. The other
    formats have every digit.
    """
    if request.interval is not None:
        asyncio.run(_watch(gateway, request, request.interval))
    # Read first: a wrong file is refused before any call is spent.
    earlier = saved_holdings(request.earlier) if request.earlier else None
    holdings = asyncio.run(_read(gateway, request))
    if request.save:
        _save(holdings, request)
    forms = FORMS[request.view](request, holdings, earlier)
    end(context, holdings, forms, format_=request.format, output=request.output)


async def _read(gateway: Gateway, request: HoldingsRequest) -> Holdings:
    async with opened(gateway) as access:
        return await read_holdings(access, request)


async def _watch(gateway: Gateway, request: HoldingsRequest, interval: float) -> None:
    async with opened(gateway) as access:
        first = await read_holdings(access, request)
        again = partial(access.koscom.holdings, access.investor, deadline=request.deadline)
        with watcher(interval=interval, by=request.by, with_lots=request.with_lots) as watching:
            await watch(first, again, watching, interval=interval)


async def read_holdings(access: Access, request: HoldingsRequest) -> Holdings:
    """Read every account, and report on stderr how it goes."""
    stream = access.koscom.stream_holdings(access.investor, deadline=request.deadline)
    return (await read_stream(stream, access, quiet=request.quiet)).holdings


def _save(holdings: Holdings, request: HoldingsRequest) -> None:
    if request.save is None:
        return
    path = clean(str(request.save))
    if exit_code(holdings) == FAILED:
        write_stderr(f"not saved to {path}: no account was read")
        return
    save(holdings, request.save)
    partial_answer = "" if holdings.complete else ", INCOMPLETE as it is,"
    write_stderr(f"saved{partial_answer} to {path}, with account numbers in full: keep it to yourself")


def _whole(request: HoldingsRequest, holdings: Holdings, _: Holdings | None) -> Forms:
    return {
        "table": lambda: report(holdings, with_lots=request.with_lots),
        "json": holdings.to_dicts,
        "csv": lambda: csv_text(holdings, with_lots=request.with_lots),
        "parquet": lambda: _parquet(holdings, with_lots=request.with_lots),
        "html": lambda: holdings.to_html().encode(),
    }


def _by(request: HoldingsRequest, holdings: Holdings, _: Holdings | None) -> Forms:
    by: GroupBy = request.by or "class"
    return {
        "table": lambda: groups_report(holdings, by),
        "json": lambda: groups_data(holdings, by),
        "csv": lambda: csv_of_groups(holdings.by(by)),
    }


def _diff(_: HoldingsRequest, holdings: Holdings, earlier: Holdings | None) -> Forms:
    before = earlier or holdings
    return {
        "table": lambda: difference_report(holdings, before),
        "json": lambda: difference_data(holdings, before),
    }


def _explain(request: HoldingsRequest, holdings: Holdings, _: Holdings | None) -> Forms:
    term = request.term or ""
    return {
        "table": lambda: explanation_report(holdings, term),
        "json": lambda: explanation_data(holdings, term),
    }


FORMS: Mapping[View, Callable[[HoldingsRequest, Holdings, Holdings | None], Forms]] = {
    "whole": _whole,
    "by": _by,
    "diff": _diff,
    "explain": _explain,
}


def _parquet(holdings: Holdings, *, with_lots: bool) -> bytes:
    try:
        table = holdings.to_arrow("lots" if with_lots else "positions")
        writer = needed("pyarrow.parquet", extra="arrow")
    except ImportError as error:
        raise Failed(str(error)) from error
    page = io.BytesIO()
    writer.write_table(table, page)
    return page.getvalue()

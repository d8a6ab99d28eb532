"""`koscom holdings`: what the investor owns, everywhere, right now."""

import asyncio
from collections.abc import Sequence

import click

from koscom_async.cli.csv_rows import csv_text
from koscom_async.cli.exits import EXIT_CODES_HELP, code_of
from koscom_async.cli.gateway_options import Access, above_zero, gateway_options, opened
from koscom_async.cli.json_text import json_text
from koscom_async.cli.progress import progress
from koscom_async.cli.report import report
from koscom_async.cli.streams import give, say, show
from koscom_async.client import Koscom
from koscom_async.export.notes import failure_lines, headline
from koscom_async.export.texts import account_name
from koscom_async.models.holdings import Holdings


@click.command(name="holdings", epilog=EXIT_CODES_HELP)
@click.option(
    "--lots", "with_lots", is_flag=True, help="Show the lots of each position: one a row of an account."
)
@click.option("--json", "as_json", is_flag=True, help="Write everything as JSON, decimals as text.")
@click.option("--csv", "as_csv", is_flag=True, help="Write a row a position (with --lots: a lot) as CSV.")
@click.option(
    "--deadline",
    type=float,
    metavar="SECONDS",
    callback=above_zero,
    help="Stop after this many seconds, with what was read by then.",
)
@gateway_options
@click.pass_context
def holdings_command(  # noqa: PLR0913  # click hands over each option
    context: click.Context,
    *,
    with_lots: bool,
    as_json: bool,
    as_csv: bool,
    deadline: float | None,
    sandbox: bool,
    faults: Sequence[str],
    latency: float | None,
) -> None:
    """Show what the investor owns at every linked broker, merged.

    Amounts in KRW are whole won, gains are red and losses blue as Korean brokers show them; — is not known. --json and
    --csv have every digit.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    holdings = asyncio.run(_read(deadline=deadline, sandbox=sandbox, faults=faults, latency=latency))
    if as_json:
        give(json_text(holdings.to_dicts()))
    elif as_csv:
        give(csv_text(holdings, with_lots=with_lots))
    else:
        show(report(holdings, with_lots=with_lots))
    if as_json or as_csv:
        _say_what_is_missing(holdings)
    context.exit(code_of(holdings))


async def _read(
    *, deadline: float | None, sandbox: bool, faults: Sequence[str], latency: float | None
) -> Holdings:
    async with opened(sandbox=sandbox, faults=faults, latency=latency) as access:
        return await read_holdings(access, deadline=deadline)


async def read_holdings(access: Access, *, deadline: float | None) -> Holdings:
    """Read every account, and tell whoever watches how it goes."""
    with progress(access.sandbox_url) as seen:
        async with (
            Koscom(access.settings, tokens=access.tokens) as koscom,
            koscom.stream_holdings(access.investor, deadline=deadline) as stream,
        ):
            seen.asking(stream)
            async for outcome in stream:
                seen.settled(outcome)
            return stream.holdings


def _say_what_is_missing(holdings: Holdings) -> None:
    text = headline(holdings)
    if text is None:
        return
    say(text)
    for failure in holdings.failures:
        say(f"  {account_name(failure.account)}: {' '.join(failure_lines(failure))}")

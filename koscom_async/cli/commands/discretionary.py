"""`koscom discretionary`: the firm's contract accounts, their holdings, orders, settlements and trades."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click

from koscom_async._clock import korean_now
from koscom_async.cli.main import EXIT_CODES_HELP, code_of
from koscom_async.cli.options import above_zero, gateway_options, opened_settings
from koscom_async.cli.output import csv_text, give, json_text, say, show
from koscom_async.cli.views.contracts import ContractsTable, contracts_csv, contracts_plain, read_contracts
from koscom_async.cli.views.discretionary import (
    ORDERS,
    SETTLEMENTS,
    TRADES,
    RowsTable,
    Shown,
    failure_lines_of,
    incomplete,
    rows_csv,
)
from koscom_async.cli.views.report import report
from koscom_async.client import Koscom
from koscom_async.export.notes import headline
from koscom_async.export.rows import plain
from koscom_async.export.texts import account_name
from koscom_async.models.discretionary.answers import DiscretionaryAnswers
from koscom_async.models.holdings import Holdings

_F = TypeVar("_F", bound=Callable[..., Any])
Answer = TypeVar("Answer")
_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group(name="discretionary")
def discretionary_group() -> None:
    """Show the accounts under discretionary contract (일임매매) with the firm, at all of its brokers.

    Needs no investor: KOSCOM_API_KEY and KOSCOM_API_SECRET are enough. KOSCOM_DISCRETIONARY_BROKERS, or --broker, says
    which brokers to ask.
    """


def _common_options(command: _F) -> _F:
    for option in (
        click.option(
            "--deadline",
            type=float,
            metavar="SECONDS",
            callback=above_zero,
            help="Stop after this many seconds, with what was read by then.",
        ),
        click.option("--csv", "as_csv", is_flag=True, help="Write CSV."),
        click.option("--json", "as_json", is_flag=True, help="Write JSON, decimals as text."),
        click.option("--ended", "include_ended", is_flag=True, help="Ask ended contracts, too."),
        click.option(
            "--broker", "brokers", multiple=True, metavar="NAME", help="Ask this broker. Repeatable."
        ),
    ):
        command = option(command)
    return gateway_options(command)


def _run(
    ask: Callable[[Koscom], Awaitable[Answer]],
    *,
    as_json: bool,
    as_csv: bool,
    sandbox: bool,
    faults: Sequence[str],
    latency: float | None,
) -> Answer:
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")

    async def read() -> Answer:
        async with (
            opened_settings(sandbox=sandbox, faults=faults, latency=latency) as settings,
            Koscom(settings) as koscom,
        ):
            return await ask(koscom)

    return asyncio.run(read())


@discretionary_group.command(name="accounts", epilog=EXIT_CODES_HELP)
@_common_options
@click.pass_context
def accounts_command(
    context: click.Context,
    /,
    *,
    brokers: Sequence[str],
    include_ended: bool,
    deadline: float | None,
    **how: Any,
) -> None:
    """List the accounts under contract; with --ended those, too, whose contract has ended."""

    async def ask(koscom: Koscom) -> Any:
        return await read_contracts(koscom, brokers or None, include_ended=include_ended, deadline=deadline)

    listed = _run(ask, **how)
    if how["as_json"]:
        give(json_text(contracts_plain(listed)))
    elif how["as_csv"]:
        give(contracts_csv(listed))
    else:
        show(ContractsTable(listed))
    if how["as_json"] or how["as_csv"]:
        for failure in listed.failures:
            say(f"INCOMPLETE: {failure.broker.short_name}: {failure.error}")
    context.exit(code_of(listed))


@discretionary_group.command(name="holdings", epilog=EXIT_CODES_HELP)
@click.option("--lots", "with_lots", is_flag=True, help="Show the lots of each position.")
@_common_options
@click.pass_context
def holdings_command(
    context: click.Context,
    /,
    *,
    with_lots: bool,
    brokers: Sequence[str],
    include_ended: bool,
    deadline: float | None,
    **how: Any,
) -> None:
    """Show what all contract accounts hold, merged; between 08:30 and 16:00 KST the platform does not answer."""

    async def ask(koscom: Koscom) -> Holdings:
        return await koscom.discretionary_holdings(
            brokers or None, include_ended=include_ended, deadline=deadline
        )

    holdings = _run(ask, **how)
    if how["as_json"]:
        give(json_text(holdings.to_dicts()))
    elif how["as_csv"]:
        give(csv_text(holdings, with_lots=with_lots))
    else:
        show(report(holdings, with_lots=with_lots))
    missing = headline(holdings)
    if missing is not None and (how["as_json"] or how["as_csv"]):
        say(missing)
    context.exit(code_of(holdings))


def _hand_out(
    context: click.Context,
    answers: DiscretionaryAnswers[Any],
    columns: Sequence[Shown],
    noun: str,
    how: dict[str, Any],
) -> None:
    if how["as_json"]:
        outcomes = [
            plain(each) | {"rows": plain(each.answer.rows if each.answer else ())}
            for each in answers.outcomes
        ]
        document = {"complete": answers.complete, "as_of": plain(answers.as_of), "outcomes": outcomes}
        give(json_text(document))
    elif how["as_csv"]:
        give(rows_csv(answers, columns))
    else:
        show(RowsTable(answers, columns, noun))
    missing = incomplete(answers)
    if missing is not None and (how["as_json"] or how["as_csv"]):
        say(missing)
        for failure in answers.failures:
            say(f"  {account_name(failure.account)}: {' '.join(failure_lines_of(failure))}")
    context.exit(code_of(answers))


@discretionary_group.command(name="orders", epilog=EXIT_CODES_HELP)
@click.option("--on", type=_DAY, help="The day of the orders.  [default: today]")
@_common_options
@click.pass_context
def orders_command(
    context: click.Context,
    /,
    *,
    on: datetime | None,
    brokers: Sequence[str],
    include_ended: bool,
    deadline: float | None,
    **how: Any,
) -> None:
    """Show the orders of a day and what was executed of them."""

    async def ask(koscom: Koscom) -> DiscretionaryAnswers[Any]:
        return await koscom.discretionary.all_orders(
            brokers or None, on=on.date() if on else None, include_ended=include_ended, deadline=deadline
        )

    _hand_out(context, _run(ask, **how), ORDERS, "order", how)


@discretionary_group.command(name="settlements", epilog=EXIT_CODES_HELP)
@click.option("--on", type=_DAY, help="The day of the orders.  [default: all that are not settled]")
@_common_options
@click.pass_context
def settlements_command(
    context: click.Context,
    /,
    *,
    on: datetime | None,
    brokers: Sequence[str],
    include_ended: bool,
    deadline: float | None,
    **how: Any,
) -> None:
    """Show what is to be settled, with costs; between 08:30 and 16:00 KST the platform does not answer."""

    async def ask(koscom: Koscom) -> DiscretionaryAnswers[Any]:
        return await koscom.discretionary.all_settlements(
            brokers or None, on=on.date() if on else None, include_ended=include_ended, deadline=deadline
        )

    _hand_out(context, _run(ask, **how), SETTLEMENTS, "settlement", how)


@discretionary_group.command(name="trades", epilog=EXIT_CODES_HELP)
@click.option("--since", type=_DAY, required=True, help="The first day.")
@click.option("--until", type=_DAY, help="The last day.  [default: today]")
@_common_options
@click.pass_context
def trades_command(
    context: click.Context,
    /,
    *,
    since: datetime,
    until: datetime | None,
    brokers: Sequence[str],
    include_ended: bool,
    deadline: float | None,
    **how: Any,
) -> None:
    """Show the trade books, with costs."""
    last = until.date() if until else korean_now().date()

    async def ask(koscom: Koscom) -> DiscretionaryAnswers[Any]:
        return await koscom.discretionary.all_trades(
            since.date(), last, brokers or None, include_ended=include_ended, deadline=deadline
        )

    _hand_out(context, _run(ask, **how), TRADES, "trade", how)

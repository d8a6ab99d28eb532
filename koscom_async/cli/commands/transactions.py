"""`koscom transactions`: what moved in every account between two days, the earliest first."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any

import click
from attrs import frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from koscom_async._clock import korean_now
from koscom_async._fanout.transactions import TransactionStream
from koscom_async.cli.main import EXIT_CODES_HELP
from koscom_async.cli.options import opened
from koscom_async.cli.output import csv_lines, give, json_text, say, show
from koscom_async.cli.service_output import (
    check_formats,
    exit_code,
    noted,
    page,
    say_what_is_missing,
    service_options,
)
from koscom_async.cli.views.grid import Column, Grid, Row, fitting
from koscom_async.cli.views.sections import FAINT, WARNING, of_change, plain_text
from koscom_async.client import Koscom
from koscom_async.export import amounts
from koscom_async.export.rows import plain
from koscom_async.export.texts import account_name, counted
from koscom_async.models.outcome import TransactionsOutcome
from koscom_async.models.transactions import Transaction

COLUMNS = (
    *("on", "broker", "account", "type", "direction", "code"),
    *("amount_change", "quantity_change", "quantity_after", "signs_contradict"),
)
_HEADERS = (
    Column("Date", least=None),
    Column("Account", least=14),
    Column("What", least=None),
    Column("Code", least=None),
    Column("Amount", is_number=True),
    Column("Quantity", is_number=True),
    Column("Left", is_number=True),
)
_SIDES = ("BID", "ASK", "DEP", "WID")
_CONTRADICTION = "!"
_ROWS_AT_ONCE = 500


@click.command(name="transactions", epilog=EXIT_CODES_HELP)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day; today in Korea if not given.")
@click.option("--isin", help="Only this instrument.")
@click.option(
    "--side",
    type=click.Choice(_SIDES, case_sensitive=False),
    help="Only sales (BID), purchases (ASK), transfers in (DEP) or out (WID).",
)
@service_options
@click.pass_context
def transactions_command(
    context: click.Context,
    /,
    *,
    since: datetime,
    until: datetime | None,
    isin: str | None,
    side: str | None,
    as_json: bool,
    as_csv: bool,
    deadline: float | None,
    **gateway: Any,
) -> None:
    """Show what moved in every linked account, the earliest first; --csv writes rows as they come.

    BID is a sale (매도) and ASK a purchase (매수) in the platform's words; ! marks rows whose signs say otherwise.
    """
    check_formats(as_json=as_json, as_csv=as_csv)
    first, last = since.date(), korean_now().date() if until is None else until.date()
    if first > last:
        raise click.BadParameter(f"{first} is after {last}", param_hint="--since")
    question = _Question(first, last, isin, side, deadline)
    outcomes = asyncio.run(_run(question, gateway, as_json=as_json, as_csv=as_csv))
    if as_json or as_csv:
        say_what_is_missing(outcomes)
    context.exit(exit_code(outcomes))


@frozen
class _Question:
    """What is asked for."""

    since: date
    until: date
    isin: str | None
    side: str | None
    deadline: float | None


@asynccontextmanager
async def _stream(question: _Question, gateway: Mapping[str, Any]) -> AsyncIterator[TransactionStream]:
    async with opened(**gateway) as access, Koscom(access.settings, tokens=access.tokens) as koscom:
        if access.sandbox_url:
            say(f"asking the embedded sandbox gateway ({access.sandbox_url})")
        async with koscom.transactions(
            access.investor,
            question.since,
            question.until,
            isin=question.isin,
            side=question.side,
            deadline=question.deadline,
        ) as stream:
            yield stream


async def _run(
    question: _Question, gateway: Mapping[str, Any], *, as_json: bool, as_csv: bool
) -> Sequence[TransactionsOutcome]:
    async with _stream(question, gateway) as stream:
        if as_csv:
            await _give_csv(stream)
            return stream.outcomes
        rows = [row async for row in stream]
    if as_json:
        give(json_text(_plain(stream, rows)))
    else:
        title = f"Transactions from {question.since} to {question.until}"
        show(page(title, stream.outcomes, TransactionsTable(rows), _notes(stream, rows)))
    return stream.outcomes


async def _give_csv(stream: TransactionStream) -> None:
    """Write rows as they come, some at a time, so that no more than these are held."""
    give("\n".join(csv_lines(COLUMNS, ())))
    batch: list[Mapping[str, object]] = []
    async for row in stream:
        batch.append(_record(row))
        if len(batch) >= _ROWS_AT_ONCE:
            _give_rows(batch)
            batch = []
    _give_rows(batch)


def _give_rows(batch: Sequence[Mapping[str, object]]) -> None:
    if batch:
        give("\n".join(list(csv_lines(COLUMNS, batch))[1:]))


def _record(row: Transaction) -> dict[str, object]:
    account = row.account
    return {
        "broker": account.broker.short_name if account else None,
        "account": account.masked_number if account else None,
        "direction": _direction(row),
        **{name: getattr(row, name) for name in COLUMNS if name not in {"broker", "account", "direction"}},
    }


def _direction(row: Transaction) -> str | None:
    return row.direction.value if row.direction is not None else None


def _plain(stream: TransactionStream, rows: Sequence[Transaction]) -> dict[str, Any]:
    return {
        "complete": stream.complete,
        "as_of": plain(stream.as_of),
        "transactions": plain(list(rows)),
        "outcomes": plain(stream.outcomes),
        "failures": plain(stream.failures),
    }


def _notes(stream: TransactionStream, rows: Sequence[Transaction]) -> list[str]:
    notes = noted(stream.outcomes)
    for failure in stream.failures:
        notes.append(f"{account_name(failure.account)}: nothing is known from {failure.missing_from} on")
    odd = sum(row.signs_contradict for row in rows)
    if odd:
        notes.append(
            f"{counted(odd, 'row')} marked {_CONTRADICTION}: the signs contradict the documented code"
        )
    return notes


@frozen
class TransactionsTable:
    """One line a transaction."""

    rows: Sequence[Transaction]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the lines."""
        rows = tuple(map(_row, self.rows))
        yield fitting([Grid(_HEADERS, rows)], options.max_width) if rows else Text("Nothing has moved.")


def _row(row: Transaction) -> Row:
    what = _direction(row) or str(row.type or amounts.UNKNOWN)
    mark = _CONTRADICTION if row.signs_contradict else ""
    return Row(
        (
            Text(f"{row.on or amounts.UNKNOWN}"),
            Text(account_name(row.account) if row.account else ""),
            plain_text(f"{what} {mark}".strip(), WARNING if mark else ""),
            plain_text(row.code or "", FAINT),
            Text(amounts.change(row.amount_change), of_change(row.amount_change)),
            Text(amounts.quantity(row.quantity_change)),
            Text(amounts.quantity(row.quantity_after)),
        )
    )

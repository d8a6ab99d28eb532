"""`koscom transactions`: what moved in every account between two days, the earliest first."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date

import click
from attrs import frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from koscom_async._clock import korean_now
from koscom_async._fanout.transactions import TransactionStream, read_history
from koscom_async.cli.access import GatewayOptions, open_client
from koscom_async.cli.ending import exit_code, finish, report_missing
from koscom_async.cli.main import exit_codes
from koscom_async.cli.options import DAY, ROWS, OutputOptions, Word, answer_options, in_order
from koscom_async.cli.output import csv_rows, csv_table, write_stdout
from koscom_async.cli.views.layout import (
    FAINT,
    WARNING,
    Column,
    Grid,
    Row,
    fitting,
    of_change,
    page,
    plain_text,
)
from koscom_async.cli.views.progress import LineReporter
from koscom_async.cli.views.records import Sheet
from koscom_async.export import amounts
from koscom_async.export.tables import MONEY, QUANTITY, Type
from koscom_async.export.texts import account_name, counted
from koscom_async.models.transactions import Transaction, TransactionHistory

COLUMNS: Mapping[str, Type] = {
    "on": "day",
    **dict.fromkeys(("broker", "account", "type", "direction", "code"), "text"),
    "amount_change": MONEY,
    "quantity_change": QUANTITY,
    "quantity_after": QUANTITY,
    "signs_contradict": "flag",
}
_HEADERS = (
    Column("Date", least=None),
    Column("Account", least=14),
    Column("What", least=None),
    Column("Code", least=None),
    Column("Amount", is_number=True),
    Column("Quantity", is_number=True),
    Column("Left", is_number=True),
)
_SIDES = {"sell": "BID", "buy": "ASK", "in": "DEP", "out": "WID"}
_CONTRADICTION = "!"
_ROWS_AT_ONCE = 500


@click.command(name="transactions", epilog=exit_codes())
@click.option("--since", type=DAY, required=True, help="The first day.")
@click.option("--until", type=DAY, help="The last day.  [default: today in Korea]")
@click.option("--isin", help="Only this instrument.")
@click.option(
    "--side",
    type=Word((*_SIDES, *_SIDES.values())),
    metavar=f"[{'|'.join(_SIDES)}]",
    help="Only sales, purchases, transfers in or out; the platform's BID, ASK, DEP and WID are taken, too.",
)
@answer_options(*ROWS)
def transactions_command(
    *,
    since: date,
    until: date | None,
    isin: str | None,
    side: str | None,
    output: OutputOptions,
    gateway: GatewayOptions,
) -> None:
    """Show what moved in every linked account, the earliest first.

    --csv writes rows as they come. The platform's BID is a sale (매도), its ASK a purchase (매수); ! marks rows whose
    signs contradict that.
    """
    until = until or korean_now().date()
    in_order(since, until)
    question = _Question(since, until, isin, _SIDES.get(side or "", side))
    if output.format == "csv" and output.file is None:
        stream = asyncio.run(_write_csv(question, output, gateway))
        report_missing(stream)
        click.get_current_context().exit(exit_code(stream))
    history = asyncio.run(_read(question, output, gateway))
    title = f"Transactions from {since} to {until}"
    renderers = {
        "table": lambda: page(title, history, TransactionsTable(history.rows), _notes(history)),
        "json": history.to_dicts,
        **Sheet("transactions", COLUMNS, list(map(_record, history.rows)), history).formats(),
    }
    finish(history, renderers, output)


@frozen
class _Question:
    """The range and the filters."""

    since: date
    until: date
    isin: str | None
    side: str | None


@asynccontextmanager
async def _stream(
    question: _Question, output: OutputOptions, gateway: GatewayOptions
) -> AsyncIterator[TransactionStream]:
    async with (
        open_client(gateway) as access,
        access.koscom.stream_transactions(
            access.investor,
            question.since,
            question.until,
            isin=question.isin,
            side=question.side,
            deadline=output.deadline,
        ) as stream,
    ):
        # Its rows come in order, and not account by account: one line reports them.
        if not output.quiet:
            LineReporter(access.sandbox_url).asking(stream.accounts)
        yield stream


async def _read(question: _Question, output: OutputOptions, gateway: GatewayOptions) -> TransactionHistory:
    return await read_history(
        _stream(question, output, gateway),
        question.since,
        question.until,
        isin=question.isin,
        side=question.side,
    )


async def _write_csv(
    question: _Question, output: OutputOptions, gateway: GatewayOptions
) -> TransactionStream:
    """Write rows as they come, some at a time, so that no more than these are held."""
    async with _stream(question, output, gateway) as stream:
        write_stdout(csv_table(tuple(COLUMNS), ()))
        batch: list[Mapping[str, object]] = []
        async for row in stream:
            batch.append(_record(row))
            if len(batch) >= _ROWS_AT_ONCE:
                _write_rows(batch)
                batch = []
        _write_rows(batch)
        return stream


def _write_rows(batch: Sequence[Mapping[str, object]]) -> None:
    if batch:
        write_stdout("\n".join(csv_rows(tuple(COLUMNS), batch)))


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


def _notes(history: TransactionHistory) -> list[str]:
    notes = [
        f"{account_name(each.account)}: {note}" for each in history.outcomes for note in each.trace.notes
    ]
    notes += [
        f"{account_name(each.account)}: rows are missing from {each.missing_from} on"
        for each in history.failures
    ]
    odd = sum(row.signs_contradict for row in history.rows)
    if odd:
        notes.append(
            f"{counted(odd, 'row')} marked {_CONTRADICTION}: the signs contradict the documented code"
        )
    return notes


@frozen
class TransactionsTable:
    """One line per transaction."""

    rows: Sequence[Transaction]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = tuple(map(_row, self.rows))
        grids = Grid(_HEADERS, rows).dropping("Left")
        yield (
            fitting((*grids, grids[-1].folding("Code")), options.max_width)
            if rows
            else Text("Nothing has moved.")
        )


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

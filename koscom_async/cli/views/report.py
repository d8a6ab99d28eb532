"""The holdings on a terminal: alarm, positions, totals, cash, accounts, notes, in the order in which they are read.

Pure: takes `Holdings`, and returns what rich prints. Does not draw the positions' own table.
"""

from collections.abc import Iterator, Sequence

from attrs import frozen
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from koscom_async.cli.views.layout import (
    BAD,
    FAINT,
    GOOD,
    HEADING,
    WARNING,
    Column,
    Grid,
    Row,
    alarm,
    fitting,
    notes_section,
    of_change,
    plain_text,
    section,
    title,
)
from koscom_async.cli.views.positions import PositionsTable
from koscom_async.export import amounts
from koscom_async.export.notes import (
    cash_line,
    difference_line,
    failure_lines,
    has_unsettled,
    notes,
    reason_line,
)
from koscom_async.export.texts import account_name, broker_name, clean, counted
from koscom_async.models.account import WON
from koscom_async.models.doubts import doubtful_marks
from koscom_async.models.holdings import AccountReconciliation, Cash, CashLot, Holdings, Totals
from koscom_async.models.outcome import AccountOutcome, Outcome
from koscom_async.models.positions import Position


def report(holdings: Holdings, *, with_lots: bool = False) -> RenderableType:
    """Return everything that the command shows of the holdings."""
    return Group(*_parts(holdings, with_lots=with_lots))


def _parts(holdings: Holdings, *, with_lots: bool) -> Iterator[RenderableType]:
    yield title(holdings)
    yield from alarm(holdings)
    yield from _positions(holdings, with_lots=with_lots)
    if holdings.reconciliation or not holdings.outcomes:
        yield from section("Totals in KRW", TotalsTable(holdings))
    yield from _cash(holdings, with_lots=with_lots)
    yield from section("Accounts", AccountStates(holdings))
    yield from notes_section(notes(holdings, with_lots=with_lots))
    yield from alarm(holdings)


def _positions(holdings: Holdings, *, with_lots: bool) -> Iterator[RenderableType]:
    won, marks = _in(holdings, holdings.totals), doubtful_marks(holdings.doubts)
    if won:
        table = PositionsTable(won, holdings.totals, with_lots, marks)
        yield from section("Positions in KRW, largest first", table)
    elif not holdings.positions and holdings.reconciliation:
        yield from section("Positions", Text("No securities are held.", FAINT))
    for totals in holdings.foreign_totals:
        table = PositionsTable(_in(holdings, totals), totals, with_lots, marks)
        yield from section(f"Positions in {totals.currency}, not part of the totals in KRW", table)


def _in(holdings: Holdings, totals: Totals) -> list[Position]:
    return [each for each in holdings.positions if each.instrument.currency == totals.currency]


def _cash(holdings: Holdings, *, with_lots: bool) -> Iterator[RenderableType]:
    for cash in holdings.cash:
        if with_lots or cash.currency != WON:
            yield from section(f"Cash in {cash.currency}", CashTable(cash))


_TOTALS = (Column(least=None), Column(is_number=True), Column(least=20))

_CASH = (
    Column("Cash", least=12),
    *(Column(header, is_number=True) for header in ("Settled", "D+1", "D+2", "Withdrawable")),
)


@frozen
class TotalsTable:
    """What everything in won adds up to."""

    holdings: Holdings

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield fitting([Grid(_TOTALS, tuple(_totals(self.holdings)))], options.max_width)


def _totals(holdings: Holdings) -> Iterator[Row]:
    totals = holdings.totals
    style = of_change(totals.profit_loss)
    yield _total("Securities", Text(amounts.money(totals.value)), f"cost {_cost(holdings)}")
    yield _total(
        "Profit/loss",
        Text(amounts.money_change(totals.profit_loss), style),
        f"{amounts.percent(totals.return_pct)} of the cost",
    )
    yield _total("Cash", Text(amounts.money(totals.cash)), _later_cash(holdings))
    if has_unsettled(totals):
        unsettled = Text(amounts.money_change(totals.unsettled))
        yield _total("Unsettled", unsettled, "cash of trades that are executed and not settled yet")
    owed = None if totals.liabilities is None else totals.liabilities.copy_negate()
    yield _total("Liabilities", Text(amounts.money(owed)), "loans, and what is not paid yet")
    yield Row((Text("Net worth"), Text(amounts.money(totals.net_worth)), Text()), style=HEADING)


def _total(label: str, amount: Text, remark: str) -> Row:
    return Row((Text(label), amount, Text(remark, FAINT)))


def _cost(holdings: Holdings) -> str:
    won = [each for each in holdings.positions if each.instrument.currency == WON]
    shown = amounts.money(holdings.totals.cost)
    return shown if all(map(amounts.has_cost, won)) else amounts.AT_LEAST + shown


def _later_cash(holdings: Holdings) -> str:
    for cash in holdings.cash:
        if cash.currency == WON:
            parts = {"D+1": cash.balance_d1, "D+2": cash.balance_d2, "withdrawable": cash.withdrawable}
            return ", ".join(
                f"{name} {amounts.money(each)}" for name, each in parts.items() if each is not None
            )
    return ""


@frozen
class CashTable:
    """Cash in one currency, with a line for each account: three views of one amount, and what can be withdrawn."""

    cash: Cash

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        cash = self.cash
        rows = [Row((Text(account_name(lot.account)), *_cash_cells(lot, cash.currency))) for lot in cash.lots]
        total = Row((Text(f"Total {cash.currency}"), *_cash_cells(cash, cash.currency)), style=HEADING)
        yield fitting([Grid(_CASH, (*rows, total))], options.max_width)


def _cash_cells(cash: Cash | CashLot, currency: str) -> Sequence[Text]:
    views = (cash.balance, cash.balance_d1, cash.balance_d2, cash.withdrawable)
    return [Text(amounts.amount(view, currency)) for view in views]


READ = "✓"
FAILED = "✗"

_ACCOUNTS = (
    Column(least=None),
    Column(least=10),
    Column(least=None),
    Column(),
    *(Column(is_number=True) for _ in range(3)),
)


@frozen
class AccountStates:
    """One line per account, and its failure, differences and notes below."""

    holdings: Holdings

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = tuple(self._row(outcome) for outcome in self.holdings.outcomes)
        yield fitting([Grid(_ACCOUNTS, rows)], options.max_width)

    def _row(self, outcome: AccountOutcome) -> Row:
        return Row(_account_cells(outcome), details=tuple(self._details(outcome)))

    def _details(self, outcome: AccountOutcome) -> Iterator[Text]:
        for line in failure_lines(outcome):
            yield Text(line, BAD if line[0] != "→" else "bold")
        for account in self.holdings.reconciliation:
            if account.account.key == outcome.account.key:
                lines = (difference_line(account), cash_line(account))
                yield from (Text(line, FAINT) for line in lines if line)
                yield from self._reason(account)
        tolerated = [*(outcome.balance.notes if outcome.balance else ()), *outcome.trace.notes]
        for note in dict.fromkeys(tolerated):
            yield plain_text(note, FAINT)

    def _reason(self, account: AccountReconciliation) -> Iterator[Text]:
        is_doubtful = any(doubt.account.key == account.account.key for doubt in self.holdings.doubts)
        reason = reason_line(account) or (account.reason if is_doubtful else None)
        if reason:
            yield plain_text(reason, WARNING if is_doubtful else FAINT)


def state(outcome: Outcome) -> Text:
    """Return the mark of an outcome."""
    return Text(READ, GOOD) if outcome.ok else Text(FAILED, BAD)


def _account_cells(outcome: AccountOutcome) -> tuple[Text, ...]:
    account, trace = outcome.account, outcome.trace
    rows = counted(len(outcome.balance.rows), "row") if outcome.balance else "failed"
    return (
        state(outcome),
        Text(broker_name(account)),
        Text(clean(account.masked_number)),
        plain_text(account.alias or "", FAINT),
        Text(rows, "" if outcome.ok else BAD),
        Text(counted(trace.calls, "call"), FAINT),
        Text(f"{trace.seconds:.2f} s", FAINT),
    )

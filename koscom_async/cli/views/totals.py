"""Sums and cash in KRW, as lines of label, amount and remark."""

from collections.abc import Iterator, Sequence

from attrs import frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from koscom_async.cli.views.grid import Column, Grid, Row, fitting
from koscom_async.cli.views.sections import FAINT, HEADING, of_change
from koscom_async.export import amounts
from koscom_async.export.texts import account_name
from koscom_async.models.account import WON
from koscom_async.models.holdings import Holdings
from koscom_async.models.totals import Cash, CashLot

_COLUMNS = (Column(least=None), Column(is_number=True), Column(least=20))

_CASH_COLUMNS = (
    Column("Cash", least=12),
    *(Column(header, is_number=True) for header in ("Settled", "D+1", "D+2", "Withdrawable")),
)


@frozen
class TotalsTable:
    """What everything in won adds up to."""

    holdings: Holdings

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the lines."""
        yield fitting([Grid(_COLUMNS, tuple(_rows(self.holdings)))], options.max_width)


def _rows(holdings: Holdings) -> Iterator[Row]:
    totals = holdings.totals
    style = of_change(totals.profit_loss)
    yield _row("Securities", Text(amounts.money(totals.value)), f"cost {_cost(holdings)}")
    yield _row(
        "Profit/loss",
        Text(amounts.money_change(totals.profit_loss), style),
        f"{amounts.percent(totals.return_pct)} of the cost",
    )
    yield _row("Cash", Text(amounts.money(totals.cash)), _later_cash(holdings))
    owed = None if totals.liabilities is None else totals.liabilities.copy_negate()
    yield _row("Liabilities", Text(amounts.money(owed)), "loans, and what is not paid yet")
    yield Row((Text("Net worth"), Text(amounts.money(totals.net_worth)), Text()), style=HEADING)


def _row(label: str, amount: Text, remark: str) -> Row:
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
        """Draw the lots, and the sums below them."""
        cash = self.cash
        rows = [Row((Text(account_name(lot.account)), *_cash_cells(lot, cash.currency))) for lot in cash.lots]
        total = Row((Text(f"Total {cash.currency}"), *_cash_cells(cash, cash.currency)), style=HEADING)
        yield fitting([Grid(_CASH_COLUMNS, (*rows, total))], options.max_width)


def _cash_cells(cash: Cash | CashLot, currency: str) -> Sequence[Text]:
    views = (cash.balance, cash.balance_d1, cash.balance_d2, cash.withdrawable)
    return [Text(amounts.amount(view, currency)) for view in views]

"""Faults of what is counted twice: a row that comes again, a row that is the sum of the others."""

from collections.abc import Callable
from decimal import Decimal

from attrs import evolve

from koscom_async.sandbox.dialects.base import Balance
from koscom_async.sandbox.fault_kinds.kind import BrokerFault
from koscom_async.sandbox.ledger import Account, Entry, Equity, Fund, Other

TOTAL = "합계"


class _OneMore(BrokerFault):
    """The last page has one row more, which `totalCnt` counts; each kind says which."""

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        rows = balance.account.rows_of(balance.asset_class)
        if not rows:
            return balance
        last = () if balance.next_page is not None else (self.further(rows),)
        return evolve(balance, rows=(*balance.rows, *last), total=balance.total + 1)

    def further(self, rows: tuple[Entry, ...]) -> Entry:
        """Return the row that is added to the rows of the whole query."""
        raise NotImplementedError


class DoubledRow(_OneMore):
    """The last row comes twice."""

    def further(self, rows: tuple[Entry, ...]) -> Entry:
        """Return the last row once more."""
        return rows[-1]


class SumRow(_OneMore):
    """The last row that says how it is held comes once more as SUM, as if a row of it all stood beside its parts."""

    def further(self, rows: tuple[Entry, ...]) -> Entry:
        """Return such a row with the trade type SUM."""
        held = [row for row in rows if isinstance(row, Equity | Other) and row.trade_type != "SUM"]
        return evolve(held[-1], trade_type="SUM") if held else rows[-1]


class TotalRow(_OneMore):
    """A row named 합계 that is the sum of the others, as in a printed table."""

    def further(self, rows: tuple[Entry, ...]) -> Entry:
        """Return a row without a code whose amounts are the sums."""
        won = [row for row in rows if isinstance(row, Equity | Fund | Other) and row.currency == "KRW"]
        cost, value = (sum((getattr(row, name) for row in won), Decimal(0)) for name in ("cost", "value"))
        match rows[-1]:
            case Fund():
                return Fund("", TOTAL, cost, value)
            case Equity():
                return Equity("", "", "SUM", Decimal(0), cost, value, name=TOTAL)
        return Other("", TOTAL, "SUM", Decimal(0), cost, value)

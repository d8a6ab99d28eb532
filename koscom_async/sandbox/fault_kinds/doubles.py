"""Faults of what is counted twice: a row that comes again, that is the sum of the others, or that is cash, too."""

from collections.abc import Callable
from decimal import Decimal

from attrs import evolve

from koscom_async.sandbox.dialects.base import Balance, Service
from koscom_async.sandbox.fault_kinds.kind import BrokerFault
from koscom_async.sandbox.ledger import Account, AssetClass, Entry, Equity, Fund, Other

TOTAL = "합계"
ZERO = Decimal(0)


class _OneMore(BrokerFault):
    """The last page of a balance has one row more, which `totalCnt` counts; each kind says which."""

    services: tuple[Service | None, ...] = (Service.BALANCE,)
    """Those in which it can be; `None` is the contract service."""

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        if getattr(balance, "service", None) not in self.services:
            return balance
        one = self.further(balance.account, balance.asset_class)
        if one is None:
            return balance
        last = () if balance.next_page is not None else (one,)
        return evolve(balance, rows=(*balance.rows, *last), total=balance.total + 1)

    def further(self, account: Account, asset_class: AssetClass) -> Entry | None:
        """Return the row that is added to a query's rows; `None` for one that has them all."""
        rows = account.rows_of(asset_class)
        return self.like(rows) if rows else None

    def like(self, rows: tuple[Entry, ...]) -> Entry:
        """Return the row that is added to some rows."""
        raise NotImplementedError


class DoubledRow(_OneMore):
    """The last row comes twice."""

    services = (*Service, None)

    def like(self, rows: tuple[Entry, ...]) -> Entry:
        """Return the last row once more."""
        return rows[-1]


class EmptyRow(_OneMore):
    """The last row comes again with nothing in it, as after a sale: quantity, cost and value are zero."""

    def like(self, rows: tuple[Entry, ...]) -> Entry:
        """Return the last row, emptied."""
        match rows[-1]:
            case Equity() | Other() as last:
                return evolve(last, quantity=ZERO, cost=ZERO, value=ZERO)
            case Fund() as last:
                return evolve(last, cost=ZERO, value=ZERO)
        return rows[-1]


class SumRow(_OneMore):
    """The last row that says how it is held comes once more as SUM, as if a row of it all stood beside its parts."""

    def like(self, rows: tuple[Entry, ...]) -> Entry:
        """Return such a row with the trade type SUM."""
        held = [row for row in rows if isinstance(row, Equity | Other) and row.trade_type != "SUM"]
        return evolve(held[-1], trade_type="SUM") if held else rows[-1]


class TotalRow(_OneMore):
    """A row named 합계 that is the sum of the others, as in a printed table."""

    def like(self, rows: tuple[Entry, ...]) -> Entry:
        """Return a row without a code whose amounts are the sums."""
        won = [row for row in rows if isinstance(row, Equity | Fund | Other) and row.currency == "KRW"]
        cost, value = (sum((getattr(row, name) for row in won), ZERO) for name in ("cost", "value"))
        match rows[-1]:
            case Fund():
                return Fund("", TOTAL, cost, value)
            case Equity():
                return Equity("", "", "SUM", ZERO, cost, value, name=TOTAL)
        return Other("", TOTAL, "SUM", ZERO, cost, value)


class CashRow(_OneMore):
    """The account's cash is a row, too: a repo of the same amount."""

    def further(self, account: Account, asset_class: AssetClass) -> Entry | None:
        """Return it for the other products."""
        cash = account.summary.cash
        is_asked = asset_class in {AssetClass.ETC, AssetClass.ALL}
        return Other("RP", "RP 자동매수", "SUM", cash, cash, cash) if is_asked else None


class TwoClasses(_OneMore):
    """The last share or ETF is listed among the funds, too."""

    def further(self, account: Account, asset_class: AssetClass) -> Entry | None:
        """Return it for the funds."""
        if not account.equities or asset_class not in {AssetClass.FUND, AssetClass.ALL}:
            return None
        last = account.equities[-1]
        return Fund(last.isin, last.name or "", last.cost, last.value, currency=last.currency)

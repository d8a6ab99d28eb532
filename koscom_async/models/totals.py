"""Sums across brokers: cash, totals, and each account's rows held against its summary. Records only."""

from decimal import Decimal
from typing import ClassVar

from attrs import frozen

from koscom_async.models.member import VirtualAccount

__all__ = ["AccountReconciliation", "Cash", "CashLot", "Totals"]


@frozen(kw_only=True)
class CashLot:
    """One account's cash, as its summary says."""

    account: VirtualAccount
    balance: Decimal | None = None
    balance_d1: Decimal | None = None
    balance_d2: Decimal | None = None
    withdrawable: Decimal | None = None
    receivable: Decimal | None = None
    loan: Decimal | None = None


@frozen(kw_only=True)
class Cash:
    """Cash in one currency, across all brokers.

    `balance` is settled today; `balance_d1` and `balance_d2` are the same money as it will stand tomorrow and the
    day after, so they are never added to it. `receivable` (미수/미납금) and `loan` (대출/신용금) are owed. A sum is
    `None` where one account's amount is not known.
    """

    currency: str
    balance: Decimal | None = None
    balance_d1: Decimal | None = None
    balance_d2: Decimal | None = None
    withdrawable: Decimal | None = None
    receivable: Decimal | None = None
    loan: Decimal | None = None
    lots: tuple[CashLot, ...] = ()


@frozen(kw_only=True)
class Totals:
    """Sums in one currency over the accounts that were read; `None` where an addend is not known.

    `value`, `cost` and `profit_loss` leave futures and options out, as their value is not money put in; it is
    in `derivatives_value`. `profit_loss` and `return_pct` count the positions whose cost is known, and are
    `None` where none is; the value of the others is `value_without_cost`. `assets` is cash + value, `net_worth` that
    less `liabilities` (loans and what is not paid yet). `value_in_won` and `net_worth_in_won` count foreign securities
    in, at the brokers' own exchange rates, where all are known. `reported_value` and `reported_net_worth` are what the
    brokers' summaries say; the latter does not deduct debts.
    """

    currency: str = "KRW"
    cash: Decimal | None = None
    cost: Decimal | None = None
    value: Decimal | None = None
    profit_loss: Decimal | None = None
    return_pct: Decimal | None = None
    assets: Decimal | None = None
    liabilities: Decimal | None = None
    net_worth: Decimal | None = None
    value_in_won: Decimal | None = None
    net_worth_in_won: Decimal | None = None
    value_without_cost: Decimal | None = None
    derivatives_value: Decimal | None = None
    reported_value: Decimal | None = None
    reported_net_worth: Decimal | None = None


@frozen(kw_only=True)
class AccountReconciliation:
    """One account's rows held against its summary, in KRW. A difference is normal, and shown.

    Differences are rows less summary; `None` where either side is not known. `reason` is what is likely to make
    them differ, gathered from the rows; `None` where they agree. `missing` names what the totals need and this
    account's summary lacks.
    """

    plain_properties: ClassVar = ("agrees",)

    account: VirtualAccount
    rows: int
    rows_value: Decimal | None = None
    reported_value: Decimal | None = None
    value_difference: Decimal | None = None
    rows_cost: Decimal | None = None
    reported_cost: Decimal | None = None
    cost_difference: Decimal | None = None
    reason: str | None = None
    cash: Decimal | None = None
    liabilities: Decimal | None = None
    net_worth: Decimal | None = None
    reported_net_worth: Decimal | None = None
    missing: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether rows and summary say the same of value and cost."""
        return self.value_difference == 0 and self.cost_difference == 0

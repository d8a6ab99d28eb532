"""What the accounts' summaries say: cash across brokers, and each account's rows held against its own summary."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from koscom_async._cooperative import Cooperative, batched
from koscom_async._decimals import ZERO, difference, exactly, owed, total
from koscom_async._merge.confirmation import confirmations
from koscom_async._merge.grouping import AccountRows
from koscom_async.models._fields import constructor
from koscom_async.models.account import WON, Balance, BalanceRow, BalanceSummary, ForeignCash
from koscom_async.models.codes import TradeType
from koscom_async.models.doubts import Doubt
from koscom_async.models.holdings import AccountReconciliation, Cash, CashBasis, CashLot
from koscom_async.models.member import VirtualAccount

_NO_SUMMARY = BalanceSummary()
_make_lot = constructor(CashLot)
_make_reconciliation = constructor(AccountReconciliation)

ACCOUNTS_A_SLICE = 8

BASES: tuple[CashBasis, ...] = ("D0", "D1", "D2")

Views = tuple[Decimal | None, Decimal | None, Decimal | None]
"""One amount of cash by settlement day: settled today, tomorrow and the day after. Never added."""


def merged_cash(
    balances: Sequence[Balance], reconciliation: Sequence[AccountReconciliation]
) -> tuple[Cash, ...]:
    """Return the cash of all accounts, in won and in each foreign currency that an account has any of."""
    if not balances:
        return ()
    foreign: defaultdict[str, list[CashLot]] = defaultdict(list)
    for balance in balances:
        for cash in balance.foreign_cash:
            foreign[cash.currency].append(_foreign_lot(balance.account, cash))
    pairs = zip(balances, reconciliation, strict=True)
    won = _cash(WON, tuple(_cash_lot(balance, account.cash_basis) for balance, account in pairs))
    return (won, *(_cash(currency, tuple(lots)) for currency, lots in sorted(foreign.items())))


def _cash(currency: str, lots: tuple[CashLot, ...]) -> Cash:
    return Cash(
        currency=currency,
        balance=total([lot.balance for lot in lots]),
        balance_d1=total([lot.balance_d1 for lot in lots]),
        balance_d2=total([lot.balance_d2 for lot in lots]),
        counted=total([lot.counted for lot in lots]),
        withdrawable=total([lot.withdrawable for lot in lots]),
        receivable=owed(*[lot.receivable for lot in lots]),
        loan=owed(*[lot.loan for lot in lots]),
        lots=lots,
    )


def _foreign_lot(account: VirtualAccount, cash: ForeignCash) -> CashLot:
    views = (cash.balance, cash.balance_d1, cash.balance_d2)
    basis, _ = _basis(views)
    return CashLot(
        account=account,
        balance=cash.balance,
        balance_d1=cash.balance_d1,
        balance_d2=cash.balance_d2,
        counted=_view(views, basis),
        basis=basis,
        withdrawable=cash.withdrawable,
        receivable=cash.receivable,
        loan=cash.loan,
    )


def _cash_lot(balance: Balance, basis: CashBasis | None) -> CashLot:
    summary = balance.summary or _NO_SUMMARY
    return _make_lot(
        balance.account,
        summary.cash,
        summary.cash_d1,
        summary.cash_d2,
        summary.withdrawable,
        summary.receivable,
        summary.loan,
        _view(_views(summary), basis),
        basis,
    )


def _views(summary: BalanceSummary) -> Views:
    return summary.cash, summary.cash_d1, summary.cash_d2


def _view(views: Views, basis: CashBasis | None) -> Decimal | None:
    return None if basis is None else views[BASES.index(basis)]


def _basis(
    views: Views, *, reported: Decimal | None = None, securities: Sequence[Decimal | None] = ()
) -> tuple[CashBasis | None, bool]:
    """Return which view of the cash belongs with the securities, and whether the broker's own total proves it.

    Where it proves none it is the latest that is known, as holdings are what has been executed. A total of 0 proves
    none: it is how brokers spell that they report none.
    """
    latest: CashBasis | None = None
    for basis, view in zip(BASES, views, strict=True):
        if view is not None:
            latest = basis
    for value in securities if reported else ():
        for basis, view in zip(BASES, views, strict=True):
            if value is not None and view is not None and value + view == reported:
                return basis, True
    return latest, False


def all_reconciled(
    balances: Sequence[Balance], accounts: Sequence[AccountRows], doubts: Sequence[Doubt] = ()
) -> Cooperative[tuple[AccountReconciliation, ...]]:
    """Hold each account's rows, as far as the totals in won count them, against its summary."""
    reconciliation = []
    doubtful: defaultdict[tuple[str, str], list[Doubt]] = defaultdict(list)
    for doubt in doubts:
        doubtful[doubt.account.key].append(doubt)
    for some in batched(list(zip(balances, accounts, strict=True)), count=ACCOUNTS_A_SLICE):
        with exactly():
            reconciliation += [
                _reconciled(balance, rows, doubtful.get(balance.account.key, ())) for balance, rows in some
            ]
        yield
    return tuple(reconciliation)


def _reconciled(balance: Balance, rows: AccountRows, doubts: Sequence[Doubt]) -> AccountReconciliation:
    summary = balance.summary or _NO_SUMMARY
    value, cost = total(rows.values), total(rows.costs)
    value_difference, cost_difference = difference(value, summary.value), difference(cost, summary.cost)
    liabilities = owed(summary.loan, summary.receivable)
    # The rows first, as net worth counts them and not what the summary says of them.
    basis, is_proven = _basis(
        _views(summary), reported=summary.total_value, securities=(value, summary.value)
    )
    counted = _view(_views(summary), basis)
    reasons = [
        *(confirmations(doubts, value, counted, summary) if doubts else ()),
        *_reasons(balance, rows, value_difference, cost_difference),
    ]
    return _make_reconciliation(
        balance.account,
        len(balance.rows),
        value,
        summary.value,
        value_difference,
        cost,
        summary.cost,
        cost_difference,
        "; ".join(reasons) or None,
        summary.cash,
        difference(counted, summary.cash),
        basis,
        is_proven,
        liabilities,
        difference(total((value, counted)), liabilities),
        summary.total_value,
        _missing(balance),
    )


def _missing(balance: Balance) -> tuple[str, ...]:
    if balance.summary is None:
        return ("summary",)
    return tuple([name for name in ("cash", "loan", "receivable") if getattr(balance.summary, name) is None])


def _reasons(
    balance: Balance, rows: AccountRows, value: Decimal | None, cost: Decimal | None
) -> Iterator[str]:
    """Say what is known to make rows and summary differ; a guess from the rows, not the broker's word.

    What makes the rows' sum smaller is no reason where it is the larger one.
    """
    if not value and not cost:
        return
    held = balance.rows
    if (value or ZERO) < 0 or (cost or ZERO) < 0:
        yield from _what_rows_leave_out(held, rows.apart)
    if cost and cost < 0:
        without_cost = [row for row in held if not row.cost]
        empty = len([row for row in without_cost if not row.value and row.is_empty])
        if len(without_cost) > empty:
            yield f"{len(without_cost) - empty} of {len(held) - empty} rows have no cost"
    yield "brokers reckon summary and rows apart"


def _what_rows_leave_out(rows: Sequence[BalanceRow], apart: Sequence[BalanceRow]) -> Iterator[str]:
    foreign = sorted({row.currency for row in apart} - {WON})
    if foreign:
        yield f"rows in {', '.join(foreign)} are not in the rows' sum"
    if any(row.product is not None and row.product.is_derivative for row in apart):
        yield "futures and options are not in the rows' sum"
    # Bonds stand last, and are the rows that are mostly SUM.
    if any(row.trade_type is TradeType.TOTAL and not row.is_empty for row in reversed(rows)):
        yield "the broker leaves loan balances out of its rows (SUM)"

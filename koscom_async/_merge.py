"""From accounts to one answer: the same instrument recognised at every broker, sums, and what speaks against them.

Pure: outcomes in, `Holdings` out, whatever order they come in. Every sum is exact, and a sum with an unknown
addend is unknown.
"""

import re
from collections.abc import Hashable, Iterable, Iterator
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal, localcontext

from attrs import define, evolve, field

from koscom_async.models.account import WON, Balance, BalanceRow
from koscom_async.models.codes import AssetClass, Product
from koscom_async.models.holdings import (
    AccountReconciliation,
    Cash,
    CashLot,
    Holdings,
    Instrument,
    Lot,
    MatchedBy,
    Position,
    Totals,
)
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AccountOutcome

# The thread's own context may round. Amounts have at most 34 digits on each side of the point, so this one never does.
EXACT = Context(prec=100)

PERCENT_STEP = Decimal("0.01")  # the platform states its rates to two decimals, and cuts
WEIGHT_STEP = Decimal("0.000001")

_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}\d", re.ASCII)


def merge(outcomes: Iterable[AccountOutcome], *, as_of: datetime) -> Holdings:
    """Return the holdings of all accounts that were read, with the outcome of every one."""
    settled = tuple(sorted(outcomes, key=lambda outcome: outcome.account.key))
    balances = [outcome.balance for outcome in settled if outcome.balance is not None]
    with localcontext(EXACT):
        positions = _positions(balances)
        derivatives = _derivatives(positions)
        reconciliation = tuple(_reconciled(balance, derivatives) for balance in balances)
        cash = _cash(balances)
        totals = _totals(positions, cash, reconciliation, balances, is_blind=bool(settled) and not balances)
        return Holdings(
            positions=tuple(_weighed(positions, totals)),
            cash=cash,
            totals=totals,
            foreign_totals=_foreign_totals(positions),
            outcomes=settled,
            reconciliation=reconciliation,
            as_of=as_of,
        )


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def _difference(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    return None if first is None or second is None else first - second


def _percent(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    if part is None or whole is None or whole <= 0:
        return None
    return (part * 100 / whole).quantize(PERCENT_STEP, ROUND_DOWN)


# --- positions ---------------------------------------------------------------------------------


Identity = tuple[MatchedBy, Hashable]


@define(eq=False)
class _Group:
    """The rows that are one instrument."""

    matched_by: MatchedBy
    members: list[tuple[BalanceRow, VirtualAccount]] = field(factory=list)


def _identity(row: BalanceRow) -> Identity:
    """Return what makes two rows the same instrument.

    A code decides. Without one, product and full name do; but never a fund's name, which is cut and may be
    two funds'. A row with neither stays alone.
    """
    if row.code is not None:
        return "code", (row.asset_class, row.currency, row.code)
    if row.name is not None and row.asset_class is not AssetClass.FUND:
        return "name", (row.asset_class, row.currency, row.product, row.name)
    return "nothing", object()


def _positions(balances: Iterable[Balance]) -> list[Position]:
    groups: dict[Identity, _Group] = {}
    for balance in balances:
        for row in balance.rows:
            identity = _identity(row)
            group = groups.get(identity)
            if group is None:
                group = groups[identity] = _Group(matched_by=identity[0])
            group.members.append((row, balance.account))
    return sorted((_position(group) for group in groups.values()), key=_rank)


def _position(group: _Group) -> Position:
    lots = sorted((_lot(row, account) for row, account in group.members), key=_lot_rank)
    cost = _sum(lot.cost for lot in lots)
    value = _sum(lot.value for lot in lots)
    # A cost of 0 is how brokers spell "not known": a profit of the whole value would be untrue.
    profit_loss = _difference(value, cost) if all(lot.cost for lot in lots) else None
    return Position(
        instrument=_instrument([row for row, _ in group.members]),
        quantity=_sum(lot.quantity for lot in lots),
        cost=cost,
        value=value,
        profit_loss=profit_loss,
        return_pct=_percent(profit_loss, cost),
        matched_by=group.matched_by,
        lots=tuple(lots),
    )


def _instrument(rows: list[BalanceRow]) -> Instrument:
    """Describe what the rows agree on; where brokers differ, the same choice whatever the order."""
    row = rows[0]
    names = {each.name for each in rows if each.name is not None}
    products = {each.product for each in rows if each.product is not None}
    is_isin = row.code is not None and row.asset_class is not AssetClass.FUND and _ISIN.fullmatch(row.code)
    return Instrument(
        asset_class=row.asset_class,
        product=min(products, key=_product_rank) if products else None,
        code=row.code,
        isin=row.code if is_isin else None,
        name=max(names, key=lambda name: (len(name), name)) if names else None,
        currency=row.currency,
    )


def _product_rank(product: Product) -> tuple[bool, bool, Product]:
    # What one broker knows for a future is one, though another call it a share.
    return (not product.is_derivative, not product.is_known, product)


def _lot(row: BalanceRow, account: VirtualAccount) -> Lot:
    return Lot(
        account=account,
        trade_type=row.trade_type,
        quantity=row.quantity,
        cost=row.cost,
        value=row.value,
        profit_loss=row.profit_loss,
        return_rate=row.return_rate,
        raw=row.raw,
    )


def _lot_rank(lot: Lot) -> tuple[object, ...]:
    numbers = (lot.value, lot.quantity, lot.cost, lot.profit_loss, lot.return_rate)
    return (
        lot.account.key,
        lot.trade_type or "",
        *((number is None, -(number or 0)) for number in numbers),
    )


def _rank(position: Position) -> tuple[object, ...]:
    """Won first, then the largest value; everything else only makes the order certain."""
    instrument = position.instrument
    return (
        instrument.currency != WON,
        instrument.currency,
        position.value is None,
        -(position.value or 0),
        instrument.asset_class,
        instrument.code or "",
        instrument.name or "",
        str(instrument.product or ""),
        *(_lot_rank(lot) for lot in position.lots),
    )


def _weighed(positions: Iterable[Position], totals: Totals) -> Iterator[Position]:
    whole = _sum((totals.value, totals.cash))
    for position in positions:
        weight = None
        if whole and whole > 0 and position.value is not None and _counts(position, WON):
            weight = (position.value / whole).quantize(WEIGHT_STEP, ROUND_HALF_EVEN)
        yield evolve(position, weight=weight)


def _is_derivative(position: Position) -> bool:
    product = position.instrument.product
    return product is not None and product.is_derivative


def _counts(position: Position, currency: str) -> bool:
    return position.instrument.currency == currency and not _is_derivative(position)


# --- cash, accounts and totals -----------------------------------------------------------------


def _cash(balances: list[Balance]) -> tuple[Cash, ...]:
    if not balances:
        return ()
    lots = tuple(_cash_lot(balance) for balance in balances)
    return (
        Cash(
            currency=WON,
            balance=_sum(lot.balance for lot in lots),
            balance_d1=_sum(lot.balance_d1 for lot in lots),
            balance_d2=_sum(lot.balance_d2 for lot in lots),
            withdrawable=_sum(lot.withdrawable for lot in lots),
            lots=lots,
        ),
    )


def _cash_lot(balance: Balance) -> CashLot:
    summary = balance.summary
    if summary is None:
        return CashLot(account=balance.account)
    return CashLot(
        account=balance.account,
        balance=summary.cash,
        balance_d1=summary.cash_d1,
        balance_d2=summary.cash_d2,
        withdrawable=summary.withdrawable,
    )


def _derivatives(positions: Iterable[Position]) -> frozenset[Identity]:
    """Return the codes that count as derivatives, also where a broker's own row does not say so."""
    instruments = [
        each.instrument for each in positions if each.matched_by == "code" and _is_derivative(each)
    ]
    return frozenset(("code", (each.asset_class, each.currency, each.code)) for each in instruments)


def _is_derivative_row(row: BalanceRow, derivatives: frozenset[Identity]) -> bool:
    if row.product is not None and row.product.is_derivative:
        return True
    return bool(derivatives) and _identity(row) in derivatives


def _reconciled(balance: Balance, derivatives: frozenset[Identity]) -> AccountReconciliation:
    summary = balance.summary
    rows = [row for row in balance.rows if row.currency == WON and not _is_derivative_row(row, derivatives)]
    value, cost = _sum(row.value for row in rows), _sum(row.cost for row in rows)
    if summary is None:
        return AccountReconciliation(
            account=balance.account,
            rows=len(balance.rows),
            rows_value=value,
            rows_cost=cost,
            missing=("summary",),
        )
    liabilities = _sum((summary.loan, summary.receivable))
    needed = {"cash": summary.cash, "loan": summary.loan, "receivable": summary.receivable}
    return AccountReconciliation(
        account=balance.account,
        rows=len(balance.rows),
        rows_value=value,
        reported_value=summary.value,
        value_difference=_difference(value, summary.value),
        rows_cost=cost,
        reported_cost=summary.cost,
        cost_difference=_difference(cost, summary.cost),
        cash=summary.cash,
        liabilities=liabilities,
        net_worth=_difference(_sum((value, summary.cash)), liabilities),
        reported_net_worth=summary.total_value,
        missing=tuple(name for name, amount in needed.items() if amount is None),
    )


def _totals(
    positions: list[Position],
    cash: tuple[Cash, ...],
    accounts: tuple[AccountReconciliation, ...],
    balances: list[Balance],
    *,
    is_blind: bool,
) -> Totals:
    """Sum up what is in won. Where no account could be read nothing is known, which is not nothing."""
    if is_blind:
        return Totals(currency=WON)
    summaries = [balance.summary for balance in balances]
    securities = _securities(positions, WON)
    money = _sum(each.balance for each in cash)
    liabilities = _sum(account.liabilities for account in accounts)
    return evolve(
        securities,
        cash=money,
        liabilities=liabilities,
        net_worth=_difference(_sum((securities.value, money)), liabilities),
        reported_value=_sum(summary.value if summary else None for summary in summaries),
        reported_net_worth=_sum(summary.total_value if summary else None for summary in summaries),
    )


def _foreign_totals(positions: list[Position]) -> tuple[Totals, ...]:
    currencies = sorted({position.instrument.currency for position in positions} - {WON})
    return tuple(_securities(positions, currency) for currency in currencies)


def _securities(positions: list[Position], currency: str) -> Totals:
    counted = [position for position in positions if _counts(position, currency)]
    with_profit = [position for position in counted if position.profit_loss is not None]
    derivatives = [
        position
        for position in positions
        if position.instrument.currency == currency and _is_derivative(position)
    ]
    # Nothing held has made no profit; but where no cost is known, neither is the profit.
    profit_loss = (
        _sum(position.profit_loss for position in with_profit) if with_profit or not counted else None
    )
    return Totals(
        currency=currency,
        cost=_sum(position.cost for position in counted),
        value=_sum(position.value for position in counted),
        profit_loss=profit_loss,
        return_pct=_percent(profit_loss, _sum(position.cost for position in with_profit)),
        value_without_cost=_sum(position.value for position in counted if position.profit_loss is None),
        derivatives_value=_sum(position.value for position in derivatives),
    )

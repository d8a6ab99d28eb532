"""Groups of rows to positions: lots, sums, what the rows agree on, and an order that is always the same."""

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from koscom_async._exact import ZERO, difference, known_total, percent, total
from koscom_async._merge.identity import RowGroup, grouped
from koscom_async.models.account import WON, Balance, BalanceRow
from koscom_async.models.codes import AssetClass, Product, TradeType
from koscom_async.models.member import VirtualAccount
from koscom_async.models.positions import Instrument, Lot, Position
from koscom_async.models.totals import Totals

WEIGHT_STEP = Decimal("0.000001")
ON_CREDIT = frozenset({TradeType.MARGIN, TradeType.LOAN})


def merged_positions(balances: Iterable[Balance]) -> list[Position]:
    """Return one position an instrument, the largest in won first."""
    return sorted((_position(group) for group in grouped(balances)), key=_rank)


def weighed(positions: list[Position], totals: Totals) -> tuple[Position, ...]:
    """Return the positions with their shares of securities and cash in won."""
    whole = totals.assets
    if not whole or whole < 0:
        return tuple(positions)
    for position in positions:
        if position.value is not None and position.counts_in(WON):
            weight = (position.value / whole).quantize(WEIGHT_STEP, ROUND_HALF_EVEN)
            # Nobody has seen the position yet, so it may still be filled: to make it anew would double the work.
            _set_weight(position, weight)
    return tuple(positions)


_set_weight: Callable[[Position, Decimal], None] = vars(Position)["weight"].__set__  # as its constructor does


def _position(group: RowGroup) -> Position:
    rows, accounts = group.rows, group.accounts
    lots = [_lot(row, account) for row, account in zip(rows, accounts, strict=True)]
    if len(lots) > 1:
        lots.sort(key=_lot_rank)
        quantity, cost, value = (
            total([lot.quantity for lot in lots]),
            total([lot.cost for lot in lots]),
            total([lot.value for lot in lots]),
        )
    else:
        (lot,) = lots
        quantity, cost, value = lot.quantity, lot.cost, lot.value
    # A cost of 0 is how brokers spell "not known": a profit of the whole value would be untrue.
    profit_loss = difference(value, cost) if all(lot.cost for lot in lots) else None
    instrument = _instrument(rows)
    on_credit = [lot.value for lot in lots if lot.trade_type in ON_CREDIT]
    debts = [lot.loan for lot in lots if lot.loan is not None]
    return Position(
        instrument=instrument,
        quantity=quantity,
        cost=cost,
        value=value,
        profit_loss=profit_loss,
        return_pct=percent(profit_loss, cost),
        value_in_won=value if instrument.currency == WON else total(_in_won(lot) for lot in lots),
        credit_value=total(on_credit) if on_credit else ZERO,
        loan=known_total(debts),
        matched_by=group.matched_by,
        lots=tuple(lots),
    )


def _in_won(lot: Lot) -> Decimal | None:
    # A rate of 0 is the wire's way to say that there is none.
    return lot.value * lot.rate if lot.value is not None and lot.rate else None


def _instrument(rows: list[BalanceRow]) -> Instrument:
    """Describe what the rows agree on; where brokers differ, the same choice whatever the order."""
    row = rows[0]
    if len(rows) == 1 and not row.other_codes:
        return Instrument(
            asset_class=row.asset_class,
            product=row.product,
            code=row.code,
            isin=_isin_among(row, (row.code,)),
            name=row.name,
            currency=row.currency,
        )
    names = {each.name for each in rows if each.name is not None}
    products = {each.product for each in rows if each.product is not None}
    codes = {code for each in rows for code in (each.code, *each.other_codes) if code is not None}
    isin = _isin_among(row, sorted(codes))
    code = isin or min(codes, default=None)
    return Instrument(
        asset_class=row.asset_class,
        product=min(products, key=_product_rank) if products else None,
        code=code,
        isin=isin,
        other_codes=tuple(sorted(codes - {code})) if len(codes) > 1 else (),
        name=max(names, key=lambda name: (len(name), name)) if names else None,
        currency=row.currency,
    )


def _isin_among(row: BalanceRow, codes: Iterable[str | None]) -> str | None:
    if row.asset_class is AssetClass.FUND:
        return None
    return next((code for code in codes if code is not None and is_isin(code)), None)


def _product_rank(product: Product) -> tuple[bool, bool, Product]:
    # What one broker knows for a future is one, though another call it a share.
    return (not product.is_derivative, not product.is_known, product)


@lru_cache(maxsize=65536)
def is_isin(code: str) -> bool:
    """Whether a code is an ISIN, its check digit included."""
    # Imported at the first need: it is a quarter of what importing this package takes.
    from stdnum import isin  # noqa: PLC0415

    return bool(isin.is_valid(code))


def _lot(row: BalanceRow, account: VirtualAccount) -> Lot:
    return Lot(
        account=account,
        trade_type=row.trade_type,
        quantity=row.quantity,
        cost=row.cost,
        value=row.value,
        profit_loss=row.profit_loss,
        return_rate=row.return_rate,
        rate=row.rate,
        loan=row.loan,
        raw=row.raw,
    )


def _lot_rank(lot: Lot) -> tuple[object, ...]:
    numbers = (lot.value, lot.quantity, lot.cost, lot.profit_loss, lot.return_rate)
    return (
        lot.account.key,
        lot.trade_type or "",
        *[(number is None, -(number or ZERO)) for number in numbers],
    )


def _rank(position: Position) -> tuple[object, ...]:
    """Won first, then the largest value; everything else only makes the order certain."""
    instrument, value = position.instrument, position.value
    # Floats are compared faster than decimals, which only decide between what floats cannot tell apart.
    size = (True, 0.0, ZERO) if value is None else (False, -float(value), -value)
    return (
        instrument.currency != WON,
        instrument.currency,
        *size,
        instrument.asset_class,
        instrument.code or "",
        instrument.name or "",
        str(instrument.product or ""),
        # Only rows that stay alone may have all of this in common.
        *([_lot_rank(lot) for lot in position.lots] if position.matched_by == "nothing" else ()),
    )

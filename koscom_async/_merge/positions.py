"""Groups of rows to positions: lots, sums, what the rows agree on, and an order that is always the same."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from attrs import evolve

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


def weighed(positions: Iterable[Position], totals: Totals) -> tuple[Position, ...]:
    """Return the positions with their shares of securities and cash in won."""
    whole = totals.assets
    if not whole or whole < 0:
        return tuple(positions)
    return tuple(
        evolve(position, weight=(position.value / whole).quantize(WEIGHT_STEP, ROUND_HALF_EVEN))
        if position.value is not None and position.counts_in(WON)
        else position
        for position in positions
    )


def _position(group: RowGroup) -> Position:
    lots = [_lot(row, account) for row, account in group.members]
    if len(lots) > 1:
        lots.sort(key=_lot_rank)
    cost, value = total(lot.cost for lot in lots), total(lot.value for lot in lots)
    # A cost of 0 is how brokers spell "not known": a profit of the whole value would be untrue.
    profit_loss = difference(value, cost) if all(lot.cost for lot in lots) else None
    instrument = _instrument([row for row, _ in group.members])
    return Position(
        instrument=instrument,
        quantity=total(lot.quantity for lot in lots),
        cost=cost,
        value=value,
        profit_loss=profit_loss,
        return_pct=percent(profit_loss, cost),
        value_in_won=value if instrument.currency == WON else total(_in_won(lot) for lot in lots),
        credit_value=total(lot.value for lot in lots if lot.trade_type in ON_CREDIT),
        loan=known_total(lot.loan for lot in lots),
        matched_by=group.matched_by,
        lots=tuple(lots),
    )


def _in_won(lot: Lot) -> Decimal | None:
    # A rate of 0 is the wire's way to say that there is none.
    return lot.value * lot.rate if lot.value is not None and lot.rate else None


def _instrument(rows: list[BalanceRow]) -> Instrument:
    """Describe what the rows agree on; where brokers differ, the same choice whatever the order."""
    row = rows[0]
    names = {each.name for each in rows if each.name is not None}
    products = {each.product for each in rows if each.product is not None}
    codes = {code for each in rows for code in (each.code, *each.other_codes) if code is not None}
    isins = sorted(code for code in codes if row.asset_class is not AssetClass.FUND and is_isin(code))
    isin = isins[0] if isins else None
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
        *((number is None, -(number or ZERO)) for number in numbers),
    )


def _rank(position: Position) -> tuple[object, ...]:
    """Won first, then the largest value; everything else only makes the order certain."""
    instrument = position.instrument
    return (
        instrument.currency != WON,
        instrument.currency,
        position.value is None,
        -(position.value or ZERO),
        instrument.asset_class,
        instrument.code or "",
        instrument.name or "",
        str(instrument.product or ""),
        *(_lot_rank(lot) for lot in position.lots),
    )

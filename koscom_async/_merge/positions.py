"""Groups of rows to positions: sums, and what the rows agree on. Lots are left to be made when they are read."""

from collections.abc import Sequence
from decimal import Decimal

from koscom_async._constructors import constructor
from koscom_async._exact import ZERO, exactly, known_total, percent, total
from koscom_async._merge.identity import Group, matched_by
from koscom_async._slices import Slices, sliced
from koscom_async.models.account import WON, BalanceRow
from koscom_async.models.codes import Product, TradeType
from koscom_async.models.positions import Instrument, Position, isin_of

POSITIONS_A_SLICE = 200
ON_CREDIT = frozenset({TradeType.MARGIN, TradeType.LOAN})

_made_position = constructor(
    Position,
    (
        "instrument",
        "quantity",
        "cost",
        "value",
        "profit_loss",
        "return_pct",
        "weight",
        "value_in_won",
        "credit_value",
        "loan",
        "matched_by",
        "_rows",
    ),
)
_made_instrument = constructor(
    Instrument, ("asset_class", "product", "code", "other_codes", "name", "currency")
)


def made_positions(groups: Sequence[Group]) -> Slices[list[Position]]:
    """Return one position an instrument, in no order, and without the weights, which need the totals."""
    positions: list[Position] = []
    for some in sliced(groups, count=POSITIONS_A_SLICE):
        with exactly():
            positions += [_position(group) for group in some]
        yield
    return positions


def _position(group: Group) -> Position:
    rows = group[0]
    instrument = _instrument(rows)
    if len(rows) == 1:
        row = rows[0]
        quantity, cost, value, loan, has_costs = row.quantity, row.cost, row.value, row.loan, bool(row.cost)
    else:
        costs = [row.cost for row in rows]
        cost, has_costs = total(costs), all(costs)
        quantity, value = total([row.quantity for row in rows]), total([row.value for row in rows])
        loan = known_total([row.loan for row in rows])
    # A cost of 0 is how brokers spell "not known": a profit of the whole value would be untrue.
    profit_loss = value - cost if has_costs and cost is not None and value is not None else None
    on_credit = [row.value for row in rows if row.trade_type in ON_CREDIT]
    return _made_position(
        instrument,
        quantity,
        cost,
        value,
        profit_loss,
        percent(profit_loss, cost),
        None,
        value if instrument.currency == WON else total(map(_in_won, rows)),
        total(on_credit) if on_credit else ZERO,
        loan,
        matched_by(rows[0]),
        group,
    )


def _in_won(row: BalanceRow) -> Decimal | None:
    # A rate of 0 is the wire's way to say that there is none.
    return row.value * row.rate if row.value is not None and row.rate else None


def _instrument(rows: list[BalanceRow]) -> Instrument:
    """Describe what the rows agree on; where brokers differ, the same choice whatever the order."""
    row = rows[0]
    product, name = row.product, row.name
    if len(rows) > 1:
        product = _best_product({each.product for each in rows})
        name = _fullest({each.name for each in rows})
    if any([each.other_codes for each in rows]):  # noqa: C419  # a list is quicker, and the usual one is empty
        return _of_several_codes(rows, product, name)
    return _made_instrument(row.asset_class, product, row.code, (), name, row.currency)


def _best_product(products: set[Product | None]) -> Product | None:
    known = [product for product in products if product is not None]
    return min(known, key=_product_rank) if len(known) > 1 else known[0] if known else None


def _product_rank(product: Product) -> tuple[bool, bool, Product]:
    # What one broker knows for a future is one, though another call it a share.
    return (not product.is_derivative, not product.is_known, product)


def _fullest(names: set[str | None]) -> str | None:
    return max((name for name in names if name is not None), key=lambda name: (len(name), name), default=None)


def _of_several_codes(rows: list[BalanceRow], product: Product | None, name: str | None) -> Instrument:
    """Describe an instrument of which rows gave several codes: by its ISIN, where one of them is that."""
    row = rows[0]
    codes = sorted({code for each in rows for code in (each.code, *each.other_codes) if code is not None})
    isin = next((code for code in codes if isin_of(row.asset_class, code)), None)
    code = isin or min(codes, default=None)
    return Instrument(
        asset_class=row.asset_class,
        product=product,
        code=code,
        isin=isin,
        other_codes=tuple(each for each in codes if each != code),
        name=name,
        currency=row.currency,
    )

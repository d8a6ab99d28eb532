"""Groups of rows to positions. Their lots are left to be made when they are read."""

from collections.abc import Sequence
from decimal import Decimal

from koscom_async._cooperative import Cooperative, batched
from koscom_async._decimals import exactly, known_total, percent, total
from koscom_async._merge.gathering import Gathering
from koscom_async._merge.groups import Group
from koscom_async._merge.identity import matched_by
from koscom_async.models._fast import constructor
from koscom_async.models.account import WON, BalanceRow
from koscom_async.models.positions import Instrument, Position, isin_of

POSITIONS_A_SLICE = 200

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
        "_source",
    ),
)
_made_instrument = constructor(
    Instrument, ("asset_class", "product", "code", "other_codes", "name", "currency")
)


def made_positions(gathering: Gathering) -> Cooperative[list[Position]]:
    """Return one position an instrument, in no order, and without the weights, which need the totals."""
    positions: list[Position] = []
    has_further_facts = gathering.has_further_facts
    for groups in batched(gathering.groups, count=POSITIONS_A_SLICE):
        with exactly():
            positions += [_position(group, has_further_facts=has_further_facts) for group in groups]
        yield
    return positions


def _position(group: Group, *, has_further_facts: bool) -> Position:
    row, cost, value = group.row, group.cost, group.value
    rows = group.rows() if has_further_facts or row.currency != WON else []
    profit_loss = value - cost if group.has_costs and cost is not None and value is not None else None
    return _made_position(
        _instrument(group, rows),
        group.quantity,
        cost,
        value,
        profit_loss,
        percent(profit_loss, cost),
        None,
        value if row.currency == WON else total([_in_won(each) for each in rows]),
        group.credit_value,
        known_total([each.loan for each in rows]),
        matched_by(row),
        group,
    )


def _in_won(row: BalanceRow) -> Decimal | None:
    # A rate of 0 is the wire's way to say that there is none.
    return row.value * row.rate if row.value is not None and row.rate else None


def _instrument(group: Group, rows: Sequence[BalanceRow]) -> Instrument:
    row = group.row
    for each in rows:
        if each.other_codes:
            return _of_several_codes(group, rows)
    return _made_instrument(row.asset_class, group.product, row.code, (), group.name, row.currency)


def _of_several_codes(group: Group, rows: Sequence[BalanceRow]) -> Instrument:
    """Describe an instrument of which rows gave several codes: by its ISIN, where one of them is that."""
    row = group.row
    codes = sorted({code for each in rows for code in (each.code, *each.other_codes) if code is not None})
    isin = next((code for code in codes if isin_of(row.asset_class, code)), None)
    code = isin or min(codes, default=None)
    return Instrument(
        asset_class=row.asset_class,
        product=group.product,
        code=code,
        isin=isin,
        other_codes=tuple(each for each in codes if each != code),
        name=group.name,
        currency=row.currency,
    )

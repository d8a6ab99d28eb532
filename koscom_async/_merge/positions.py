"""Group drafts to positions with their weights, and the order of positions. Leaves the lots to be made when read."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby
from math import inf

from koscom_async._cooperative import Cooperative, batched
from koscom_async._decimals import exactly, known_total, percent
from koscom_async._merge.draft import GroupDraft
from koscom_async._merge.grouping import GroupedRows
from koscom_async._merge.identity import matched_by
from koscom_async.models._fields import constructor
from koscom_async.models.account import WON, BalanceRow
from koscom_async.models.positions import Instrument, Lots, Position, isin_of, lot_rank

POSITIONS_A_SLICE = 200

WEIGHT_STEP = Decimal("0.000001")

_make_position = constructor(Position)
_make_instrument = constructor(Instrument)


def made_positions(grouped: GroupedRows, *, assets: Decimal | None) -> Cooperative[list[Position]]:
    """Return one position per instrument, in no order; `assets` are securities and cash in won, the weights' whole."""
    positions: list[Position] = []
    has_further_facts = grouped.has_further_facts
    whole = assets if assets is not None and assets > 0 else None
    for groups in batched(grouped.groups, count=POSITIONS_A_SLICE):
        with exactly():
            positions += [_position(group, whole, has_further_facts=has_further_facts) for group in groups]
        yield
    return positions


def _position(group: GroupDraft, whole: Decimal | None, *, has_further_facts: bool) -> Position:
    row, cost, value, profit_loss = group.row, group.cost, group.value, group.profit_loss
    rows = group.rows() if has_further_facts else []
    return _make_position(
        _instrument(group, rows),
        group.quantity,
        cost,
        value,
        profit_loss,
        percent(profit_loss, cost),
        _weight(group, whole),
        group.value_in_won,
        group.credit_value,
        known_total([each.loan for each in rows]),
        matched_by(row),
        Lots(group.lots),
    )


def _weight(group: GroupDraft, whole: Decimal | None) -> Decimal | None:
    if whole is None or group.value is None or group.is_derivative or group.row.currency != WON:
        return None
    return (group.value / whole).quantize(WEIGHT_STEP, ROUND_HALF_EVEN)


def _instrument(group: GroupDraft, rows: Sequence[BalanceRow]) -> Instrument:
    row = group.row
    for each in rows:
        if each.other_codes:
            return _of_several_codes(group, rows)
    return _make_instrument(row.asset_class, group.product, row.code, (), group.name, row.currency)


def _of_several_codes(group: GroupDraft, rows: Sequence[BalanceRow]) -> Instrument:
    """Describe an instrument of which rows gave several codes: by its ISIN, where one of them is that."""
    row = group.row
    codes = sorted({code for each in rows for code in (each.code, *each.other_codes) if code is not None})
    isin = next((code for code in codes if isin_of(row.asset_class, code)), None)
    code = isin or min(codes, default=None)
    others = tuple(each for each in codes if each != code)
    return _make_instrument(row.asset_class, group.product, code, others, group.name, row.currency)


def in_order(positions: Iterable[Position]) -> Cooperative[list[Position]]:
    """Return the positions in an order that is always the same: won first, then by value, the largest first."""
    by_currency: defaultdict[str, list[Position]] = defaultdict(list)
    for position in positions:
        by_currency[position.instrument.currency].append(position)
    yield
    ordered: list[Position] = []
    for currency in sorted(by_currency, key=lambda each: (each != WON, each)):
        ordered += yield from _by_size(by_currency[currency])
    return ordered


def _by_size(positions: list[Position]) -> Cooperative[list[Position]]:
    # Floats are compared much faster than decimals, which only decide between what floats cannot tell apart.
    sizes = [inf if (value := position.value) is None else -float(value) for position in positions]
    yield
    places = sorted(range(len(positions)), key=sizes.__getitem__)
    yield
    ordered = []
    for _, alike in groupby(places, key=sizes.__getitem__):
        run = [positions[place] for place in alike]
        ordered += run if len(run) == 1 else sorted(run, key=_rank)
    return ordered


def _rank(position: Position) -> tuple[object, ...]:
    instrument, value = position.instrument, position.value
    return (
        value is None,
        None if value is None else value.copy_negate(),
        instrument.asset_class,
        instrument.code or "",
        instrument.name or "",
        str(instrument.product or ""),
        # Only rows that stay alone may have all of this in common.
        *([lot_rank(lot.account, lot) for lot in position.lots] if position.matched_by == "nothing" else ()),
    )

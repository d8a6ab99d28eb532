"""Group drafts to positions with their weights, and the order of positions. Leaves the lots to be made when read."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby
from math import inf

from koscom_async._cooperative import Cooperative, Pace, batched, sorted_by_parts
from koscom_async._decimals import exactly, known_total, percent
from koscom_async._merge.draft import GroupDraft
from koscom_async._merge.grouping import GroupedRows
from koscom_async._merge.identity import tokens_of
from koscom_async._merge.names import ranked_names
from koscom_async.models._fields import constructor
from koscom_async.models.account import WON, BalanceRow
from koscom_async.models.positions import Instrument, Lots, Position, lot_rank

POSITIONS_A_SLICE = 200
SORTED_A_SLICE = 1000

WEIGHT_STEP = Decimal("0.000001")

_make_position = constructor(Position)
_make_instrument = constructor(Instrument)


def made_positions(grouped: GroupedRows, *, whole: Decimal | None) -> Cooperative[list[Position]]:
    """Return one position per instrument, in no order; `whole` is what weights are a part of."""
    positions: list[Position] = []
    has_further_facts = grouped.has_further_facts
    for groups in batched(grouped.groups, count=POSITIONS_A_SLICE):
        with exactly():
            positions += [_position(group, whole, has_further_facts=has_further_facts) for group in groups]
        yield
    return positions


def _position(group: GroupDraft, whole: Decimal | None, *, has_further_facts: bool) -> Position:
    rows = group.rows() if has_further_facts else []
    return _make_position(
        _instrument(group, rows),
        group.quantity,
        group.cost,
        group.value,
        group.profit_loss,
        None if group.has_negative_cost else percent(group.profit_loss, group.cost),
        _weight(group, whole),
        group.value if group.row.currency == WON else group.value_in_won,
        group.credit_value,
        known_total([abs(each.loan) for each in rows if each.loan is not None]) if rows else None,
        group.matched_by,
        Lots(group),
    )


def _weight(group: GroupDraft, whole: Decimal | None) -> Decimal | None:
    if whole is None or group.value is None or group.is_derivative or group.row.currency != WON:
        return None
    return (group.value / whole).quantize(WEIGHT_STEP, ROUND_HALF_EVEN)


def _instrument(group: GroupDraft, rows: Sequence[BalanceRow]) -> Instrument:
    row, code, name = group.row, group.row.code, group.name
    other_codes: Sequence[str] = ()
    other_names: Sequence[str] = ()
    for each in rows:
        if each.other_codes:
            code, *other_codes = _codes(rows) or (code,)
            break
    if group.has_several_names:
        name, *other_names = ranked_names(each.name for each in group.described_by())
    return _make_instrument(
        row.asset_class, group.product, code, tuple(other_codes), name, tuple(other_names), row.currency
    )


def _codes(rows: Sequence[BalanceRow]) -> list[str]:
    """Return the codes that identify an instrument of which rows gave several: its ISIN first, where one is that."""
    tokens = {token for row in rows for token in tokens_of(row)}
    return list(dict.fromkeys(token.code for token in sorted(tokens)))


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
    ordered: list[Position] = []
    pace = Pace(SORTED_A_SLICE)
    for _, alike in groupby(places, key=sizes.__getitem__):
        run = [positions[place] for place in alike]
        ordered += run if len(run) == 1 else (yield from _by_rank(run))
        if pace.is_due():
            yield
    return ordered


def _by_rank(positions: list[Position]) -> Cooperative[list[Position]]:
    ordered: list[Position] = []
    pace = Pace(SORTED_A_SLICE)
    ranked = yield from sorted_by_parts(positions, key=_rank, count=SORTED_A_SLICE)
    for _, alike in groupby(ranked, key=_rank):
        run = list(alike)
        # Only rows that stay alone, or whose codes are of two kinds, may have all of the rank in common.
        ordered += (
            run if len(run) == 1 else (yield from sorted_by_parts(run, key=_lots_rank, count=SORTED_A_SLICE))
        )
        if pace.is_due():
            yield
    return ordered


def _rank(position: Position) -> tuple[object, ...]:
    instrument, value = position.instrument, position.value
    return (
        value is None,
        None if value is None else value.copy_negate(),
        instrument.asset_class,
        instrument.code or "",
        instrument.other_codes,
        instrument.name or "",
        str(instrument.product or ""),
        position.matched_by,
    )


def _lots_rank(position: Position) -> list[tuple[object, ...]]:
    return [lot_rank(lot.account, lot) for lot in position.lots]

"""The order of positions, which is always the same: won first, then the largest value; the rest makes it certain."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby
from math import inf

from koscom_async._cooperative import Cooperative
from koscom_async.models.account import WON
from koscom_async.models.positions import Position, lot_rank


def in_order(positions: Iterable[Position]) -> Cooperative[list[Position]]:
    """Return the positions in order."""
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

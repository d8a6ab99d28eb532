"""Portfolios and watchlists of every account to one answer each: who holds an instrument, and who watches a symbol."""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

from koscom_async._cooperative import SLICE_ROWS, Cooperative, Pace, sorted_by_parts
from koscom_async._decimals import exactly, total
from koscom_async._merge.draft import product_rank
from koscom_async._merge.identity import by_name
from koscom_async._merge.names import ranked_names
from koscom_async.models._fields import constructor
from koscom_async.models.codes import AssetClass, Measure
from koscom_async.models.gathered import (
    PortfolioLot,
    PortfolioPosition,
    Portfolios,
    Watched,
    WatchedSymbol,
    Watchlists,
)
from koscom_async.models.outcome import PortfolioFailure, PortfolioSuccess, WatchlistFailure, WatchlistSuccess
from koscom_async.models.portfolio import PortfolioRow
from koscom_async.models.positions import MatchedBy

Identity = tuple[object, ...]

_make_lot = constructor(PortfolioLot)


def merging_portfolios(
    outcomes: Iterable[PortfolioSuccess | PortfolioFailure], *, measure: Measure, as_of: datetime
) -> Cooperative[Portfolios]:
    """Return the portfolios side by side, whatever order they come in, step by step."""
    settled = tuple(sorted(outcomes, key=lambda outcome: outcome.account.key))
    groups: dict[Identity, tuple[MatchedBy, list[PortfolioLot]]] = {}
    pace = Pace(SLICE_ROWS)
    for outcome in settled:
        for row in outcome.portfolio.rows if outcome.portfolio is not None else ():
            matched_by, identity = _identity(row)
            groups.setdefault(identity, (matched_by, []))[1].append(_make_lot(outcome.account, row))
            if pace.is_due():
                yield
    positions = []
    for matched_by, lots in groups.values():
        ordered = yield from _in_order(lots)
        names = ranked_names([lot.row.name for lot in lots])
        if pace.is_due(len(lots)):
            yield
        with exactly():
            positions.append(_position(matched_by, ordered, names))
    ranked = yield from sorted_by_parts(positions, key=_rank, count=SLICE_ROWS)
    return Portfolios(measure=measure, positions=tuple(ranked), outcomes=settled, as_of=as_of)


def _identity(row: PortfolioRow) -> tuple[MatchedBy, Identity]:
    """Return what makes a row an instrument, as for holdings: code, else product and name, but never a fund's."""
    # The record's class stands for its asset class: it is what is hashed fastest.
    if row.code is not None:
        return "code", (row.code, type(row))
    matched_by, identity = by_name(row.asset_class, row.product, row.name)
    return matched_by, (identity, type(row), "name")


def _position(matched_by: MatchedBy, lots: list[PortfolioLot], names: tuple[str, ...]) -> PortfolioPosition:
    rows = [lot.row for lot in lots]
    products = [row.product for row in rows if row.product is not None]
    return PortfolioPosition(
        asset_class=rows[0].asset_class,
        product=min(products, key=product_rank, default=None),
        code=rows[0].code,
        name=names[0] if names else None,
        other_names=names[1:],
        matched_by=matched_by,
        lots=tuple(lots),
        quantity=total([row.quantity for row in rows]),
    )


_ORDER = (AssetClass.EQUITY, AssetClass.FUND, AssetClass.OTHER)


def _rank(position: PortfolioPosition) -> tuple[object, ...]:
    return (
        _ORDER.index(position.asset_class),
        position.code or "",
        position.name or "",
        str(position.product or ""),
        # Only rows that stay alone may have all of this in common.
        *(map(_lot_rank, position.lots) if position.matched_by == "nothing" else ()),
    )


def _in_order(lots: list[PortfolioLot]) -> Cooperative[list[PortfolioLot]]:
    # Nearly always there is one row of each account, and the accounts come in the order of their keys.
    if all(former.account.key < latter.account.key for former, latter in pairwise(lots)):
        return lots
    ordered = yield from sorted_by_parts(lots, key=_lot_rank, count=SLICE_ROWS)
    return ordered


def _lot_rank(lot: PortfolioLot) -> tuple[object, ...]:
    row = lot.row
    # Text, as an absent number or a day cannot be compared with one that is there.
    return (lot.account.key, repr(row))


def merging_watchlists(
    outcomes: Iterable[WatchlistSuccess | WatchlistFailure], *, as_of: datetime
) -> Cooperative[Watchlists]:
    """Return each symbol once, whatever order the accounts come in, step by step."""
    settled = tuple(sorted(outcomes, key=lambda outcome: outcome.account.key))
    watched: dict[str, list[Watched]] = {}
    pace = Pace(SLICE_ROWS)
    for outcome in settled:
        for group in outcome.watchlist.groups if outcome.watchlist is not None else ():
            place = Watched(account=outcome.account, group=group.name)
            for code in dict.fromkeys(group.symbols):
                watched.setdefault(code, []).append(place)
                if pace.is_due():
                    yield
    symbols = []
    for code in sorted(watched):
        symbols.append(WatchedSymbol(code=code, watched=tuple(watched[code])))
        if pace.is_due():
            yield
    return Watchlists(symbols=tuple(symbols), outcomes=settled, as_of=as_of)

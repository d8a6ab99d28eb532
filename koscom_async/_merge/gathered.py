"""Portfolios and watchlists of every account to one answer each: who holds an instrument, and who watches a symbol."""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

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
from koscom_async.models.portfolio import Portfolio, PortfolioRow
from koscom_async.models.positions import MatchedBy

Identity = tuple[object, ...]

_make_lot = constructor(PortfolioLot)


def merge_portfolios(
    outcomes: Iterable[PortfolioSuccess | PortfolioFailure], *, measure: Measure, as_of: datetime
) -> Portfolios:
    """Return the portfolios side by side, whatever order they come in."""
    settled = tuple(sorted(outcomes, key=lambda outcome: outcome.account.key))
    groups: dict[Identity, tuple[MatchedBy, list[PortfolioLot]]] = {}
    for outcome in settled:
        for lot in _lots(outcome.portfolio):
            matched_by, identity = _identity(lot.row)
            groups.setdefault(identity, (matched_by, []))[1].append(lot)
    with exactly():
        positions = [_position(matched_by, lots) for matched_by, lots in groups.values()]
    return Portfolios(
        measure=measure, positions=tuple(sorted(positions, key=_rank)), outcomes=settled, as_of=as_of
    )


def _lots(portfolio: Portfolio | None) -> list[PortfolioLot]:
    if portfolio is None:
        return []
    account = portfolio.account
    return [_make_lot(account, row) for row in portfolio.rows]


def _identity(row: PortfolioRow) -> tuple[MatchedBy, Identity]:
    """Return what makes a row an instrument, as for holdings: code, else product and name, but never a fund's."""
    # The record's class stands for its asset class: it is what is hashed fastest.
    if row.code is not None:
        return "code", (row.code, type(row))
    matched_by, identity = by_name(row.asset_class, row.product, row.name)
    return matched_by, (identity, type(row), "name")


def _position(matched_by: MatchedBy, lots: list[PortfolioLot]) -> PortfolioPosition:
    rows = [lot.row for lot in lots]
    names = ranked_names([row.name for row in rows])
    products = [row.product for row in rows if row.product is not None]
    return PortfolioPosition(
        asset_class=rows[0].asset_class,
        product=min(products, key=product_rank, default=None),
        code=rows[0].code,
        name=names[0] if names else None,
        other_names=names[1:],
        matched_by=matched_by,
        lots=tuple(_in_order(lots)),
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


def _in_order(lots: list[PortfolioLot]) -> list[PortfolioLot]:
    # Nearly always there is one row of each account, and the accounts come in the order of their keys.
    is_ordered = all(former.account.key < latter.account.key for former, latter in pairwise(lots))
    return lots if is_ordered else sorted(lots, key=_lot_rank)


def _lot_rank(lot: PortfolioLot) -> tuple[object, ...]:
    row = lot.row
    # Text, as an absent number or a day cannot be compared with one that is there.
    return (lot.account.key, repr(row))


def merge_watchlists(
    outcomes: Iterable[WatchlistSuccess | WatchlistFailure], *, as_of: datetime
) -> Watchlists:
    """Return each symbol once, whatever order the accounts come in."""
    settled = tuple(sorted(outcomes, key=lambda outcome: outcome.account.key))
    watched: dict[str, list[Watched]] = {}
    for outcome in settled:
        for group in outcome.watchlist.groups if outcome.watchlist is not None else ():
            place = Watched(account=outcome.account, group=group.name)
            for code in dict.fromkeys(group.symbols):
                watched.setdefault(code, []).append(place)
    return Watchlists(
        symbols=tuple(WatchedSymbol(code=code, watched=tuple(watched[code])) for code in sorted(watched)),
        outcomes=settled,
        as_of=as_of,
    )

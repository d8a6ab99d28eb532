"""Portfolios and watchlists of all accounts: each account's outcome, and what they add up to.

Records only: `_merge` makes them from the accounts.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from koscom_async._lazy import lists, rows
from koscom_async._record import Record, counted
from koscom_async.models.codes import AssetClass, Measure, Product
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import (
    OfAccounts,
    PortfolioFailure,
    PortfolioSuccess,
    WatchlistFailure,
    WatchlistSuccess,
)
from koscom_async.models.portfolio import PortfolioRow
from koscom_async.models.positions import MatchedBy

__all__ = [
    "PortfolioLot",
    "PortfolioPosition",
    "Portfolios",
    "Watched",
    "WatchedSymbol",
    "Watchlists",
]


@frozen(kw_only=True, eq=False, repr=False)
class PortfolioLot(Record):
    """One row of one account's portfolio."""

    account: VirtualAccount
    row: PortfolioRow


@frozen(kw_only=True, eq=False, repr=False)
class PortfolioPosition(Record):
    """One instrument, and each account in which it is held.

    `quantity` is the sum of the rows' quantities, and `None` as soon as one row's number is a share or unknown: shares
    of different accounts are never added up, neither as quantities nor as shares. `name` is what most rows say;
    `other_names` are those of another wording, as after a company was renamed.
    """

    asset_class: AssetClass
    product: Product | None = None
    code: str | None = None
    name: str | None = None
    other_names: tuple[str, ...] = ()
    matched_by: MatchedBy
    lots: tuple[PortfolioLot, ...] = ()
    quantity: Decimal | None = None


@frozen(kw_only=True, eq=False, repr=False)
class Portfolios(OfAccounts[PortfolioSuccess | PortfolioFailure, PortfolioFailure]):
    """The portfolios of every account, side by side. Check `complete` before believing that nothing is missing.

    `as_of` is when the question was asked (KST); `measure` what was asked for; `consent_expires_on` when the investor's
    consent ends (KST), or `None` where the platform does not say.
    """

    measure: Measure
    positions: tuple[PortfolioPosition, ...] = ()
    outcomes: tuple[PortfolioSuccess | PortfolioFailure, ...] = ()
    as_of: datetime
    consent_expires_on: date | None = None

    def _repr_html_(self) -> str:
        return lists.portfolios_view(self)

    def _figures(self) -> Iterator[str]:
        yield counted(len(self.positions), "position")
        yield from super()._figures()

    def to_dicts(self) -> dict[str, Any]:
        """Return everything as nested dicts and lists, decimals as text, account numbers masked."""
        return {
            "complete": self.complete,
            "as_of": rows.plain(self.as_of),
            "consent_expires_on": rows.plain(self.consent_expires_on),
            "measure": rows.plain(self.measure),
            "positions": rows.plain(self.positions),
            "portfolios": [
                rows.plain(each.portfolio) for each in self.outcomes if each.portfolio is not None
            ],
            "outcomes": rows.plain(self.outcomes),
            "failures": rows.plain(self.failures),
        }


@frozen(kw_only=True, eq=False, repr=False)
class Watched(Record):
    """Where a symbol is watched: account, and group (the investor's own name for it, or `None`)."""

    account: VirtualAccount
    group: str | None = field(default=None, repr=False)


@frozen(kw_only=True, eq=False, repr=False)
class WatchedSymbol(Record):
    """One symbol, and everywhere that it is watched."""

    code: str
    watched: tuple[Watched, ...] = ()


@frozen(kw_only=True, eq=False, repr=False)
class Watchlists(OfAccounts[WatchlistSuccess | WatchlistFailure, WatchlistFailure]):
    """The watchlists of every account, merged by symbol. Check `complete` before believing that nothing is missing.

    `as_of` is when the question was asked (KST); `consent_expires_on` when the investor's consent ends (KST), or `None`
    where the platform does not say.
    """

    symbols: tuple[WatchedSymbol, ...] = ()
    outcomes: tuple[WatchlistSuccess | WatchlistFailure, ...] = ()
    as_of: datetime
    consent_expires_on: date | None = None

    def _repr_html_(self) -> str:
        return lists.watchlists_view(self)

    def _figures(self) -> Iterator[str]:
        yield counted(len(self.symbols), "symbol")
        yield from super()._figures()

    def to_dicts(self) -> dict[str, Any]:
        """Return everything as nested dicts and lists, account numbers masked."""
        return {
            "complete": self.complete,
            "as_of": rows.plain(self.as_of),
            "consent_expires_on": rows.plain(self.consent_expires_on),
            "symbols": rows.plain(self.symbols),
            "watchlists": [
                rows.plain(each.watchlist) for each in self.outcomes if each.watchlist is not None
            ],
            "outcomes": rows.plain(self.outcomes),
            "failures": rows.plain(self.failures),
        }

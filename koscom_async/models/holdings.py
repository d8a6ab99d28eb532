"""The unified answer: positions across all brokers, cash, totals, and how each account ended.

Records only; putting them together from accounts is `_merge`'s work.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from attrs import field, frozen

from koscom_async.errors import IncompleteHoldingsError
from koscom_async.export import frames, plots
from koscom_async.export.html import pages
from koscom_async.export.plain import plain
from koscom_async.export.tables import TableName
from koscom_async.models.codes import AssetClass, Product, TradeType
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AccountOutcome

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from matplotlib.figure import Figure

__all__ = [
    "AccountReconciliation",
    "Cash",
    "CashLot",
    "Holdings",
    "Instrument",
    "Lot",
    "Position",
    "Totals",
]


@frozen(kw_only=True)
class Instrument:
    """What is held. `code` is the ISIN, or the fund code; `isin` only an ISIN. `None` where no broker said."""

    asset_class: AssetClass
    product: Product | None = None
    code: str | None = None
    isin: str | None = None
    name: str | None = None
    currency: str = "KRW"

    @property
    def label(self) -> str:
        """The best word for it that there is: name, code, or product."""
        return self.name or self.code or str(self.product or self.asset_class)


@frozen(kw_only=True)
class Lot:
    """One row of one account, with the row's own numbers, as the broker sent them.

    `profit_loss` and `return_rate` are the broker's; `None` is what it did not send.
    """

    account: VirtualAccount
    trade_type: TradeType | None = None
    quantity: Decimal | None = None
    cost: Decimal | None = None
    value: Decimal | None = None
    profit_loss: Decimal | None = None
    return_rate: Decimal | None = None
    raw: Mapping[str, object] = field(factory=dict, repr=False, eq=False, metadata={"omitted": True})


MatchedBy = Literal["code", "name", "nothing"]


@frozen(kw_only=True)
class Position:
    """One instrument, across all brokers; amounts in the instrument's currency.

    Quantity, cost and value are the sums over the lots, `None` where one lot's is not known. `profit_loss` is
    value less cost, `None` where a lot has no cost (a cost of 0 is none). `return_pct` is that in percent of the
    cost, cut after two decimals as the platform does. `weight` is the share, from 0 to 1, of securities and cash
    in KRW; `None` for foreign currencies and derivatives. `matched_by` says how sure it is that the lots are one
    instrument: the same `"code"`, the same product and full `"name"`, or `"nothing"` (such a row stays alone).
    """

    instrument: Instrument
    quantity: Decimal | None = None
    cost: Decimal | None = None
    value: Decimal | None = None
    profit_loss: Decimal | None = None
    return_pct: Decimal | None = None
    weight: Decimal | None = None
    matched_by: MatchedBy = "code"
    lots: tuple[Lot, ...] = ()

    def _repr_html_(self) -> str:
        return pages.position_view(self)


@frozen(kw_only=True)
class CashLot:
    """One account's cash, as its summary says."""

    account: VirtualAccount
    balance: Decimal | None = None
    balance_d1: Decimal | None = None
    balance_d2: Decimal | None = None
    withdrawable: Decimal | None = None


@frozen(kw_only=True)
class Cash:
    """Cash in one currency, across all brokers.

    `balance` is settled today; `balance_d1` and `balance_d2` are the same money as it will stand tomorrow and the
    day after, so they are never added to it. A sum is `None` where one account's amount is not known.
    """

    currency: str
    balance: Decimal | None = None
    balance_d1: Decimal | None = None
    balance_d2: Decimal | None = None
    withdrawable: Decimal | None = None
    lots: tuple[CashLot, ...] = ()


@frozen(kw_only=True)
class Totals:
    """Sums in one currency over the accounts that were read; `None` where an addend is not known.

    `value`, `cost` and `profit_loss` leave futures and options out, as their value is not money put in; it is
    in `derivatives_value`. `profit_loss` and `return_pct` count the positions whose cost is known, and are
    `None` where none is; the value of the others is `value_without_cost`. `net_worth` is cash + value -
    liabilities (loans and what is not paid yet). `reported_value` and `reported_net_worth` are what the
    brokers' summaries say; the latter does not deduct debts.
    """

    currency: str = "KRW"
    cash: Decimal | None = None
    cost: Decimal | None = None
    value: Decimal | None = None
    profit_loss: Decimal | None = None
    return_pct: Decimal | None = None
    liabilities: Decimal | None = None
    net_worth: Decimal | None = None
    value_without_cost: Decimal | None = None
    derivatives_value: Decimal | None = None
    reported_value: Decimal | None = None
    reported_net_worth: Decimal | None = None


@frozen(kw_only=True)
class AccountReconciliation:
    """One account's rows held against its summary, in KRW. A difference is normal, and shown.

    Differences are rows less summary; `None` where either side is not known. `missing` names what the totals
    need and this account's summary lacks.
    """

    plain_properties: ClassVar = ("agrees",)

    account: VirtualAccount
    rows: int
    rows_value: Decimal | None = None
    reported_value: Decimal | None = None
    value_difference: Decimal | None = None
    rows_cost: Decimal | None = None
    reported_cost: Decimal | None = None
    cost_difference: Decimal | None = None
    cash: Decimal | None = None
    liabilities: Decimal | None = None
    net_worth: Decimal | None = None
    reported_net_worth: Decimal | None = None
    missing: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether rows and summary say the same of value and cost."""
        return self.value_difference == 0 and self.cost_difference == 0


@frozen(kw_only=True)
class Holdings:
    """Everything that could be read of what the investor owns, and what could not.

    `as_of` is when the question was asked (KST): no number is older. `totals` is in KRW; `foreign_totals` has
    one record for each other currency, as currencies are never added. Check `complete` before believing that
    nothing is missing.
    """

    positions: tuple[Position, ...] = ()
    cash: tuple[Cash, ...] = ()
    totals: Totals = field(factory=Totals)
    foreign_totals: tuple[Totals, ...] = ()
    outcomes: tuple[AccountOutcome, ...] = ()
    reconciliation: tuple[AccountReconciliation, ...] = ()
    as_of: datetime

    @property
    def complete(self) -> bool:
        """Whether every linked account was read, whole."""
        return all(outcome.ok for outcome in self.outcomes)

    @property
    def failures(self) -> tuple[AccountOutcome, ...]:
        """The accounts that could not be read, each with its error."""
        return tuple(outcome for outcome in self.outcomes if not outcome.ok)

    def require_complete(self) -> Self:
        """Return these holdings if every account was read, or raise `IncompleteHoldingsError`."""
        failures = self.failures
        if failures:
            named = "; ".join(f"{failure.account} ({failure.error})" for failure in failures)
            raise IncompleteHoldingsError(
                f"{len(failures)} of {len(self.outcomes)} accounts could not be read: {named}",
                failures=failures,
            )
        return self

    def to_dicts(self) -> dict[str, Any]:
        """Return everything as nested dicts and lists, decimals as text, account numbers masked."""
        return {
            "complete": self.complete,
            "as_of": plain(self.as_of),
            "totals": plain(self.totals),
            "foreign_totals": plain(self.foreign_totals),
            "positions": plain(self.positions),
            "cash": plain(self.cash),
            "outcomes": plain(self.outcomes),
            "failures": plain(self.failures),
            "reconciliation": plain(self.reconciliation),
        }

    def to_arrow(self, table: TableName = "positions") -> "pa.Table":
        """Return `"positions"`, `"lots"`, `"cash"` or `"accounts"` as an Arrow table, decimals exact (extra `arrow`).

        The columns are the same whatever is held; each row says whether the holdings are `complete`. `None` is null.
        A number that does not fit its column raises `UsageError` (code `inexact`): nothing is rounded.
        """
        return frames.to_arrow(self, table)

    def to_polars(self, table: TableName = "positions") -> "pl.DataFrame":
        """Return a table as `to_arrow` does, as a polars frame (extra `polars`)."""
        return frames.to_polars(self, table)

    def to_pandas(self, table: TableName = "positions") -> "pd.DataFrame":
        """Return a table as `to_arrow` does, as a pandas frame of Arrow-backed columns (extra `pandas`)."""
        return frames.to_pandas(self, table)

    def plot(self, kind: plots.PlotKind = "class", *, theme: plots.Theme = "light") -> "Figure":
        """Return a picture as a matplotlib figure, which `savefig` writes as SVG or PNG (extra `plot`).

        `"class"` and `"broker"` show what the whole is made of, `"treemap"` every position, `"profit"` gains and
        losses. KRW only; what is left out, and that holdings are not complete, stands on the picture.
        """
        return plots.plot(self, kind, theme=theme)

    def to_html(self) -> str:
        """Return a report as one HTML document: no script, nothing loaded from elsewhere, account numbers masked."""
        return pages.report(self)

    def _repr_html_(self) -> str:
        return pages.holdings_view(self)

"""The unified answer: positions across all brokers, cash, totals, and how each account ended.

Records only; putting them together from accounts is `_merge`'s work.
"""

from datetime import datetime
from typing import Any

from attrs import field, frozen

from koscom_async.models._exports import (
    breakdown,
    difference,
    document,
    explanation,
    figure,
    frames,
    pa,
    pages,
    pd,
    pl,
    plots,
    rows,
)
from koscom_async.models.outcome import AccountOutcome, OfAccounts
from koscom_async.models.positions import Position
from koscom_async.models.totals import AccountReconciliation, Cash, Totals

__all__ = ["Holdings"]

DOCUMENT = "koscom_async.holdings"
"""What `to_json` calls its document."""


@frozen(kw_only=True)
class Holdings(OfAccounts[AccountOutcome]):
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
    def all_totals(self) -> tuple[Totals, ...]:
        """The totals of every currency, KRW first."""
        return (self.totals, *self.foreign_totals)

    def by(self, what: "breakdown.GroupBy") -> "tuple[breakdown.Group, ...]":
        """Return sums by asset `class`, `product`, `broker`, `account` or `currency`; they add up to the totals."""
        return breakdown.broken_down(self.positions, self.cash, self.all_totals, by=what)

    def explain(self, position: Position) -> "explanation.Explanation":
        """Return why a position's numbers are what they are: `print(holdings.explain(position))`."""
        return explanation.explained(position)

    def diff(self, earlier: "Holdings") -> "difference.HoldingsDiff":
        """Return what changed since an earlier answer; an account that could not be read now is never read as sold."""
        return difference.compared(earlier, self)

    def to_json(self) -> str:
        """Return everything as versioned JSON from which `from_json` makes equal holdings.

        It holds account numbers in full and the rows as they came: keep it as you keep people's data.
        """
        return document.dump_document(self, DOCUMENT)

    @classmethod
    def from_json(cls, text: str) -> "Holdings":
        """Return the holdings that `to_json` wrote, or raise a `ValueError` that says what is wrong with the text."""
        return document.load_document(text, cls, DOCUMENT)

    def to_dicts(self) -> dict[str, Any]:
        """Return everything as nested dicts and lists, decimals as text, account numbers masked."""
        return {
            "complete": self.complete,
            "as_of": rows.plain(self.as_of),
            "totals": rows.plain(self.totals),
            "foreign_totals": rows.plain(self.foreign_totals),
            "positions": rows.plain(self.positions),
            "cash": rows.plain(self.cash),
            "outcomes": rows.plain(self.outcomes),
            "failures": rows.plain(self.failures),
            "reconciliation": rows.plain(self.reconciliation),
        }

    def to_arrow(self, table: "rows.TableName" = "positions") -> "pa.Table":
        """Return `"positions"`, `"lots"`, `"cash"` or `"accounts"` as an Arrow table, decimals exact (extra `arrow`).

        The columns are the same whatever is held; each row says whether the holdings are `complete`. `None` is null.
        A number that does not fit its column raises `UsageError` (code `inexact`): nothing is rounded.
        """
        return frames.to_arrow(self, table)

    def to_polars(self, table: "rows.TableName" = "positions") -> "pl.DataFrame":
        """Return a table as `to_arrow` does, as a polars frame (extra `polars`)."""
        return frames.to_polars(self, table)

    def to_pandas(self, table: "rows.TableName" = "positions") -> "pd.DataFrame":
        """Return a table as `to_arrow` does, as a pandas frame of Arrow-backed columns (extra `pandas`)."""
        return frames.to_pandas(self, table)

    def plot(self, kind: "plots.PlotKind" = "class", *, theme: "plots.Theme" = "light") -> "figure.Figure":
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

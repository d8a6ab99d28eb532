"""The unified answer: positions across all brokers, cash, totals, and how each account ended.

Records only; putting them together from accounts is `_merge`'s work.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from koscom_async import export
from koscom_async.export.rows import plain
from koscom_async.models.outcome import AccountOutcome, OfAccounts
from koscom_async.models.positions import Position
from koscom_async.models.totals import AccountReconciliation, Cash, Totals

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from matplotlib.figure import Figure

    from koscom_async.export.plots import PlotKind, Theme
    from koscom_async.export.rows import TableName
    from koscom_async.models.breakdown import Group, GroupBy
    from koscom_async.models.difference import HoldingsDiff
    from koscom_async.models.explanation import Explanation

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

    def by(self, what: "GroupBy") -> "tuple[Group, ...]":
        """Return sums by asset `class`, `product`, `broker`, `account` or `currency`; they add up to the totals."""
        from koscom_async.models.breakdown import broken_down  # noqa: PLC0415  # not every program asks

        return broken_down(self.positions, self.cash, self.all_totals, by=what)

    def explain(self, position: Position) -> "Explanation":
        """Return why a position's numbers are what they are: `print(holdings.explain(position))`."""
        from koscom_async.models.explanation import explained  # noqa: PLC0415  # as above

        return explained(position)

    def diff(self, earlier: "Holdings") -> "HoldingsDiff":
        """Return what changed since an earlier answer; an account that could not be read now is never read as sold."""
        from koscom_async.models.difference import compared  # noqa: PLC0415  # as above

        return compared(earlier, self)

    def to_json(self) -> str:
        """Return everything as versioned JSON from which `from_json` makes equal holdings.

        It holds account numbers in full and the rows as they came: keep it as you keep people's data.
        """
        return export.document.dump_document(self, DOCUMENT)

    @classmethod
    def from_json(cls, text: str) -> "Holdings":
        """Return the holdings that `to_json` wrote, or raise a `ValueError` that says what is wrong with the text."""
        return export.document.load_document(text, cls, DOCUMENT)

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

    def to_arrow(self, table: "TableName" = "positions") -> "pa.Table":
        """Return `"positions"`, `"lots"`, `"cash"` or `"accounts"` as an Arrow table, decimals exact (extra `arrow`).

        The columns are the same whatever is held; each row says whether the holdings are `complete`. `None` is null.
        A number that does not fit its column raises `UsageError` (code `inexact`): nothing is rounded.
        """
        return export.frames.to_arrow(self, table)

    def to_polars(self, table: "TableName" = "positions") -> "pl.DataFrame":
        """Return a table as `to_arrow` does, as a polars frame (extra `polars`)."""
        return export.frames.to_polars(self, table)

    def to_pandas(self, table: "TableName" = "positions") -> "pd.DataFrame":
        """Return a table as `to_arrow` does, as a pandas frame of Arrow-backed columns (extra `pandas`)."""
        return export.frames.to_pandas(self, table)

    def plot(self, kind: "PlotKind" = "class", *, theme: "Theme" = "light") -> "Figure":
        """Return a picture as a matplotlib figure, which `savefig` writes as SVG or PNG (extra `plot`).

        `"class"` and `"broker"` show what the whole is made of, `"treemap"` every position, `"profit"` gains and
        losses. KRW only; what is left out, and that holdings are not complete, stands on the picture.
        """
        return export.plots.plot(self, kind, theme=theme)

    def to_html(self) -> str:
        """Return a report as one HTML document: no script, nothing loaded from elsewhere, account numbers masked."""
        return export.pages.report(self)

    def _repr_html_(self) -> str:
        return export.pages.holdings_view(self)

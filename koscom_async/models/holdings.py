"""The unified answer: positions across all brokers, cash, totals, and how each account ended.

Records only; putting them together from accounts is `_merge`'s work.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal

from attrs import field, frozen

from koscom_async._lazy import (
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
    revaluing,
    rows,
)
from koscom_async._record import Record, amount, counted
from koscom_async.models.doubts import Doubt
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AccountFailure, AccountSuccess, OfAccounts
from koscom_async.models.positions import Position

__all__ = ["AccountReconciliation", "Cash", "CashBasis", "CashLot", "Holdings", "Totals"]

CashBasis = Literal["D0", "D1", "D2"]
"""A view of cash by settlement day: settled today, tomorrow, or the day after, when everything executed is settled."""

DOCUMENT = "koscom_async.holdings"
"""What `to_json` calls its document."""


@frozen(kw_only=True, eq=False, repr=False)
class CashLot(Record):
    """One account's cash in one currency, as its summary says.

    `counted` is the view that belongs with what has been executed, and so with the rows, and `basis` says which it is:
    see `AccountReconciliation`. In a foreign currency it is the latest that is known. `None` where no view is known.
    """

    account: VirtualAccount
    balance: Decimal | None = None
    balance_d1: Decimal | None = None
    balance_d2: Decimal | None = None
    withdrawable: Decimal | None = None
    receivable: Decimal | None = None
    loan: Decimal | None = None
    counted: Decimal | None = None
    basis: CashBasis | None = None


@frozen(kw_only=True, eq=False, repr=False)
class Cash(Record):
    """Cash in one currency, across all brokers.

    `balance` is settled today; `balance_d1` and `balance_d2` are the same money as it will stand tomorrow and the
    day after, so they are never added to it. `counted` is what net worth counts: of each account the view that belongs
    with what has been executed. `receivable` (미수/미납금) and `loan` (대출/신용금) are owed, and count by their size,
    also where a broker sends a debt below zero. A sum is `None` where one account's amount is not known.
    """

    currency: str
    balance: Decimal | None = None
    balance_d1: Decimal | None = None
    balance_d2: Decimal | None = None
    withdrawable: Decimal | None = None
    receivable: Decimal | None = None
    loan: Decimal | None = None
    counted: Decimal | None = None
    lots: tuple[CashLot, ...] = ()


@frozen(kw_only=True, eq=False, repr=False)
class Totals(Record):
    """Sums in one currency over the accounts that were read; `None` where an addend is not known.

    `value`, `cost` and `profit_loss` leave futures and options out, as their value is not money put in; it is
    in `derivatives_value`. `profit_loss` and `return_pct` count the positions whose cost is known, and are
    `None` where none is; the value of the others is `value_without_cost`. `cash` is settled today; `unsettled` is what
    trades that are executed and not settled yet will add to it (a purchase: below zero). `assets` is value + cash +
    unsettled, the cash that belongs with the securities (known also where what is settled today is not), `net_worth`
    that less `liabilities` (loans and what is not paid yet). `value_in_won` and `net_worth_in_won` count foreign
    securities in, at the brokers' own exchange rates, where all are known and proven (for one unit or for 100).
    `reported_value` and `reported_net_worth` are what the brokers' summaries say; the latter does not deduct debts.
    """

    currency: str = "KRW"
    cash: Decimal | None = None
    unsettled: Decimal | None = None
    cost: Decimal | None = None
    value: Decimal | None = None
    profit_loss: Decimal | None = None
    return_pct: Decimal | None = None
    assets: Decimal | None = None
    liabilities: Decimal | None = None
    net_worth: Decimal | None = None
    value_in_won: Decimal | None = None
    net_worth_in_won: Decimal | None = None
    value_without_cost: Decimal | None = None
    derivatives_value: Decimal | None = None
    reported_value: Decimal | None = None
    reported_net_worth: Decimal | None = None


@frozen(kw_only=True, eq=False, repr=False)
class AccountReconciliation(Record):
    """One account's rows held against its summary, in KRW. A difference is normal, and shown.

    Differences are rows less summary; `None` where either side is not known. `reason` is what is likely to make
    them differ, gathered from the rows; `None` where they agree. `missing` names what the totals need and this
    account's summary lacks.

    `net_worth` is the rows' value and the cash that belongs with them, less `liabilities`. Which view of the cash that
    is stands in `cash_basis` (`None` where none is known): the one that makes the broker's own total
    (`reported_net_worth`) of securities and cash, `cash_basis_proven`, and where none does the latest that is known.
    `cash` is settled today (D0), `unsettled` the counted view less that.
    """

    _plain_properties: ClassVar = ("agrees",)

    account: VirtualAccount
    rows: int
    rows_value: Decimal | None = None
    reported_value: Decimal | None = None
    value_difference: Decimal | None = None
    rows_cost: Decimal | None = None
    reported_cost: Decimal | None = None
    cost_difference: Decimal | None = None
    reason: str | None = None
    cash: Decimal | None = None
    unsettled: Decimal | None = None
    cash_basis: CashBasis | None = None
    cash_basis_proven: bool = False
    liabilities: Decimal | None = None
    net_worth: Decimal | None = None
    reported_net_worth: Decimal | None = None
    missing: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether rows and summary say the same of value and cost."""
        return self.value_difference == 0 and self.cost_difference == 0


@frozen(kw_only=True, eq=False, repr=False)
class Holdings(OfAccounts[AccountSuccess | AccountFailure, AccountFailure]):
    """Everything that could be read of what the investor owns, and what could not.

    `as_of` is when the question was asked (KST), and where an earlier answer was continued, when that was: no number is
    older. `totals` is in KRW; `foreign_totals` has one record for each other currency, as currencies are never added.
    Check `complete` before believing that nothing is missing, and `doubts` before believing that nothing is counted
    twice: mostly it is empty.
    `consent_expires_on` is when the investor's consent ends (KST), or `None` where the platform does not say.
    """

    positions: tuple[Position, ...] = ()
    cash: tuple[Cash, ...] = ()
    totals: Totals = field(factory=Totals)
    foreign_totals: tuple[Totals, ...] = ()
    outcomes: tuple[AccountSuccess | AccountFailure, ...] = ()
    reconciliation: tuple[AccountReconciliation, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    as_of: datetime
    consent_expires_on: date | None = None

    @property
    def all_totals(self) -> tuple[Totals, ...]:
        """The totals of every currency, KRW first."""
        return (self.totals, *self.foreign_totals)

    def by(self, what: "breakdown.GroupBy") -> "tuple[breakdown.Group, ...]":
        """Return sums by asset `class`, `product`, `broker`, `account` or `currency`; they add up to the totals."""
        return breakdown.broken_down(self.positions, self.cash, self.all_totals, by=what)

    def explain(self, position: Position | str) -> "explanation.Explanation":
        """Return why a position's numbers are what they are: `print(holdings.explain("삼성전자"))`.

        Takes a position, or the code or name of one; part of a name will do where only one position has it. Raises
        `UsageError` where none fits, or several do.
        """
        return explanation.explained(self.positions, position, self.doubts)

    def diff(self, earlier: "Holdings") -> "difference.HoldingsDiff":
        """Return what changed since an earlier answer; an account that could not be read now is never read as sold."""
        return difference.compared(earlier, self)

    async def revalue(
        self, market: "revaluing.MarketService", *, deadline: float | None = None
    ) -> "revaluing.Valuation":
        """Return each listed position at the market's last price beside the broker's own value.

        `await holdings.revalue(koscom.market)`. Twenty positions are one call. What the market has no price for (bonds,
        funds, foreign and unlisted securities, a quote that is missing) keeps the broker's value, with the reason.
        """
        return await revaluing.revalued(self, market, deadline=deadline)

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
            "consent_expires_on": rows.plain(self.consent_expires_on),
            "totals": rows.plain(self.totals),
            "foreign_totals": rows.plain(self.foreign_totals),
            "positions": rows.plain(self.positions),
            "cash": rows.plain(self.cash),
            "outcomes": rows.plain(self.outcomes),
            "failures": rows.plain(self.failures),
            "reconciliation": rows.plain(self.reconciliation),
            "doubts": rows.plain(self.doubts),
        }

    def to_arrow(self, table: "rows.TableName" = "positions", key: str | None = None) -> "pa.Table":
        """Return `"positions"`, `"lots"`, `"cash"` or `"accounts"` as an Arrow table, decimals exact (extra `arrow`).

        The columns are the same whatever is held; each row says whether the holdings are `complete`. `None` is null.
        The schema's metadata say `koscom.complete`, `koscom.as_of` and, as JSON lists, `koscom.doubts` and
        `koscom.notes` (a consent that ends soon); pandas frames have them as `attrs`.
        A number that does not fit its column is null, and the row names that column in `inexact`; only what the
        library computes (`value_in_won`) is rounded, half to even.

        `key`, your own name for the investor, becomes the first column, so that tables of many can be concatenated;
        `account_key` is what to join them on. `koscom_async.export.frames.concat` does both.
        """
        return frames.to_arrow(self, table, key=key)

    def to_polars(self, table: "rows.TableName" = "positions", key: str | None = None) -> "pl.DataFrame":
        """Return a table as `to_arrow` does, as a polars frame (extra `polars`).

        CSV has no lists: before `write_csv`, `frame.with_columns(polars.col("brokers").list.join(", "))`.
        """
        return frames.to_polars(self, table, key=key)

    def to_pandas(
        self, table: "rows.TableName" = "positions", key: str | None = None, *, exact: bool = True
    ) -> "pd.DataFrame":
        """Return a table as `to_arrow` does, as a pandas frame of Arrow-backed columns (extra `pandas`).

        Exact columns add, average, group, sort and compare. pandas cannot divide them by each other, nor use
        `nlargest`, `cumsum`, `to_excel`, `to_sql`, or read its own `to_parquet` of the lists in `brokers`.
        With `exact=False` amounts are doubles (about 15 digits), texts and times are pandas' own, lists are texts,
        and times are Korean without a zone: for reading and plotting, and not for adding up money.
        """
        return frames.to_pandas(self, table, key=key, exact=exact)

    def plot(self, kind: "plots.PlotKind" = "class", *, theme: "plots.Theme" = "light") -> "figure.Figure":
        """Return a picture as a matplotlib figure, which `savefig` writes as SVG or PNG (extra `plot`).

        `"class"` and `"broker"` show what the whole is made of, `"treemap"` every position, `"profit"` gains and
        losses. KRW only; what is left out, and that holdings are not complete, stands on the picture.
        """
        return plots.plot(self, kind, theme=theme)

    def _figures(self) -> Iterator[str]:
        yield counted(len(self.positions), "position")
        yield from super()._figures()
        yield f"net worth {amount(self.totals.net_worth, self.totals.currency)}"
        if self.doubts:
            yield counted(len(self.doubts), "doubt")

    def to_html(self) -> str:
        """Return a report as one HTML document: no script, nothing loaded from elsewhere, account numbers masked."""
        return pages.report(self)

    def _repr_html_(self) -> str:
        return pages.holdings_view(self)

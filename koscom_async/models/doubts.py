"""What adds up on the wire and may still be counted twice, and which rows that is. `_merge` finds the doubts."""

from collections.abc import Container, Iterable
from decimal import Decimal
from typing import Literal

from attrs import frozen

from koscom_async._masking import clean
from koscom_async._record import Record
from koscom_async.models.account import WON
from koscom_async.models.member import VirtualAccount
from koscom_async.models.positions import Lot

__all__ = ["Doubt", "DoubtKind"]

DoubtKind = Literal[
    "total row", "sum and parts", "repeated row", "two classes", "cash and row", "other class"
]


@frozen(kw_only=True, eq=False, repr=False)
class Doubt(Record):
    """Rows of one account that may be counted twice. They are counted as they came: nothing is dropped.

    `kind` is one of: `"total row"` (a row that is the sum of others, 합계 or 소계), `"sum and parts"` (a row of
    `TradeType.TOTAL` beside rows of the same instrument), `"repeated row"` (the same row again in one answer),
    `"two classes"` (one instrument in the lists of two asset classes), `"cash and row"` (a repo or money-market row
    of the same amount as the account's cash), `"other class"` (a row in the list of another asset class).
    `rows` are the rows concerned, with the broker's own numbers; `amount` is what may be counted twice, in `currency`,
    or `None` where a row has no value. `label` is what the instrument is called; `why` says what was seen.
    `Holdings.reconciliation` says whether the broker's summary counts the amount once or twice.
    """

    kind: DoubtKind
    account: VirtualAccount
    label: str
    rows: tuple[Lot, ...]
    amount: Decimal | None = None
    currency: str = WON
    why: str

    def __str__(self) -> str:
        amount = "an unknown amount" if self.amount is None else f"{self.amount:,f} {self.currency}"
        return clean(f"{self.account}, {self.label}: {self.why}; {amount} may count twice")


def marks_of(rows: Iterable[Lot]) -> frozenset[str]:
    """Return what tells rows from others: they have no number, so it is everything that was sent."""
    return frozenset(map(_mark, rows))


def doubtful_marks(doubts: Iterable[Doubt]) -> frozenset[str]:
    """Return the marks of the rows that doubts are about."""
    return marks_of(row for doubt in doubts for row in doubt.rows)


def has_any(rows: Iterable[Lot], marks: Container[str]) -> bool:
    """Whether one of the rows has one of the marks."""
    return bool(marks) and any(_mark(row) in marks for row in rows)


def _mark(row: Lot) -> str:
    return repr((row.account.key, row.trade_type, row.quantity, row.cost, row.value, row.raw))

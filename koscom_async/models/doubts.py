"""What adds up on the wire and may still be counted twice. Records only: `_merge` finds the doubts."""

from decimal import Decimal
from typing import Literal

from attrs import frozen

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

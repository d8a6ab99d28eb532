"""Transactions: purchases, sales and transfers, of one account and of all, with the documented meaning of their codes.

Records only. Page of the manual: 계좌 서비스, "거래내역 조회 API".
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from attrs import field, frozen

from koscom_async._lazy import lists
from koscom_async._lazy import rows as exports
from koscom_async._record import Record, counted
from koscom_async.models._fields import NOT_ON_THE_WIRE, code_field, raw_field
from koscom_async.models.codes import Direction, TransactionType
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import OfAccounts, TransactionsFailure, TransactionsSuccess

__all__ = ["Transaction", "TransactionHistory", "Transactions"]

CASH = "CASH"
"""Stands for an instrument's code where money is transferred."""

# What a documented meaning does to money, and to the instrument: +1 more, -1 less, 0 nothing.
_SIGNS = {
    Direction.SALE: (1, -1),
    Direction.PURCHASE: (-1, 1),
    Direction.TRANSFER_IN: (1, 1),
    Direction.TRANSFER_OUT: (-1, -1),
}


@frozen(kw_only=True, eq=False, repr=False)
class Transaction(Record):
    """One transaction (거래). Amounts are in the account's currency, which the service does not name: KRW."""

    _plain_properties: ClassVar = ("direction", "signs_contradict")

    account: VirtualAccount | None = field(default=None, metadata=NOT_ON_THE_WIRE)
    """Whose it is"""
    on: date | None = None
    """거래일자 (`transDate`), KST"""
    type: TransactionType | None = None
    """거래구분 (`transType`): the platform's code, of which `direction` gives the documented meaning"""
    code: str | None = code_field()
    """종목코드 (`isinCode`): the instrument, in capitals; `CASH` or `None` where money is transferred"""
    amount_change: Decimal | None = None
    """금액증감 (`changeAmt`): what it did to the money, up or down"""
    quantity_change: Decimal | None = None
    """수량증감 (`changeQty`): what it did to the instrument's quantity; 0 for transfers of money"""
    quantity_after: Decimal | None = None
    """잔고수량 (`qty`): what is left of the instrument after it"""
    raw: Mapping[str, object] = raw_field()

    @property
    def direction(self) -> Direction | None:
        """What the documents say that the code means (BID 매도, ASK 매수); `None` for a code without a meaning."""
        return None if self.type is None else self.type.direction

    @property
    def signs_contradict(self) -> bool:
        """Whether money or quantity moved against the documented meaning, as when a sale costs money.

        Some brokers use the codes in the English sense. Then the direction must not be believed.
        """
        direction = self.direction
        if direction is None:
            return False
        changes = (self.amount_change, self.quantity_change)
        return any(
            change and change * sign < 0 for change, sign in zip(changes, _SIGNS[direction], strict=True)
        )


@frozen(kw_only=True, eq=False, repr=False)
class Transactions(Record):
    """One account's transactions from `since` to `until`, both included, the earliest first.

    Those of one day stand in the broker's order. `isin` and `side` are what was asked for; `notes` say what was
    tolerated on the way.
    """

    account: VirtualAccount
    since: date
    until: date
    isin: str | None = None
    side: TransactionType | None = None
    rows: tuple[Transaction, ...] = ()
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Transaction]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@frozen(kw_only=True, eq=False, repr=False)
class TransactionHistory(OfAccounts[TransactionsSuccess | TransactionsFailure, TransactionsFailure]):
    """The transactions of every account from `since` to `until`, both included, the earliest first.

    Those of one day stand account by account, and in the broker's order. Check `complete` before believing that nothing
    is missing: of an account that failed, the rows before its outcome's `missing_from` are here. `isin` and `side` are
    what was asked for; `as_of` is when it was asked (KST). Outcomes are in the order of broker and account.
    `consent_expires_on` is when the investor's consent ends (KST), or `None` where the platform does not say.
    """

    since: date
    until: date
    isin: str | None = None
    side: TransactionType | None = None
    rows: tuple[Transaction, ...] = ()
    outcomes: tuple[TransactionsSuccess | TransactionsFailure, ...] = ()
    as_of: datetime
    consent_expires_on: date | None = None

    def _repr_html_(self) -> str:
        return lists.transactions_view(self)

    def _figures(self) -> Iterator[str]:
        yield counted(len(self.rows), "row")
        yield from super()._figures()

    def __iter__(self) -> Iterator[Transaction]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def to_dicts(self) -> dict[str, Any]:
        """Return everything as nested dicts and lists, decimals as text, account numbers masked."""
        return {
            "complete": self.complete,
            "as_of": exports.plain(self.as_of),
            "consent_expires_on": exports.plain(self.consent_expires_on),
            "since": exports.plain(self.since),
            "until": exports.plain(self.until),
            "isin": self.isin,
            "side": exports.plain(self.side),
            "transactions": exports.plain(self.rows),
            "outcomes": exports.plain(self.outcomes),
            "failures": exports.plain(self.failures),
        }

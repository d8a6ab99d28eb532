"""The discretionary service's codes, as open enums, and its costs."""

from decimal import Decimal

from attrs import frozen

from koscom_async._record import Record
from koscom_async.models.codes import OpenEnum

__all__ = [
    "Amendment",
    "Cancellation",
    "ContractStatus",
    "Cost",
    "OrderSide",
    "TradeKind",
]


class ContractStatus(OpenEnum):
    """State of a discretionary contract (일임설정상태)."""

    IN_FORCE = "0"
    """계약"""
    TERMINATED = "1"
    """해지"""
    MATURED = "2"
    """만기"""


class OrderSide(OpenEnum):
    """Side of an order or a settlement (매도수구분)."""

    SELL = "1"
    """매도"""
    BUY = "2"
    """매수"""


class Amendment(OpenEnum):
    """Whether an order amends another (정정구분)."""

    NORMAL = "0"
    """정상"""
    AMENDED = "1"
    """정정"""


class Cancellation(OpenEnum):
    """Whether an order cancels another (취소구분)."""

    NORMAL = "0"
    """정상"""
    CANCELLED = "1"
    """취소"""


class TradeKind(OpenEnum):
    """Kind of an entry in the trade book (거래구분). The tables call BID a sale, against the English usage."""

    SELL = "BID"
    """매도"""
    BUY = "ASK"
    """매수"""
    DEPOSIT = "DEP"
    """이체입금"""
    WITHDRAWAL = "WID"
    """이체출금"""


@frozen(kw_only=True, eq=False, repr=False)
class Cost(Record):
    """One cost of a settlement or a trade (비용), in its currency."""

    name: str | None = None
    """비용명 (`costName`), the broker's word: 수수료 (commission), 거래세 (transaction tax), …"""
    amount: Decimal | None = None
    """비용금액 (`cost`)"""

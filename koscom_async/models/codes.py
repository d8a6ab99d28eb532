"""The platform's codes as open enums: a code that no document lists keeps its text and never raises."""

from enum import Enum
from typing import Any, Self

__all__ = ["AssetClass", "Direction", "Measure", "OpenEnum", "Product", "TradeType", "TransactionType"]


class OpenEnum(str, Enum):  # noqa: UP042  # a StrEnum's members cannot be made of unknown text
    """A text code; unknown ones become members of their own that are equal when their text is."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        # Not registered: a gateway that invents codes must not make the class grow.
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member

    @property
    def is_known(self) -> bool:
        """Whether the documents list this code."""
        return self._value_ in type(self)._value2member_map_

    # The text's own, without a call of Python's in between: codes are keys, a hundred thousand times in a merge.
    __hash__ = str.__hash__

    def __str__(self) -> str:
        return str(self._value_)

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        # The default looks the member up by name, which an unknown one has not.
        return (type(self), (self._value_,))


class AssetClass(OpenEnum):
    """Asset class (자산유형) of the balance and portfolio services."""

    CASH = "CASH"
    """현금"""
    EQUITY = "EQTY"
    """주식: what a stock exchange lists, futures and options included"""
    FUND = "FUND"
    """펀드"""
    OTHER = "ETC"
    """기타자산: bonds, commercial paper, structured securities, repos"""
    ALL = "ALL"
    """전체: every class in one answer, where the broker supports it"""


class Product(OpenEnum):
    """Product kind (상품구분자) of a row."""

    KOSPI = "KSP"
    KOSDAQ = "KDQ"
    ETF = "ETF"
    FUTURE = "FUT"
    OPTION = "OPT"
    ELW = "ELW"
    OTHER = "ETC"
    BOND = "BOND"
    CERTIFICATE_OF_DEPOSIT = "CD"
    COMMERCIAL_PAPER = "CP"
    DLS = "DLS"
    ELS = "ELS"
    CORPORATE_BOND = "STB"
    REPO = "RP"
    TERM_REPO = "CRP"
    DEMAND_REPO = "RRP"
    WARRANT = "WRT"

    @property
    def is_derivative(self) -> bool:
        """Whether the position's value is not money put in (선물, 옵션)."""
        return self in _DERIVATIVES


_DERIVATIVES = frozenset({Product.FUTURE, Product.OPTION})


class TradeType(OpenEnum):
    """How a row is held (잔고구분)."""

    NORMAL = "NRM"
    """일반/현금"""
    MARGIN = "CRD"
    """신용"""
    LOAN = "LOAN"
    """대출"""
    TOTAL = "SUM"
    """The broker does not tell; loan balances are left out."""


class Measure(OpenEnum):
    """What the numbers of a portfolio are (응답유형)."""

    SHARE = "RAT"
    """잔고구성비율: percent of the row's asset class"""
    QUANTITY = "QTY"
    """실제잔고수량: shares, or a bond's face amount; not every broker offers it, and the platform advises against it"""


class Direction(Enum):
    """What a transaction does, by the documents' meaning of its code."""

    SALE = "sale"
    """매도"""
    PURCHASE = "purchase"
    """매수"""
    TRANSFER_IN = "transfer in"
    """이체입금"""
    TRANSFER_OUT = "transfer out"
    """이체출금"""


class TransactionType(OpenEnum):
    """Kind of a transaction (거래구분), in the platform's own sense: BID is a sale and ASK a purchase.

    English usage has it the other way round, which is why the members are called by what they mean.
    """

    SALE = "BID"
    """매도"""
    PURCHASE = "ASK"
    """매수"""
    TRANSFER_IN = "DEP"
    """이체입금"""
    TRANSFER_OUT = "WID"
    """이체출금"""
    OTHER = "ETC"
    """In the documents' example, not in their tables"""

    @property
    def direction(self) -> Direction | None:
        """What the documents say that the code means; `None` for a code without such a meaning."""
        return _DIRECTIONS.get(self)


_DIRECTIONS = {
    TransactionType.SALE: Direction.SALE,
    TransactionType.PURCHASE: Direction.PURCHASE,
    TransactionType.TRANSFER_IN: Direction.TRANSFER_IN,
    TransactionType.TRANSFER_OUT: Direction.TRANSFER_OUT,
}

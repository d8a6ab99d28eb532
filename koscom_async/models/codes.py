"""The platform's codes as open enums: a code that no document lists keeps its text and never raises."""

from enum import Enum
from typing import Any, Self

__all__ = ["AssetClass", "OpenEnum", "Product", "TradeType"]


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

    def __hash__(self) -> int:
        return str.__hash__(self)

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
        return self in (Product.FUTURE, Product.OPTION)


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

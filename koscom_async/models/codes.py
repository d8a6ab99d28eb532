"""The platform's codes as open enums: a code that no document lists keeps its text and never raises.

Listed codes are compared without regard to case: `Product("fut")` is `Product.FUTURE`. Below them stand the codes of an
instrument, and which of their kinds identify it.
"""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, NamedTuple, Self

from attrs import field, frozen

from koscom_async._identifiers import is_isin
from koscom_async._record import Record
from koscom_async.models._fields import CODE

__all__ = [
    "AssetClass",
    "Direction",
    "InstrumentCode",
    "Measure",
    "OpenEnum",
    "Product",
    "Token",
    "TradeType",
    "TransactionType",
    "best_first",
    "identifies",
    "main_code",
    "main_name",
    "token_of",
]


class OpenEnum(str, Enum):  # noqa: UP042  # a StrEnum's members cannot be made of unknown text
    """A text code; unknown ones become members of their own that are equal when their text is."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        listed = cls._value2member_map_.get(value.upper())
        if isinstance(listed, cls):
            return listed
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

    def __str__(self) -> str:
        return str(self.value)


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


@frozen(kw_only=True, eq=False, repr=False)
class InstrumentCode(Record):
    """One of the codes under which an instrument is known (종목코드); `None` is what the broker did not send."""

    kind: str | None = None
    """종목코드종류 (`isinType`), the broker's word: 표준코드 (standard), 단축코드 (short), 펀드코드 (fund), …"""
    code: str | None = field(default=None, metadata=CODE)
    """종목코드 (`isinCode`), in capitals; placeholders such as zeros, "-" or "NULL" are `None`"""
    name: str | None = None
    """종목명 (`isinName`)"""


class Token(NamedTuple):
    """What identifies an instrument within its asset class and currency: the smaller the rank, the better."""

    rank: int
    group: str
    code: str


STANDARD, FUND, FAULTY, OTHER = range(4)
"""Ranks: an ISIN whose check digit holds, a fund code, a standard code that does not check, any other code."""

# What a kind's word has in it: the group within which equal codes are one, and the rank. The first that fits is taken;
# the list of kinds is open (manual: 일임 서비스, 종목코드종류), and one that fits none identifies nothing.
_KINDS = (
    ("상품", None),
    ("영문", None),
    ("종목명", None),
    ("펀드", ("fund", FUND)),
    ("표준", ("standard", FAULTY)),
    ("ISIN", ("standard", FAULTY)),
    ("단축", ("short", OTHER)),
    ("축약코드", ("abbreviated", OTHER)),
    ("종목코드", ("", OTHER)),
)


def token_of(code: str, kind: str | None, asset_class: AssetClass) -> Token | None:
    """Return what a code of that kind identifies, or `None` where codes of the kind join nothing.

    A code of no stated kind, as the account service's, is an ISIN if it checks; else a fund's is its fund code.
    """
    word = "".join((kind or "").upper().split())
    group, rank = "", FUND if asset_class is AssetClass.FUND else OTHER
    if word:
        found = next((each for part, each in _KINDS if part in word), None)
        if found is None:
            return None
        group, rank = found
    elif rank == FUND:
        group = "fund"
    return Token(STANDARD, "", code) if is_isin(code) else Token(rank, group, code)


def best_first(codes: Sequence[InstrumentCode], asset_class: AssetClass) -> tuple[InstrumentCode, ...]:
    """Return the codes, each once: those that identify first, the best of them at the head."""
    ranked = sorted(_ranked(codes, asset_class), key=lambda pair: pair[0])
    return tuple({each.code: each for _, each in reversed(ranked)}.values())[::-1]


def _ranked(codes: Sequence[InstrumentCode], asset_class: AssetClass) -> Iterator[tuple[int, InstrumentCode]]:
    for each in codes:
        if each.code is not None:
            token = token_of(each.code, each.kind, asset_class)
            yield OTHER + 1 if token is None else token.rank, each


def identifies(code: InstrumentCode, asset_class: AssetClass) -> bool:
    """Whether equal codes of that kind are one instrument."""
    return code.code is not None and token_of(code.code, code.kind, asset_class) is not None


def main_code(codes: Sequence[InstrumentCode], asset_class: AssetClass = AssetClass.OTHER) -> str | None:
    """Return the code that identifies best: the standard code, a fund code, and so on; `None` where there is none."""
    return next((each.code for each in best_first(codes, asset_class)), None)


def main_name(codes: Sequence[InstrumentCode]) -> str | None:
    """Return the first name that the codes give."""
    return next((each.name for each in codes if each.name is not None), None)

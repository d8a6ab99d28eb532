"""What an account is made of (shares in percent, or quantities), and what its investor watches there.

Pages of the manual: 계좌 서비스, "자산 포트폴리오 조회 API" and "관심종목 조회 API".
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import ClassVar

from attrs import field, frozen

from koscom_async._record import Record
from koscom_async.models._fields import CODE, NOT_ON_THE_WIRE, code_field, raw_field
from koscom_async.models.codes import AssetClass, Measure, Product
from koscom_async.models.member import VirtualAccount

__all__ = [
    "Portfolio",
    "PortfolioCash",
    "PortfolioEquity",
    "PortfolioFund",
    "PortfolioOther",
    "PortfolioRow",
    "WatchGroup",
    "Watchlist",
]


@frozen(kw_only=True, eq=False, repr=False)
class PortfolioCash(Record):
    """Cash (현금): the balance in KRW, or its share of all assets in percent; brokers send either as one field."""

    _plain_properties: ClassVar = ("amount", "share")

    number: Decimal | None = None
    """현금잔고 또는 비중 (`amt`), as the broker sent it"""
    measure: Measure | None = field(default=None, metadata=NOT_ON_THE_WIRE)
    """Whether `number` is a share or an amount (`Measure.QUANTITY`); `None` where it is not clear"""
    raw: Mapping[str, object] = raw_field()

    @property
    def amount(self) -> Decimal | None:
        """The balance in KRW, where the number is one."""
        return self.number if self.measure is Measure.QUANTITY else None

    @property
    def share(self) -> Decimal | None:
        """Percent of all assets, where the number is that."""
        return self.number if self.measure is Measure.SHARE else None


@frozen(kw_only=True, eq=False, repr=False)
class PortfolioRow(Record):
    """What the rows of every asset class have in common. `number` means nothing without `measure`."""

    asset_class: ClassVar[AssetClass]
    _plain_properties: ClassVar = ("asset_class", "share", "quantity")

    product: Product | None = None
    """상품구분자 (`assetType`)"""
    code: str | None = code_field()
    """The broker's code of the instrument, in capitals; `None` where it sent none, or a placeholder (zeros, "NULL")"""
    name: str | None = None
    """The name, cut at 15 characters, or `None`"""
    number: Decimal | None = None
    """수량 또는 비중 (`qty`), as the broker sent it"""
    measure: Measure | None = field(default=None, metadata=NOT_ON_THE_WIRE)
    """What `number` is: a share, a quantity, or `None` where the broker's numbers cannot be what was asked for"""
    return_rate: Decimal | None = None
    """수익률 (`earningRate`), in percent as the tables have it; some brokers send a fraction"""
    raw: Mapping[str, object] = raw_field()

    @property
    def share(self) -> Decimal | None:
        """Percent of the account's holdings of this asset class; `None` where the number is not a share."""
        return self.number if self.measure is Measure.SHARE else None

    @property
    def quantity(self) -> Decimal | None:
        """How much is held; `None` where the number is not a quantity."""
        return self.number if self.measure is Measure.QUANTITY else None


@frozen(kw_only=True, eq=False, repr=False)
class PortfolioEquity(PortfolioRow):
    """One row of `equityList` (주식); `code` is the ISIN (표준코드, `isinCode`)."""

    asset_class: ClassVar[AssetClass] = AssetClass.EQUITY


@frozen(kw_only=True, eq=False, repr=False)
class PortfolioFund(PortfolioRow):
    """One row of `fundList` (펀드); `code` is the fund code (펀드표준코드, `fundCode`)."""

    asset_class: ClassVar[AssetClass] = AssetClass.FUND

    matures_on: date | None = None
    """만기일 (`maturity`), KST"""


@frozen(kw_only=True, eq=False, repr=False)
class PortfolioOther(PortfolioRow):
    """One row of `etcList` (기타자산): bonds, paper, structured securities; mostly without a code."""

    asset_class: ClassVar[AssetClass] = AssetClass.OTHER


@frozen(kw_only=True, eq=False, repr=False)
class Portfolio(Record):
    """One account's portfolio: every page, every asset class.

    `measure` is what was asked for; each row says what its own number is. `notes` say what was tolerated on the way.
    """

    account: VirtualAccount
    measure: Measure
    cash: PortfolioCash | None = None
    equities: tuple[PortfolioEquity, ...] = ()
    funds: tuple[PortfolioFund, ...] = ()
    others: tuple[PortfolioOther, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[PortfolioRow, ...]:
        """All rows, class by class."""
        return (*self.equities, *self.funds, *self.others)


@frozen(kw_only=True, eq=False, repr=False)
class WatchGroup(Record):
    """One group of watched symbols (관심종목 그룹), in the investor's own order."""

    name: str | None = field(default=None, repr=False)
    """관심종목 그룹 이름 (`groupName`): the investor's own text"""
    modified_on: date | None = None
    """최종 수정일 (`modifyDate`), KST; most brokers send none"""
    symbols: tuple[str, ...] = field(default=(), metadata=CODE)
    """종목코드 (`isinCode`): ISINs, mostly, in capitals; placeholders (zeros, "NULL") are left out"""
    raw: Mapping[str, object] = raw_field()


@frozen(kw_only=True, eq=False, repr=False)
class Watchlist(Record):
    """One account's watchlist. `notes` say what was tolerated on the way."""

    _plain_properties: ClassVar = ("symbols",)

    account: VirtualAccount
    groups: tuple[WatchGroup, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every watched symbol once, in the order of the groups."""
        return tuple(dict.fromkeys(symbol for group in self.groups for symbol in group.symbols))

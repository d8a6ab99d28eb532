"""What the account service tells of one account: its summary and its rows, as the broker sent them.

Amounts are exact decimals in the row's currency; `None` is what the broker did not send, never zero.
Page of the manual: 계좌 서비스, "계좌잔고 조회 API".
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import ClassVar

from attrs import field, frozen

from koscom_async._record import Record
from koscom_async.models._fields import NOT_ON_THE_WIRE, code_field, raw_field
from koscom_async.models.codes import AssetClass, Product, TradeType
from koscom_async.models.currencies import units_of
from koscom_async.models.member import VirtualAccount

__all__ = ["Balance", "BalanceRow", "BalanceSummary", "EquityRow", "ForeignCash", "FundRow", "OtherRow"]

WON = "KRW"


@frozen(kw_only=True, eq=False, repr=False)
class BalanceSummary(Record):
    """The account as the broker sums it up (잔고 요약), in KRW.

    `cash`, `cash_d1` and `cash_d2` are three views of one amount, settled today, tomorrow and the day after, and never
    added. The rows need not add up to it: a difference is normal.
    """

    cash: Decimal | None = None
    """현금잔고 (`cashBalance`)"""
    cash_d1: Decimal | None = None
    """D+1잔고 (`d1`)"""
    cash_d2: Decimal | None = None
    """D+2잔고 (`d2`)"""
    substitute: Decimal | None = None
    """대용금 (`substitute`)"""
    receivable: Decimal | None = None
    """미수/미납금, what the investor has not paid yet (`receivable`)"""
    substitute_margin: Decimal | None = None
    """대용증거금 (`subsMargin`)"""
    loan: Decimal | None = None
    """대출/신용금 (`loanCredit`)"""
    cost: Decimal | None = None
    """유가증권매수금액 (`valAtTrade`)"""
    value: Decimal | None = None
    """유가증권평가금액 (`valueAtCur`)"""
    profit_loss: Decimal | None = None
    """유가증권평가손익 (`proLoss`)"""
    total_value: Decimal | None = None
    """총평가금액 (`totalAccVal`): securities and cash, debts not deducted"""
    withdrawable: Decimal | None = None
    """출금가능액 (`cashAvWithdraw`)"""
    raw: Mapping[str, object] = raw_field()


@frozen(kw_only=True, eq=False, repr=False)
class BalanceRow(Record):
    """What the rows of every asset class have in common."""

    asset_class: ClassVar[AssetClass]

    product: Product | None = None
    """상품구분자 (`assetType`)"""
    code: str | None = code_field()
    """The broker's code of the instrument, in capitals; `None` where it sent none, or a placeholder (zeros, "NULL")"""
    name: str | None = None
    """The name, cut by some brokers at 15 characters, or `None`"""
    quantity: Decimal | None = None
    """수량 (`qty`); a bond's is its face amount"""
    trade_type: TradeType | None = None
    """잔고구분 (`tradeType`)"""
    cost: Decimal | None = None
    """매수금액 (`valAtTrade`); 0 where the broker does not report one"""
    value: Decimal | None = None
    """평가금액 (`valAtCur`)"""
    profit_loss: Decimal | None = None
    """평가손익 (`proLoss`), as reported"""
    return_rate: Decimal | None = None
    """수익률 (`earningRate`), as reported: some brokers mean percent, others a fraction"""
    currency: str = WON
    """통화 (`crcyCode`); the account service's tables have none, so absent means KRW"""
    rate: Decimal | None = None
    """적용환율 (`currencyRate`): won for one unit of `currency` or for 100, as the broker sent it; `None` or 0: none"""
    loan: Decimal | None = None
    """신용/대출금액 (`loanCreditAmt`): what is owed for this row; the account service does not tell"""
    other_codes: tuple[str, ...] = ()
    """Further codes of the same instrument, where one row gives several; the account service gives one"""
    code_kinds: tuple[str | None, ...] = ()
    """The broker's words for the kinds of `code` and `other_codes`, in their order; the account service has none"""
    rate_units: int | None = field(default=None, metadata=NOT_ON_THE_WIRE)
    """For how many units of `currency` the rate is, where more than its size says so (deposits, other rates)"""
    raw: Mapping[str, object] = raw_field()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it: quantity, cost and value are all zero. An unknown amount is not zero."""
        if self.value or self.quantity or self.cost:
            return False
        return self.value is not None and self.quantity is not None and self.cost is not None

    @property
    def value_in_won(self) -> Decimal | None:
        """The value at the row's own rate; `None` where there is no rate, or nothing proves for how many units it is.

        Computed in the current decimal context. Nothing is nothing at any rate.
        """
        value = self.value
        if self.currency == WON or not value:
            return value
        units = units_of(self.currency, self.rate, self.rate_units)
        if units is None or self.rate is None:
            return None
        return value * self.rate * _PER_UNIT[units]


_PER_UNIT = {units: Decimal(1) / units for units in (1, 100, 1000)}


@frozen(kw_only=True, eq=False, repr=False)
class EquityRow(BalanceRow):
    """One row of `equityList` (주식); `code` is the ISIN (국제표준코드, `isinCode`)."""

    asset_class: ClassVar[AssetClass] = AssetClass.EQUITY

    product_type: str | None = None
    """종목구분 (`productType`)"""


@frozen(kw_only=True, eq=False, repr=False)
class FundRow(BalanceRow):
    """One row of `fundList` (펀드); `code` is the fund code (펀드표준코드, `fundCode`).

    Two funds may share one name, and brokers send no quantity.
    """

    asset_class: ClassVar[AssetClass] = AssetClass.FUND

    fund_type: str | None = None
    """펀드구분 (`fundType`)"""
    first_bought_on: date | None = None
    """최초매수일 (`firstDateBuy`), KST"""
    last_bought_on: date | None = None
    """최종매수일 (`lastDateBuy`), KST"""
    matures_on: date | None = None
    """만기일 (`maturity`), KST"""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it: cost and value are zero, and so is the quantity where a broker sends one."""
        if self.value or self.quantity or self.cost:
            return False
        return self.value is not None and self.cost is not None


@frozen(kw_only=True, eq=False, repr=False)
class OtherRow(BalanceRow):
    """One row of `etcList` (기타자산): bonds, paper, structured securities; mostly without a code."""

    asset_class: ClassVar[AssetClass] = AssetClass.OTHER


@frozen(kw_only=True, eq=False, repr=False)
class ForeignCash(Record):
    """Cash in one foreign currency: three views of one amount, and what is owed in it.

    Only the discretionary service tells; amounts are in `currency`.
    """

    currency: str
    balance: Decimal | None = None
    balance_d1: Decimal | None = None
    balance_d2: Decimal | None = None
    withdrawable: Decimal | None = None
    receivable: Decimal | None = None
    loan: Decimal | None = None


@frozen(kw_only=True, eq=False, repr=False)
class Balance(Record):
    """One account's balance: every page, every asset class.

    `summary` is in KRW, and `None` where the broker sent none; `foreign_cash` is what the discretionary service tells
    beside it. `notes` say what was tolerated on the way (an echo that
    was missing, a total that could not be checked).
    """

    account: VirtualAccount
    summary: BalanceSummary | None = None
    equities: tuple[EquityRow, ...] = ()
    funds: tuple[FundRow, ...] = ()
    others: tuple[OtherRow, ...] = ()
    foreign_cash: tuple[ForeignCash, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[BalanceRow, ...]:
        """All rows, class by class."""
        return (*self.equities, *self.funds, *self.others)

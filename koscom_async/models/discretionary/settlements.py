"""What is to be settled at a contract account, with costs (결제예정), and its trade book (거래내역)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from attrs import field, frozen

from koscom_async._decimals import exactly, total
from koscom_async._record import Record
from koscom_async.models._fields import NOT_ON_THE_WIRE, account_number_field, omitted_field, raw_field
from koscom_async.models.account import WON
from koscom_async.models.codes import AssetClass, InstrumentCode, main_code, main_name
from koscom_async.models.discretionary.codes import (
    Cost,
    OrderSide,
    TradeKind,
)

__all__ = ["DiscretionarySettlement", "DiscretionaryTrade"]


@frozen(kw_only=True, eq=False, repr=False)
class DiscretionarySettlement(Record):
    """One settlement that is due; amounts are in `currency`. `None` is what the broker did not send."""

    asset_class: AssetClass = field(metadata=NOT_ON_THE_WIRE)
    """자산유형, as it was asked for (`qrAssetType`)"""
    account_number: str | None = account_number_field()
    """계좌번호 (`accNo`)"""
    holder: str | None = omitted_field()
    """계좌명 (`accName`): a person's name"""
    side: OrderSide | None = None
    """매도수구분 (`sellBuyType`)"""
    exchange: str | None = None
    """거래소명 (`exchange`), of exchanges other than KRX"""
    currency: str = WON
    """통화코드 (`crcyCode`); absent means KRW"""
    quantity: Decimal | None = None
    """결제수량 (`settQty`)"""
    amount: Decimal | None = None
    """결제금액 (`settAmt`)"""
    trade_type: str | None = None
    """거래유형 (`tradeType`), the broker's word here"""
    loan_date: date | None = None
    """신용/대출일 (`loanCreditDate`), KST"""
    loan: Decimal | None = None
    """신용/대출금액 (`loanCreditAmt`)"""
    settles_on: date | None = None
    """결제일자 (`settDate`), KST"""
    cost_total: Decimal | None = None
    """비용합계 (`costTotal`), as the broker adds up"""
    codes: tuple[InstrumentCode, ...] = ()
    """종목코드 (`isinInfo`): every code of this one instrument"""
    costs: tuple[Cost, ...] = ()
    """비용정보 (`costInfo`)"""
    raw: Mapping[str, object] = raw_field()

    @property
    def code(self) -> str | None:
        """The code that identifies best: the standard code, else a fund code, else another; or `None`."""
        return main_code(self.codes)

    @property
    def name(self) -> str | None:
        """The instrument's name."""
        return main_name(self.codes)


@frozen(kw_only=True, eq=False, repr=False)
class DiscretionaryTrade(Record):
    """One entry of the trade book; amounts are in `currency`. `None` is what the broker did not send."""

    account_number: str | None = account_number_field()
    """계좌번호 (`accNo`)"""
    holder: str | None = omitted_field()
    """계좌명 (`accName`): a person's name"""
    traded_on: date | None = None
    """거래일자 (`transDate`), KST"""
    kind: TradeKind | None = None
    """거래구분 (`transType`): BID is a sale (매도) and ASK a purchase (매수), as the tables say"""
    amount_change: Decimal | None = None
    """금액증감 (`changeAmt`): negative where cash went"""
    quantity_change: Decimal | None = None
    """수량증감 (`changeQty`): negative where securities went"""
    quantity: Decimal | None = None
    """잔고수량 (`qty`): left after the entry"""
    cash: Decimal | None = None
    """예수금 (`amt`): left after the entry"""
    exchange: str | None = None
    """거래소명 (`exchange`), the broker's word"""
    currency: str = WON
    """통화코드 (`crcyCode`); absent means KRW"""
    subject: str | None = None
    """계정명 (`subject`), the broker's word"""
    summary: str | None = None
    """적요명 (`summary`), the broker's word"""
    codes: tuple[InstrumentCode, ...] = ()
    """종목코드 (`isinInfo`): every code of this one instrument"""
    costs: tuple[Cost, ...] = ()
    """비용정보 (`costInfo`)"""
    raw: Mapping[str, object] = raw_field()

    @property
    def code(self) -> str | None:
        """The code that identifies best: the standard code, else a fund code, else another; or `None`."""
        return main_code(self.codes)

    @property
    def name(self) -> str | None:
        """The instrument's name."""
        return main_name(self.codes)

    @property
    def cost_total(self) -> Decimal | None:
        """The sum of the costs, in `currency`; `None` where one is not known."""
        with exactly():
            return total(cost.amount for cost in self.costs)

    @property
    def contradicts_signs(self) -> bool:
        """Whether the signs say the opposite of the code: a sale that costs cash or brings securities, and so on.

        The manual's own example does; so the code is kept as it is, and the doubt is yours to see.
        """
        cash, securities = _EXPECTED.get(self.kind, (0, 0)) if self.kind is not None else (0, 0)
        return (self.amount_change or 0) * cash < 0 or (self.quantity_change or 0) * securities < 0


# The signs of cash and securities that each kind must have.
_EXPECTED: Mapping[TradeKind, tuple[int, int]] = {
    TradeKind.SELL: (1, -1),
    TradeKind.BUY: (-1, 1),
    TradeKind.DEPOSIT: (1, 1),
    TradeKind.WITHDRAWAL: (-1, -1),
}

"""Orders of a contract account with their executions (주문체결)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from attrs import field, frozen

from koscom_async._decimals import exactly, total
from koscom_async._record import Record
from koscom_async.models._fields import NOT_ON_THE_WIRE, account_number_field, omitted_field, raw_field
from koscom_async.models.account import WON
from koscom_async.models.codes import AssetClass, InstrumentCode, main_code, main_name
from koscom_async.models.discretionary.codes import (
    Amendment,
    Cancellation,
    OrderSide,
)

__all__ = ["DiscretionaryOrder", "Execution"]


@frozen(kw_only=True, eq=False, repr=False)
class Execution(Record):
    """One execution of an order (체결상세내역)."""

    quantity: Decimal | None = None
    """체결수량 (`execQty`)"""
    price: Decimal | None = None
    """체결단가 (`execPrice`), in the order's currency"""
    number: str | None = None
    """체결번호 (`execNo`), as digits"""
    executed_at: datetime | None = None
    """체결시각 (`execTime`), KST"""


@frozen(kw_only=True, eq=False, repr=False)
class DiscretionaryOrder(Record):
    """One order; prices are in `currency`. `None` is what the broker did not send."""

    asset_class: AssetClass = field(metadata=NOT_ON_THE_WIRE)
    """자산유형, as it was asked for (`qrAssetType`)"""
    account_number: str | None = account_number_field()
    """계좌번호 (`accNo`)"""
    holder: str | None = omitted_field()
    """계좌명 (`accName`): a person's name"""
    amendment: Amendment | None = None
    """정정구분 (`modifyType`)"""
    cancellation: Cancellation | None = None
    """취소구분 (`cancelType`)"""
    number: str | None = None
    """주문번호 (`orderNo`)"""
    original_number: str | None = None
    """원주문번호 (`orgOrderNo`): of the order that this one amends or cancels"""
    side: OrderSide | None = None
    """매도수구분 (`sellBuyType`)"""
    order_type: str | None = None
    """주문유형 (`orderType`), the broker's word"""
    exchange: str | None = None
    """거래소명 (`exchange`), of exchanges other than KRX"""
    currency: str = WON
    """통화코드 (`crcyCode`); absent means KRW"""
    quantity: Decimal | None = None
    """주문수량 (`orderQty`)"""
    price: Decimal | None = None
    """주문단가 (`orderPrice`)"""
    executed_quantity: Decimal | None = None
    """체결합계수량 (`execSumQty`), as the broker adds up"""
    state: str | None = None
    """주문체결구분 (`orderExecType`), the broker's word: before acceptance, amended, cancel confirmed, rejected"""
    commission_type: str | None = None
    """수수료유형 (`cmsnType`), the broker's word"""
    settlement_days: Decimal | None = None
    """결제일수 (`settDays`)"""
    buy_unit: Decimal | None = None
    """매수수량단위 (`buyQtyUnit`)"""
    sell_unit: Decimal | None = None
    """매도수량단위 (`sellQtyUnit`)"""
    ordered_at: datetime | None = None
    """주문시각 (`orderTime`), KST"""
    rejection: str | None = None
    """주문거부사유 (`orderRejectReason`), the broker's word"""
    codes: tuple[InstrumentCode, ...] = ()
    """종목코드 (`isinInfo`): every code of this one instrument"""
    executions: tuple[Execution, ...] = ()
    """체결상세내역 (`execList`)"""
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
    def executed_amount(self) -> Decimal | None:
        """Quantity by price, summed over the executions, in `currency`; `None` where one is not known."""
        with exactly():
            return total(
                None if each.quantity is None or each.price is None else each.quantity * each.price
                for each in self.executions
            )

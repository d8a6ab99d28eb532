"""An order of a contract account (주문): new, amended or cancelled, checked by the platform's rules when it is made."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Self
from uuid import uuid4

from attrs import evolve, field, frozen

from koscom_async._decimals import read_amount
from koscom_async._identifiers import is_isin
from koscom_async._masking import clean, masked_repr
from koscom_async._record import Record
from koscom_async.errors import UsageError
from koscom_async.models.codes import OpenEnum
from koscom_async.models.discretionary.codes import OrderSide

__all__ = ["Order", "OrderAction", "OrderKind", "OrderReceipt"]

_ORDER_ID = re.compile(r"\A[A-Za-z0-9_-]{1,40}\Z", re.ASCII)
_STANDARD_CODE = re.compile(r"\A[A-Z]{2}[A-Z0-9]{9}[0-9]\Z", re.ASCII)
_MOST = Decimal(10) ** 15
_LONGEST_TEXT = 200


class OrderKind(OpenEnum):
    """Kind of an order (주문유형)."""

    LIMIT = "LIMIT"
    """지정가"""
    MARKET = "MARKET"
    """시장가"""


class OrderAction(OpenEnum):
    """What an order asks for."""

    PLACE = "PLACE"
    """신규주문"""
    AMEND = "AMEND"
    """주문정정"""
    CANCEL = "CANCEL"
    """주문취소"""


def new_order_id() -> str:
    """Return an id that no other order has: 20 letters and digits."""
    return uuid4().hex[:20].upper()


def _number(value: Decimal | int | str | None) -> Any:
    return None if value is None else _exact(value)


def _exact(value: object) -> Decimal:
    """Return a number as it was meant; a float is none, as it has other digits than were written."""
    number = Decimal(0)
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        with suppress(ValueError, InvalidOperation):
            number = read_amount(str(value))
    if not 0 < number < _MOST:
        raise UsageError(
            "a quantity and a price are exact numbers above 0",
            advice="give an int, a Decimal, or text such as '72300'",
        )
    return number


def _names(extra: Mapping[str, Any]) -> str:
    """Return the names of what came with an answer: the account's number may be among the values."""
    return f"{{{', '.join(map(clean, extra))}}}"


def _expect_text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= _LONGEST_TEXT:
        raise UsageError(
            "broker, account, code, side and kind of an order are short texts, and each names one thing"
        )
    return value.strip()


def _text(value: str) -> str:
    return _expect_text(value)


def _side(value: OrderSide | str) -> OrderSide:
    text = _expect_text(value)
    return OrderSide.__members__.get(text.upper(), OrderSide(text))


def _kind(value: OrderKind | str) -> OrderKind:
    return OrderKind(_expect_text(value))


def _action(value: OrderAction | str) -> OrderAction:
    return OrderAction(_expect_text(value))


def checked_order_id(value: str) -> str:
    """Return an id that an order may have; raise `UsageError` for another."""
    text = _expect_text(value)
    if not _ORDER_ID.match(text):
        raise UsageError("an order's id has 1 to 40 letters, digits, hyphens or underscores")
    return text


@frozen(kw_only=True, eq=False, repr=False)
class Order(Record):
    """One order for one instrument of one contract account; the platform takes no lists.

    `broker` is a short name, `account` the contract account's number, `code` the instrument's standard code (표준코드).
    `quantity` is in shares, `price` in the instrument's currency; a limit order has one, a market order has none.
    `order_id` is the client's own, made with the order, by which it is found again; a second order has another one.
    `original_id` is that of the order which this one amends or cancels, `original_number` the broker's number of it.
    Raises `UsageError` for what is no order.
    """

    broker: str = field(converter=_text)
    account: str = field(converter=_text, repr=masked_repr)
    code: str = field(converter=_text)
    side: OrderSide = field(converter=_side)
    quantity: Decimal = field(converter=_number)
    price: Decimal | None = field(default=None, converter=_number)
    kind: OrderKind = field(default=OrderKind.LIMIT, converter=_kind)
    order_id: str = field(factory=new_order_id, converter=checked_order_id)
    action: OrderAction = field(default=OrderAction.PLACE, converter=_action)
    original_id: str | None = None
    original_number: str | None = None

    def __attrs_post_init__(self) -> None:
        if not self.side.is_known or not self.action.is_known:
            raise UsageError(
                'the side of an order is OrderSide.BUY or OrderSide.SELL, as text "buy" or "sell"'
            )
        if _STANDARD_CODE.match(self.code) and not is_isin(self.code):
            raise UsageError("the check digit of the order's standard code (표준코드) does not hold")
        if self.quantity is None:
            raise UsageError("an order needs a quantity")
        if (self.price is None) != (self.kind is OrderKind.MARKET):
            raise UsageError(
                "a limit order needs a price, and a market order has none",
                advice="give price=…, or kind=OrderKind.MARKET without one",
            )

    def again(self) -> Self:
        """Return the same order under a new id: a second order, for one that was refused or never left."""
        return evolve(self, order_id=new_order_id())

    def amended(
        self,
        *,
        price: Decimal | int | str | None = None,
        quantity: Decimal | int | str | None = None,
        number: str | None = None,
        order_id: str | None = None,
    ) -> Self:
        """Return the order that amends this one, by the platform's rules; raise `UsageError` for what they forbid."""
        if (price is None) == (quantity is None):
            raise UsageError(
                "an order is amended in its price or in its quantity",
                advice="give price=… without a quantity: it holds for all of what is left of the order",
            )
        if self.kind is not OrderKind.LIMIT and price is not None:
            raise UsageError("a market order has no price that could be amended")
        changed = evolve(
            self, price=self.price if price is None else price, quantity=quantity or self.quantity
        )
        if changed.quantity > self.quantity:
            raise UsageError(
                "the quantity of an order is never raised", advice="place another order for the rest"
            )
        if (changed.price, changed.quantity) == (self.price, self.quantity):
            raise UsageError("the amended order is as it was")
        return changed.following(self, OrderAction.AMEND, number, order_id)

    def cancelled(self, *, number: str | None = None, order_id: str | None = None) -> Self:
        """Return the order that cancels what is left of this one."""
        return self.following(self, OrderAction.CANCEL, number, order_id)

    def following(
        self, original: Self, action: OrderAction, number: str | None, order_id: str | None
    ) -> Self:
        """Return this order as one that changes another, under an id of its own."""
        if original.action is OrderAction.CANCEL:
            raise UsageError("a cancellation can be neither amended nor cancelled")
        return evolve(
            self,
            action=action,
            order_id=new_order_id() if order_id is None else order_id,
            original_id=original.order_id,
            original_number=number,
        )


@frozen(kw_only=True, eq=False, repr=False)
class OrderReceipt(Record):
    """What the answer to an order says: that it was accepted for sending, and no more.

    Whether the broker took it, and what was executed, is asked with `koscom.discretionary.orders`. `number` is the
    broker's number of the order (주문번호), where the answer has it; `extra` what else stands there.
    """

    order: Order
    number: str | None = None
    received_at: datetime
    extra: Mapping[str, Any] = field(factory=dict, eq=False, repr=_names)

    @property
    def order_id(self) -> str:
        """The client's own id of the order."""
        return self.order.order_id

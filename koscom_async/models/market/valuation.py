"""What is held at the market's last prices, beside the brokers' own values: `await holdings.revalue(koscom.market)`.

Records only: the prices are read in `_services`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from attrs import NOTHING, field, frozen

from koscom_async._record import Record, amount, counted
from koscom_async.models._fields import OMITTED
from koscom_async.models.holdings import Holdings
from koscom_async.models.market.quotes import Quote
from koscom_async.models.market.table import Table, ko
from koscom_async.models.positions import Position

__all__ = ["Valuation", "ValuedPosition"]


@frozen(kw_only=True, eq=False, repr=False)
class ValuedPosition(Record):
    """One position at the market's last price, `value`, beside the broker's own, `broker_value`, in `currency`.

    `name` is the broker's, or the market's where brokers leave it out. `price_at` is when the price was paid, `None`
    where the market does not say (after the close), and `asked_at` when the market was asked; `broker_at` is when the
    first of its brokers answered. What the market cannot price has a `reason`, and no `value`.
    """

    code: str | None = ko("종목코드")
    name: str | None = ko("종목명")
    quantity: Decimal | None = ko("수량")
    price: Decimal | None = ko("현재가")
    value: Decimal | None = ko("평가금액")
    broker_value: Decimal | None = ko("증권사평가금액")
    difference: Decimal | None = ko("차이")
    currency: str = ko("통화", NOTHING)
    price_at: datetime | None = ko("체결시각")
    asked_at: datetime | None = ko("조회시각")
    broker_at: datetime | None = ko("증권사시각")
    reason: str | None = ko("사유")
    position: Position = field(repr=False, metadata=OMITTED)
    quote: Quote | None = field(default=None, repr=False, metadata=OMITTED)

    @property
    def is_priced(self) -> bool:
        """Whether the market has a price for it."""
        return self.value is not None


@frozen(kw_only=True, eq=False, repr=False)
class Valuation(Table[ValuedPosition]):
    """Holdings at the market's last prices; amounts in KRW, each position in its own currency.

    `value` is what the priced positions are worth now and the others by their brokers; `broker_value` what all are
    worth by the brokers, as `holdings.totals.value`: no derivatives, no foreign currencies. `difference` is the one
    less the other, and the sum of the positions' differences; `net_worth` is that of the holdings with it. `None` where
    an addend is not known. `as_of` is when the market was asked, in Korea. `unpriced` are the positions without a
    price, each with its reason; `complete` is that of the holdings.
    """

    kind: ClassVar[type[Record]] = ValuedPosition

    positions: tuple[ValuedPosition, ...] = ()
    value: Decimal | None = None
    broker_value: Decimal | None = None
    difference: Decimal | None = None
    net_worth: Decimal | None = None
    as_of: datetime
    holdings: Holdings = field(repr=False, metadata=OMITTED)

    @property
    def unpriced(self) -> tuple[ValuedPosition, ...]:
        """The positions that the market has no price for."""
        return tuple(each for each in self.positions if not each.is_priced)

    @property
    def complete(self) -> bool:
        """Whether every account was read."""
        return self.holdings.complete

    @property
    def notes(self) -> tuple[str, ...]:
        """Which positions have no market price, and why."""
        return tuple(f"{each.name or each.code or ''}: {each.reason}" for each in self.unpriced)

    def _items(self) -> Iterator[ValuedPosition]:
        return iter(self.positions)

    def _title(self) -> str:
        without = f", {len(self.unpriced)} without a market price" if self.unpriced else ""
        whole = "" if self.complete else ", INCOMPLETE"
        return (
            f"{counted(len(self.positions), 'position')}, value {amount(self.value, 'KRW')}{without}{whole}"
        )

    def _facts(self) -> Mapping[str, Any]:
        names = ("complete", "as_of", "value", "broker_value", "difference", "net_worth")
        return {name: getattr(self, name) for name in names}

"""What is held at the market's last prices, beside the brokers' own values: `await holdings.revalue(koscom.market)`.

The records, and how they are made of holdings and quotes; the prices are read in `_services`.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from attrs import NOTHING, field, frozen

from koscom_async._decimals import difference, exactly, total
from koscom_async._record import Record, amount, counted
from koscom_async.models._fields import OMITTED
from koscom_async.models.account import WON
from koscom_async.models.codes import AssetClass, Product
from koscom_async.models.holdings import Holdings
from koscom_async.models.market.quotes import Quote, Quotes
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

    @property
    def title(self) -> str:
        """What it is, in a line."""
        without = f", {len(self.unpriced)} without a market price" if self.unpriced else ""
        whole = "" if self.complete else ", INCOMPLETE"
        return (
            f"{counted(len(self.positions), 'position')}, value {amount(self.value, 'KRW')}{without}{whole}"
        )

    def _facts(self) -> Mapping[str, Any]:
        names = ("complete", "as_of", "value", "broker_value", "difference", "net_worth")
        return {name: getattr(self, name) for name in names}


_LISTED = frozenset({Product.KOSPI, Product.KOSDAQ, Product.ETF, Product.ELW, Product.WARRANT, Product.OTHER})
_SHORT_CODE = 6


def market_codes(holdings: Holdings) -> list[str]:
    """Return the codes of the positions for which the market may have a price."""
    codes = (_code(position) for position in holdings.positions if _why_not(position) is None)
    return list(dict.fromkeys(filter(None, codes)))


def valued(holdings: Holdings, quotes: Quotes, listed: Collection[str]) -> Valuation:
    """Return holdings at the prices of quotes; `listed` are those of the missing codes that the market lists."""
    times = {outcome.account.key: outcome.as_of for outcome in holdings.outcomes}
    with exactly():
        positions = tuple(
            _valued(each, quotes, listed, _broker_at(each, times)) for each in holdings.positions
        )
        change = total(
            each.difference for each in positions if each.is_priced and each.position.counts_in(WON)
        )
        return Valuation(
            positions=positions,
            value=total((holdings.totals.value, change)),
            broker_value=holdings.totals.value,
            difference=change,
            net_worth=total((holdings.totals.net_worth, change)),
            as_of=quotes.as_of,
            holdings=holdings,
        )


def _valued(
    position: Position, quotes: Quotes, listed: Collection[str], broker_at: datetime | None
) -> ValuedPosition:
    held, reason = position.instrument, _why_not(position)
    code = _code(position) or "" if reason is None else ""
    quote = quotes.get(code)
    reason = reason or _why_no_price(code, quotes, listed)
    value = None
    if reason is None and quote is not None and quote.price is not None and position.quantity is not None:
        value = position.quantity * quote.price
    return ValuedPosition(
        code=quote.code if quote else held.code,
        name=held.name or (quote.name if quote else None),
        quantity=position.quantity,
        price=quote.price if quote and value is not None else None,
        value=value,
        broker_value=position.value,
        difference=difference(value, position.value),
        currency=held.currency,
        price_at=quote.at if quote else None,
        asked_at=quote.received_at if quote else None,
        broker_at=broker_at,
        reason=reason,
        position=position,
        quote=quote,
    )


def _why_not(position: Position) -> str | None:
    """Return why the stock market has no price for what a position is; `None` where it may have one."""
    held = position.instrument
    if held.currency != WON:
        return f"foreign: in {held.currency}"
    if position.is_derivative:
        return "a future or an option: its quantity does not say what a point is worth"
    if held.asset_class == AssetClass.FUND:
        return "a fund: its price is the fund company's"
    if held.product is not None and held.product not in _LISTED:
        return (
            "a bond"
            if held.product in {Product.BOND, Product.CORPORATE_BOND}
            else f"not listed: {held.product}"
        )
    if _code(position) is None:
        return "no code by which the market knows it"
    return "its quantity is not known" if position.quantity is None else None


def _why_no_price(code: str, quotes: Quotes, listed: Collection[str]) -> str | None:
    if code in quotes.failures:
        return f"no quote: {quotes.failures[code].message}"
    if code in listed:
        return "no quote: the market left it out"
    if code in quotes.missing:
        return "not in the market's listings"
    return None if quotes[code].price else "no quote: the market has no price yet"


def _code(position: Position) -> str | None:
    """Return the ISIN, or a short code as brokers spell it (`A005930`): a bond's may be that of its issuer's share."""
    held = position.instrument
    if held.isin is not None or held.asset_class == AssetClass.OTHER:
        return held.isin
    for code in filter(None, (held.code, *held.other_codes)):
        short = code.removeprefix("A") if len(code) == _SHORT_CODE + 1 else code
        if len(short) == _SHORT_CODE and short.isalnum() and short[:1].isdecimal():
            return short
    return None


def _broker_at(position: Position, times: dict[tuple[str, str], datetime]) -> datetime | None:
    return min(filter(None, (times.get(lot.account.key) for lot in position.lots)), default=None)

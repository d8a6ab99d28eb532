"""Holdings at the market's last prices: which positions it can price, and why it cannot price the others."""

from contextlib import suppress
from datetime import datetime

from koscom_async._decimals import difference, exactly, total
from koscom_async._services.catalogue.boards import MAIN_BOARDS
from koscom_async._services.market.service import MarketService
from koscom_async._services.operation import deadline_at
from koscom_async._services.resolve import expect
from koscom_async.errors import KoscomError
from koscom_async.models.account import WON
from koscom_async.models.codes import AssetClass, Product
from koscom_async.models.holdings import Holdings
from koscom_async.models.market.quotes import Quotes
from koscom_async.models.market.valuation import Valuation, ValuedPosition
from koscom_async.models.positions import Position

__all__ = ["MarketService", "Valuation", "revalued"]

_LISTED = frozenset({Product.KOSPI, Product.KOSDAQ, Product.ETF, Product.ELW, Product.WARRANT, Product.OTHER})
_SHORT_CODE = 6


async def revalued(holdings: Holdings, market: MarketService, *, deadline: float | None) -> Valuation:
    """Return the holdings at the market's last prices."""
    expect(MarketService, market, "market", advice="pass koscom.market")
    due = deadline_at(deadline)
    codes = {id(position): _code(position) for position in holdings.positions if _why_not(position) is None}
    quotes = await market.quotes(dict.fromkeys(filter(None, codes.values())), deadline=due.seconds_left())
    listed: set[str] = set()
    for board in MAIN_BOARDS if quotes.missing else ():
        with suppress(KoscomError):  # what is listed there is not missing, but failed
            listing = await market.listing(board, deadline=due.seconds_left())
            listed |= {code for code in quotes.missing if code in listing}
    times = {outcome.account.key: outcome.as_of for outcome in holdings.outcomes}
    with exactly():
        positions = tuple(
            _valued(each, codes.get(id(each)), quotes, listed, _broker_at(each, times))
            for each in holdings.positions
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
    position: Position, code: str | None, quotes: Quotes, listed: set[str], broker_at: datetime | None
) -> ValuedPosition:
    held, quote = position.instrument, quotes.get(code or "")
    reason = _why_not(position) or _why_no_price(code or "", quotes, listed)
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


def _why_no_price(code: str, quotes: Quotes, listed: set[str]) -> str | None:
    if code in quotes.failures:
        return f"no quote: {quotes.failures[code].message}"
    if code in listed:
        return "no quote: the market left it out"
    if code in quotes.missing:
        return "not listed at KOSPI, KOSDAQ or KONEX"
    return None if quotes[code].price else "no quote: the market has no price yet"


def _code(position: Position) -> str | None:
    """Return the ISIN, or a short code as brokers spell it (`A005930`)."""
    held = position.instrument
    if held.isin is not None:
        return held.isin
    for code in filter(None, (held.code, *held.other_codes)):
        short = code.removeprefix("A") if len(code) == _SHORT_CODE + 1 else code
        if len(short) == _SHORT_CODE and short.isalnum() and short[:1].isdecimal():
            return short
    return None


def _broker_at(position: Position, times: dict[tuple[str, str], datetime]) -> datetime | None:
    return min(filter(None, (times.get(lot.account.key) for lot in position.lots)), default=None)

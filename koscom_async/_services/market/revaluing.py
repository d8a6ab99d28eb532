"""Holdings at the market's last prices: reads the quotes of what the market may have a price for."""

from contextlib import suppress

from koscom_async._services.catalogue.boards import MAIN_BOARDS
from koscom_async._services.market.service import MarketService
from koscom_async._services.operation import deadline_at
from koscom_async._services.resolve import expect
from koscom_async.errors import KoscomError
from koscom_async.models.holdings import Holdings
from koscom_async.models.market.valuation import Valuation, market_codes, valued

__all__ = ["MarketService", "Valuation", "revalued"]


async def revalued(holdings: Holdings, market: MarketService, *, deadline: float | None) -> Valuation:
    """Return the holdings at the market's last prices."""
    expect(MarketService, market, "market", advice="pass koscom.market")
    due = deadline_at(deadline)
    quotes = await market.quotes(market_codes(holdings), deadline=due.seconds_left())
    listed: set[str] = set()
    for board in MAIN_BOARDS if quotes.missing else ():
        with suppress(KoscomError):  # what is listed there is not missing, but failed
            listing = await market.listing(board, deadline=due.seconds_left())
            listed |= {code for code in quotes.missing if code in listing}
    return valued(holdings, quotes, listed)

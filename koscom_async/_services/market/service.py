"""`koscom.market`: what users read most of the market data service, typed, and asked by the code alone."""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from koscom_async._identifiers import is_isin
from koscom_async._services.catalogue.asker import Asker
from koscom_async._services.catalogue.boards import MAIN_BOARDS, code_of
from koscom_async._services.market.bars import BarReader, Place
from koscom_async._services.market.quotes import Detail, QuoteReader
from koscom_async._services.market.records import (
    gathered,
    listing_of,
    order_book_of,
    priced,
    records_of,
    trades_of,
)
from koscom_async._services.operation import Deadline, deadline_at
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.market.bars import Bars, Every
from koscom_async.models.market.issues import Board, Listing
from koscom_async.models.market.others import (
    Component,
    Components,
    InvestorTrades,
    NetAssetValue,
    index_place,
)
from koscom_async.models.market.quotes import IndexValue, OrderBook, Quote, Quotes


class _Kind:
    """Asks about one kind of instruments by what the platform calls their place."""

    def __init__(self, asker: Asker, now: Callable[[], datetime], kind: str) -> None:
        self._asker, self._clock, self._kind = asker, now, kind
        self._bars = BarReader(asker=asker, now=now, kind=kind)
        self._quotes = QuoteReader(asker=asker, clock=now, kind=kind)

    async def _ask(self, operation: str, place: Place, due: Deadline) -> Answer:
        return await self._asker.ask(f"market.{operation}", place, deadline=due.seconds_left())

    async def _book(self, place: Place, due: Deadline) -> OrderBook:
        answer = await self._ask(f"{self._kind}.orderbook", place, due)
        return order_book_of(answer, str(place["issue"]), now=self._quotes.now())


class Contracts(_Kind):
    """The futures or options of one market, such as `kospi200`; volumes in contracts, turnover in KRW."""

    def __init__(self, asker: Asker, now: Callable[[], datetime], kind: str, market: str) -> None:
        super().__init__(asker, now, kind)
        self._market = market

    def __repr__(self) -> str:
        return f"<Contracts: {self._kind} of {self._market}>"

    def _of(self, code: str) -> Place:
        return {"market": self._market, "issue": code}

    async def listing(self, *, deadline: float | None = None) -> Listing:
        """Return the contracts that are listed."""
        place = {"market": self._market}
        answer = await self._ask(f"{self._kind}.lists", place, deadline_at(deadline))
        return await listing_of(self._market, answer)

    async def quote(self, code: str, *, deadline: float | None = None) -> Quote:
        """Return a contract's last price, and its day so far."""
        return await self._quotes.one(self._of(code), deadline_at(deadline))

    async def order_book(self, code: str, *, deadline: float | None = None) -> OrderBook:
        """Return a contract's order book: five levels."""
        return await self._book(self._of(code), deadline_at(deadline))

    async def bars(
        self,
        code: str,
        since: date | str,
        until: date | str | None = None,
        *,
        every: Every = "day",
        deadline: float | None = None,
    ) -> Bars:
        """Return a contract's bars, as `koscom.market.bars`."""
        return await self._bars.read(self._of(code), since, until, every, deadline_at(deadline))


class MarketService(_Kind):
    """Market data (시세): prices in KRW, quantities in shares, days and times Korean.

    An issue is named by its code (`"005930"`) or ISIN. Its board is found by the listings, which are kept for the
    trading day, and an unknown code is a `UsageError` before a call is spent on it; `board=` saves the listings.
    `deadline` is in seconds. All methods raise `NotYetAvailableError` where the platform has the data later in the day,
    and otherwise as the client's other methods do. Manual: 시세 서비스.
    """

    def __init__(self, asker: Asker, *, now: Callable[[], datetime]) -> None:
        super().__init__(asker, now, "stocks")
        self._index_bars = BarReader(asker=asker, now=now, kind="index")

    async def listing(self, board: Board = "kospi", *, deadline: float | None = None) -> Listing:
        """Return what is listed on a board (종목 목록): asked once a trading day, from 06:30 on."""
        return await self._asker.boards.listing(board, deadline_at(deadline))

    async def _place(self, code: str, board: Board | None, due: Deadline) -> Place:
        """Return what names an issue to the platform; where only its code is known, the asker finds the board."""
        text = code_of(code)
        if is_isin(text):
            issue = await self._asker.boards.issue(text, board, due)
            return {"issue": issue.code, "board": issue.board}
        return {"issue": text, **({"board": board} if board else {})}

    async def quote(self, code: str, *, board: Board | None = None, deadline: float | None = None) -> Quote:
        """Return an issue's last price (현재가), and its day so far."""
        due = deadline_at(deadline)
        return await self._quotes.one(await self._place(code, board, due), due)

    async def quotes(
        self,
        codes: Iterable[str],
        *,
        board: Board | None = None,
        detail: Detail = "auto",
        deadline: float | None = None,
    ) -> Quotes:
        """Return the last prices of many issues, by the codes that were given; a failure costs no other issue.

        `detail="full"` asks for twenty a call, all calls at once. `"price"` takes one snapshot of a board from which
        more than twenty are asked: price, volume, turnover and market capitalisation. `"auto"` is full, and takes
        snapshots where that would be more than ten calls. At the deadline the quotes that are there are returned.
        """
        return await self._quotes.read(codes, board=board, detail=detail, deadline=deadline)

    async def snapshot(self, board: Board = "kospi", *, deadline: float | None = None) -> Quotes:
        """Return every issue of a board in one call: price, volume, turnover, market capitalisation, as of one time.

        The platform makes it each second. Asking two boards each second of a session is nearly the day's quota of
        50,000 calls: every two seconds or slower is polite.
        """
        return await self._quotes.snapshot(board, deadline=deadline)

    async def order_book(
        self, code: str, *, board: Board | None = None, deadline: float | None = None
    ) -> OrderBook:
        """Return an issue's order book (호가): ten levels of asks (매도) and bids (매수), the best first."""
        due = deadline_at(deadline)
        return await self._book(await self._place(code, board, due), due)

    async def bars(
        self,
        code: str,
        since: date | str,
        until: date | str | None = None,
        *,
        every: Every = "day",
        board: Board | None = None,
        deadline: float | None = None,
    ) -> Bars:
        """Return bars from `since` to `until` (today by default), the oldest first, each once; all windows at once.

        `every` is `"day"`, `"week"` or `"month"` (ten years of days are 27 calls), or an interval of the session,
        `"10s"`, `"1m"` (4 calls a session) or `"10m"`; then `since` and `until` may be times, too. The platform may
        keep the course of today only. Check `complete`.
        """
        due = deadline_at(deadline)
        return await self._bars.read(await self._place(code, board, due), since, until, every, due)

    async def index(self, name: str, *, deadline: float | None = None) -> IndexValue:
        """Return an index now (지수): by its name, such as KOSPI 200 or 코스닥, or its code (`K51`)."""
        answer = await self._ask("index.index", index_place(name), deadline_at(deadline))
        (value,) = priced(IndexValue, answer, now=self._quotes.now(), name=name)
        return value

    async def index_bars(
        self,
        name: str,
        since: date | str,
        until: date | str | None = None,
        *,
        every: Every = "day",
        deadline: float | None = None,
    ) -> Bars:
        """Return the bars of an index, as `bars`; volume in shares, turnover in KRW."""
        return await self._index_bars.read(index_place(name), since, until, every, deadline_at(deadline))

    async def investors(
        self, code_or_board: str, *, board: Board | None = None, deadline: float | None = None
    ) -> InvestorTrades:
        """Return who sold and bought an issue (from 15:30), or on `"kospi"` or `"kosdaq"` (from 15:40)."""
        due = deadline_at(deadline)
        text = str(code_or_board).strip().lower()
        if text in MAIN_BOARDS:
            answer = await self._ask("stocks.market_investors", {"board": text}, due)
        else:
            answer = await self._ask("stocks.investors", await self._place(code_or_board, board, due), due)
        return InvestorTrades(
            code=code_or_board,
            at=answer.head.get("time"),
            rows=tuple(await gathered(trades_of(answer))),
            received_at=self._quotes.now(),
        )

    async def holidays(self, nation: str = "KR", *, deadline: float | None = None) -> tuple[date, ...]:
        """Return the days on which a nation's market is closed, from today to the end of the year (version 3)."""
        place = {"nation": str(nation).upper()}
        answer = await self._ask("extra.holiday", place, deadline_at(deadline))
        return tuple(sorted(filter(None, set(answer.column("date")))))

    async def components(
        self, code: str, *, board: Board | None = None, deadline: float | None = None
    ) -> Components:
        """Return what a fund (ETF) holds for one creation unit (PDF, 구성종목); version 3."""
        due = deadline_at(deadline)
        place = await self._place(code, board, due)
        answer = await self._ask("extra.pdf", place, due)
        rows, total = tuple(await gathered(records_of(Component, answer))), answer.head.get("row_count")
        return Components(
            code=str(place["issue"]),
            on=answer.head.get("date"),
            rows=rows,
            complete=total is None or total == len(rows),
        )

    async def nav(
        self, code: str, *, board: Board | None = None, deadline: float | None = None
    ) -> NetAssetValue:
        """Return the net asset value of a fund's share (ETF NAV) now; version 3."""
        due = deadline_at(deadline)
        answer = await self._ask("extra.nav", await self._place(code, board, due), due)
        (value,) = records_of(NetAssetValue, answer, received_at=self._quotes.now())
        return value

    def futures(self, market: str = "kospi200") -> Contracts:
        """Return the futures of a market: `koscom.market.futures("kospi200").listing()`."""
        return Contracts(self._asker, self._clock, "futures", market)

    def options(self, market: str = "kospi200") -> Contracts:
        """Return the options of a market."""
        return Contracts(self._asker, self._clock, "options", market)

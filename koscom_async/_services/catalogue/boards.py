"""At which board each issue is listed, by the listings, which are kept for the trading day."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta

import anyio

from koscom_async._clock import KST
from koscom_async.errors import AccessDeniedError, RequestRejectedError, UsageError
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.market.issues import Board

LISTS = "market.stocks.lists"
MAIN_BOARDS: tuple[Board, ...] = ("kospi", "kosdaq")
BOARDS: tuple[Board, ...] = (*MAIN_BOARDS, "konex")

_DAY_BEGINS = timedelta(hours=6, minutes=30)
"""When the platform has the day's listings."""


AskByName = Callable[[str, Mapping[str, object]], Awaitable[Answer]]
"""Asks an operation of the catalogue with its arguments."""


class Boards:
    """The listings of one client."""

    def __init__(self, ask: AskByName, *, now: Callable[[], datetime]) -> None:
        self._ask, self._now = ask, now
        self._day: date | None = None
        self._listings: dict[str, Answer] = {}
        self._codes: dict[str, frozenset[str]] = {}
        self._reading = anyio.Lock()

    async def listing(self, board: str) -> Answer:
        """Return the listing of a board, asked once a trading day."""
        async with self._reading:
            today = (self._now().astimezone(KST) - _DAY_BEGINS).date()
            if today != self._day:
                self._day = today
                self._listings.clear()
                self._codes.clear()
            if board not in self._listings:
                self._listings[board] = listing = await self._ask(LISTS, {"board": board})
                self._codes[board] = frozenset(listing.column("code"))
            return self._listings[board]

    async def of(self, issue: str) -> str:
        """Return the board at which an issue is listed; raise `UsageError` where it is listed at none."""
        for board in MAIN_BOARDS:
            await self.listing(board)
            if issue in self._codes[board]:
                return board
        try:
            await self.listing("konex")  # a licence of its own
        except (AccessDeniedError, RequestRejectedError):
            pass
        else:
            if issue in self._codes["konex"]:
                return "konex"
        raise UsageError(
            f"{issue} is listed neither at KOSPI nor at KOSDAQ", advice="check the code, or give board="
        )

"""What is listed at each board: asked once a trading day, and looked up by code or ISIN."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import date, datetime, timedelta

import anyio

from koscom_async._clock import KST
from koscom_async._services.market.records import listing_of
from koscom_async._services.operation import NO_DEADLINE, Deadline, until
from koscom_async.errors import AccessDeniedError, RequestRejectedError, UsageError
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.market.issues import Board, Issue, Listing

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
        self._listings: dict[str, Listing] = {}
        self._reading = anyio.Lock()

    async def listing(self, board: str, due: Deadline = NO_DEADLINE) -> Listing:
        """Return the listing of a board, asked once a trading day."""
        with until(due, "the listing"):
            async with self._reading:
                today = (self._now().astimezone(KST) - _DAY_BEGINS).date()
                if today != self._day:
                    self._day = today
                    self._listings.clear()
                if board not in self._listings:
                    answer = await self._ask(LISTS, {"board": board})
                    self._listings[board] = await listing_of(board, answer)
                return self._listings[board]

    async def find(
        self, codes: Collection[str], board: str | None = None, due: Deadline = NO_DEADLINE
    ) -> dict[str, Issue]:
        """Return the issues of those codes or ISINs that are listed at a board, or at any."""
        found: dict[str, Issue] = {}
        for each in (board,) if board else BOARDS:
            if len(found) < len(codes):
                try:
                    listing = await self.listing(each, due)
                except (AccessDeniedError, RequestRejectedError):
                    if each in MAIN_BOARDS or board:
                        raise
                    continue  # KONEX has a licence of its own
                found |= {code: listing[code] for code in codes if code not in found and code in listing}
        return found

    async def issue(self, code: str, board: str | None = None, due: Deadline = NO_DEADLINE) -> Issue:
        """Return the issue of a code or ISIN; raise `UsageError` where it is not listed."""
        found = await self.find([code], board, due)
        if not found:
            raise UsageError(
                f"{code} is listed neither at KOSPI nor at KOSDAQ", advice="check the code, or give board="
            )
        return found[code]

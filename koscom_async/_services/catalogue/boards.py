"""What is listed at each board: asked once a trading day, and looked up by code or ISIN."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from copy import copy
from datetime import date, datetime, timedelta

import anyio
from attrs import field, frozen

from koscom_async._clock import KST
from koscom_async._services.market.records import listing_of
from koscom_async._services.operation import NO_DEADLINE, Deadline, until
from koscom_async._services.resolve import expect
from koscom_async.errors import (
    AccessDeniedError,
    KoscomError,
    MalformedResponseError,
    RequestRejectedError,
    UsageError,
    kept,
)
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.market.issues import Board, Issue, Listing

LISTS = "market.stocks.lists"
MAIN_BOARDS: tuple[Board, ...] = ("kospi", "kosdaq")
BOARDS: tuple[Board, ...] = (*MAIN_BOARDS, "konex")

_DAY_BEGINS = timedelta(hours=6, minutes=30)
"""When the platform has the day's listings."""
_REFUSED_FOR = timedelta(minutes=10)
"""How long a refused listing of KONEX is not asked for again: many a firm has no licence for it."""


AskByName = Callable[[str, Mapping[str, object]], Awaitable[Answer]]
"""Asks an operation of the catalogue with its arguments."""


def code_of(given: object) -> str:
    """Return a code or ISIN as listings have it."""
    return expect(str, given, "a code", advice="give it as text, such as '005930'").strip().upper()


def _known(board: str) -> str:
    if board not in BOARDS:
        raise UsageError(f"there is no board {str(board)[:20]!r}", advice=f"one of {', '.join(BOARDS)}")
    return board


def _trading_day(now: datetime) -> date:
    return (now - _DAY_BEGINS).date()


class Boards:
    """The listings of one client."""

    def __init__(self, ask: AskByName, *, now: Callable[[], datetime]) -> None:
        self._ask, self._now = ask, now
        self._listings: dict[str, tuple[date, Listing]] = {}
        self._refusals: dict[str, tuple[datetime, KoscomError]] = {}
        self._reading: dict[str, anyio.Lock] = {board: anyio.Lock() for board in BOARDS}

    async def listing(self, board: str, due: Deadline = NO_DEADLINE) -> Listing:
        """Return the listing of a board, asked once a trading day; KONEX's refusal holds for some minutes."""
        listing = self._kept(_known(board))
        if listing is not None:  # before the lock: a board that is slow holds up nothing that is known
            return listing
        with until(due, "the listing"):
            async with self._reading[board]:
                now = self._now().astimezone(KST)
                listing = self._kept(board)
                if listing is None:
                    listing = await self._read(board, now)
                    self._listings[board] = (_trading_day(now), listing)
                return listing

    def _kept(self, board: str) -> Listing | None:
        day, listing = self._listings.get(board, (None, None))
        return listing if day == _trading_day(self._now().astimezone(KST)) else None

    async def _read(self, board: str, now: datetime) -> Listing:
        refused_at, refusal = self._refusals.get(board, (now, None))
        if refusal is not None and now - refused_at < _REFUSED_FOR:
            raise copy(refusal)
        try:
            answer = await self._ask(LISTS, {"board": board})
        except (AccessDeniedError, RequestRejectedError) as error:
            # Of the others a refusal may end at any time: every question waits for it.
            if board not in MAIN_BOARDS:
                self._refusals[board] = (now, kept(copy(error)))
            raise
        listing = await listing_of(board, answer)
        if not listing:  # what is kept for the day has issues
            words = f"the listing of {board} has no issues"
            raise MalformedResponseError(words, broker="market", endpoint=LISTS)
        return listing

    async def find(
        self, codes: Collection[str], board: str | None = None, due: Deadline = NO_DEADLINE
    ) -> "Found":
        """Look for codes or ISINs in the listing of a board, or of all; a board that cannot be read is passed over."""
        found = Found()
        for each in (_known(board),) if board else BOARDS:
            missing = [code for code in codes if code not in found.issues]
            if missing:
                try:
                    listing = await self.listing(each, due)
                except KoscomError as error:
                    found.errors[each] = kept(error)
                else:
                    found.issues.update({code: listing[code] for code in missing if code in listing})
        return found

    def name_of(self, code: str) -> str | None:
        """Return an issue's name, if a listing that is kept has it."""
        listings = filter(None, map(self._kept, BOARDS))
        return next((listing[code].name for listing in listings if code in listing), None)

    async def issue(self, code: str, board: str | None = None, due: Deadline = NO_DEADLINE) -> Issue:
        """Return the issue of a code or ISIN; raise `UsageError` where it is not listed."""
        found = await self.find([code], board, due)
        if code not in found.issues:
            raise found.why_not(code)
        return found.issues[code]


@frozen(eq=False)
class Found:
    """The issues of some codes, and the errors of the boards that could not be read."""

    issues: dict[str, Issue] = field(factory=dict)
    errors: dict[str, KoscomError] = field(factory=dict)

    def why_not(self, code: str) -> KoscomError:
        """Return why there is no issue of a code: a board that could not be read, or that it is not listed."""
        for board, error in self.errors.items():
            # KONEX has a licence of its own, and few issues.
            if board in MAIN_BOARDS or not isinstance(error, AccessDeniedError | RequestRejectedError):
                return error
        where = "KOSPI and KOSDAQ" if self.errors else "KOSPI, KOSDAQ and KONEX"
        return UsageError(
            f"{code} is not in the listings of {where}", advice="check the code, or give board="
        )

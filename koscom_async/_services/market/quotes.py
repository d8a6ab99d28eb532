"""Quotes of many issues: twenty a call, or a whole board's snapshot, and every code accounted for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Literal

from attrs import evolve, frozen

from koscom_async._clock import KST
from koscom_async._cooperative import SLICE_ROWS, Cooperative, batched, run_cooperatively
from koscom_async._identifiers import is_isin
from koscom_async._services.catalogue.asker import Asker
from koscom_async._services.catalogue.boards import MAIN_BOARDS
from koscom_async._services.market.records import moment, priced, record_at
from koscom_async._services.operation import Deadline, deadline_at
from koscom_async._services.tasks import gather
from koscom_async.errors import KoscomError, RequestRejectedError, UsageError, kept
from koscom_async.models.market.issues import Issue
from koscom_async.models.market.quotes import Quote, Quotes, RowQuotes

Detail = Literal["auto", "full", "price"]

MOST_CODES = 20
"""Codes that one call may ask for."""
_WHOLE_BOARD = 100_000
MOST_CALLS = 10
"""More calls than this are not made where snapshots have the prices, unless the caller wants all detail."""


_Found = Mapping[str, Quote | KoscomError]
"""By code a quote, or the error of the call that failed."""


@frozen(kw_only=True, eq=False)
class QuoteReader:
    """Reads the quotes of one kind of instruments: one, or many issues of `stocks`."""

    asker: Asker
    clock: Callable[[], datetime]
    kind: str

    def now(self) -> datetime:
        """Return the time in Korea."""
        return self.clock().astimezone(KST)

    async def one(self, place: Mapping[str, object], due: Deadline) -> Quote:
        """Return the quote of one instrument."""
        answer = await self.asker.ask(f"market.{self.kind}.price", place, deadline=due.seconds_left())
        (quote,) = priced(Quote, answer, now=self.now())
        return quote

    async def read(
        self, codes: Iterable[str], *, board: str | None, detail: Detail, deadline: float | None
    ) -> Quotes:
        """Return a quote for each code, or why there is none."""
        if isinstance(codes, str) or detail not in {"auto", "full", "price"}:
            raise UsageError("quotes takes a list of codes, and a detail of auto, full or price")
        due, as_of = deadline_at(deadline), self.now()
        asked = dict.fromkeys(codes)
        places = await self._places(asked, board, due)
        by_board: dict[str, list[str]] = {}
        for issue in places.values():
            by_board.setdefault(issue.board, []).append(issue.code)
        calls = _calls(by_board, detail)
        parts = await gather([partial(self._part, *call, due) for call in calls])
        answered = zip((codes for _, codes in calls), parts, strict=True)
        return await run_cooperatively(_accounted(list(asked), places, list(answered), as_of))

    async def snapshot(self, board: str, *, deadline: float | None) -> Quotes:
        """Return every issue of a board."""
        as_of = self.now()
        answer = await self.asker.ask("market.multiquote.lists", {"board": board}, deadline=deadline)
        day, now = answer.head.get("date") or as_of.date(), self.now()
        at = moment(day, answer.head.get("time"), now=now)
        make = record_at(Quote, answer, at=at, received_at=now)
        return Quotes(quotes=RowQuotes(answer.column("code"), make), as_of=as_of)

    async def _places(self, asked: Iterable[str], board: str | None, due: Deadline) -> dict[str, Issue]:
        """Return the issue of each code or ISIN; a code is believed where the board is given."""
        plain = {given: str(given).strip().upper() for given in asked}
        if board is not None and not any(map(is_isin, plain.values())):
            return {given: Issue(code=code, board=board) for given, code in plain.items()}
        found = await self.asker.boards.find({*plain.values()}, board, due)
        return {given: found[code] for given, code in plain.items() if code in found}

    async def _part(self, board: str, codes: Sequence[str], due: Deadline) -> _Found:
        """Return the quotes of as many codes as a call takes, or of more, by a snapshot; a failure is returned, too."""
        try:
            if board not in MAIN_BOARDS:
                return {codes[0]: await self.one({"board": board, "issue": codes[0]}, due)}
            if len(codes) > MOST_CODES:
                return (await self.snapshot(board, deadline=due.seconds_left())).quotes
            return await self._some(board, codes, due)
        except RequestRejectedError as error:
            if len(codes) > MOST_CODES or len(codes) == 1:
                return dict.fromkeys(codes, kept(error))
        except KoscomError as error:
            return dict.fromkeys(codes, kept(error))
        # One code may have refused the call for all: each half is asked for on its own.
        half = len(codes) // 2
        first, second = await gather(
            [partial(self._part, board, each, due) for each in (codes[:half], codes[half:])]
        )
        return {**first, **second}

    async def _some(self, board: str, codes: Sequence[str], due: Deadline) -> dict[str, Quote]:
        arguments = {"board": board, "codes": codes}
        answer = await self.asker.ask("market.multiquote.price", arguments, deadline=due.seconds_left())
        return {quote.code: quote for quote in priced(Quote, answer, now=self.now())}


def _accounted(
    asked: Sequence[str],
    places: Mapping[str, Issue],
    answered: Iterable[tuple[Sequence[str], _Found]],
    as_of: datetime,
) -> Cooperative[Quotes]:
    """Return the quote of each code that was asked for, the error that kept it away, or that there is neither."""
    part_of = {code: part for codes, part in answered for code in codes}
    quotes, failures = {}, {}
    for number, (given, issue) in enumerate(places.items(), 1):
        found = part_of[issue.code].get(issue.code)
        if isinstance(found, Quote):
            quotes[given] = evolve(found, name=issue.name)
        elif found is not None:
            failures[given] = found
        if not number % SLICE_ROWS:
            yield
    missing = tuple(given for given in asked if given not in quotes and given not in failures)
    return Quotes(quotes=quotes, missing=missing, failures=failures, as_of=as_of)


def _calls(by_board: Mapping[str, Sequence[str]], detail: Detail) -> list[tuple[str, Sequence[str]]]:
    """Return which codes each call asks for: many of one board are a snapshot; KONEX is asked one by one."""

    def parts(most: int) -> list[tuple[str, Sequence[str]]]:
        return [
            (board, part)
            for board, codes in by_board.items()
            for part in batched(codes, count=most if board in MAIN_BOARDS else 1)
        ]

    calls = parts(MOST_CODES)
    is_full = detail == "full" or (detail == "auto" and len(calls) <= MOST_CALLS)
    return calls if is_full else parts(_WHOLE_BOARD)

"""Quotes of many issues: twenty a call, or a whole board's snapshot, and every code accounted for."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Literal

from attrs import evolve, frozen

from koscom_async._clock import KST
from koscom_async._cooperative import SLICE_ROWS, Cooperative, batched, run_cooperatively
from koscom_async._identifiers import is_isin
from koscom_async._services.catalogue.asker import Asker
from koscom_async._services.catalogue.boards import BOARDS, MAIN_BOARDS, Found, code_of
from koscom_async._services.market.records import gathered, moment, priced, record_at
from koscom_async._services.operation import Deadline, deadline_at
from koscom_async._services.tasks import gather
from koscom_async._wire.catalogue.arguments import is_code
from koscom_async.errors import KoscomError, MalformedResponseError, RequestRejectedError, UsageError, kept
from koscom_async.models.market.issues import Issue
from koscom_async.models.market.quotes import Quote, Quotes, RowQuotes

Detail = Literal["auto", "full", "price"]

MOST_CODES = 20
"""Codes that one call may ask for."""
_WHOLE_BOARD = 100_000
MOST_CALLS = 10
"""More calls than this are not made where snapshots have the prices, unless the caller wants all detail."""


_Answered = Mapping[str, Quote | KoscomError]
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
        return quote if quote.code else evolve(quote, code=str(place["issue"]))

    async def read(
        self, codes: Iterable[str], *, board: str | None, detail: Detail, deadline: float | None
    ) -> Quotes:
        """Return a quote for each code, or why there is none."""
        if isinstance(codes, str) or not isinstance(codes, Iterable):
            raise UsageError("quotes takes a list of codes")
        if detail not in ("auto", "full", "price") or board not in (None, *BOARDS):
            words = ", ".join(BOARDS)
            raise UsageError(f"quotes takes a detail of auto, full or price, and a board of {words}")
        due, as_of = deadline_at(deadline), self.now()
        asked = {given: code_of(given) for given in codes}
        found = await self._find(dict.fromkeys(asked.values()), board, due)
        calls = _calls(found.issues.values(), detail)
        parts = await gather([partial(self._part, *call, due) for call in calls])
        part_of = {code: part for (_, each), part in zip(calls, parts, strict=True) for code in each}
        return await run_cooperatively(_accounted(asked, found, part_of, as_of))

    async def snapshot(self, board: str, *, deadline: float | None) -> Quotes:
        """Return every issue of a board."""
        as_of = self.now()
        answer = await self.asker.ask("market.multiquote.lists", {"board": board}, deadline=deadline)
        day, now = answer.head.get("date") or as_of.date(), self.now()
        at = moment(day, answer.head.get("time"), now=now)
        make = record_at(Quote, answer, at=at, received_at=now)
        return Quotes(quotes=RowQuotes(answer.column("code"), make), as_of=as_of)

    async def _find(self, codes: Collection[str], board: str | None, due: Deadline) -> Found:
        """Return the issue of each code or ISIN; a code is believed where the board is given."""
        if board is not None and not any(map(is_isin, codes)):
            return Found({code: Issue(code=code, board=board) for code in codes if is_code(code)})
        return await self.asker.boards.find(codes, board, due)

    async def _part(
        self, board: str, codes: Sequence[str], due: Deadline, *, is_half: bool = False
    ) -> _Answered:
        """Return the quotes of as many codes as a call takes, or of more, by a snapshot; a failure is returned, too.

        `is_half` of what could not be read.
        """
        try:
            if board not in MAIN_BOARDS:
                return {codes[0]: await self.one({"board": board, "issue": codes[0]}, due)}
            if len(codes) > MOST_CODES:
                return (await self.snapshot(board, deadline=due.seconds_left())).quotes
            return await self._some(board, codes, due)
        except KoscomError as error:
            is_spoiled = isinstance(error, MalformedResponseError)
            is_ones = isinstance(error, RequestRejectedError) or (is_spoiled and not is_half)
            if not is_ones or not 1 < len(codes) <= MOST_CODES:
                return dict.fromkeys(codes, kept(error))
        # One code may have refused the call for all, or spoiled its answer: each half is asked for on its own.
        half = len(codes) // 2
        halves = codes[:half], codes[half:]
        parts = await gather([partial(self._part, board, each, due, is_half=is_spoiled) for each in halves])
        unread = [each for each, part in zip(halves, parts, strict=True) if _is_unread(part)]
        if (
            is_spoiled and len(unread) == 1 and len(unread[0]) > 1
        ):  # of both, it is not a code that spoils them
            parts.append(await self._part(board, unread[0], due))
        return dict(chain.from_iterable(part.items() for part in parts))

    async def _some(self, board: str, codes: Sequence[str], due: Deadline) -> dict[str, Quote]:
        arguments = {"board": board, "codes": codes}
        answer = await self.asker.ask("market.multiquote.price", arguments, deadline=due.seconds_left())
        quotes = await gathered(priced(Quote, answer, now=self.now()))
        return {quote.code: quote for quote in quotes}


def _is_unread(answered: _Answered) -> bool:
    return any(isinstance(each, MalformedResponseError) for each in answered.values())


def _accounted(
    asked: Mapping[str, str], found: Found, part_of: Mapping[str, _Answered], as_of: datetime
) -> Cooperative[Quotes]:
    """Return the quote of each code that was asked for, the error that kept it away, or that there is neither."""
    quotes, failures, missing = {}, {}, []
    for number, (given, code) in enumerate(asked.items(), 1):
        issue = found.issues.get(code)
        answer = part_of[issue.code].get(issue.code) if issue else found.why_not(code)
        if isinstance(answer, Quote):
            quotes[given] = evolve(answer, name=issue.name if issue else None)
        elif answer is None or (issue is None and isinstance(answer, UsageError)):
            missing.append(given)
        else:
            failures[given] = answer
        if not number % SLICE_ROWS:
            yield
    return Quotes(quotes=quotes, missing=tuple(missing), failures=failures, as_of=as_of)


def _calls(issues: Collection[Issue], detail: Detail) -> list[tuple[str, Sequence[str]]]:
    """Return which codes each call asks for: many of one board are a snapshot; KONEX is asked one by one."""
    by_board = {
        board: list(dict.fromkeys(each.code for each in issues if each.board == board)) for board in BOARDS
    }

    def parts(most: int) -> list[tuple[str, Sequence[str]]]:
        return [
            (board, part)
            for board, codes in by_board.items()
            for part in batched(codes, count=most if board in MAIN_BOARDS else 1)
        ]

    calls = parts(MOST_CODES)
    is_full = detail == "full" or (detail == "auto" and len(calls) <= MOST_CALLS)
    return calls if is_full else parts(_WHOLE_BOARD)

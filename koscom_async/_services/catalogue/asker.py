"""Asks any operation of the catalogue: checks the arguments, cuts long ranges into windows, and joins the answers.

What the platform calls its operations and how it spells them is data; here is only how they are asked.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from functools import cached_property, partial

from attrs import evolve, frozen

from koscom_async._clock import KST, korean_now
from koscom_async._services.catalogue.boards import Boards
from koscom_async._services.catalogue.spans import Span, spans
from koscom_async._services.operation import deadline_at, operation
from koscom_async._services.resolve import expect_investor
from koscom_async._services.tasks import gather
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.catalogue.arguments import Values, checked, written
from koscom_async._wire.catalogue.operations import Operations
from koscom_async._wire.catalogue.reader import AnswerReader
from koscom_async._wire.endpoints import Call, Endpoint, Site
from koscom_async._wire.raw import SCHEMES
from koscom_async.error_codes import NO_ROWS, NOT_TODAY, find_error_code
from koscom_async.errors import (
    NotYetAvailableError,
    RequestRejectedError,
    ResponseMismatchError,
    UndocumentedServiceError,
    UsageError,
)
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.catalogue.operation import Operation
from koscom_async.models.investor import Investor
from koscom_async.settings import Settings

_MARKET = "market"
_REFUSING = {200, 400}
"""With these statuses market data refuse a question; other statuses are the gateway's."""
_CHECK_QUESTION = "check the code, the board or market that has it, and the dates"
_MOST_CALLS_OF_A_SPAN = 8
"""Of so many calls a part of a range is whole, which mostly takes one: else an answer could make thousands."""


@frozen(eq=False, repr=False)
class _Question:
    """One question: of what, where in its version, with which checked arguments, for whom, and its calls so far."""

    operation: Operation
    endpoint: Endpoint
    reader: AnswerReader
    values: Values
    investor: Investor | None
    trace: TraceBuilder


class Asker:
    """Asks the operations of one client's catalogue."""

    def __init__(
        self, gateway: Gateway, settings: Settings, *, now: Callable[[], datetime] = korean_now
    ) -> None:
        self._gateway, self._settings, self._now = gateway, settings, now
        self.boards = Boards(self.ask, now=now)

    @cached_property
    def operations(self) -> Operations:
        """The catalogue, read when it is first used."""
        return Operations(self._settings.catalogue)

    async def ask(
        self,
        name: str | Operation,
        arguments: Mapping[str, object],
        *,
        investor: Investor | None = None,
        deadline: float | None = None,
        trace: TraceBuilder | None = None,
        called: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer to an operation, all windows of a long range together.

        `trace` counts the calls; the methods that operations have of their own give it. `called` has what a typed
        method calls itself and its arguments, by the operation's name and by theirs: complaints speak so.
        Raises `UsageError` for arguments that it does not take, before a call is spent; `UndocumentedServiceError` for
        an operation that no public document describes; `NotYetAvailableError` where the platform has the data later.
        """
        asked = self.operations.named(name.name if isinstance(name, Operation) else name)
        version = self._version(asked, is_typed=trace is not None)
        today = self._now().astimezone(KST).date()
        values = checked(asked, Values(arguments), today=today, called=called or {})
        if asked.scheme == "bearer":
            expect_investor(investor)
        endpoint, reader = _endpoint(asked, version), self.operations.reader(asked.name, version)
        due = deadline_at(deadline)
        with operation(self._gateway, endpoint, broker=asked.service, deadline=due, trace=trace) as calls:
            await self._find_board(asked, values)
            question = _Question(asked, endpoint, reader, values, investor, calls)
            asked_at = self._now().astimezone(KST)
            return _with_doubt_of_today(await self._ask_spans(question), asked.ready_from, asked_at)

    def _version(self, asked: Operation, *, is_typed: bool) -> str:
        if asked.missing:
            raise UndocumentedServiceError.of(asked.name, asked.missing, asked.document)
        if asked.python is not None and not is_typed:
            raise UsageError(f"{asked.name} has a method of its own", advice=f"use {asked.python}(…)")
        number = self._settings.market_version
        if asked.path(f"v{number}") is None:
            advice = f"set Settings(market_version={5 - number})"
            raise UsageError(f"{asked.name} is not part of version {number} of the service", advice=advice)
        return f"v{number}"

    async def _find_board(self, asked: Operation, values: Values) -> None:
        """Find the board of the issue that is asked about, by code or ISIN, where it was not given."""
        for parameter in asked.parameters:
            if parameter.found_by is not None and parameter.name not in values:
                issue = await self.boards.issue(values[parameter.found_by].upper())
                values |= {parameter.name: issue.board, parameter.found_by: issue.code}

    async def _ask_spans(self, question: _Question) -> Answer:
        parts = spans(question.operation, question.values)
        if len(parts) > self._settings.call_limit:
            raise UsageError(
                f"{question.operation.name}: the range takes {len(parts)} calls, and call_limit is "
                f"{self._settings.call_limit}",
                advice="ask for less at a time, or raise Settings(call_limit=…)",
            )
        answers = await gather([partial(self._ask_span, question, span) for span in parts])
        seams = [span.since if span is not None else None for span in parts[:-1]]
        newer = [_without_seam(*each) for each in zip(answers, answers[1:], seams, strict=False)]
        return Answer.joined([*newer, answers[-1]])

    async def _ask_span(self, question: _Question, span: Span | None) -> Answer:
        """Return the rows of a part of the range, in as many calls as it takes."""
        if span is None:
            return await self._ask_once(question)
        answers: list[Answer] = []
        rest: Span | None = span
        is_whole = True
        while rest is not None and len(answers) < _MOST_CALLS_OF_A_SPAN:
            values = Values(question.values, since=rest.since, until=rest.until)
            answers.append(await self._ask_once(evolve(question, values=values)))
            rest, is_whole = rest.before(answers[-1], most=question.operation.rows_per_call)
        joined = Answer.joined(answers)
        return joined if is_whole and rest is None else evolve(joined, complete=False)

    async def _ask_once(self, question: _Question) -> Answer:
        asked, firm = question.operation, (self._settings.api_key, self._settings.api_secret)
        sent = written(asked, question.endpoint.path, question.values)
        call = Call(
            endpoint=question.endpoint,
            path=sent.path,
            method=asked.method or "GET",
            params=sent.params,
            broker=sent.broker or asked.service,
            body=sent.body,
            read=question.reader,
            investor=question.investor if asked.scheme == "bearer" else None,
            secrets=(*sent.secrets, *firm),
            subject=sent.path,
        )
        try:
            answer = await self._gateway.ask(call, question.trace)
        except RequestRejectedError as error:
            if error.code in NO_ROWS and not question.reader.is_one:
                return question.reader.empty()
            self._raise_if_early(asked, question.values, error)
            if asked.service == _MARKET and error.status in _REFUSING and error.code == str(error.status):
                error.advice = _CHECK_QUESTION  # no code of the platform: there are its words alone
            raise
        self._check_issue(question, answer)
        return answer

    def _raise_if_early(self, asked: Operation, values: Values, error: RequestRejectedError) -> None:
        """Raise `NotYetAvailableError` for a refusal before the hour at which today's data are ready."""
        now, hour = self._now().astimezone(KST), asked.ready_from or asked.available_from
        until = values.get("until")
        if isinstance(until, date) and until < now.date():
            hour = asked.available_from
        known = find_error_code(error.code or "", _MARKET)
        is_another = known is not None and known.category == _MARKET and error.code != NOT_TODAY
        if hour is None or error.status not in _REFUSING or now.time() >= hour or is_another:
            return
        raise NotYetAvailableError(
            f"the platform has it from {hour:%H:%M} KST on ({error.message})",
            available_at=datetime.combine(now.date(), hour, KST),
            code=error.code,
            attempts=error.attempts,
        ) from None

    @staticmethod
    def _check_issue(question: _Question, answer: Answer) -> None:
        """Raise where the answer names another issue or index than was asked about.

        A contract may be asked for by a second name, such as that of the nearest future.
        """
        values, service = question.values, question.operation.service
        asked = values.get("issue") if "board" in values else values.get("index")
        if asked is None or service != _MARKET:
            return
        row = answer.head if "code" in answer.head or len(answer) != 1 else answer[0]
        if row.get("code") not in {None, asked}:
            raise ResponseMismatchError("the answer is about another issue than was asked")


def _with_doubt_of_today(answer: Answer, hour: time | None, asked_at: datetime) -> Answer:
    """Return the answer, marked where it has a row of today before the hour from which that is whole."""
    today = asked_at.date()
    if hour is None or asked_at.time() >= hour or "date" not in answer.names:
        return answer
    if today not in answer.column("date"):
        return answer
    note = f"the row of {today} may be empty: the platform has that day from {hour:%H:%M} KST on"
    return evolve(answer, complete=False, notes=(*answer.notes, note))


def _endpoint(asked: Operation, version: str) -> Endpoint:
    return Endpoint(
        asked.name,
        asked.path(version) or "",
        SCHEMES[asked.scheme],
        repeatable=asked.repeatable,
        answer=f"the answer to {asked.name}",
        site=Site.MARKET if asked.service == _MARKET and version == "v3" else Site.GATEWAY,
    )


def _without_seam(newer: Answer, older: Answer, seam: object) -> Answer:
    """Return the newer of two parts of a day that meet in a minute, without that minute's row where both have it."""
    is_twice = isinstance(seam, time) and seam in older.column("time")
    return newer.without("time", seam) if is_twice else newer

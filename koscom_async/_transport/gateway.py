"""The gateway, as the services see it: `ask` a call, and get its answer or a `KoscomError`. All policies meet here.

What belongs to one policy stands in its own file; what an answer means, in `_wire`.
"""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

import httpx
from anyio.lowlevel import current_token
from attrs import define

from koscom_async._clock import utc_now
from koscom_async._transport.auth import Keep, TokenManager, attach_authorize_url, refresh_call
from koscom_async._transport.breaker import Breakers, Guard
from koscom_async._transport.isolation import shielded
from koscom_async._transport.limits.limiter import Limiter, ProcessLimiter, Turn, with_turns
from koscom_async._transport.limits.quota import Source
from koscom_async._transport.reading import BodyReader
from koscom_async._transport.retry import Attempts, Retrier
from koscom_async._transport.sender import Response, Sender
from koscom_async._transport.statistics import AttemptRecord, Counters, OperationRecord, TraceBuilder, logger
from koscom_async._wire.endpoints import AUTH, Call, Caller
from koscom_async._wire.envelope import (
    next_reset,
    read_call_limit,
    read_remaining_calls,
    read_retry_after,
)
from koscom_async._wire.failures import SUCCESSFUL, TOO_MANY_CALLS, failure
from koscom_async.errors import KoscomError, QuotaExceededError, UsageError, locate
from koscom_async.models.investor import Investor, Token
from koscom_async.models.statistics import LearnedRefusal, Statistics
from koscom_async.observer import Attempt, Observer, Operation
from koscom_async.settings import Settings
from koscom_async.tokens import MemoryTokenStore, TokenStore

Answer = TypeVar("Answer")

_NO_SPAN = nullcontext()
"""Stands where an observer's context manager does, if there is no observer."""


class Gateway:
    """One gateway, one event loop, one set of limits."""

    def __init__(
        self,
        settings: Settings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        limiter: Limiter | None = None,
        retrier: Retrier | None = None,
        observer: Observer | None = None,
        tokens: TokenStore | None = None,
    ) -> None:
        self._settings = settings
        self._observer = observer
        self._bodies = BodyReader(settings.backend, max_reading_bytes=settings.max_reading_bytes)
        self._counters = Counters()
        self._breakers = Breakers(settings.breaker)
        self._retrier = retrier or Retrier(settings.retry, counters=self._counters)
        self.sender = Sender(settings, transport)
        self.limiter = with_turns(limiter) if limiter is not None else ProcessLimiter(settings.limits)
        self.tokens = TokenManager(settings, tokens or MemoryTokenStore(), renew=self._renew)
        self._loop: object = None
        self._is_closed = False

    async def ask(self, call: Call[Answer], trace: TraceBuilder) -> Answer:
        """Return the answer to a call, or raise a `KoscomError` that says where it happened.

        In the order of nesting: deadline( retry( token( breaker( limiter( send → verify → decode → classify ))))). The
        deadline is the caller's.
        """
        attempts = self._retrier.attempts(
            call.broker, _heard(call), repeatable=call.endpoint.repeatable, trace=trace
        )
        return await self._ask(call, trace, attempts)

    async def _ask(self, call: Call[Answer], trace: TraceBuilder, attempts: Attempts) -> Answer:
        self._check_usable()
        error_context = _ErrorContext(call, self._settings)
        session = self.tokens.session(call, trace)
        async for attempt in attempts:
            # From the inside out: `session` may swallow a dead token, and the block ends without an error;
            # `error_context` says where an error happened; `attempt` swallows it, and the loop goes round. No other
            # order works.
            with attempt, error_context, session:
                token = await session.token()
                with self._record(call, attempt, trace) as record, self._guard(call) as guard:
                    async with self._turn(call, guard, trace) as turn:
                        guard.check()  # while it waited, the circuit may have opened
                        record.sent_after(turn.seconds_waited)
                        if call.keep is None:
                            return await self.send(call, token)
                        # The answer is kept even if the caller is cancelled meanwhile.
                        return await shielded(partial(self._send_and_keep, call, token, call.keep))
        raise attempts.failure

    async def send(self, call: Call[Answer], token: Token | None) -> Answer:
        """Send, verify, decode, classify: one request, within an attempt. The limiter learns what the answer says."""
        response = await self.sender.send(call, token)
        remaining = read_remaining_calls(response.headers)
        if remaining is not None:
            limit = read_call_limit(response.headers)
            source = Source(call.broker, _caller(call)[0], is_refusal=response.status == TOO_MANY_CALLS)
            await self.limiter.record_quota(
                call.endpoint.service, remaining=remaining, limit=limit, source=source
            )
        if response.status not in SUCCESSFUL:
            raise await self._refusal(call, token, response, is_spent=remaining == 0)
        return await self._bodies.read_answer(call, response.body, secrets=self._secrets(call, token))

    async def _send_and_keep(
        self, call: Call[Answer], token: Token | None, keep: Callable[[Answer], Awaitable[None]]
    ) -> Answer:
        answer = await self.send(call, token)
        await keep(answer)
        return answer

    async def _refusal(
        self, call: Call[Any], token: Token | None, response: Response, *, is_spent: bool
    ) -> KoscomError:
        """Return what a refusal means, with the broker's calls paused where it asks for that."""
        now = utc_now()
        retry_after = read_retry_after(response.headers, now=now)
        error = failure(
            status=response.status,
            document=await self._bodies.read_refusal(response.body),
            retry_after=retry_after,
            quota_resets_at=next_reset(now) if is_spent else None,
            secrets=self._secrets(call, token),
            has_token=token is not None,
        )
        if retry_after and not isinstance(error, QuotaExceededError):
            # Capped: a longer Retry-After is raised to the caller, and does not hold up other calls.
            pause = min(retry_after, self._settings.retry.max_retry_after)
            logger.info(
                "%s sent Retry-After %g s; pausing its calls for %g s", call.broker, retry_after, pause
            )
            await self.limiter.pause(call.broker, pause)
        return error

    def _secrets(self, call: Call[Any], token: Token | None) -> tuple[str, ...]:
        """Return what no error may repeat from an answer: the call's secrets, its token's, and the firm's."""
        of_token = token.secrets if token else ()
        return (*call.secrets, *of_token, self._settings.api_key, self._settings.api_secret)

    def _guard(self, call: Call[Any]) -> Guard:
        return self._breakers.guard(call.broker, _heard(call))

    def _turn(self, call: Call[Any], guard: Guard, trace: TraceBuilder) -> Turn:
        # A renewed token serves all who wait for it, so that it is not asked for in the place of one of them.
        ticket = trace.ticket if call.broker != AUTH else None
        if ticket is not None:
            ticket.asker = _caller(call)[0]
        return Turn(self.limiter, call.broker, call.endpoint.service, guard.check, ticket)

    def _record(self, call: Call[Any], attempt: Attempts, trace: TraceBuilder) -> AttemptRecord:
        observed = Attempt(
            broker=call.broker,
            endpoint=call.endpoint.name,
            number=attempt.number,
            seconds_backed_off=attempt.seconds_backed_off,
        )
        span = self._observer.attempt(observed) if self._observer else _NO_SPAN
        return AttemptRecord(observed, self._counters.of(call.broker), trace, span)

    async def authorize(self, investor: Investor, trace: TraceBuilder) -> None:
        """Check that the investor has an access token; renew one that is about to expire."""
        self._check_usable()
        attempts = self._retrier.attempts(AUTH, (hash(investor.ci), None), repeatable=True, trace=trace)
        async for attempt in attempts:
            with attempt:
                await self.tokens.current(investor, trace)
                return
        attach_authorize_url(attempts.failure, self._settings)
        raise attempts.failure

    async def refresh(self, token: Token, keep: Keep | None, trace: TraceBuilder) -> Token:
        """Return the token that replaces this one; `keep` has saved it."""
        return await self.ask(refresh_call(token, keep), trace)

    async def _renew(self, token: Token, keep: Keep, trace: TraceBuilder) -> Token:
        """Refresh a token within an attempt of another call, whose retries are the renewal's."""
        call = refresh_call(token, keep)
        return await self._ask(call, trace, self._retrier.single_attempt(AUTH, trace=trace))

    def observe(self, operation: Operation) -> OperationRecord:
        """Enter it around what a caller asked for: the observer sees how it ends."""
        return OperationRecord(operation, self._observer.operation(operation) if self._observer else _NO_SPAN)

    def statistics(self, *, learned: tuple[LearnedRefusal, ...] = ()) -> Statistics:
        """Return a snapshot of what was asked, and how it went; `learned` comes from the services."""
        return Statistics(
            brokers=self._counters.snapshot(self._breakers.states()),
            quotas=self.limiter.quotas(),
            learned=learned,
        )

    async def aclose(self) -> None:
        """Close the connections and the limiter; the gateway cannot be asked again."""
        if self._loop not in (None, current_token()) and not self._is_closed:
            raise _other_loop(
                "close the client in that loop, before it ends; its sockets are open until then"
            )
        self._is_closed = True
        try:
            await self.sender.aclose()
        finally:
            await self.limiter.aclose()

    def _check_usable(self) -> None:
        if self._is_closed:
            raise UsageError("the client is closed", advice="make a new one, or close it later")
        loop = current_token()
        if self._loop is None:
            self._loop = loop
        elif self._loop != loop:
            raise _other_loop("make one client for each event loop")


def _other_loop(advice: str) -> UsageError:
    return UsageError(
        "the client belongs to another event loop, as its connections and limits do", advice=advice
    )


def _caller(call: Call[Any]) -> Caller:
    """Return who asks; without an investor, what is secret in the call stands for who that is."""
    return (hash(call.investor.ci if call.investor is not None else call.secrets), call.account)


def _heard(call: Call[Any]) -> Caller:
    """Return whose failure it would be: the caller's, or that of what is asked about where one firm asks all."""
    if call.subject is None or call.investor is not None:
        return _caller(call)
    return (hash((call.secrets, call.subject)), call.account)


@define(eq=False, repr=False)
class _ErrorContext:
    """Adds broker, endpoint and account to an error, and the authorize URL where the investor must log in again."""

    _call: Call[Any]
    _settings: Settings

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, KoscomError):
            call = self._call
            locate(error, broker=call.asked or call.broker, endpoint=call.endpoint.name, account=call.account)
            attach_authorize_url(error, self._settings)

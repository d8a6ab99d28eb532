"""The gateway, as the services see it: `ask` a call, get its answer or an error of ours. Where all policies meet.

One attempt is nested in a fixed order: retry( breaker( limiter( send, verify, decode, classify ))), inside the
caller's deadline. Decoding and classifying sit inside, since errors that may pass travel in the body.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any, Generic, TypeVar

import httpx
from attrs import define, evolve

from koscom_async._clock import utc_now
from koscom_async._http.event_loop import running_loop
from koscom_async._transport.auth import Bearer, Keep, TokenManager, attach_authorize_url, refresh_call
from koscom_async._transport.breaker import Breakers
from koscom_async._transport.isolation import shielded
from koscom_async._transport.limits.limiter import Limiter, ProcessLimiter
from koscom_async._transport.reading import BodyReader
from koscom_async._transport.retry import Retrier
from koscom_async._transport.sender import Exchange, Reply
from koscom_async._transport.statistics import Counters, Counts, TraceBuilder
from koscom_async._wire.endpoints import AUTH, Call
from koscom_async._wire.envelope import (
    next_reset,
    read_call_limit,
    read_remaining_calls,
    read_retry_after,
)
from koscom_async._wire.failures import failure
from koscom_async.errors import (
    BreakerOpenError,
    KoscomError,
    QuotaExceededError,
    RateLimitedError,
    UsageError,
)
from koscom_async.models.investor import Investor, Token
from koscom_async.models.statistics import Statistics
from koscom_async.observer import CANCELLED, NO_OBSERVER, OK, Attempt, Observer, Operation
from koscom_async.settings import Settings
from koscom_async.tokens import MemoryTokenStore, TokenStore

Answer = TypeVar("Answer")

logger = logging.getLogger("koscom_async.transport")


class Gateway:
    """One gateway, one event loop, one set of limits."""

    def __init__(  # noqa: PLR0913  # each is a part that a caller may bring along
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
        self._observer = observer or NO_OBSERVER
        self._exchange = Exchange(settings, transport)
        self._bodies = BodyReader(settings.backend)
        self._counters = Counters()
        self._limiter = limiter or ProcessLimiter(settings.limits)
        self._breakers = Breakers(settings.breaker)
        self._retrier = retrier or Retrier(settings.retry, counters=self._counters)
        self.tokens = TokenManager(settings, tokens or MemoryTokenStore(), renew=self._renew)
        self._loop: object = None
        self._is_closed = False

    async def ask(self, call: Call[Answer], log: TraceBuilder) -> Answer:
        """Return the answer to a call, or raise an error of ours that says where it happened."""
        self._check_usable()
        tries: _Tries[Answer] = _Tries(self, Bearer(self.tokens, call, log))
        return await self._retrier.run(
            tries.send, broker=call.broker, repeatable=call.endpoint.repeatable, log=log
        )

    @contextmanager
    def operation(self, operation: Operation) -> Iterator[None]:
        """Surround what a caller asked for, so that whoever watches sees how it ends."""
        with self._observer.operation(operation):
            try:
                yield
            except KoscomError as error:
                operation.outcome = _outcome_of(error)
                raise
            if operation.outcome == CANCELLED:
                operation.outcome = OK

    async def authorize(self, investor: Investor, log: TraceBuilder) -> None:
        """See that there is an access token to begin with, and one that does not die at once."""
        self._check_usable()
        current = partial(self.tokens.current, investor, log)
        try:
            await self._retrier.run(current, broker=AUTH, repeatable=True, log=log)
        except KoscomError as error:
            attach_authorize_url(error, self._settings)
            raise

    async def refresh(self, token: Token, keep: Keep | None, log: TraceBuilder) -> Token:
        """Return the token that takes another's place, kept before anybody sees it."""
        return await self.ask(evolve(refresh_call(token), keep=keep), log)

    async def _renew(self, token: Token, keep: Keep, log: TraceBuilder) -> Token:
        """Refresh as a part of another call's try, which sees to trying again."""
        call = evolve(refresh_call(token), keep=keep)
        return await self.observed(call, log)

    def complete(self, error: KoscomError, call: Call[Any]) -> None:
        """Write on an error where it happened, and whom to send where."""
        error.broker = error.broker or call.broker
        error.endpoint = error.endpoint or call.endpoint.name
        error.account = error.account or call.account
        attach_authorize_url(error, self._settings)

    def statistics(self) -> Statistics:
        """Return a snapshot of what was asked, and how it went."""
        return Statistics(
            brokers=self._counters.snapshot(self._breakers.states()), quotas=self._limiter.quotas()
        )

    async def aclose(self) -> None:
        """Close the connections and the limiter; the gateway cannot be asked again."""
        self._is_closed = True
        try:
            await self._exchange.aclose()
        finally:
            await self._limiter.aclose()

    def _check_usable(self) -> None:
        if self._is_closed:
            raise UsageError("the client is closed", advice="make a new one, or close it later")
        loop = running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop != loop:
            raise UsageError(
                "the client belongs to another event loop, as its connections and limits do",
                advice="make one client for each event loop",
            )

    async def observed(
        self, call: Call[Answer], log: TraceBuilder, *, number: int = 1, backed_off: float = 0.0
    ) -> Answer:
        """Make one try, before the eyes of whoever watches."""
        attempt = Attempt(
            broker=call.broker, endpoint=call.endpoint.name, number=number, seconds_backed_off=backed_off
        )
        counts = self._counters.of(call.broker)
        with self._observer.attempt(attempt):
            try:
                with self._breakers.guard(call.broker):
                    answer = await self._limited(call, log, counts, attempt)
            except KoscomError as error:
                counts.calls_saved += isinstance(error, BreakerOpenError)
                self.complete(error, call)
                attempt.outcome = _outcome_of(error)
                logger.debug("attempt %d failed: %s", number, error)
                raise
            attempt.outcome = OK
            logger.debug("%s %s: answered at attempt %d", call.broker, call.endpoint.name, number)
            return answer

    async def _limited(
        self, call: Call[Answer], log: TraceBuilder, counts: Counts, attempt: Attempt
    ) -> Answer:
        asked = monotonic()
        await self._limiter.acquire(call.broker, call.endpoint.service)
        try:
            waited = monotonic() - asked
            attempt.seconds_waited = waited
            log.seconds_waited += waited
            log.calls += 1
            counts.seconds_waited += waited
            counts.calls += 1
            counts.in_flight += 1
            if call.keep is not None:
                return await self._kept(call, call.keep)
            return await self._classified(call, await self._exchange.send(call))
        except KoscomError as error:
            counts.failures += 1
            counts.refusals += isinstance(error, RateLimitedError)
            raise
        finally:
            counts.in_flight -= 1
            self._limiter.release(call.broker)

    async def _kept(self, call: Call[Answer], keep: Callable[[Answer], Awaitable[None]]) -> Answer:
        async def kept() -> Answer:
            answer = await self._classified(call, await self._exchange.send(call))
            await keep(answer)
            return answer

        return await shielded(kept)

    async def _classified(self, call: Call[Answer], reply: Reply) -> Answer:
        remaining = read_remaining_calls(reply.headers)
        if remaining is not None:
            limit = read_call_limit(reply.headers)
            await self._limiter.record_quota(call.endpoint.service, remaining=remaining, limit=limit)
        if reply.status == 200:
            return await self._bodies.read_answer(call, reply.body)
        now = utc_now()
        retry_after = read_retry_after(reply.headers, now=now)
        error = failure(
            status=reply.status,
            document=await self._bodies.read_refusal(reply.body),
            retry_after=retry_after,
            quota_resets_at=next_reset(now) if remaining == 0 else None,
            secrets=(*call.secrets, self._settings.api_key, self._settings.api_secret),
        )
        if retry_after and not isinstance(error, QuotaExceededError):
            # A pause longer than anybody would wait for is the caller's to know, not everybody's to sit out.
            pause = min(retry_after, self._settings.retry.max_retry_after)
            logger.info("%s asked for %g s of rest; its calls wait for %g s", call.broker, retry_after, pause)
            await self._limiter.pause(call.broker, pause)
        raise error


@define(eq=False)
class _Tries(Generic[Answer]):
    """One call, and what its next try has to know of those before."""

    gateway: Gateway
    bearer: Bearer
    number: int = 0
    failed_at: float = 0.0

    async def send(self) -> Answer:
        self.number += 1
        backed_off = monotonic() - self.failed_at if self.number > 1 else 0.0
        log, number = self.bearer.log, self.number
        try:
            return await self.bearer.send(
                partial(self.gateway.observed, log=log, number=number, backed_off=backed_off)
            )
        except KoscomError as error:
            self.failed_at = monotonic()
            self.gateway.complete(error, self.bearer.call)
            raise


def _outcome_of(error: KoscomError) -> str:
    return error.code or type(error).__name__

"""Errors as problem documents (RFC 9457), with the status that tells a browser whose fault it is; answers as JSON."""

import json
import logging
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import quote

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from koscom_async import errors
from koscom_async._clock import utc_now
from koscom_async.errors import KoscomError
from koscom_async.export.rows import plain
from koscom_async.export.texts import escaped_halves
from koscom_async.integrations.web.requests import ClientGoneError
from koscom_async.models.outcome import Outcome

logger = logging.getLogger("koscom_async.web")

STATUSES: Mapping[type[KoscomError], int] = {
    KoscomError: 500,
    errors.SettingsError: 500,
    errors.UsageError: 500,
    errors.RequestRejectedError: 500,
    errors.UndocumentedServiceError: 500,
    errors.ReauthorizationRequiredError: 401,
    errors.AccessDeniedError: 403,
    errors.AccountUnavailableError: 409,
    # The firm's key is refused: a 401 would log the investor out.
    errors.AuthenticationError: 502,
    errors.PlatformError: 502,
    errors.ResponseError: 502,
    errors.UntrustedEndpointError: 502,
    errors.IncompleteHoldingsError: 502,
    errors.RateLimitedError: 503,
    errors.BrokerUnavailableError: 503,
    errors.OutsideServiceHoursError: 503,
    errors.NotYetAvailableError: 503,
    errors.LimitsUnavailableError: 503,
    errors.OverloadedError: 503,
    errors.ConnectionFailedError: 504,
    errors.DeadlineExceededError: 504,
    errors.OrderOutcomeUnknownError: 504,
}
"""An error without a line of its own has its parent's."""

_WHEN = ("resets_at", "opens_at", "available_at")
"""Attributes of errors that say at what time to ask again, where there is no `retry_after`."""


def problem(error: KoscomError) -> dict[str, Any]:
    """Return an error as the members of a problem document; it shows no secret, and account numbers masked.

    `url` is where the investor authorises again. The error's `state` belongs to it: keep that in the session, in a
    handler of your own for `ReauthorizationRequiredError` that returns a `ProblemResponse`.
    """
    members = {
        "type": f"urn:koscom:error:{quote(error.code or 'unknown', safe='', errors='replace')}",
        "title": _title(type(error)),
        "status": _status(error),
        "detail": error.message,
        "code": error.code,
        "broker": error.broker,
        "account": error.account,
        "retriable": error.retriable,
        "advice": error.advice,
    }
    if isinstance(error, errors.ReauthorizationRequiredError):
        members["url"] = error.url
    if (seconds := getattr(error, "retry_after", None)) is not None:
        members["retry_after"] = seconds
    if isinstance(error, errors.IncompleteHoldingsError):
        members["failures"] = plain(error.failures)
    return members


class ProblemResponse(Response):
    """An error as `application/problem+json`, with `Retry-After` where the error says when to ask again."""

    media_type = "application/problem+json"

    def __init__(self, error: KoscomError, *, now: datetime | None = None) -> None:
        members = problem(error)
        headers = {"Cache-Control": "no-store"}
        if (seconds := _seconds_to_wait(error, now or utc_now())) is not None:
            headers["Retry-After"] = str(seconds)
        super().__init__(encoded(members), status_code=members["status"], headers=headers)


def install_error_handlers(app: Starlette) -> None:
    """Let an application of Starlette or FastAPI answer with a problem document where a request raises an error.

    Errors that are the server's fault or a broker's are logged, too.
    """

    async def answer(_: Request, error: Exception) -> Response:
        response = ProblemResponse(cast("KoscomError", error))
        level = logging.WARNING if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.INFO
        logger.log(level, "request answered with %d: %s", response.status_code, error)
        return response

    async def answer_none(*_: object) -> Response:
        return Response(status_code=499)

    app.add_exception_handler(KoscomError, answer)
    app.add_exception_handler(ClientGoneError, answer_none)


class Answered(Protocol):
    """An answer about accounts: holdings, portfolios, watchlists, transactions."""

    @property
    def outcomes(self) -> Sequence[Outcome]: ...

    def to_dicts(self) -> dict[str, Any]: ...


AnyAnswered = TypeVar("AnyAnswered", bound=Answered)


def authorized(answer: AnyAnswered) -> AnyAnswered:
    """Return an answer, or raise `ReauthorizationRequiredError` where that is why no account was read.

    A token may die between the list of accounts and their balances: such an answer has nothing but failures, each with
    an address of its own where the investor authorises again. As an error it has one, and its status is 401.
    """
    reasons = [outcome.error for outcome in answer.outcomes]
    if reasons and all(isinstance(error, errors.ReauthorizationRequiredError) for error in reasons):
        raise cast("KoscomError", reasons[0])
    return answer


class HoldingsResponse(Response):
    """Holdings, or another answer about accounts, as JSON: what `to_dicts()` returns, account numbers masked.

    A partial answer is a 200, too, with `complete` false; `authorized` sees to one that only its investor can mend. It
    is written in a thread: thousands of rows take a second, which other requests would wait for where a route returns
    the holdings themselves.
    """

    media_type = "application/json"

    def __init__(self, answer: Answered, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(headers={"Cache-Control": "no-store", **(headers or {})})
        self._answer = authorized(answer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write the answer, and send it."""
        self.body = (await written(self._answer.to_dicts)).encode()
        self.headers["content-length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


async def written(content: Callable[[], Any]) -> str:
    """Return as JSON text what a function makes, and let other tasks run meanwhile."""
    return await anyio.to_thread.run_sync(lambda: encoded(content()))


def encoded(content: Any) -> str:
    """Return plain data as JSON text in one line."""
    return escaped_halves(json.dumps(content, ensure_ascii=False, separators=(",", ":")))


def _status(error: KoscomError) -> int:
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def _title(kind: type[KoscomError]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__.removesuffix("Error")).capitalize()


def _seconds_to_wait(error: KoscomError, now: datetime) -> int | None:
    seconds = getattr(error, "retry_after", None)
    moments = (getattr(error, name, None) for name in _WHEN)
    if seconds is None and (moment := next(filter(None, moments), None)) is not None:
        seconds = (moment - now).total_seconds()
    return None if seconds is None or not math.isfinite(seconds) else max(math.ceil(seconds), 0)

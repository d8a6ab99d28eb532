"""The client that every request of an application shares, how long a request may take, and its end with its client."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

import anyio
from attrs import frozen
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import Receive, Scope

from koscom_async._services.tasks import background
from koscom_async.client import Koscom
from koscom_async.errors import UsageError
from koscom_async.settings import Settings

Answer = TypeVar("Answer")
Opened = TypeVar("Opened")
Lifespan = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any]]]


def koscom_lifespan(settings: Settings | Callable[[], Koscom], **parts: Any) -> Lifespan:
    """Return the lifespan of an application with one client, which its requests share: `FastAPI(lifespan=…)`.

    `parts` are the other arguments of `Koscom`. A limiter or a transport is closed with its client: where the
    application starts more than once, as in tests, give a function that makes the client in the place of the settings.
    An application with a lifespan of its own enters this one in it: `async with koscom_lifespan(settings)(app): yield`.
    """

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Mapping[str, Any]]:
        koscom = Koscom(settings, **parts) if isinstance(settings, Settings) else settings()
        async with koscom:
            app.state.koscom = koscom
            yield {"koscom": koscom}

    return lifespan


def koscom_of(request: HTTPConnection) -> Koscom:
    """Return the client of a request's application, or of the application in which that is mounted."""
    for state in (request.state, request.app.state):
        if isinstance(koscom := getattr(state, "koscom", None), Koscom):
            return koscom
    raise UsageError(
        "the application has no client", advice="make it with `lifespan=koscom_lifespan(settings)`"
    )


@frozen
class RequestDeadline:
    """How many seconds a request may take: as many as its client waits, and never more than `longest`.

    A client says so with the header `Prefer: wait=5` (RFC 7240); for one that does not, it is `default`. Call it with
    the request, or let FastAPI do so: `deadline: Annotated[float, Depends(RequestDeadline(5, longest=20))]`.
    """

    default: float = 8.0
    longest: float = 30.0

    def __call__(self, request: Request) -> float:
        """Return the seconds for this request."""
        found = _WAIT.search(",".join(request.headers.getlist("prefer"))[:_LONGEST_HEADER])
        return min(float(found[1]) if found else self.default, self.longest)


_WAIT = re.compile(r"(?:\A|,)\s{0,9}wait\s{0,9}=\s{0,9}\"?([0-9]{1,9})\b", re.IGNORECASE)
_LONGEST_HEADER = 500


class ClientGoneError(HTTPException):
    """The client hung up before its answer was there. The status, 499, is for logs: none is there to read it."""

    def __init__(self) -> None:
        super().__init__(499, "the client is gone")


async def until_gone(request: Request, work: Awaitable[Answer]) -> Answer:
    """Return what `work` returns; cancel it when the request's client hangs up, and raise `ClientGoneError`.

    Frameworks do so only for answers that are streamed: calls to brokers would go on until their deadline.
    Read the request's body before, if there is one: afterwards it is lost.
    """
    async with background() as group:
        group.start_soon(cancel_when_gone, request.receive, group.cancel_scope)
        return await work
    raise ClientGoneError


@asynccontextmanager
async def open_until_gone(
    request: Request, stream: AbstractAsyncContextManager[Opened]
) -> AsyncIterator[Opened]:
    """Enter it in the place of a stream; raise `ClientGoneError` when the client hangs up before the stream is open.

    A stream opens when its first call is answered, which under overload waits for its turn. One listener serves the
    request, also for `Events`: where it is cancelled, gunicorn reports the client as gone to the next.
    """
    is_open = False
    gone = request.scope[_GONE] = anyio.Event()
    async with background() as group:

        async def listen() -> None:
            await client_gone(request.receive)
            gone.set()
            if not is_open:
                group.cancel_scope.cancel()

        group.start_soon(listen)
        async with stream as opened:
            is_open = not group.cancel_scope.cancel_called
            if is_open:
                yield opened
    if not is_open:
        raise ClientGoneError


_GONE = "koscom_async.gone"
"""Where a request's scope has the event that is set when its client is gone."""


async def cancel_when_gone(receive: Receive, scope: anyio.CancelScope, *, of: Scope | None = None) -> None:
    """Cancel a scope when the client is gone; where a request's own scope has a listener, by that one."""
    gone: anyio.Event | None = of.get(_GONE) if of is not None else None
    await (client_gone(receive) if gone is None else gone.wait())
    scope.cancel()


async def client_gone(receive: Receive) -> None:
    """Listen for the client's end, which not every server reports to a request that only asks about it."""
    while (await receive())["type"] != "http.disconnect":
        pass

"""What a web application needs, with Starlette alone: one client, problem documents, events, requests that end.

FastAPI has the same names, and a few more, in `koscom_async.integrations.fastapi`. Nothing here is middleware.
A stream is opened before its response begins, so that an early error is a problem document, and left after it: in
FastAPI by a dependency, in Starlette by a route that is an ASGI application::

    class HoldingsRoute:
        async def __call__(self, scope, receive, send):
            koscom = koscom_of(request := Request(scope, receive))
            end_reconnection(request)
            async with open_until_gone(request, koscom.stream_holdings(await investor_of(request))) as stream:
                await Events(holdings_events(stream))(scope, receive, send)
"""

from importlib import import_module

from koscom_async._hints import missing

try:
    import_module("starlette")
except ImportError as error:
    raise missing("this needs Starlette", extra="web", name=error.name) from error

from koscom_async.integrations.web.events import Events, end_reconnection, holdings_events
from koscom_async.integrations.web.problems import (
    HoldingsResponse,
    ProblemResponse,
    authorized,
    install_error_handlers,
)
from koscom_async.integrations.web.requests import (
    ClientGoneError,
    RequestDeadline,
    koscom_lifespan,
    koscom_of,
    open_until_gone,
    until_gone,
)

__all__ = [
    "ClientGoneError",
    "Events",
    "HoldingsResponse",
    "ProblemResponse",
    "RequestDeadline",
    "authorized",
    "end_reconnection",
    "holdings_events",
    "install_error_handlers",
    "koscom_lifespan",
    "koscom_of",
    "open_until_gone",
    "until_gone",
]

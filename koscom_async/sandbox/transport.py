"""Reaches an application without a socket: httpx's ASGI transport, with a socket's faults and time limits."""

import anyio
import httpx
from starlette.types import ASGIApp

from koscom_async.sandbox.fault_kinds import ConnectionResetFault

__all__ = ["InProcessTransport"]


class InProcessTransport(httpx.AsyncBaseTransport):
    """Answers in the caller's own event loop.

    httpx's own transport has no time limits, so that a slow broker would be waited for to the end; here the
    read limit bounds the whole answer. It holds nothing open: closing it does nothing, and it can be used
    again.
    """

    def __init__(self, application: ASGIApp) -> None:
        self._inner = httpx.ASGITransport(application)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request; errors are those that a socket would give."""
        seconds = request.extensions.get("timeout", {}).get("read")
        try:
            with anyio.fail_after(seconds):
                return await self._inner.handle_async_request(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout("the sandbox is slow", request=request) from error
        except ConnectionResetFault as error:
            raise httpx.ReadError("the sandbox reset the connection", request=request) from error

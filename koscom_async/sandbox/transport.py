"""Reaches an application without a socket: httpx's ASGI transport, with a socket's faults and time limits."""

from collections.abc import AsyncIterator, Iterator

import anyio
import h11
import httpx
from starlette.types import ASGIApp

from koscom_async.sandbox.delivery import End, Pause, Step, WireFault


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
        except WireFault as fault:
            steps = fault.steps
        return await _Bytes(steps, request, read_seconds=seconds).response()


class _Bytes(httpx.AsyncByteStream):
    """An answer that comes step by step, read by the parser that httpx uses on a socket."""

    def __init__(self, steps: Iterator[Step], request: httpx.Request, *, read_seconds: float | None) -> None:
        self._steps = steps
        self._request = request
        self._read_seconds = float("inf") if read_seconds is None else read_seconds
        self._parser = h11.Connection(h11.CLIENT)
        asked = h11.Request(method="POST", target=request.url.raw_path, headers=[("Host", request.url.host)])
        self._parser.send(asked)
        self._parser.send(h11.EndOfMessage())

    async def response(self) -> httpx.Response:
        """Return the answer once its head is there."""
        event = await self._next_event()
        if not isinstance(event, h11.Response):
            raise httpx.RemoteProtocolError("the sandbox sent no head", request=self._request)
        return httpx.Response(event.status_code, headers=list(event.headers), stream=self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while isinstance(event := await self._next_event(), h11.Data):
            yield bytes(event.data)

    async def _next_event(self) -> object:
        try:
            while (event := self._parser.next_event()) is h11.NEED_DATA:
                await self._play(next(self._steps, End.CLOSE))
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error), request=self._request) from error
        return event

    async def _play(self, step: Step) -> None:
        if isinstance(step, bytes):
            self._parser.receive_data(step)
        elif isinstance(step, Pause) and step.seconds < self._read_seconds:
            await anyio.sleep(step.seconds)
        elif isinstance(step, Pause) or step is End.HANG:
            await anyio.sleep(self._read_seconds)
            raise httpx.ReadTimeout("the sandbox is silent", request=self._request)
        elif step is End.RESET:
            raise httpx.ReadError("the sandbox reset the connection", request=self._request)
        else:
            self._parser.receive_data(b"")

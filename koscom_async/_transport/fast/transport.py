"""The fast backend, as httpx sees it: a request in, a response out, over connections of our own.

Chosen over httpx-aiohttp 0.2 and pyreqwest 0.15, by `benchmarks/backends.py`. CPU of one call with a prepared request,
10 to 200 in flight, as multiples of this transport (1 and 20 KB alike, Python 3.11): httpx-aiohttp 1.9 to 3.6,
pyreqwest 1.5 to 5.6, aiohttp itself 1.2 to 2.9. What the others do with a gateway's bad days counts as much:

- httpx-aiohttp says `ConnectTimeout` for a refused connection and for a certificate that is not trusted, lets
  aiohttp's own `ClientResponseError` through for what is not HTTP, and repeats what is a GET by itself.
- pyreqwest adds all of httpx's timeouts up to one for the whole call, raises `CancelledError`s of its own, which
  anyio's deadlines do not know as theirs, and calls a body that is cut off a `DecodingError`.

HTTP is read by llhttp (httptools), the parser of Node.js; what is written here are the request's head, and the rules
by which a connection may be used again. There are no proxies, HTTP/2 or cookies: nothing here needs them, and a proxy
is `Koscom(settings, transport=httpx.AsyncHTTPTransport(proxy=…))`.
"""

import asyncio
import ssl
from math import inf

import anyio
import httpx

from koscom_async._transport.fast.connection import Connection
from koscom_async._transport.fast.dial import Dialler
from koscom_async._transport.fast.head import request_bytes
from koscom_async._transport.fast.idle import IdleConnections
from koscom_async._transport.fast.origin import Origin, origin_of
from koscom_async._transport.fast.stream import BodyStream
from koscom_async.errors import UsageError

KEEP_ALIVE_SECONDS = 30.0


class FastTransport(httpx.AsyncBaseTransport):
    """Opens a connection where none is idle: how many are in use at once is the limiter's to say.

    At most `keep` idle ones are kept, each for `keep_alive` seconds. `context` is the one TLS context for all.
    `attempt` is how many seconds a request may take as a whole, answer included.
    """

    def __init__(
        self,
        *,
        keep: int,
        context: ssl.SSLContext | None = None,
        keep_alive: float = KEEP_ALIVE_SECONDS,
        attempt: float = inf,
    ) -> None:
        self._keep_alive = keep_alive
        self._attempt = attempt
        self._loop: asyncio.AbstractEventLoop | None = None
        self._dialler = Dialler(context)
        self._idle = IdleConnections(keep)
        self._open: dict[Connection, Origin] = {}
        self._all_gone: anyio.Event | None = None
        self._is_closed = False

    @property
    def busy(self) -> int:
        """How many connections carry a call."""
        return sum(connection.is_busy for connection in self._open)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the response, its body not read yet; raise httpx's errors."""
        end = self._checked_loop().time() + self._attempt
        timeouts = request.extensions.get("timeout", {})
        read, write = timeouts.get("read"), timeouts.get("write")
        content = request_bytes(request)
        origin = origin_of(request.url)
        connection = self._idle.take(origin) or await self._new(origin, timeouts.get("connect"))
        answer = await connection.ask(
            content, wants_body=request.method != "HEAD", read=read, write=write, end=end
        )
        stream = BodyStream(connection, answer, read=read, write=write)
        return httpx.Response(answer.status, headers=answer.headers, stream=stream)

    async def aclose(self) -> None:
        """Close every connection, also those that are in use or only being opened; return when they are gone."""
        self._is_closed = True
        self._dialler.close()
        if not self._open:
            return
        if self._all_gone is None:
            self._all_gone = anyio.Event()
        for connection in tuple(self._open):
            connection.abort()
        await self._all_gone.wait()

    def _checked_loop(self) -> asyncio.AbstractEventLoop:
        if self._is_closed:
            raise UsageError("the client is closed", advice="make a new one, or close it later")
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise UsageError(
                "the connections belong to another event loop", advice="make one client for each event loop"
            )
        return loop

    async def _new(self, origin: Origin, seconds: float | None) -> Connection:
        connection = Connection(
            asyncio.get_running_loop(),
            keep_alive=self._keep_alive,
            on_free=self._keep,
            on_gone=self._forget,
        )
        most = self._attempt if seconds is None else min(seconds, self._attempt)
        await self._dialler.connect(connection, origin, seconds=None if most == inf else most)
        if connection.is_over:  # the server closed it at once
            raise httpx.ConnectError("the connection was closed")
        self._open[connection] = origin
        return connection

    def _keep(self, connection: Connection) -> None:
        self._idle.put(self._open[connection], connection)

    def _forget(self, connection: Connection) -> None:
        origin = self._open.pop(connection, None)
        if origin is not None:
            self._idle.discard(origin, connection)
        if self._all_gone is not None and not self._open:
            self._all_gone.set()

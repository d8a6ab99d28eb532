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
from typing import Self

import anyio
import httpx

from koscom_async._http.connection import Connection
from koscom_async._http.dial import Dialler, Origin, origin_of
from koscom_async._http.parser import Answer
from koscom_async.errors import UsageError

# The bytes of a request: its head, written here, and the body behind it, so that they leave in one write.


def request_bytes(request: httpx.Request) -> bytes:
    """Return a request as it goes over the wire; raise `httpx.LocalProtocolError` for one that would be taken amiss."""
    target = request.url.raw_path
    headers = request.headers.raw
    body = _body(request, headers)
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii", "replace"), target)]
    lines += [b"%b: %b" % header for header in headers]
    head = b"\r\n".join(lines)
    breaks = len(lines) - 1
    # A line break in a value would begin another header, or another request. The value itself may be secret.
    if head.count(b"\r") != breaks or head.count(b"\n") != breaks or b"\0" in head:
        raise httpx.LocalProtocolError("a header or the target holds a line break")
    if not (request.method.isascii() and request.method.isalpha()) or b" " in target:
        raise httpx.LocalProtocolError("the method or the target is not one")
    return b"%b\r\n\r\n%b" % (head, body)


def _body(request: httpx.Request, headers: list[tuple[bytes, bytes]]) -> bytes:
    try:
        body = request.content
    except httpx.RequestNotRead:
        raise httpx.LocalProtocolError("only bodies that are there as a whole can be sent") from None
    # Any other length would make one request's end the next one's beginning. (Of httpx's headers, these bytes are had
    # for a tenth of what a look-up by name costs.)
    lengths = [value for name, value in headers if name.lower() == b"content-length"]
    if lengths != [b"%d" % len(body)] and (body or lengths):
        raise httpx.LocalProtocolError("Content-Length is not the body's")
    return body


# The connections that nobody uses at the moment: who was used last is used next, at no cost for their number.


class IdleConnections:
    """At most so many connections that are open and unused; what is too many is closed.

    The last one is used first, so that those that are not needed grow old and close by themselves.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        # Dicts keep an order, and forget one in the middle as fast as the last.
        self._by_origin: dict[Origin, dict[Connection, None]] = {}

    def __len__(self) -> int:
        return self._count

    def put(self, origin: Origin, connection: Connection) -> None:
        """Keep a connection until it is needed."""
        if self._count >= self._most:
            connection.abort()
            return
        self._by_origin.setdefault(origin, {})[connection] = None
        self._count += 1

    def take(self, origin: Origin) -> Connection | None:
        """Return a connection that can be used, and keep it no longer; close those that cannot."""
        kept = self._by_origin.get(origin)
        while kept:
            connection, _ = kept.popitem()
            self._count -= 1
            if connection.is_quiet():
                return connection
            connection.abort()
        return None

    def discard(self, origin: Origin, connection: Connection) -> None:
        """Forget a connection, if it is here."""
        kept = self._by_origin.get(origin, {})
        if connection in kept:
            del kept[connection]
            self._count -= 1


# The body of an answer as httpx wants to read it: all that is there, at each step.


class BodyStream(httpx.AsyncByteStream):
    """An iterator by hand: a generator that is left early would be closed in a task of the event loop's own."""

    def __init__(
        self, connection: Connection, answer: Answer, *, read: float | None, write: float | None
    ) -> None:
        self._connection = connection
        self._answer = answer
        self._read = read
        self._write = write

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._connection.body_piece(self._answer, read=self._read, write=self._write)
        if not piece:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """Close the connection, unless the answer is there to its end."""
        self._connection.abandon(self._answer)


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

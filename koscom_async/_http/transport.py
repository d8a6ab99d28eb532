"""The transport: an `httpx.Request` in, an `httpx.Response` out, over the connection that was used last.

Owns the idle connections and the bytes of a request. There are no proxies, HTTP/2, cookies or redirects here, and no
queue: how many requests are under way at once is the caller's to limit.

Chosen over httpx-aiohttp 0.2 and pyreqwest 0.15, by `benchmarks/backends.py`. CPU of one request, 10 to 200 in flight,
as multiples of this transport with llhttp (1 and 20 KB alike, Python 3.11): httpx-aiohttp 1.9 to 3.6, pyreqwest 1.5 to
5.6, aiohttp itself 1.2 to 2.9. What the others do with a gateway's bad days counts as much:

- httpx-aiohttp says `ConnectTimeout` for a refused connection and for a certificate that is not trusted, lets
  aiohttp's own `ClientResponseError` through for what is not HTTP, and repeats what is a GET by itself.
- pyreqwest adds all of httpx's timeouts up to one for the whole call, raises `CancelledError`s of its own, which
  anyio's deadlines do not know as theirs, and calls a body that is cut off a `DecodingError`.
"""

import asyncio
import ssl
from enum import Enum, auto
from math import inf
from typing import Self

import anyio
import httpx

from koscom_async._http.connection import ClosedError, Connection, RequestBytes
from koscom_async._http.dial import Dialler, Origin
from koscom_async._http.response import IncomingResponse

REUSE = "reuse"
"""The extension of a request that says which kept connection it may take; without it, none."""


class Reuse(Enum):
    """Which kept connection a request may take.

    A kept one may be dead, as servers close, and balancers forget, what is idle; only a failure shows it. Where no byte
    of a response came, the request is sent once more, over a new one: so only what the server may receive twice takes
    a kept one.
    """

    ANY = auto()
    """Any, as the response says whose it is; behind a refusal, which does not, a quiet one."""
    QUIET = auto()
    """One over which nothing has come for `QUIET_SECONDS`: a second response to the request before, which comes late,
    would look like the one that is awaited."""
    NONE = auto()


QUIET_SECONDS = 0.05
"""Second responses came up to 5 ms behind the first.

Chosen over a new connection for each such request. For a list of accounts and five accounts, 20 ms each, over TLS: two
more open connections and nothing else, against 2 ms of CPU, a handshake and two round trips each time.
"""

KEEP_ALIVE_SECONDS = 30.0


class PooledTransport(httpx.AsyncBaseTransport):
    """Sends each request over an idle connection, or a new one where none is idle.

    At most `keep` idle ones are kept, each for `keep_alive` seconds. `context` is the one TLS context for all.
    `attempt` is how many seconds a request may take as a whole, response included.
    """

    def __init__(
        self,
        response_type: type[IncomingResponse],
        *,
        keep: int,
        context: ssl.SSLContext | None = None,
        keep_alive: float = KEEP_ALIVE_SECONDS,
        attempt: float = inf,
    ) -> None:
        self.response_type = response_type
        self._keep_alive = keep_alive
        self._attempt = attempt
        self._loop: asyncio.AbstractEventLoop | None = None
        self._dialler = Dialler(context)
        self._idle = IdleConnections(keep)
        self._open: dict[Connection, Origin] = {}
        self._all_closed: anyio.Event | None = None
        self._is_closed = False

    @property
    def busy(self) -> int:
        """How many connections carry a request."""
        return sum(connection.is_busy for connection in self._open)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the response, its body not read yet; raise httpx's errors.

        A kept connection that fails before the first byte of a response costs one more round trip and nothing else.
        """
        loop = self._checked_loop()
        ends_at = loop.time() + self._attempt
        content = RequestBytes(request_bytes(request))
        origin = origin_of(request.url)
        kept = self._kept(origin, request.extensions.get(REUSE, Reuse.NONE), loop.time() - QUIET_SECONDS)
        if kept is not None:
            try:
                return await self._send(kept, request, content, ends_at)
            except (httpx.NetworkError, httpx.RemoteProtocolError):
                if kept.was_answered or self._is_closed:
                    raise
                # What closed or forgot this one has hardly kept those that were idle for longer.
                self._idle.close_older(origin, kept.idle_since)
        connection = await self._new(origin, request.extensions.get("timeout", {}).get("connect"), ends_at)
        return await self._send(connection, request, content, ends_at)

    def _kept(self, origin: Origin, reuse: Reuse, quiet_since: float) -> Connection | None:
        if reuse is Reuse.NONE:
            return None
        return self._idle.take(origin, needs_quiet=reuse is Reuse.QUIET, quiet_since=quiet_since)

    async def aclose(self) -> None:
        """Close every connection, also those that are in use or only being opened; return when they have closed."""
        self._is_closed = True
        self._dialler.close()
        if not self._open:
            return
        if self._all_closed is None:
            self._all_closed = anyio.Event()
        for connection in tuple(self._open):
            connection.abort()
        await self._all_closed.wait()

    def _checked_loop(self) -> asyncio.AbstractEventLoop:
        if self._is_closed:
            raise ClosedError("the transport is closed")
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise RuntimeError("the connections belong to another event loop")
        return loop

    async def _send(
        self, connection: Connection, request: httpx.Request, content: RequestBytes, ends_at: float
    ) -> httpx.Response:
        timeouts = request.extensions.get("timeout", {})
        read, write = timeouts.get("read"), timeouts.get("write")
        response = await connection.send(
            content, wants_body=request.method != "HEAD", read=read, write=write, ends_at=ends_at
        )
        stream = BodyStream(connection, response, read=read, write=write)
        return httpx.Response(response.status, headers=response.headers, stream=stream)

    async def _new(self, origin: Origin, seconds: float | None, ends_at: float) -> Connection:
        loop = asyncio.get_running_loop()
        connection = Connection(
            loop, self.response_type, keep_alive=self._keep_alive, on_free=self._keep, on_closed=self._forget
        )
        seconds_left = min(inf if seconds is None else seconds, ends_at - loop.time())
        await self._dialler.connect(connection, origin, seconds=None if seconds_left == inf else seconds_left)
        if self._is_closed:  # just when it was there: `aclose` has not seen it
            connection.abort()
            raise ClosedError("the transport was closed")
        if connection.is_closed:  # the server closed it at once
            raise httpx.ConnectError("the connection was closed")
        self._open[connection] = origin
        return connection

    def _keep(self, connection: Connection) -> None:
        self._idle.put(self._open[connection], connection)

    def _forget(self, connection: Connection) -> None:
        origin = self._open.pop(connection, None)
        if origin is not None:
            self._idle.discard(origin, connection)
        if self._all_closed is not None and not self._open:
            self._all_closed.set()


class BodyStream(httpx.AsyncByteStream):
    """The body of a response: all that is there, at each step.

    An iterator and not a generator, which would be closed in a task of the event loop's own if it is left early.
    """

    def __init__(
        self, connection: Connection, response: IncomingResponse, *, read: float | None, write: float | None
    ) -> None:
        self._connection = connection
        self._response = response
        self._read = read
        self._write = write

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._connection.body_piece(self._response, read=self._read, write=self._write)
        if not piece:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """Close the connection, unless the response has been read to its end."""
        self._connection.abandon(self._response)


class IdleConnections:
    """At most so many connections that are open and unused; what is too many is closed.

    The last one is used first, so that those that are not needed grow old and close by themselves. It costs the same
    however many there are.
    """

    def __init__(self, max_idle: int) -> None:
        self._max_idle = max_idle
        self._count = 0
        # Dicts keep an order, and forget one in the middle as fast as the last.
        self._by_origin: dict[Origin, dict[Connection, None]] = {}

    def __len__(self) -> int:
        return self._count

    def put(self, origin: Origin, connection: Connection) -> None:
        """Keep a connection until it is needed."""
        if self._count >= self._max_idle:
            connection.abort()
            return
        self._by_origin.setdefault(origin, {})[connection] = None
        self._count += 1

    def take(self, origin: Origin, *, needs_quiet: bool, quiet_since: float) -> Connection | None:
        """Return a connection that can be used, and keep it no longer; close those that are dead."""
        kept = self._by_origin.get(origin)
        while kept:
            suitable = (
                each
                for each in reversed(kept)
                if each.idle_since <= quiet_since or not (needs_quiet or each.was_refused)
            )
            connection = next(suitable, None)
            if connection is None:
                return None
            self.discard(origin, connection)
            if connection.is_reusable():
                return connection
            connection.abort()
        return None

    def close_older(self, origin: Origin, idle_since: float) -> None:
        """Close those that were idle at that time already."""
        for connection in tuple(self._by_origin.get(origin, ())):
            if connection.idle_since <= idle_since:
                self.discard(origin, connection)
                connection.abort()

    def discard(self, origin: Origin, connection: Connection) -> None:
        """Forget a connection, if it is here."""
        kept = self._by_origin.get(origin, {})
        if connection in kept:
            del kept[connection]
            self._count -= 1


def request_bytes(request: httpx.Request) -> bytes:
    """Return head and body, to leave in one write; raise `httpx.LocalProtocolError` if they are not one request."""
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
    # Any other length would make one request's end the next one's beginning. (A look-up by name in httpx's headers
    # costs ten times as much.)
    lengths = [value for name, value in headers if name.lower() == b"content-length"]
    if lengths != [b"%d" % len(body)] and (body or lengths):
        raise httpx.LocalProtocolError("Content-Length is not the body's")
    return body


PORTS = {"http": 80, "https": 443}


def origin_of(url: httpx.URL) -> Origin:
    """Return where a URL leads; raise `httpx.UnsupportedProtocol` for what is not HTTP."""
    scheme = url.scheme
    if scheme not in PORTS or not url.host:
        raise httpx.UnsupportedProtocol("only http:// and https:// with a host can be asked")
    return Origin(url.raw_host.decode("ascii"), url.port or PORTS[scheme], scheme == "https")

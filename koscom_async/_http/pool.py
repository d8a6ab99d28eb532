"""Connections to the gateway: httpx's own transport over a stack of idle connections, the one used last on top.

Owns which connection a call gets and what becomes of it. How many there are is not decided here: nothing ever queues
for one, since the limiter lets no more calls out than `limits.in_flight`, and no call ever holds two.

httpcore's pool looks through all its connections twice a call, and asks the operating system about each idle one: a
pool of ten doubles what a call costs, and one of a thousand makes it hundreds of times as much. A stack costs the
same whatever its height. Connections that are not needed sink to its ground, where they grow old and are closed.
"""

import ssl
import time
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable

import anyio
import httpcore
import httpx
from attrs import define, field, frozen

from koscom_async._http.socket_stream import SocketBackend

KEEP_ALIVE_SECONDS = 30.0


class OwnTransport(httpx.AsyncHTTPTransport):
    """httpx's transport, with connections of our own below it, and one TLS context.

    What httpx does with requests, answers and exceptions stays httpx's, and so does whoever watches its transport.
    """

    def __init__(self, *, use_tls: bool) -> None:
        # A context costs about 70 ms to make, so there is one, and none for plain loopback.
        verify: ssl.SSLContext | bool = httpx.create_ssl_context() if use_tls else False
        super().__init__(verify=verify, trust_env=False)
        # httpx has no argument for it. A httpx that looks for it elsewhere would go on with a pool of its own.
        self._pool: ConnectionStack = ConnectionStack(verify if isinstance(verify, ssl.SSLContext) else None)


@frozen
class _Idle:
    connection: httpcore.AsyncConnectionInterface
    since: float


class ConnectionStack(httpcore.AsyncConnectionPool):
    """The connections of one client. Only `_lend` and `_take_back` change who has them."""

    def __init__(
        self,
        context: ssl.SSLContext | None,
        *,
        backend: httpcore.AsyncNetworkBackend | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(
            ssl_context=context,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
            network_backend=backend or SocketBackend(),
        )
        self._clock = clock
        self._idle: deque[_Idle] = deque()
        self._lent: set[httpcore.AsyncConnectionInterface] = set()
        self._is_closed = False

    @property
    def connections(self) -> list[httpcore.AsyncConnectionInterface]:
        """The connections that are lent, and those that are idle, the next to be lent last."""
        return [*self._lent, *(each.connection for each in self._idle)]

    @property
    def lent(self) -> int:
        """How many calls have a connection now."""
        return len(self._lent)

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request; its connection comes back when the answer is closed."""
        connection = await self._lend(request.url.origin)
        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            await self._take_back(connection)
            raise
        return httpcore.Response(
            response.status,
            headers=response.headers,
            content=_Body(response, connection, self._take_back),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close every connection, also those that are lent."""
        self._is_closed = True
        connections = self.connections
        self._idle.clear()
        self._lent.clear()
        for connection in connections:
            await _close(connection)

    async def _lend(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        while self._idle:
            connection = self._idle.pop().connection
            if connection.can_handle_request(origin) and not connection.has_expired():
                break
            await _close(connection)
        else:
            connection = self.create_connection(origin)
        self._lent.add(connection)
        return connection

    async def _take_back(self, connection: httpcore.AsyncConnectionInterface) -> None:
        self._lent.discard(connection)
        now = self._clock()
        if connection.is_available() and not self._is_closed and not _has_more_to_say(connection):
            self._idle.append(_Idle(connection, now))
        else:
            # Whatever went wrong, and however httpcore's own closing was broken off: nothing is left open.
            await _close(connection)
        while self._idle and now - self._idle[0].since > KEEP_ALIVE_SECONDS:
            await _close(self._idle.popleft().connection)


@define(eq=False)
class _Body:
    """An answer's body, with whose end its connection goes back."""

    _response: httpcore.Response
    _connection: httpcore.AsyncConnectionInterface
    _take_back: Callable[[httpcore.AsyncConnectionInterface], Awaitable[None]]
    _is_closed: bool = field(default=False, init=False)

    def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._response.stream, AsyncIterable)  # noqa: S101  # httpcore types it for sync, too
        return aiter(self._response.stream)

    async def aclose(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await self._response.aclose()
        finally:
            await self._take_back(self._connection)


def _has_more_to_say(connection: httpcore.AsyncConnectionInterface) -> bool:
    """Whether something came after the answer: read as the next one, it would be one customer's at another's.

    httpcore keeps it to itself. A version in which it is not found here has no connection used twice.
    """
    parser = getattr(getattr(connection, "_connection", None), "_h11_state", None)
    return parser is None or bool(parser.trailing_data[0])


async def _close(connection: httpcore.AsyncConnectionInterface) -> None:
    # The socket is closed before the first await, so that a cancellation, shielded or not, comes too late.
    with anyio.CancelScope(shield=True):
        await connection.aclose()

"""Several small connection pools behind httpx's transport face.

httpcore's pool looks through all its connections at each call, so one big pool slows down with its size while
small ones stay flat. Nothing ever queues in them: the limiter lets no more calls out than there are connections.
"""

import ssl
from collections.abc import AsyncIterator

import httpx

POOL_SIZE = 10
KEEP_ALIVE_SECONDS = 30.0


class _CountedStream(httpx.AsyncByteStream):
    """A response body that tells its pool when the connection is free again."""

    def __init__(self, stream: httpx.AsyncByteStream, pool: "_Pool") -> None:
        self._stream = stream
        self._pool: _Pool | None = pool

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            if self._pool is not None:
                self._pool.busy -= 1
                self._pool = None


class _Pool:
    def __init__(self, size: int, verify: ssl.SSLContext | bool) -> None:  # noqa: FBT001  # httpx's own argument
        # Keep-alive counts all connections, not the idle ones: with less than all of them, busy ones are thrown away.
        limits = httpx.Limits(
            max_connections=size, max_keepalive_connections=size, keepalive_expiry=KEEP_ALIVE_SECONDS
        )
        self.transport = httpx.AsyncHTTPTransport(verify=verify, limits=limits, trust_env=False)
        self.size = size
        self.busy = 0

    @property
    def free(self) -> int:
        return self.size - self.busy


class PooledTransport(httpx.AsyncBaseTransport):
    """As many connections as calls may be in flight, in pools of ten, with one TLS context."""

    def __init__(self, connections: int, *, use_tls: bool) -> None:
        # A context costs about 70 ms to make, so there is one, and none for plain loopback.
        verify = httpx.create_ssl_context() if use_tls else False
        sizes = [POOL_SIZE] * (connections // POOL_SIZE)
        rest = connections % POOL_SIZE
        self._pools = [_Pool(size, verify) for size in (*sizes, rest) if size]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request through the pool with the most free connections."""
        pool = max(self._pools, key=lambda each: each.free)
        pool.busy += 1
        try:
            response = await pool.transport.handle_async_request(request)
        except BaseException:
            pool.busy -= 1
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101  # httpx types it for sync, too
        response.stream = _CountedStream(response.stream, pool)
        return response

    async def aclose(self) -> None:
        """Close every connection."""
        for pool in self._pools:
            await pool.transport.aclose()

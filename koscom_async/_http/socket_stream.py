"""The bytes below httpx's own connections: one write for each request, one timer for writing and reading.

Owns sockets and what their failures are called in httpcore. httpcore's own stream writes a request's head and its body
apart, each with a scope and a trip through the event loop, and asks the socket five questions to learn whether an
idle connection is still there: together a quarter of what a call costs above the socket.
"""

import select
import ssl
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from typing import Any

import anyio
import httpcore
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSAttribute, TLSStream

_ATTRIBUTES = {
    "ssl_object": TLSAttribute.ssl_object,
    "client_addr": SocketAttribute.local_address,
    "server_addr": SocketAttribute.remote_address,
    "socket": SocketAttribute.raw_socket,
}
AT_ONCE_BYTES = 2**14
"""So much fits into the buffer of any socket that has nothing else to send, and needs no timer of its own."""
_BROKEN = (anyio.BrokenResourceError, anyio.ClosedResourceError)


class SocketStream(httpcore.AsyncNetworkStream):
    """A connection that keeps what is written until an answer is read, and then writes all of it at once."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._socket = stream.extra(SocketAttribute.raw_socket)  # noqa: S610  # anyio's, not Django's
        self._unsent: list[bytes] = []
        self._write_seconds: float | None = None

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  # httpcore's
        """Keep bytes for the next read, to be written within so many seconds."""
        self._unsent.append(buffer)
        self._write_seconds = timeout

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  # httpcore's
        """Write what was kept, and return what comes; nothing at the end."""
        takes_time = sum(map(len, self._unsent)) > AT_ONCE_BYTES
        try:
            with anyio.CancelScope(deadline=_end_of(self._write_seconds if takes_time else timeout)) as scope:
                if self._unsent:
                    await self._send()
                if takes_time:
                    scope.deadline = _end_of(timeout)
                return await self._stream.receive(max_bytes)
        except anyio.EndOfStream:
            return b""
        except _BROKEN as error:
            raise httpcore.ReadError(str(error)) from error
        raise (
            httpcore.WriteTimeout if self._unsent else httpcore.ReadTimeout
        )  # it was the scope that ended it

    async def _send(self) -> None:
        # A server may refuse a request before it has read it, and its answer may still be there to be read.
        with suppress(*_BROKEN):
            await self._stream.send(b"".join(self._unsent))
        self._unsent.clear()

    async def aclose(self) -> None:
        """Close the connection at once."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's
    ) -> httpcore.AsyncNetworkStream:
        """Return the connection under TLS; where there is none to be had, it is closed."""
        try:
            with _connecting(timeout):
                stream = await TLSStream.wrap(
                    self._stream,
                    ssl_context=ssl_context,
                    hostname=server_hostname,
                    standard_compatible=False,
                    server_side=False,
                )
        except BaseException:
            # httpcore knows only of connections that were made: one that is cancelled here would stay open.
            await anyio.aclose_forcefully(self._stream)
            raise
        return SocketStream(stream)

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks about a connection; `is_readable` while idle means that it is gone."""
        if info == "is_readable":
            return _is_readable(self._socket.fileno())
        attribute = _ATTRIBUTES.get(info)
        return None if attribute is None else self._stream.extra(attribute, None)  # noqa: S610  # as above


class SocketBackend(httpcore.AnyIOBackend):
    """Opens connections."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002  # none is ever set here
    ) -> httpcore.AsyncNetworkStream:
        """Return a new connection."""
        with _connecting(timeout):
            return SocketStream(await anyio.connect_tcp(host, port, local_host=local_address))


def _end_of(seconds: float | None) -> float:
    return inf if seconds is None else anyio.current_time() + seconds


@contextmanager
def _connecting(seconds: float | None) -> Iterator[None]:
    try:
        with anyio.fail_after(seconds):
            yield
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(str(error)) from error
    except (OSError, *_BROKEN, anyio.EndOfStream) as error:  # an SSLError is an OSError
        raise httpcore.ConnectError(str(error)) from error


def _is_readable(descriptor: int) -> bool:
    if descriptor < 0:
        return True
    if sys.platform == "win32":
        return bool(select.select([descriptor], [], [], 0)[0])
    # Not select, which cannot ask about descriptors above 1,023.
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))

"""Opens connections: where to, in what time, with which certificates. Raises httpx's errors."""

import asyncio
import ssl
from ipaddress import ip_address
from typing import Any

import httpx
from attrs import frozen

from koscom_async._http.connection import ClosedError, Connection


@frozen
class Origin:
    """Where a connection leads, and so whose requests may share it."""

    host: str
    port: int
    is_tls: bool


SECOND_ADDRESS_SECONDS = 0.25
"""How long one address of a name is tried before the next one is tried beside it (RFC 8305)."""


class Dialler:
    """Connects, with one TLS context for all, until it is closed."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        # asyncio's own timeouts: anyio's cost as much as the half of a connection, which tells when 1,000 are opened.
        self._under_way: set[asyncio.Timeout] = set()
        self._is_closed = False

    async def connect(self, connection: Connection, origin: Origin, *, seconds: float | None) -> None:
        """Connect, with the TLS handshake; raise `httpx.ConnectTimeout` or `httpx.ConnectError`."""
        try:
            async with asyncio.timeout(seconds) as timeout:
                self._under_way.add(timeout)
                try:
                    await self._connect(connection, origin)
                except BaseException:
                    connection.abort()
                    raise
                finally:
                    self._under_way.discard(timeout)
        except TimeoutError:
            if self._is_closed:
                raise ClosedError("the transport was closed") from None
            raise httpx.ConnectTimeout("no connection in time") from None
        # A host name may be one that cannot be encoded: UnicodeError is a ValueError.
        except (OSError, ValueError) as error:
            raise httpx.ConnectError(f"no connection ({error})") from error

    def close(self) -> None:
        """Give up what is under way."""
        self._is_closed = True
        for timeout in self._under_way:
            if not timeout.expired():
                timeout.reschedule(asyncio.get_running_loop().time())

    async def _connect(self, connection: Connection, origin: Origin) -> None:
        loop = asyncio.get_running_loop()
        options: dict[str, Any] = {}
        if origin.is_tls:
            options = {"ssl": self._context, "server_hostname": origin.host}
        # uvloop has no such option.
        if isinstance(loop, asyncio.BaseEventLoop) and not _is_address(origin.host):
            options["happy_eyeballs_delay"] = SECOND_ADDRESS_SECONDS
        await loop.create_connection(lambda: connection, origin.host, origin.port, **options)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

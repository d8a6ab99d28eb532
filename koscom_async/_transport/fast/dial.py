"""Opens connections: where to, how long it may take, with which certificates. httpx's errors are raised."""

import asyncio
import ssl
from ipaddress import ip_address
from typing import Any

import anyio
import httpx

from koscom_async._transport.fast.connection import Connection
from koscom_async._transport.fast.origin import Origin
from koscom_async.errors import UsageError

SECOND_ADDRESS_SECONDS = 0.25
"""How long one address of a name is tried before the next one is tried beside it (RFC 8305)."""


class Dialler:
    """Connects, with one TLS context for all, until it is closed."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        self._under_way: set[anyio.CancelScope] = set()

    async def connect(self, connection: Connection, origin: Origin, *, seconds: float | None) -> None:
        """Connect, with the TLS handshake; raise `httpx.ConnectTimeout` or `httpx.ConnectError`."""
        try:
            with anyio.fail_after(seconds) as scope:
                self._under_way.add(scope)
                try:
                    await self._connect(connection, origin)
                except BaseException:
                    connection.abort()
                    raise
                finally:
                    self._under_way.discard(scope)
        except TimeoutError:
            raise httpx.ConnectTimeout("no connection in time") from None
        # A host name may be one that cannot be encoded: UnicodeError is a ValueError.
        except (OSError, ValueError) as error:
            raise httpx.ConnectError(f"no connection ({error})") from error
        if scope.cancelled_caught:
            raise UsageError("the client was closed", advice="close it when its calls have ended")

    def close(self) -> None:
        """Give up what is under way."""
        for scope in self._under_way:
            scope.cancel()

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

"""The connections that nobody uses at the moment: who was used last is used next, at no cost for their number."""

from koscom_async._transport.fast.connection import Connection
from koscom_async._transport.fast.origin import Origin


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

"""Serves an application on a loopback socket, with uvicorn, from a thread with an event loop of its own.

The thread keeps the caller's loop free, and lets a fixture enter and leave in different tasks.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterable
from contextlib import suppress
from functools import partial

import anyio
import uvicorn
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from koscom_async.sandbox.delivery import WAS_USED, End, Pause, Step, WireFault

HOST = "127.0.0.1"
KEEP_ALIVE_SECONDS = 75
"""Long, so that a pooled connection is not closed at the moment it is used again."""

TICK_SECONDS = 1.0
CLOSING_ROUNDS = 3

_LINGER_ZERO = struct.pack("ii", 1, 0)


class _Connection(H11Protocol):
    """A connection that knows whether it has carried an answer."""

    was_used = False

    def on_response_complete(self) -> None:
        self.was_used = True
        super().on_response_complete()


class _Server(uvicorn.Server):
    """A uvicorn server that starts and stops at once, where uvicorn's own polls and waits."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        config = uvicorn.Config(
            self._serve_call,
            interface="asgi3",
            proxy_headers=False,
            log_config=None,
            access_log=False,
            lifespan="off",
            http=_Connection,
            ws="none",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        super().__init__(config)
        self.stopping = asyncio.Event()
        self.ready = threading.Event()

    async def main_loop(self) -> None:
        self.ready.set()
        while not self.stopping.is_set():
            await self.on_tick(0)  # renews the Date header
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if tasks := list(self.server_state.tasks):
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        # What an abort leaves to do is done in the loop's next rounds.
        for _ in range(CLOSING_ROUNDS):
            await asyncio.sleep(0)

    async def _serve_call(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; uvicorn must not log a traceback for faults, disconnects and the server's end."""
        try:
            await self._answer(scope, receive, send)
        except ClientDisconnect:
            pass
        except asyncio.CancelledError:
            if not self.stopping.is_set():
                raise

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._application({**scope, WAS_USED: partial(self._was_used, scope)}, receive, send)
        except WireFault as fault:
            if (connection := self._find_connection(scope["client"])) is not None:
                await _play(fault.steps, connection, receive)
            await receive()  # returns once the connection is gone

    def _was_used(self, scope: Scope) -> bool:
        connection = self._find_connection(scope["client"])
        return connection is not None and connection.was_used

    def _find_connection(self, client: object) -> _Connection | None:
        for connection in self.server_state.connections:
            if isinstance(connection, _Connection) and connection.client == client:
                return connection
        return None


async def _play(steps: Iterable[Step], connection: H11Protocol, receive: Receive) -> None:
    """Do on a connection, behind uvicorn's back, what no server would do; stop when the caller has gone."""
    for step in steps:
        if connection.transport.is_closing():
            return
        if isinstance(step, bytes):
            connection.transport.write(step)
            await connection.flow.drain()
        elif isinstance(step, Pause):
            with anyio.move_on_after(step.seconds):
                await receive()
        else:
            _end(connection.transport, step)


def _end(transport: asyncio.Transport, end: End) -> None:
    if end is End.RESET:
        # Without lingering, closing sends RST instead of FIN.
        peer = transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        transport.abort()
    elif end is End.CLOSE:
        transport.close()
    elif end is End.HALF_CLOSE:
        transport.write_eof()


class ServerThread:
    """One running server. `start` and `stop` block for a moment: call them in a worker thread."""

    def __init__(self, application: ASGIApp, *, port: int) -> None:
        self._application = application
        self._wanted_port = port
        self._server: _Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.port = port

    def start(self) -> None:
        """Bind the socket and return once calls are answered; `OSError` if the port is taken."""
        listener = bind(self._wanted_port)
        self.port = listener.getsockname()[1]
        server = self._server = _Server(self._application)
        self._thread = threading.Thread(
            target=self._run, args=(server, listener), name="koscom-sandbox", daemon=True
        )
        self._thread.start()
        server.ready.wait()
        if not server.started:
            raise RuntimeError("the sandbox's server did not start; its thread printed the reason")

    def stop(self) -> None:
        """Cut the connections and return when the thread has ended; a server that does not run stays so."""
        if self._thread is None or self._loop is None or self._server is None:
            return
        self._loop.call_soon_threadsafe(self._server.stopping.set)
        self._thread.join()
        self._thread = None

    def _run(self, server: _Server, listener: socket.socket) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await server.serve(sockets=[listener])

        try:
            asyncio.run(serve())
        finally:
            server.ready.set()  # `start` must not wait for a thread that has died
            listener.close()


def bind(port: int) -> socket.socket:
    """Return a socket on the loopback address, on a port or a free one; `OSError` if the port is taken."""
    # With the protocol named, asyncio sets TCP_NODELAY; without, each answer waits 40 ms for an ACK.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener

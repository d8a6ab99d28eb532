"""Waits on this computer for the browser to come back: one address, one path, a small page as the answer.

Owns the socket, and listens on loopback only. Does not judge what a callback brings: the caller answers each one.
HTTP is the standard library's, a thread a connection, as browsers open some in advance that stay silent. Any program of
this computer can open more of them, so that there is a most: who comes then ends the one that was silent for longest.
"""

import re
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from queue import Empty, SimpleQueue
from socketserver import ThreadingTCPServer
from threading import BoundedSemaphore, Event, Thread
from typing import Any

import anyio
import anyio.to_thread
from attrs import define, field, frozen

LOOPBACK = "127.0.0.1"
PATH = "/callback"
SECONDS_PER_CONNECTION = 10.0
MOST_CONNECTIONS = 16
_POLL_SECONDS = 0.05

_REQUEST_LINE = re.compile(rb"([A-Z]{1,20}) (/[!-~]*) HTTP/1\.[01]\r?\n", re.ASCII)


@frozen(kw_only=True)
class Page:
    """What the browser shows; both texts are escaped."""

    title: str
    text: str
    status: HTTPStatus = HTTPStatus.OK


NOT_FOUND = Page(
    title="Not found", text="This address only takes the login's callback.", status=HTTPStatus.NOT_FOUND
)
BAD_REQUEST = Page(title="Bad request", text="This is not HTTP.", status=HTTPStatus.BAD_REQUEST)
OVER = Page(title="Already done", text="This login has ended.", status=HTTPStatus.CONFLICT)


@define(eq=False)
class Callback:
    """One request for the callback's path: `target` is its path and query."""

    target: str
    page: SimpleQueue[Page] = field(factory=SimpleQueue)
    sent: Event = field(factory=Event)

    async def answer(self, page: Page) -> None:
        """Show a page; returns when the browser has it, or has gone."""
        self.page.put(page)
        await anyio.to_thread.run_sync(self.sent.wait, SECONDS_PER_CONNECTION)


@asynccontextmanager
async def listening(*, host: str, port: int, path: str) -> AsyncIterator["CallbackServer"]:
    """Listen while the context lasts; `OSError` where the port is taken.

    A callback that has not been answered when the context is left gets `OVER`.
    """
    server = CallbackServer(host, port, path)
    thread = Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(server.close)


class CallbackServer(ThreadingTCPServer):
    """Hands each callback to the event loop, and answers everything else itself."""

    daemon_threads = True
    # Where a browser waits behind the connections that a hostile program opens.
    request_queue_size = 4 * MOST_CONNECTIONS
    # Elsewhere it frees the port of a login that has just ended; on Windows it would let others listen in.
    allow_reuse_address = sys.platform != "win32"

    def __init__(self, host: str, port: int, path: str) -> None:
        self.path = path
        # In the order in which they came; a thread takes its own away.
        self._connections: dict[socket.socket, None] = {}
        self._places = BoundedSemaphore(MOST_CONNECTIONS)
        self._waiting: SimpleQueue[Callback | None] = SimpleQueue()
        self._ended = Event()
        super().__init__((host, port), _Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    async def next_callback(self) -> Callback:
        """Wait for a callback."""
        callback = await anyio.to_thread.run_sync(self._waiting.get, abandon_on_cancel=True)
        if callback is None:
            raise RuntimeError("the server is closed")
        return callback

    @contextmanager
    def asked(self, connection: socket.socket, target: str) -> Iterator[Page]:
        """Hand a callback over, in its connection's thread, and yield the page to send."""
        self._connections.pop(connection, None)  # it is not silent any more
        self._waiting.put(callback := Callback(target))
        if self._ended.is_set():
            callback.page.put(OVER)
        try:
            yield callback.page.get()
        finally:
            callback.sent.set()

    def close(self) -> None:
        """Stop listening, answer the callbacks that wait, and end the connections that are silent."""
        self._ended.set()
        self.shutdown()
        self.server_close()
        with suppress(Empty):
            while callback := self._waiting.get_nowait():
                callback.page.put(OVER)
                callback.sent.wait(SECONDS_PER_CONNECTION)
        self._waiting.put(None)  # wakes the thread of a `next_callback()` that was cancelled
        for connection in tuple(self._connections):
            _hang_up(connection)

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection when there is a place and a descriptor for it, which the oldest that is silent gives up.

        Until then it waits in the system's queue: an `OSError` is what `socketserver` takes for "not now", and the
        pause keeps it from asking again at once.
        """
        if not self._places.acquire(blocking=False):
            self._end_oldest()
            if not self._places.acquire(timeout=_POLL_SECONDS):
                raise OSError("no place for another connection")
        try:
            request, client_address = super().get_request()
        except OSError:
            self._places.release()
            self._end_oldest()
            self._ended.wait(_POLL_SECONDS)
            raise
        self._connections[request] = None
        return request, client_address

    def _end_oldest(self) -> None:
        for oldest in tuple(self._connections)[:1]:
            _hang_up(oldest)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, and give its place to another."""
        super().shutdown_request(request)
        self._connections.pop(request, None)
        self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that has gone."""


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """One connection, with one request."""

    server: CallbackServer
    raw_requestline: bytes
    timeout = SECONDS_PER_CONNECTION
    protocol_version = default_request_version = "HTTP/1.1"

    def parse_request(self) -> bool:
        line = _REQUEST_LINE.fullmatch(self.raw_requestline)
        if line is None:
            return self._send(BAD_REQUEST)
        # Nothing but the callback's own address: a browser asks for an icon, too.
        if line[1] != b"GET" or line[2].decode().partition("?")[0] != self.server.path:
            return self._send(NOT_FOUND)
        return super().parse_request()

    def do_GET(self) -> None:
        with self.server.asked(self.connection, self.path) as page:
            self._send(page)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        self._send(BAD_REQUEST)

    def log_message(self, *_: object) -> None:
        """Write no log: a target has the code of the login in it."""

    def _send(self, page: Page) -> bool:
        html = _html(page)
        self.close_connection = True
        self.request_version = self.protocol_version
        self.send_response_only(page.status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(html)))
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(html)
        return False


def _html(page: Page) -> bytes:
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(page.title)}</title><style>:root {{ color-scheme: light dark }}"
        "body { font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 15vh auto; padding: 0 1rem }"
        f"</style></head><body><h1>{escape(page.title)}</h1><p>{escape(page.text)}</p></body></html>"
    ).encode()

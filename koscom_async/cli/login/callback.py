"""Waits on this computer for the browser to come back: one address, one path, a small page as the answer.

Owns the socket and HTTP as far as a browser's GET needs it. What the callback says, and what the page tells, is
the caller's to decide. It listens on loopback only.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from html import escape

import anyio
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.buffered import BufferedByteReceiveStream
from attrs import define, field, frozen

LOOPBACK = "127.0.0.1"
PATH = "/callback"
LONGEST_HEAD = 16384  # bytes; browsers stay below 8 KB
HEAD_SECONDS = 10.0
"""A connection that says nothing, as browsers open them in advance, is not kept for longer."""

_REQUEST_LINE = re.compile(rb"([A-Z]+) (/[!-~]*) HTTP/1\.[01]", re.ASCII)


@frozen(kw_only=True)
class Page:
    """What the browser shows; both texts are escaped."""

    title: str
    text: str
    status: str = "200 OK"


Answer = Callable[[str], Awaitable[Page]]
"""Gets the path and query of a callback."""

NOT_FOUND = Page(title="Nothing here", text="Only the login comes back here.", status="404 Not Found")
BAD_REQUEST = Page(title="Bad request", text="This is not HTTP.", status="400 Bad Request")


@asynccontextmanager
async def listening(answer: Answer, *, host: str, port: int, path: str) -> AsyncIterator[int]:
    """Answer callbacks while the context lasts, and yield the port; `OSError` where it is taken.

    Whoever has asked when the context is left still gets the page.
    """
    visitors = _Visitors(answer, path)
    failure: BaseException | None = None
    async with (
        await anyio.create_tcp_listener(local_host=host, local_port=port) as listener,
        anyio.create_task_group() as group,
    ):
        async with anyio.create_task_group() as accepting:
            accepting.start_soon(listener.serve, visitors.serve, group)
            try:
                yield listener.extra(SocketAttribute.local_port)  # noqa: S610  # a socket, and no query set
            except (GeneratorExit, anyio.get_cancelled_exc_class()):
                raise
            except BaseException as error:  # the caller's own, handed on bare and not in a group
                failure = error
            accepting.cancel_scope.cancel()
        visitors.dismiss()
    if failure is not None:
        raise failure


@define(eq=False)
class _Visitors:
    """The connections that are open. A browser opens some in advance, which say nothing and must not be waited for."""

    answer: Answer
    path: str
    _reading: set[anyio.CancelScope] = field(factory=set)

    async def serve(self, stream: ByteStream) -> None:
        async with stream:
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # the browser has gone
                head = await self._head(stream)
                if head is not None:
                    await stream.send(_written(await self._page(head)))

    def dismiss(self) -> None:
        """Wait no longer for those who have asked nothing yet."""
        for scope in self._reading:
            scope.cancel()

    async def _head(self, stream: ByteStream) -> bytes | None:
        with anyio.move_on_after(HEAD_SECONDS) as scope:
            self._reading.add(scope)
            try:
                return await BufferedByteReceiveStream(stream).receive_until(b"\r\n\r\n", LONGEST_HEAD)
            except anyio.IncompleteRead:
                return None
            except anyio.DelimiterNotFound:
                return b""
            finally:
                self._reading.discard(scope)
        return None

    async def _page(self, head: bytes) -> Page:
        line = _REQUEST_LINE.fullmatch(head.partition(b"\r\n")[0])
        if line is None:
            return BAD_REQUEST
        target = line[2].decode()
        # Nothing but the callback's own address: a browser asks for an icon, too.
        if line[1] != b"GET" or target.partition("?")[0] != self.path:
            return NOT_FOUND
        return await self.answer(target)


def _written(page: Page) -> bytes:
    html = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(page.title)}</title><style>:root {{ color-scheme: light dark }}"
        "body { font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 15vh auto; padding: 0 1rem }"
        f"</style></head><body><h1>{escape(page.title)}</h1><p>{escape(page.text)}</p></body></html>"
    ).encode()
    head = (
        f"HTTP/1.1 {page.status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(html)}\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + html

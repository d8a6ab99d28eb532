"""One connection: an asyncio protocol that carries one request at a time and waits for its response.

The response knows what the bytes mean; the transport decides which request uses the connection next. It waits on
asyncio's own futures, which a protocol's callbacks can wake: anyio's socket layer costs 125 us a request, more than
everything here together.

Whatever is odd ends the connection: a response that is broken or not read to its end, bytes that were not asked for,
a request that is cancelled. So no response can ever reach another request.
"""

import asyncio
import select
from collections.abc import Callable
from math import inf
from typing import cast

import httpx
from attrs import field, frozen

from koscom_async._http.response import IncomingResponse


class OverdueError(httpx.ReadTimeout):
    """No whole response came in the time that one attempt may take, however much of it came."""


class ClosedError(RuntimeError):
    """The transport is closed."""


OVERDUE = "the response is not whole in time"

MAX_UNREAD_BYTES = 2**18
"""When so much of a body waits to be read, no more is let in until it is; one read may bring as much again."""


@frozen(eq=False, repr=False)
class RequestBytes:
    """A request as it leaves. It holds secrets, and tools that record errors show what stands in each frame."""

    data: bytes = field(repr=False)


class Connection(asyncio.Protocol):
    """Calls its owner when it is free for another request, and when it has closed.

    It is free as soon as the response has arrived, even if its body has not been read: what is unread waits in the
    `IncomingResponse`. So from then on a response and its connection know nothing of each other any more.

    `is_closed` is whether it can carry nothing any more. Of its last response, `was_answered` is whether any byte came,
    `was_refused` whether it was a refusal, and `idle_since` when it had come, on the loop's clock.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        response_type: type[IncomingResponse],
        *,
        keep_alive: float,
        on_free: Callable[["Connection"], None],
        on_closed: Callable[["Connection"], None],
    ) -> None:
        self._loop = loop
        self._response_type = response_type
        self._keep_alive = keep_alive
        self._on_free = on_free
        self._on_closed = on_closed
        self._transport: asyncio.Transport | None = None
        self._response: IncomingResponse | None = None
        self._waiter: asyncio.Future[bool] | None = None
        self._is_write_paused = False
        self._is_read_paused = False
        self.is_closed = self.was_answered = self.was_refused = False
        self.idle_since = inf
        # One timer, which is seldom moved: where it fires before `_due_at`, it is set again.
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = inf
        self._due_at = self._ends_at = inf
        self._is_readable: Callable[[], bool] = lambda: False

    @property
    def is_busy(self) -> bool:
        """Whether a response is awaited or still comes."""
        return self._response is not None

    def is_reusable(self) -> bool:
        """Whether it can be used again: the server has neither closed it nor sent anything.

        The operating system is asked, since the loop may not have looked since the last response.
        """
        return not self.is_closed and not self._is_readable()

    async def send(
        self,
        request: RequestBytes,
        *,
        wants_body: bool,
        read: float | None,
        write: float | None,
        ends_at: float = inf,
    ) -> IncomingResponse:
        """Send a request and return its response once the head is there; raise httpx's errors.

        Head and body must have come by `ends_at`, on the loop's clock: else it is an `OverdueError`.
        """
        self.was_answered = False
        if self.is_closed or self._transport is None or self._response is not None:
            raise httpx.ReadError("the connection is closed")
        response = self._response = self._response_type(wants_body=wants_body)
        self._ends_at = ends_at
        try:
            self._transport.write(request.data)
            while not response.has_head:
                await self._progress(response, read, write)
        except BaseException:
            self.abandon(response)
            raise
        return response

    async def body_piece(
        self, response: IncomingResponse, *, read: float | None, write: float | None
    ) -> bytes:
        """Return what has come of the body and was not read yet; nothing at its end."""
        try:
            while not response.pieces:
                if response.is_complete:
                    return b""
                await self._progress(response, read, write)
            self._check_time(response)
        except BaseException:
            self.abandon(response)
            raise
        if self._response is response and not response.has_more:
            self._resume_reading()
        return response.take()

    def abandon(self, response: IncomingResponse) -> None:
        """Close the connection if it still carries a response that is not wanted any more."""
        if self._response is response:
            self.abort()

    def abort(self) -> None:
        """Close the connection at once, failing the response that is awaited."""
        self.is_closed = True
        self._fail(httpx.ReadError("the connection was closed"))
        if self._transport is not None:
            self._transport.abort()
        self._stop_waiting()

    async def _progress(self, response: IncomingResponse, read: float | None, write: float | None) -> None:
        if response.failure is not None:
            raise response.error()
        is_writing = self._is_write_paused
        if await self._wait(write if is_writing else read):
            if self._loop.time() >= self._ends_at:
                raise OverdueError(OVERDUE)
            if is_writing:
                raise httpx.WriteTimeout("the server takes nothing in")
            raise httpx.ReadTimeout("the server does not answer")
        self._check_time(response)
        if response.failure is not None and not response.pieces:
            raise response.error()

    def _check_time(self, response: IncomingResponse) -> None:
        # Where something comes in every turn of the loop, the timer never finds anybody waiting.
        if self._response is response and self._loop.time() >= self._ends_at:
            raise OverdueError(OVERDUE)

    async def _wait(self, seconds: float | None) -> bool:
        """Wait for the next event; return whether none came in time."""
        self._expect_within(seconds)
        waiter: asyncio.Future[bool] = self._loop.create_future()
        self._waiter = waiter
        try:
            return await waiter
        finally:
            # Between the end of a response and this task's turn, the connection may have become another request's.
            if self._waiter is waiter:
                self._waiter = None

    def _wake(self, *, timed_out: bool = False) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(timed_out)

    def _expect_within(self, seconds: float | None) -> None:
        self._due_at = self._ends_at if seconds is None else min(self._loop.time() + seconds, self._ends_at)
        if self._due_at < self._wakes_at:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_at = self._due_at
        self._timer = self._loop.call_at(self._due_at, self._on_timer)

    def _on_timer(self) -> None:
        self._timer, self._wakes_at = None, inf
        if self._loop.time() < self._due_at:
            if self._due_at < inf:
                self._set_timer()
        elif self._waiter is not None:
            self._wake(timed_out=True)
        elif self._response is None:
            self.abort()

    def _resume_reading(self) -> None:
        if self._is_read_paused and self._transport is not None and not self.is_closed:
            self._is_read_paused = False
            self._transport.resume_reading()

    def _pause_reading(self) -> None:
        if not self._is_read_paused and self._transport is not None:
            self._is_read_paused = True
            self._transport.pause_reading()

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._wakes_at = None, inf
        self._wake()

    def _fail(self, failure: httpx.TransportError) -> None:
        if self._response is not None:
            self._response.fail(failure)
            self._response = None

    def _finish(self, response: IncomingResponse) -> None:
        self._response = None
        # A response before the end of its request is odd, too.
        is_sent = self._transport is not None and not self._transport.get_write_buffer_size()
        if response.keeps_alive and is_sent:
            self._resume_reading()
            self._ends_at = inf
            self.idle_since = self._loop.time()
            self.was_refused = response.status >= 400
            self._expect_within(self._keep_alive)
            self._on_free(self)
        else:
            self.abort()

    # What follows is called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        # The write buffer counts as full as soon as it is not empty, so that a slow reader is noticed.
        self._transport.set_write_buffer_limits(high=1, low=0)
        self._is_readable = readiness(transport.get_extra_info("socket").fileno())
        if self.is_closed:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        response = self._response
        if response is None:
            self.abort()
            return
        self.was_answered = True
        self._feed(response, data)

    def _feed(self, response: IncomingResponse, data: bytes) -> None:
        response.feed(data)
        if response.is_complete:
            self._finish(response)
        elif response.failure is not None:
            self.abort()
        elif response.has_more:
            self._pause_reading()
            self._loop.call_soon(self._feed_more, response)
        elif response.unread_bytes > MAX_UNREAD_BYTES:
            self._pause_reading()
        else:
            self._resume_reading()
        self._wake()

    def _feed_more(self, response: IncomingResponse) -> None:
        if self._response is response:
            self._feed(response, b"")

    def eof_received(self) -> None:
        if self._response is not None:
            self._response.on_eof()
            self._response = None
        self.abort()  # half a connection is of no use

    def pause_writing(self) -> None:
        self._is_write_paused = True

    def resume_writing(self) -> None:
        self._is_write_paused = False
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_closed = True
        if error is not None:
            kind = httpx.WriteError if self._is_write_paused else httpx.ReadError
            self._fail(kind(f"the connection broke ({type(error).__name__})"))
        elif self._response is not None:
            self._response.on_eof()
            self._response = None
        self._stop_waiting()
        self._on_closed(self)


def readiness(descriptor: int) -> Callable[[], bool]:
    """Return a check whether a socket has bytes, or its end, to be read; it costs a microsecond."""
    if not hasattr(select, "poll"):  # on Windows, whose `select` takes any socket
        return lambda: bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return lambda: bool(poll.poll(0))

"""One connection: an asyncio protocol that carries one request at a time and waits for its answer.

asyncio's own futures, and not anyio's primitives, since this is what a protocol's callbacks can wake; anyio's socket
layer is 125 us a call, more than everything here together. What the bytes mean is the answer's to say, and who may use
the connection next is the transport's.

Whatever is odd ends the connection: an answer that is broken or not read to its end, bytes that nobody asked for, a
call that is cancelled. So no answer can ever reach another call.
"""

import asyncio
import select
from collections.abc import Callable
from math import inf
from typing import cast

import httpx

from koscom_async._http.parser import Answer

# What a transport that keeps the time of one try itself raises when it is over: httpx has no word for it.


class OverdueError(httpx.ReadTimeout):
    """No whole answer came in the time that one try may take, however much of it came."""


# Whether a socket has something to say that the event loop has not looked at yet: bytes, or its end.


def readiness(descriptor: int) -> Callable[[], bool]:
    """Return a question to the operating system, which costs a microsecond."""
    if not hasattr(select, "poll"):  # on Windows, whose `select` takes any socket
        return lambda: bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return lambda: bool(poll.poll(0))


MAX_UNREAD_BYTES = 2**18
"""When so much of a body waits to be read, no more is let in until it is; a read may bring as much again."""


class Connection(asyncio.Protocol):
    """Tells its owner when it is free for another call, and when it is gone.

    `is_over` is whether it can carry nothing any more.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        keep_alive: float,
        on_free: Callable[["Connection"], None],
        on_gone: Callable[["Connection"], None],
    ) -> None:
        self._loop = loop
        self._keep_alive = keep_alive
        self._on_free = on_free
        self._on_gone = on_gone
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._waiter: asyncio.Future[bool] | None = None
        self._is_clogged = False
        self._is_held = False
        self.is_over = False
        # One timer a connection, which is seldom moved: it rings at the earliest, looks what is due, and is set again.
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = inf
        self._due = self._end = inf
        self._has_news: Callable[[], bool] = lambda: False

    @property
    def is_busy(self) -> bool:
        """Whether an answer is awaited or still comes."""
        return self._answer is not None

    def is_quiet(self) -> bool:
        """Whether it can be used again: the server has neither closed it nor said anything.

        Asked of the operating system, since the loop may not have come to look since the last answer.
        """
        return not self.is_over and not self._has_news()

    async def ask(
        self, request: bytes, *, wants_body: bool, read: float | None, write: float | None, end: float = inf
    ) -> Answer:
        """Send a request and return its answer once the head is there; raise httpx's errors.

        Head and body must have come by `end`, on the loop's clock: else it is an `OverdueError`.
        """
        if self.is_over or self._transport is None or self._answer is not None:
            raise httpx.ReadError("the connection is closed")
        answer = self._answer = Answer(wants_body=wants_body)
        self._end = end
        try:
            self._transport.write(request)
            while not answer.has_head:
                await self._news(answer, read, write)
        except BaseException:
            self.abandon(answer)
            raise
        return answer

    async def body_piece(self, answer: Answer, *, read: float | None, write: float | None) -> bytes:
        """Return what has come of the body and was not read yet; nothing at its end."""
        try:
            while not answer.pieces:
                if answer.is_whole:
                    return b""
                await self._news(answer, read, write)
        except BaseException:
            self.abandon(answer)
            raise
        if self._answer is answer:
            self._let_in()
        return answer.take()

    def abandon(self, answer: Answer) -> None:
        """Close the connection if an answer still comes over it, which nobody wants."""
        if self._answer is answer:
            self.abort()

    def abort(self) -> None:
        """Close the connection at once; whoever waits for an answer is told."""
        self.is_over = True
        if self._answer is not None:
            self._answer.fail(httpx.ReadError("the connection was closed"))
            self._answer = None
        if self._transport is not None:
            self._transport.abort()
        self._forget()

    async def _news(self, answer: Answer, read: float | None, write: float | None) -> None:
        if answer.failure is not None:
            raise answer.failure
        is_writing = self._is_clogged
        if await self._is_late(write if is_writing else read):
            if self._loop.time() >= self._end:
                raise OverdueError("the answer is not whole in time")
            if is_writing:
                raise httpx.WriteTimeout("the server takes nothing in")
            raise httpx.ReadTimeout("the server does not answer")
        if answer.failure is not None and not answer.pieces:
            raise answer.failure

    async def _is_late(self, seconds: float | None) -> bool:
        self._ring_in(seconds)
        waiter: asyncio.Future[bool] = self._loop.create_future()
        self._waiter = waiter
        try:
            return await waiter
        finally:
            # Between the end of an answer and this task's turn, the connection may have become another call's.
            if self._waiter is waiter:
                self._waiter = None

    def _wake(self, *, is_late: bool = False) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(is_late)

    def _ring_in(self, seconds: float | None) -> None:
        self._due = self._end if seconds is None else min(self._loop.time() + seconds, self._end)
        if self._due < self._alarm_at:
            self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = self._due
        self._alarm = self._loop.call_at(self._due, self._ring)

    def _ring(self) -> None:
        self._alarm, self._alarm_at = None, inf
        if self._loop.time() < self._due:
            if self._due < inf:
                self._set_alarm()
        elif self._waiter is not None:
            self._wake(is_late=True)
        elif self._answer is None:
            self.abort()

    def _let_in(self) -> None:
        if self._is_held and self._transport is not None and not self.is_over:
            self._is_held = False
            self._transport.resume_reading()

    def _forget(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm, self._alarm_at = None, inf
        self._wake()

    def _finish(self, answer: Answer) -> None:
        assert self._transport is not None  # noqa: S101  # bytes came over it
        self._answer = None
        # An answer before the end of its question is odd, too.
        if answer.keeps_alive and not self._transport.get_write_buffer_size():
            self._let_in()
            self._end = inf
            self._ring_in(self._keep_alive)
            self._on_free(self)
        else:
            self.abort()

    # What follows is called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; the write buffer is called full as soon as it is not empty, so that a slow reader is noticed."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=1, low=0)
        self._has_news = readiness(transport.get_extra_info("socket").fileno())
        if self.is_over:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Hand on what has come to whom it is meant for."""
        answer = self._answer
        if answer is None:
            self.abort()
            return
        answer.feed(data)
        if answer.is_whole:
            self._finish(answer)
        elif answer.failure is not None:
            self.abort()
        elif answer.unread_bytes > MAX_UNREAD_BYTES and not self._is_held:
            self._is_held = True
            assert self._transport is not None  # noqa: S101  # bytes came over it
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Take note that no more will come; half a connection is of no use."""
        if self._answer is not None:
            self._answer.end()
            self._answer = None
        self.abort()

    def pause_writing(self) -> None:
        """Take note that the server is slow to read."""
        self._is_clogged = True

    def resume_writing(self) -> None:
        """Wait for the answer from now on."""
        self._is_clogged = False
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits, and the owner."""
        self.is_over = True
        if self._answer is not None:
            if error is None:
                self._answer.end()
            elif self._is_clogged:
                self._answer.fail(httpx.WriteError(f"the connection broke ({type(error).__name__})"))
            else:
                self._answer.fail(httpx.ReadError(f"the connection broke ({type(error).__name__})"))
            self._answer = None
        self._forget()
        self._on_gone(self)

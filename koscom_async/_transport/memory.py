"""How much of what came may be in memory at once: bodies that are being read, in bytes, for the whole client.

What a parser makes of a body takes up to sixty times its room. A large body waits here for its turn, first come, first
served; it has come whole by then, so that a slow sender holds up no other. Also what one document may hold.
"""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from attrs import define, field

from koscom_async.errors import ResponseTooLargeError

SMALL_BYTES = 2**18
"""A body that is not larger, about 1,200 rows, never waits."""
MAX_VALUES = 1_000_000
"""Values in one document, of about 110 bytes each."""
_LEAST_BYTES = 2
"""A value takes so many, with the comma behind it."""
MAX_OBJECTS = 30_000
"""Objects and lists in one document, of which records may be made. Python's garbage collector stops the loop to look at
all of them: about a millisecond for a thousand rows, with what is made of them."""


@define(eq=False)
class _Turn:
    size: int
    granted: anyio.Event = field(factory=anyio.Event)


class ReadingBudget:
    """Hands out `total` bytes in the order of asking. A body that is larger waits until it is alone."""

    def __init__(self, total: int) -> None:
        self._total = self.free = total
        self._waiting: deque[_Turn] = deque()

    @asynccontextmanager
    async def room_for(self, body: bytes) -> AsyncIterator[None]:
        """Enter it to read a body; raise `ResponseTooLargeError` for a document of too many values."""
        if len(body) <= SMALL_BYTES:
            yield
            return
        check_values(body)
        size = min(len(body), self._total)
        await self._acquire(size)
        try:
            yield
        finally:
            self._release(size)

    async def _acquire(self, size: int) -> None:
        if not self._waiting and size <= self.free:
            self.free -= size
            return
        turn = _Turn(size)
        self._waiting.append(turn)
        try:
            await turn.granted.wait()
        except BaseException:
            if turn in self._waiting:
                self._waiting.remove(turn)
                self._release(0)
            else:  # granted and cancelled at once
                self._release(size)
            raise

    def _release(self, size: int) -> None:
        self.free += size
        while self._waiting and self._waiting[0].size <= self.free:
            turn = self._waiting.popleft()
            self.free -= turn.size
            turn.granted.set()


def check_values(body: bytes) -> None:
    """Raise `ResponseTooLargeError` for a JSON document that may hold too many values, or objects and lists.

    Counted in the bytes, before anything is made of them: a value has a comma behind it, or is the last in a list or
    an object. Commas and brackets in texts count as well.
    """
    opened = body.count(b"{") + _lists(body)
    values = body.count(b",") + opened if len(body) > _LEAST_BYTES * MAX_VALUES else 0
    for found, most, what in ((values, MAX_VALUES, "values"), (opened, MAX_OBJECTS, "objects")):
        if found > most:
            raise ResponseTooLargeError(
                f"the answer holds more than {most:,} {what}",
                budget=what,
                advice="report it to the platform: no answer needs so many",
            )


def _lists(body: bytes) -> int:
    """Return how many lists may begin in a body, at most one more than `MAX_OBJECTS`.

    There are few, and `find` looks at many bytes at a time, where `count` looks at each: 1 % of decoding.
    """
    found, at = 0, body.find(b"[")
    while at >= 0 and found <= MAX_OBJECTS:
        found += 1
        at = body.find(b"[", at + 1)
    return found

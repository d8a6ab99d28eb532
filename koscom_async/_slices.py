"""Long computations that are cut into slices: run all at once, or with the event loop given back in between.

Owns when to give it back, and no computation.
"""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TypeVar

from anyio.lowlevel import checkpoint

Item = TypeVar("Item")
Result = TypeVar("Result")

Slices = Generator[None, None, Result]
"""A computation that yields after each slice, and returns its result."""

HOLD_SECONDS = 0.002
"""How long the event loop is held before it is given back; a slice is meant to be shorter."""


def sliced(items: Sequence[Item], *, count: int) -> Iterator[Sequence[Item]]:
    """Yield the items, so many at a time."""
    for start in range(0, len(items), count):
        yield items[start : start + count]


def at_once(slices: Slices[Result]) -> Result:
    """Return the result, from one piece."""
    while True:
        try:
            next(slices)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # what the generator returned


async def in_turns(slices: Slices[Result], *, now: Callable[[], float] = time.perf_counter) -> Result:
    """Return the result, and let other tasks run on the way; cancelled there, the computation is dropped."""
    until = now() + HOLD_SECONDS
    try:
        while True:
            try:
                next(slices)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # as above
            if now() >= until:
                await checkpoint()
                until = now() + HOLD_SECONDS
    finally:
        slices.close()

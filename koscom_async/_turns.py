"""Runs a computation that is cut into slices, and gives the event loop back on the way.

Owns when to give it back, and no computation.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from anyio.lowlevel import checkpoint

from koscom_async._slices import Slices

Result = TypeVar("Result")

HOLD_SECONDS = 0.002
"""How long the event loop is held before it is given back; a slice is meant to be shorter."""


async def in_turns(
    slices: Slices[Result], *, hold: float = HOLD_SECONDS, now: Callable[[], float] = time.perf_counter
) -> Result:
    """Return the result, and let other tasks run on the way; cancelled there, the computation is dropped.

    With a `hold` of 0 seconds the loop is given back after each slice.
    """
    until = now() + hold
    try:
        while True:
            try:
                next(slices)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # what the generator returned
            if now() >= until:
                await checkpoint()
                until = now() + hold
    finally:
        slices.close()

"""How answers are read in slices: how long a slice is, and readers that can stop between two.

Reading waits for nothing itself; what slices are is `_slices`' to say.
"""

import time
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Generic, TypeVar

from anyio.lowlevel import checkpoint

# Long computations that are cut into slices, so that whoever drives them can let others run in between.
#
# Owns how such work is written, cut and run at once. `_turns` runs it with the event loop given back on the way.

Item = TypeVar("Item")
Result = TypeVar("Result")

Cooperative = Generator[None, None, Result]
"""A computation that yields after each slice, and returns its result."""


def batched(items: Sequence[Item], *, count: int) -> Iterator[Sequence[Item]]:
    """Yield the items, so many at a time."""
    for start in range(0, len(items), count):
        yield items[start : start + count]


def run_now(slices: Cooperative[Result]) -> Result:
    """Return the result, from one piece."""
    while True:
        try:
            next(slices)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # what the generator returned


# Runs a computation that is cut into slices, and gives the event loop back on the way.
#
# Owns when to give it back, and no computation.

HOLD_SECONDS = 0.002
"""How long the event loop is held before it is given back; a slice is meant to be shorter."""


async def run_cooperatively(
    slices: Cooperative[Result], *, hold: float = HOLD_SECONDS, now: Callable[[], float] = time.perf_counter
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


Page = TypeVar("Page")

SLICE_LENGTH = 2**16
"""Characters of JSON between two stops, about 300 rows: half a millisecond to a millisecond of work."""
SLICE_ROWS = 250
"""Rows made records between two stops: about as much work."""


class CooperativeReader(Generic[Page]):
    """A reader of answers that may hold many rows: called, it reads at once; its steps stop between slices."""

    __slots__ = ()

    def __call__(self, document: object) -> Page:
        """Return the page, or raise an error of ours."""
        return run_now(self.steps(document))

    @abstractmethod
    def steps(self, document: object) -> Cooperative[Page]:
        """Do the same in steps."""


def steps_of(read: Callable[[object], Result], document: object) -> Cooperative[Result]:
    """Return the steps of any reader; one that knows none takes a single one."""
    if isinstance(read, CooperativeReader):
        result: Result = yield from read.steps(document)
        return result
    return read(document)

"""Long computations that yield to the event loop in between: written as generators, run step by step or at once.

Knows nothing of what is computed.
"""

import time
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Generic, TypeVar

from anyio.lowlevel import checkpoint
from attrs import define

Item = TypeVar("Item")
Page = TypeVar("Page")
Result = TypeVar("Result")

Cooperative = Generator[None, None, Result]
"""A computation that yields after each step, and returns its result."""

HOLD_SECONDS = 0.002
"""How long the event loop is held before other tasks run; a step is meant to be shorter."""

SLICE_LENGTH = 2**16
"""Characters of JSON that a step reads, about 300 rows: half a millisecond to a millisecond of work."""
SLICE_ROWS = 250
"""Rows that a step makes records of: about as much work."""
SLICE_ODD_ROWS = 25
"""Rows that are spelled oddly, of which a step makes records: each takes ten times as long as a plain one."""


def batched(items: Sequence[Item], *, count: int) -> Iterator[Sequence[Item]]:
    """Yield the items in batches of at most `count`."""
    for start in range(0, len(items), count):
        yield items[start : start + count]


def sorted_by_parts(
    items: Sequence[Item], *, key: Callable[[Item], Any], count: int
) -> Cooperative[list[Item]]:
    """Return the items in the order of a key that takes long to compare: `count` are sorted at a time, then merged."""
    if len(items) <= count:
        return list(items) if len(items) < 2 else sorted(items, key=key)
    parts = []
    for some in batched(items, count=count):
        parts.append(sorted(some, key=key))
        yield
    merged, ordered = merge(*parts, key=key), list[Item]()
    while some := list(islice(merged, count)):
        ordered += some
        yield
    return ordered


@define(eq=False)
class Pace:
    """Says when a step is long enough: after `most` of what it counts."""

    most: int
    _done: int = 0

    def is_due(self, done: int = 1) -> bool:
        """Count what was done, and return whether it is time to yield; then the count begins again."""
        self._done += done
        if self._done < self.most:
            return False
        self._done = 0
        return True


def run_now(steps: Cooperative[Result]) -> Result:
    """Run to completion without yielding, and return the result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # what the generator returned


async def run_cooperatively(
    steps: Cooperative[Result], *, hold: float = HOLD_SECONDS, now: Callable[[], float] = time.perf_counter
) -> Result:
    """Run step by step, let other tasks run every `hold` seconds, and return the result.

    With a `hold` of 0 other tasks run after each step. A cancelled computation is dropped.
    """
    until = now() + hold
    try:
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # what the generator returned
            if now() >= until:
                await checkpoint()
                until = now() + hold
    finally:
        steps.close()


class CooperativeReader(Generic[Page]):
    """A reader of answers that may hold many rows: a call reads at once, `steps` step by step."""

    __slots__ = ()

    def __call__(self, document: object) -> Page:
        """Return the page, or raise a `KoscomError`."""
        return run_now(self.steps(document))

    @abstractmethod
    def steps(self, document: object) -> Cooperative[Page]:
        """Return the page, or raise a `KoscomError`, step by step."""


def steps_of(read: Callable[[object], Result], document: object) -> Cooperative[Result]:
    """Return the steps of any reader; one that is not cooperative takes a single one."""
    if isinstance(read, CooperativeReader):
        result: Result = yield from read.steps(document)
        return result
    return read(document)

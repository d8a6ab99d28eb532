"""Long computations that are cut into slices, so that whoever drives them can let others run in between.

Owns how such work is written, cut and run at once. `_turns` runs it with the event loop given back on the way.
"""

from collections.abc import Generator, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

Slices = Generator[None, None, Result]
"""A computation that yields after each slice, and returns its result."""


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

"""Work in steps: what reads a large answer stops between slices, so that whoever drives it can let others run.

Owns how such work is written and ended; it waits for nothing itself.
"""

from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Generic, TypeAlias, TypeVar

Result = TypeVar("Result")
Page = TypeVar("Page")
Entry = TypeVar("Entry")

Steps: TypeAlias = Generator[None, None, Result]

SLICE_LENGTH = 2**16
"""Characters of JSON between two stops, about 300 rows: half a millisecond to a millisecond of work."""
SLICE_ROWS = 250
"""Rows made records between two stops: about as much work."""


class SlicedReader(Generic[Page]):
    """A reader of answers that may hold many rows: called, it reads at once; its steps stop between slices."""

    __slots__ = ()

    def __call__(self, document: object) -> Page:
        """Return the page, or raise an error of ours."""
        return finished(self.steps(document))

    @abstractmethod
    def steps(self, document: object) -> Steps[Page]:
        """Do the same in steps."""


def finished(steps: Steps[Result]) -> Result:
    """Return what the steps come to, without a stop."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result


def steps_of(read: Callable[[object], Result], document: object) -> Steps[Result]:
    """Return the steps of any reader; one that knows none takes a single one."""
    if isinstance(read, SlicedReader):
        result: Result = yield from read.steps(document)
        return result
    return read(document)


def sliced(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Yield the entries, a slice of them at a time."""
    for start in range(0, len(entries), SLICE_ROWS):
        yield entries[start : start + SLICE_ROWS]

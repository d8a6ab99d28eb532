"""How answers are read in slices: how long a slice is, and readers that can stop between two.

Reading waits for nothing itself; what slices are is `_slices`' to say.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

from koscom_async._slices import Slices, at_once

Result = TypeVar("Result")
Page = TypeVar("Page")

SLICE_LENGTH = 2**16
"""Characters of JSON between two stops, about 300 rows: half a millisecond to a millisecond of work."""
SLICE_ROWS = 250
"""Rows made records between two stops: about as much work."""


class SlicedReader(Generic[Page]):
    """A reader of answers that may hold many rows: called, it reads at once; its steps stop between slices."""

    __slots__ = ()

    def __call__(self, document: object) -> Page:
        """Return the page, or raise an error of ours."""
        return at_once(self.steps(document))

    @abstractmethod
    def steps(self, document: object) -> Slices[Page]:
        """Do the same in steps."""


def steps_of(read: Callable[[object], Result], document: object) -> Slices[Result]:
    """Return the steps of any reader; one that knows none takes a single one."""
    if isinstance(read, SlicedReader):
        result: Result = yield from read.steps(document)
        return result
    return read(document)

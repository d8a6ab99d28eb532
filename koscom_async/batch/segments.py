"""What a run hands to a sink: segments of investors, each of which the sink has whole, or not at all.

Two writes make a segment certain, the run's checkpoint and the sink's own, and a crash may come between them. So a
sink is asked after a crash what it has: the segment's number stands in the output itself.
"""

from inspect import iscoroutinefunction
from typing import Protocol, runtime_checkable

from attrs import frozen

from koscom_async._record import Record
from koscom_async.errors import KoscomError, UsageError
from koscom_async.models.holdings import Holdings


@frozen(kw_only=True, eq=False, repr=False)
class Entry(Record):
    """One investor of a segment.

    `key` is the caller's own name of the investor, and never the `ci`. `holdings` may be partial: they name the
    accounts that could not be read. `error` is why there are none: the investor's accounts could not be listed, or the
    investor could not be processed. One of the two is `None`. `calls` were made for the investor, in `passes` passes.
    """

    key: str
    holdings: Holdings | None = None
    error: KoscomError | None = None
    calls: int = 0
    passes: int = 1

    @property
    def complete(self) -> bool:
        """Whether every account of the investor was read."""
        return self.holdings is not None and self.holdings.complete


@frozen(kw_only=True, eq=False, repr=False)
class Segment(Record):
    """Some investors of a run, which are committed together.

    `run` names the run: it stays the same when a run goes on after a crash, and no other run has it. Run and `number`
    together are the segment's identity, and what to give a table format that takes a transaction's (`txnAppId` and
    `txnVersion` of Delta Lake).
    """

    run: str
    number: int
    entries: tuple[Entry, ...]


@runtime_checkable
class Sink(Protocol):
    """Where segments are written; any object with these two methods will do.

    Both are called in a thread, one at a time. What they raise ends the run, as a `SinkError` with that as its cause;
    what was committed stays. One that also has what `OpenedSink` has learns which run it is, and is checked by its
    columns.
    """

    def has(self, segment: int) -> bool:
        """Return whether the segment of this number was committed; asked after a crash, before it is made again."""
        ...

    def commit(self, segment: Segment) -> None:
        """Write the segment, whole or not at all; when this returns, it outlives a crash.

        A sink that writes over what it has of the same run and number, or leaves that, has every investor once. To one
        that only appends, a segment may come a second time.
        """
        ...


@runtime_checkable
class OpenedSink(Sink, Protocol):
    """A sink that also wants to know the run before it is asked for anything, and that is checked by its columns."""

    @property
    def fingerprint(self) -> str:
        """What kind of output this is: its format, its columns and their version, and nothing of the investors.

        A run goes on only with the fingerprint that it began with.
        """
        ...

    def open(self, run: str, *, alone: bool = True) -> None:
        """Begin the run or go on with it, and raise `SinkError` at another run's output.

        Remove what a crash left, unless other processes write to the same output (`alone=False`).
        """
        ...


@runtime_checkable
class SharedSink(OpenedSink, Protocol):
    """A sink to which several processes write: `ParquetSink`, and `JsonLinesSink` with a folder.

    It keeps beside a segment what is known of the investors who wait to be asked again, and has both or neither.
    """

    def commit(self, segment: Segment, waiting: bytes = b"") -> None:
        """Write the segment, and beside it what is known of those who wait; the first of two that do so wins."""
        ...

    def waiting(self, segment: int) -> bytes:
        """Return what is known of those who wait, as it was committed; nothing where none does."""
        ...

    def incomplete(self, segment: int) -> int:
        """Return how many investors of a committed segment lack an account, or all."""
        ...

    def sweep(self) -> None:
        """Remove what crashes left, and what was known of those who waited: the run has ended."""
        ...


def checked_shared(sink: Sink) -> SharedSink:
    """Return a sink to which several processes write; raise `UsageError` for any other."""
    if isinstance(sink, SharedSink):
        return sink
    raise UsageError(
        f"{type(sink).__name__} is no sink to which several processes write",
        advice="use ParquetSink, or JsonLinesSink with a folder",
    )


def fingerprint_of(sink: Sink) -> str:
    """Return a sink's fingerprint; one without is known by its class. Raises `UsageError` for what is no sink."""
    for name in ("has", "commit"):
        method = getattr(sink, name, None)
        if isinstance(sink, type) or not callable(method) or iscoroutinefunction(method):
            raise UsageError(
                f"the sink's {name} is no function to call in a thread",
                advice="pass an object as `Sink` describes it",
            )
    if isinstance(sink, OpenedSink):
        return sink.fingerprint
    return f"{type(sink).__module__}.{type(sink).__qualname__}"


def open_sink(sink: Sink, run: str) -> None:
    """Open a sink for a run, where it wants to be."""
    if isinstance(sink, OpenedSink):
        sink.open(run)

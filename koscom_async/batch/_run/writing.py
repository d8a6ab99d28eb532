"""The one writer of a run: takes entries from a bounded channel, and commits them in segments, in a thread."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from attrs import frozen

from koscom_async.batch._run.journal import Journal
from koscom_async.batch.report import Tally
from koscom_async.batch.segments import Entry, Segment, Sink

BUFFERED = 100
"""So many entries may wait for the writer; those who read wait where it is slower."""
ACCOUNTS_EACH = 4
"""A segment is also full when it has so many accounts as investors that it may have, times this."""


@frozen(eq=False)
class Delivery:
    """An entry for the writer; one that stands `alone` in its segment is waited for."""

    entry: Entry
    alone: anyio.Event | None = None


class Writer:
    """Counts each entry, and commits full segments; what is left when the channel closes is a segment, too."""

    def __init__(
        self,
        journal: Journal,
        sink: Sink,
        tally: Tally,
        *,
        in_thread: Callable[..., Awaitable[Any]],
        segment_size: int,
    ) -> None:
        self._journal = journal
        self._sink = sink
        self._tally = tally
        self._in_thread = in_thread
        self._segment_size = segment_size
        self._number = journal.next_segment
        self._entries: list[Entry] = []
        self._accounts = 0
        self._awaited: set[anyio.Event] = set()
        self.deliveries, self._received = anyio.create_memory_object_stream[Delivery](BUFFERED)

    async def deliver(self, entry: Entry, *, alone: bool = False) -> None:
        """Hand an entry to the writer; one that is alone is committed when this returns."""
        committed = anyio.Event() if alone else None
        await self.deliveries.send(Delivery(entry, committed))
        if committed is not None:
            self._awaited.add(committed)
            await committed.wait()

    async def write(self) -> None:
        """Write what is delivered until the channel is closed. It outlives a cancellation, which closes the channel."""
        try:
            await self._write_all()
        finally:
            for committed in self._awaited:
                committed.set()  # it is, or never will be

    async def _write_all(self) -> None:
        with anyio.CancelScope(shield=True):
            async with self._received:
                async for delivery in self._received:
                    if delivery.alone is not None:
                        await self._commit()
                    self._add(delivery.entry)
                    if delivery.alone is not None or self._is_full:
                        await self._commit()
                    if delivery.alone is not None:
                        delivery.alone.set()
                        self._awaited.discard(delivery.alone)
                await self._commit()

    def _add(self, entry: Entry) -> None:
        self._tally.add(entry)
        self._entries.append(entry)
        self._accounts += len(entry.holdings.outcomes) if entry.holdings is not None else 1

    @property
    def _is_full(self) -> bool:
        return (
            len(self._entries) >= self._segment_size or self._accounts >= ACCOUNTS_EACH * self._segment_size
        )

    async def _commit(self) -> None:
        if not self._entries:
            return
        segment = Segment(run=self._journal.run, number=self._number, entries=tuple(self._entries))
        await self._in_thread(self._journal.commit, segment, self._sink, self._tally.take_learned())
        self._entries, self._accounts, self._number = [], 0, self._number + 1
        self._tally.count(segments=1)

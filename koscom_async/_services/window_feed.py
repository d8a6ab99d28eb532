"""One account's windows, several asked at once and handed out in order, with only so many of them in memory.

Owns when a window is asked; what is asked is the reader's. A window that has to be split makes room for its parts.
"""

from collections.abc import Awaitable, Callable

import anyio
import anyio.abc
from attrs import define

from koscom_async._services.windows import Window
from koscom_async.models.transactions import Transaction

Rows = list[Transaction]
Read = Callable[[Window], Awaitable["Rows | tuple[Window, ...]"]]


@define(eq=False)
class _Slot:
    """A window's place in the order."""

    window: Window
    scope: anyio.CancelScope | None = None
    rows: Rows | None = None
    error: Exception | None = None


class News:
    """Wakes whoever waits for something to change; shared by the feeds that one reader follows."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def announce(self) -> None:
        """Wake everybody who waits."""
        self._event.set()
        self._event = anyio.Event()

    async def wait(self) -> None:
        """Return at the next announcement."""
        await self._event.wait()


class WindowFeed:
    """Rows of a range of dates, window by window. One reader; `group` runs the questions.

    At most `ahead` windows are in flight at once, and none is begun while `room` rows wait to be taken. A window that
    fails ends what comes after it; what comes before it is still handed out.
    """

    def __init__(  # noqa: PLR0913  # each keyword is one bound or one thing that it works with
        self,
        window: Window,
        read: Read,
        *,
        group: anyio.abc.TaskGroup,
        news: News,
        ahead: int,
        room: int | None,
    ) -> None:
        self._slots = [_Slot(window)]
        self._read = read
        self._group = group
        self._news = news
        self._ahead = ahead
        self._room = room

    def start(self) -> None:
        """Ask the windows that may be asked now."""
        in_flight = waiting = 0
        for slot in self._slots:
            if slot.error is not None or in_flight >= self._ahead:
                return
            if slot.rows is not None:
                waiting += len(slot.rows)
                continue
            if slot.scope is None:
                # The next window is always asked for: nothing can be handed out before it.
                if slot is not self._slots[0] and self._room is not None and waiting >= self._room:
                    return
                slot.scope = anyio.CancelScope()
                self._group.start_soon(self._settle, slot, slot.scope)
            in_flight += 1

    @property
    def is_finished(self) -> bool:
        """Whether everything has been handed out."""
        return not self._slots

    @property
    def error(self) -> Exception | None:
        """Why the next window cannot be handed out, and none after it; `None` while all is well."""
        return self._slots[0].error if self._slots else None

    @property
    def any_error(self) -> Exception | None:
        """Why some window cannot be read, for a reader to whom a part is nothing."""
        return next((slot.error for slot in self._slots if slot.error is not None), None)

    @property
    def next_window(self) -> Window:
        """Where the next rows will lie; not to be asked once it is finished."""
        return self._slots[0].window

    @property
    def held(self) -> int:
        """How many rows wait to be taken."""
        return sum(len(slot.rows) for slot in self._slots if slot.rows is not None)

    def take(self) -> Rows | None:
        """Return the next window's rows, or `None` where they are not there yet."""
        if not self._slots or self._slots[0].rows is None:
            return None
        rows = self._slots.pop(0).rows
        self.start()
        return rows

    async def _settle(self, slot: _Slot, scope: anyio.CancelScope) -> None:
        with scope:
            try:
                answer = await self._read(slot.window)
            except Exception as error:  # noqa: BLE001  # whatever it is, the reader of the feed gets it
                slot.error = error
                self._end_after(slot)
            else:
                self._fill(slot, answer)
                self.start()
        self._news.announce()

    def _fill(self, slot: _Slot, answer: Rows | tuple[Window, ...]) -> None:
        if not isinstance(answer, tuple):
            slot.rows = answer
        elif slot in self._slots:
            at = self._slots.index(slot)
            self._slots[at : at + 1] = [_Slot(part) for part in answer]

    def _end_after(self, slot: _Slot) -> None:
        if slot not in self._slots:  # an earlier one has failed meanwhile
            return
        at = self._slots.index(slot)
        for later in self._slots[at + 1 :]:
            if later.scope is not None:
                later.scope.cancel()
        del self._slots[at + 1 :]

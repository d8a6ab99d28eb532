"""Ranges of dates, cut into what a broker allows, and what each broker was found to allow.

No I/O: what a refusal means for the next question is decided here, and asked elsewhere.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, timedelta

import anyio
import anyio.abc
from attrs import define, frozen

from koscom_async.models.transactions import Transaction


@frozen(order=True)
class Window:
    """A range of calendar days in Korea, both ends included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.until - self.since).days + 1

    def cut(self, most: int) -> "tuple[Window, ...]":
        """Return windows of `most` days, and a last one of what is left: each day once, in order."""
        starts = range(0, self.days, max(most, 1))
        return tuple(
            Window(
                self.since + timedelta(start),
                min(self.since + timedelta(start + max(most, 1) - 1), self.until),
            )
            for start in starts
        )


class DateRanges:
    """How long a range each broker allows, for the life of the client; only `learn` and `prove` change it."""

    def __init__(self) -> None:
        self._most: dict[str, int] = {}
        self._proven: dict[str, int] = {}
        self._probes: dict[str, anyio.Lock] = {}

    def most(self, broker: str) -> int | None:
        """Return the days that the broker allows, or `None` where it has refused nothing yet."""
        return self._most.get(broker)

    def learn(self, broker: str, *, refused: int, said: int | None) -> None:
        """Remember that so many days were refused, and what the broker said that it allows.

        A number that is missing, or does not explain the refusal, is replaced by half of what was refused.
        """
        most = said if said is not None and 0 < said < refused else refused // 2
        self._most[broker] = max(1, min(most, self._most.get(broker, most)))

    def prove(self, broker: str, days: int) -> None:
        """Remember that so many days were answered."""
        self._proven[broker] = max(days, self._proven.get(broker, 0))

    @asynccontextmanager
    async def probing(self, broker: str, days: int) -> AsyncIterator[None]:
        """Let one caller at a time ask for more days than were ever answered, so that one refusal teaches all."""
        if self._is_settled(broker, days):
            yield
            return
        async with self._probes.setdefault(broker, anyio.Lock()):
            yield

    def _is_settled(self, broker: str, days: int) -> bool:
        most = self.most(broker)
        return days <= self._proven.get(broker, 0) or (most is not None and days <= most)


# One account's windows, several asked at once and handed out in order, with only so many of them in memory.
#
# Owns when a window is asked; what is asked is the reader's. A window that has to be split makes room for its parts.

Rows = list[Transaction]
Read = Callable[[Window], Awaitable["Rows | tuple[Window, ...]"]]


@define(eq=False)
class _Slot:
    """A window's place in the order."""

    window: Window
    scope: anyio.CancelScope | None = None
    rows: Rows | None = None
    error: Exception | None = None


class Notifier:
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
        news: Notifier,
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

"""Ranges of dates: cut into what each broker allows, read several at once, handed out in order.

A feed holds a bounded number of rows. How one window is read is the caller's.
"""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from time import monotonic

import anyio
import anyio.abc
from attrs import define, frozen

from koscom_async._services.lessons import AccountKey, Lessons
from koscom_async._services.tasks import Notifier
from koscom_async.error_codes import DATE_RANGE_EXCEEDED
from koscom_async.errors import kept
from koscom_async.models.transactions import Transaction

Rows = list[Transaction]

MOST_WINDOWS = 366
"""A broker that allows so little that a range falls into more windows than this was misread: a year, day by day."""

LEAST_DAYS = 30
"""What other investors' refusals teach never cuts a range shorter; an account's own refusals may."""


@frozen(order=True)
class Window:
    """A range of calendar days in Korea, both ends included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def cut(self, days: int) -> "tuple[Window, ...]":
        """Return windows of so many days, and a last one of what is left: each day once, in order."""
        days = max(days, 1)
        starts = (self.since + timedelta(start) for start in range(0, self.days, days))
        return tuple(Window(start, min(start + timedelta(days - 1), self.until)) for start in starts)


class DateRanges:
    """How long a range each account's broker allows. Only `record_refusal` and `record_success` change it."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self.lessons = Lessons(DATE_RANGE_EXCEEDED, least=LEAST_DAYS, clock=clock)

    def max_days(self, broker: str, account: AccountKey) -> int | None:
        """Return the days that an account may ask, or `None` where its broker has refused nothing yet."""
        return self.lessons.allowed(broker, account)

    def record_refusal(self, broker: str, account: AccountKey, *, refused: int, stated: int | None) -> None:
        """Remember that an account was refused so many days, and how many its broker states that it allows.

        A number that is missing, that does not explain the refusal, or that is tiny beside what was refused is not
        believed: half of what was refused is tried next.
        """
        is_likely = stated is not None and refused <= stated * MOST_WINDOWS and stated < refused
        allowed = stated if stated is not None and is_likely else refused // 2
        self.lessons.record_refusal(broker, account, max(1, allowed))

    def record_success(self, broker: str, days: int) -> None:
        """Remember that the broker answered so many days."""
        self.lessons.record_answer(broker, days)

    def is_known_to_work(self, broker: str, account: AccountKey, days: int) -> bool:
        """Whether so many days will be answered: the account may ask them, or another one was answered as many."""
        return days <= max(self.lessons.most_answered(broker), self.max_days(broker, account) or 0)


Read = Callable[[Window], Awaitable["Rows | tuple[Window, ...]"]]


@define(eq=False)
class _Part:
    """One window of the range: not yet asked, under way (`scope`), read, or failed."""

    window: Window
    scope: anyio.CancelScope | None = None
    rows: Rows | None = None
    error: Exception | None = None


class WindowFeed:
    """Rows of a range of dates, window by window, in order. One reader; `group` runs the reading.

    At most `prefetch` windows are in flight. No window is started while `max_buffered_rows` rows are unread. A window
    that has to be split is replaced by its parts. A window that fails ends what comes after it; what comes before it is
    still handed out.
    """

    def __init__(
        self,
        window: Window,
        read: Read,
        *,
        group: anyio.abc.TaskGroup,
        notifier: Notifier,
        prefetch: int,
        max_buffered_rows: int | None,
    ) -> None:
        self._parts = [_Part(window)]
        self._read = read
        self._group = group
        self._notifier = notifier
        self._prefetch = prefetch
        self._max_buffered_rows = max_buffered_rows

    def start(self) -> None:
        """Start the windows that may be read now."""
        in_flight = buffered = 0
        for part in self._parts:
            if part.error is not None or in_flight >= self._prefetch:
                return
            if part.rows is not None:
                buffered += len(part.rows)
                continue
            if part.scope is None:
                if self._is_full(buffered) and part is not self._parts[0]:  # all wait for the first
                    return
                part.scope = anyio.CancelScope()
                self._group.start_soon(self._fill, part, part.scope)
            in_flight += 1

    def _is_full(self, buffered: int) -> bool:
        return self._max_buffered_rows is not None and buffered >= self._max_buffered_rows

    @property
    def is_finished(self) -> bool:
        """Whether everything has been handed out."""
        return not self._parts

    @property
    def error(self) -> Exception | None:
        """Why the next window cannot be handed out, and none after it; `None` while all is well."""
        return self._parts[0].error if self._parts else None

    @property
    def any_error(self) -> Exception | None:
        """The first error in any window, for callers that need all rows or none."""
        return next((part.error for part in self._parts if part.error is not None), None)

    @property
    def next_window(self) -> Window:
        """Where the next rows will lie; there is none once the feed is finished."""
        return self._parts[0].window

    @property
    def buffered(self) -> int:
        """How many rows are unread."""
        return sum(len(part.rows) for part in self._parts if part.rows is not None)

    def pop_ready(self) -> Rows | None:
        """Return the next window's rows, or `None` where they are not there yet."""
        if not self._parts or self._parts[0].rows is None:
            return None
        rows = self._parts.pop(0).rows
        self.start()
        return rows

    async def _fill(self, part: _Part, scope: anyio.CancelScope) -> None:
        with scope:
            try:
                answer = await self._read(part.window)
            except Exception as error:  # the reader of the feed gets it
                part.error = kept(error)
                self._end_after(part)
            else:
                self._keep(part, answer)
                self.start()
        self._notifier.announce()

    def _keep(self, part: _Part, answer: Rows | tuple[Window, ...]) -> None:
        if not isinstance(answer, tuple):
            part.rows = answer
        elif part in self._parts:
            at = self._parts.index(part)
            self._parts[at : at + 1] = [_Part(window) for window in answer]

    def _end_after(self, part: _Part) -> None:
        if part not in self._parts:  # an earlier one has failed meanwhile
            return
        at = self._parts.index(part)
        for later in self._parts[at + 1 :]:
            if later.scope is not None:
                later.scope.cancel()
        del self._parts[at + 1 :]

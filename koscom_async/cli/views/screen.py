"""The screen of a watch: totals and the latest changes always in sight, and as many positions as fit below.

Does not decide when to ask.
"""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from attrs import define, field, frozen
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.text import Text

from koscom_async._clock import korean_now
from koscom_async.cli.output import console, print_report, write_stderr
from koscom_async.cli.views.changes import ChangeLine, change_lines
from koscom_async.cli.views.differences import difference_report
from koscom_async.cli.views.groups import groups_sections
from koscom_async.cli.views.layout import FAINT, WARNING, alarm, moment, of_change, section, title
from koscom_async.cli.views.positions import PositionsTable
from koscom_async.cli.views.report import TotalsTable
from koscom_async.errors import KoscomError
from koscom_async.export.texts import clean, counted
from koscom_async.models.breakdown import GroupBy
from koscom_async.models.difference import HoldingsDiff
from koscom_async.models.doubts import doubtful_marks
from koscom_async.models.holdings import Holdings

NOTED_CHANGES = 200
"""The screen remembers this many changes; the oldest go."""


LEAST_CHANGES = 3
SHARE_OF_CHANGES = 4
"""The latest changes may take a quarter of the screen."""


@frozen
class Noted:
    """A change, and when it was noticed."""

    when: datetime
    line: ChangeLine


def no_answer(error: KoscomError) -> Noted:
    """Note that there was no answer, now."""
    return Noted(korean_now(), ChangeLine("no answer", "this time", clean(str(error))))


@define
class Screen:
    """What the terminal shows now, in as many lines as it has."""

    interval: float
    by: GroupBy | None = None
    with_lots: bool = False
    holdings: Holdings | None = None
    noted: Sequence[Noted] = ()
    clock: Callable[[], float] = time.monotonic
    _until: float | None = field(default=None, init=False)

    def wait(self, seconds: float) -> None:
        """Count down from so many seconds."""
        self._until = self.clock() + seconds

    def ask(self) -> None:
        """Show that the brokers are being asked."""
        self._until = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.holdings is None:
            return
        height = options.height or console.height
        free = options.update(height=None)
        lines = console.render_lines(Group(*self._parts(self.holdings, height)), free, pad=False)
        if len(lines) > height:
            hidden = Text(f"… more below: {counted(len(self.holdings.positions), 'position')} in all", FAINT)
            lines = [*lines[: height - 1], *console.render_lines(hidden, free, pad=False)[:1]]
        for number, line in enumerate(lines):
            yield from line
            if number < len(lines) - 1:
                yield Segment.line()

    def _parts(self, holdings: Holdings, height: int) -> Iterator[RenderableType]:
        yield Text.assemble(title(holdings), (f"; {self._next()}; Ctrl-C ends", FAINT))
        yield from alarm(holdings)
        yield from section("Changes, latest first", *self._changes(height))
        if holdings.reconciliation or not holdings.outcomes:
            yield from section("Totals in KRW", TotalsTable(holdings))
        if self.by is not None:
            yield from groups_sections(holdings, self.by)
            return
        marks = doubtful_marks(holdings.doubts)
        for totals in holdings.all_totals:
            held = [each for each in holdings.positions if each.instrument.currency == totals.currency]
            if held:
                # No more than fit: thousands would be drawn every second.
                table = PositionsTable(held[:height], totals, self.with_lots, marks)
                yield from section(f"Positions in {totals.currency}, largest first", table)

    def _next(self) -> str:
        if self._until is None:
            return "asking again"
        return f"again in {max(0, round(self._until - self.clock()))} s"

    def _changes(self, height: int) -> Iterator[RenderableType]:
        if not self.noted:
            yield Text("None so far.", FAINT)
        shown = max(LEAST_CHANGES, height // SHARE_OF_CHANGES)
        for noted in self.noted[:shown]:
            line = noted.line
            yield Text.assemble(
                (f"{noted.when:%H:%M:%S}  ", FAINT),
                (line.kind, WARNING),
                f" {line.what}: ",
                (line.how, of_change(line.gain) if line.gain else ""),
            )
        if len(self.noted) > shown:
            yield Text(f"… and {len(self.noted) - shown:,} before", FAINT)


class ScreenWatcher:
    """Draws the whole terminal, and leaves it as it was; what changed in all is printed at the end."""

    def __init__(self, *, interval: float, by: GroupBy | None, with_lots: bool) -> None:
        self._screen = Screen(interval=interval, by=by, with_lots=with_lots)
        self._noted: deque[Noted] = deque(maxlen=NOTED_CHANGES)
        self._first: Holdings | None = None
        self._asked = 0
        self._live = Live(
            Group(),
            console=console(sys.stdout),
            screen=True,
            # The screen counts the seconds to the next question down.
            refresh_per_second=1,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the terminal back."""
        self._live.stop()
        first, last = self._first, self._screen.holdings
        if first is not None and last is not None:
            if last is not first:
                print_report(difference_report(last, first))
            write_stderr(
                f"watched from {moment(first.as_of)} to {moment(last.as_of)}, asked {counted(self._asked, 'time')}"
            )

    def began(self, holdings: Holdings) -> None:
        """Draw the first answer."""
        self._first = holdings
        self._asked = 1
        self._screen.holdings = holdings
        self._draw()

    def waiting(self, seconds: float) -> None:
        """Start to count down."""
        self._screen.wait(seconds)
        self._draw()

    def asking(self) -> None:
        """Show that the brokers are being asked."""
        self._screen.ask()
        self._draw()

    def answered(self, holdings: Holdings, diff: HoldingsDiff) -> None:
        """Draw the answer, and what changed above what had changed before."""
        self._asked += 1
        lines = [Noted(holdings.as_of, line) for line in change_lines(diff)]
        self._noted.extendleft(reversed(lines))
        self._screen.holdings, self._screen.noted = holdings, tuple(self._noted)
        self._draw()

    def failed(self, error: KoscomError) -> None:
        """Note that there was no answer, and keep the last one in sight."""
        self._asked += 1
        self._noted.appendleft(no_answer(error))
        self._screen.noted = tuple(self._noted)
        self._draw()

    def _draw(self) -> None:
        self._live.update(self._screen, refresh=True)

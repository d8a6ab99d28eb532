"""The screen of a watch: totals and the latest changes always in sight, and as many positions as fit below."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from attrs import define, field, frozen
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from koscom_async.cli.views.changes import ChangeLine
from koscom_async.cli.views.groups import groups_sections
from koscom_async.cli.views.positions import PositionsTable
from koscom_async.cli.views.report import TotalsTable
from koscom_async.cli.views.sections import FAINT, WARNING, alarm, of_change, section, title
from koscom_async.export.texts import counted
from koscom_async.models.breakdown import GroupBy
from koscom_async.models.holdings import Holdings

LEAST_CHANGES = 3
SHARE_OF_CHANGES = 4
"""The latest changes may take a quarter of the screen."""


@frozen
class Noted:
    """A change, and when it was noticed."""

    when: datetime
    line: ChangeLine


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
        for totals in holdings.all_totals:
            held = [each for each in holdings.positions if each.instrument.currency == totals.currency]
            if held:
                # No more than fit: thousands would be drawn every second.
                table = PositionsTable(held[:height], totals, self.with_lots)
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

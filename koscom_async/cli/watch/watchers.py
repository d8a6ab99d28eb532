"""How a watch is shown: a screen that is redrawn on a terminal, a line for each change elsewhere.

Does not decide when to ask.
"""

import sys
from collections import deque
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from rich.console import Group
from rich.live import Live

from koscom_async.cli.output import console, is_live, print_report, write_stderr, write_stdout
from koscom_async.cli.views.changes import ChangeLine, change_lines
from koscom_async.cli.views.differences import difference_report
from koscom_async.cli.views.sections import moment
from koscom_async.cli.watch.loop import Watcher
from koscom_async.cli.watch.screen import Noted, Screen
from koscom_async.errors import KoscomError
from koscom_async.export import amounts
from koscom_async.export.notes import failure_lines
from koscom_async.export.texts import account_name, clean, counted
from koscom_async.models.breakdown import GroupBy
from koscom_async.models.difference import HoldingsDiff
from koscom_async.models.holdings import Holdings

NOTED_CHANGES = 200
"""The screen remembers this many changes; the oldest go."""


class EnterableWatcher(Watcher, Protocol):
    """A watcher that cleans up behind itself."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def watcher(*, interval: float, by: GroupBy | None, with_lots: bool) -> EnterableWatcher:
    """Return what fits where stdout goes."""
    if is_live(sys.stdout):
        return ScreenWatcher(interval=interval, by=by, with_lots=with_lots)
    return LineWatcher(interval=interval)


class LineWatcher:
    """Writes a line for the first answer and for each change, with the time of the answer."""

    def __init__(self, *, interval: float) -> None:
        self._interval = interval
        self._last: Holdings | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to take away."""

    def began(self, holdings: Holdings) -> None:
        """Write what is watched, and which accounts could not be read."""
        read = len(holdings.outcomes) - len(holdings.failures)
        worth = amounts.money(holdings.totals.net_worth)
        self._write(
            holdings,
            f"watching {counted(len(holdings.outcomes), 'account')}, {read} of them read, net worth {worth}; "
            f"asking again every {self._interval:g} s",
        )
        for failure in holdings.failures:
            reason = " ".join(failure_lines(failure))
            self._write(holdings, f"not read {account_name(failure.account)}: {reason}")

    def waiting(self, seconds: float) -> None:
        """Nothing to write."""

    def asking(self) -> None:
        """Nothing to write."""

    def answered(self, holdings: Holdings, diff: HoldingsDiff) -> None:
        """Write what changed, and why an account cannot be read any more."""
        for line in change_lines(diff):
            self._write(holdings, str(line))
        lost = {change.account.key for change in diff.accounts if change.kind == "unreadable"}
        for failure in holdings.failures:
            if failure.account.key in lost:
                self._write(
                    holdings, f"not read {account_name(failure.account)}: {' '.join(failure_lines(failure))}"
                )

    def failed(self, error: KoscomError) -> None:
        """Say why there was no answer."""
        write_stderr(f"no answer this time: {clean(str(error))}")

    def _write(self, holdings: Holdings, text: str) -> None:
        write_stdout(f"{moment(holdings.as_of)}  {text}")


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
        line = ChangeLine("no answer", "this time", clean(str(error)))
        self._noted.appendleft(Noted(datetime.now().astimezone(), line))
        self._screen.noted = tuple(self._noted)
        self._draw()

    def _draw(self) -> None:
        self._live.update(self._screen, refresh=True)

"""Asks again and again: when, until when, and what changed meanwhile.

Each account is compared with its last answer that was read, so that what was sold while a broker was down is reported
when it is back, and not lost between two answers that cannot be compared. Writes lines where stdout is no terminal;
does not draw the screen of one.
"""

import sys
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import NoReturn, Protocol, Self

import anyio
from attrs import evolve

from koscom_async._merge import merge
from koscom_async.cli.output import is_live, write_stderr, write_stdout
from koscom_async.cli.views.changes import change_lines
from koscom_async.cli.views.layout import doubtful_lines, moment
from koscom_async.cli.views.screen import ScreenWatcher
from koscom_async.errors import (
    BrokerUnavailableError,
    ConnectionFailedError,
    DeadlineExceededError,
    KoscomError,
    QuotaExceededError,
    RateLimitedError,
)
from koscom_async.export import amounts
from koscom_async.export.notes import failure_lines
from koscom_async.export.texts import account_name, clean, counted
from koscom_async.models.breakdown import GroupBy
from koscom_async.models.difference import HoldingsDiff
from koscom_async.models.holdings import Holdings


class Watcher(Protocol):
    """Shows how a watch goes, and cleans up behind itself."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def began(self, holdings: Holdings) -> None:
        """Show the first answer."""

    def waiting(self, seconds: float) -> None:
        """Show how long nothing is asked."""

    def asking(self) -> None:
        """Show that the brokers are being asked."""

    def answered(self, holdings: Holdings, diff: HoldingsDiff) -> None:
        """Show a further answer, and what changed."""

    def failed(self, error: KoscomError) -> None:
        """Show that there was no answer this time."""


class Memory:
    """Each account as it was when it was last read."""

    def __init__(self, first: Holdings) -> None:
        self._last = first
        self._known = first

    def changed(self, holdings: Holdings) -> HoldingsDiff:
        """Return what changed since each account was last read, and which accounts did since the last answer."""
        accounts = holdings.diff(self._last).accounts
        diff = evolve(holdings.diff(self._known), accounts=accounts)
        read_before = {outcome.account.key: outcome for outcome in self._known.outcomes if outcome.ok}
        outcomes = (
            outcome if outcome.ok else read_before.get(outcome.account.key, outcome)
            for outcome in holdings.outcomes
        )
        self._known = merge(outcomes, as_of=holdings.as_of)
        self._last = holdings
        return diff


async def watch(
    first: Holdings,
    ask: Callable[[], Awaitable[Holdings]],
    watcher: Watcher,
    *,
    interval: float,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> NoReturn:
    """Ask every `interval` seconds after the last answer, until cancelled or until asking again cannot help.

    Raises what waiting does not mend: a day whose calls are spent, credentials that are refused.
    """
    memory = Memory(first)
    watcher.began(first)
    pause = _pause(first, interval)
    while True:
        watcher.waiting(pause)
        await sleep(pause)
        watcher.asking()
        try:
            holdings = await ask()
        except KoscomError as error:
            if not _is_transient(error):
                raise
            pause = max(interval, _wanted_pause(error))
            watcher.failed(error)
            continue
        watcher.answered(holdings, memory.changed(holdings))
        pause = _pause(holdings, interval)


def _pause(holdings: Holdings, interval: float) -> float:
    """Return how long to wait; raise where the day's calls are spent."""
    errors = [failure.error for failure in holdings.failures]
    for error in errors:
        if isinstance(error, QuotaExceededError):
            raise error
    return max([interval, *map(_wanted_pause, errors)])


def _wanted_pause(error: KoscomError) -> float:
    return (error.retry_after or 0.0) if isinstance(error, RateLimitedError) else 0.0


def _is_transient(error: KoscomError) -> bool:
    if isinstance(error, QuotaExceededError):
        return False
    transient = (ConnectionFailedError, BrokerUnavailableError, DeadlineExceededError, RateLimitedError)
    return error.retriable or isinstance(error, transient)


def watcher(*, interval: float, by: GroupBy | None, with_lots: bool) -> Watcher:
    """Return what fits where stdout goes."""
    if is_live(sys.stdout):
        return ScreenWatcher(interval=interval, by=by, with_lots=with_lots)
    return LineWatcher(interval=interval)


class LineWatcher:
    """Writes a line for the first answer and for each change, with the time of the answer."""

    def __init__(self, *, interval: float) -> None:
        self._interval = interval
        self._doubts: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

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
        self._write_doubts(holdings)

    def waiting(self, seconds: float) -> None:
        pass

    def asking(self) -> None:
        pass

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
        self._write_doubts(holdings)

    def failed(self, error: KoscomError) -> None:
        """Say why there was no answer."""
        write_stderr(f"no answer this time: {clean(str(error))}")

    def _write_doubts(self, holdings: Holdings) -> None:
        """Write what may be counted twice, where it is not what was written last."""
        lines = doubtful_lines(holdings)
        if lines != self._doubts:
            for line in lines or ["no more doubts: nothing may be counted twice"]:
                self._write(holdings, line.strip())
        self._doubts = lines

    def _write(self, holdings: Holdings, text: str) -> None:
        write_stdout(f"{moment(holdings.as_of)}  {text}")

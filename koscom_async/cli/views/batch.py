"""A batch as a terminal shows it: how far it is while it runs, how it ended, and what it will take.

Does not run it.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from attrs import frozen
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from koscom_async.batch import BatchEstimate, BatchFailures, BatchProgress, BatchReport, QuotaEstimate
from koscom_async.cli.output import console, is_live, write_stderr
from koscom_async.cli.views.layout import (
    BAD,
    FAINT,
    GOOD,
    HEADING,
    WARNING,
    Column,
    Grid,
    Row,
    fitting,
    moment,
)
from koscom_async.export.texts import clean, counted

LINE_SECONDS = 10.0
"""How often a line is written where no terminal is."""
SHOWN_FAILURES = 3
SHOWN_AT_THE_END = 12
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def duration(seconds: float) -> str:
    """Return a time that a person plans with: 45 s, 12 min, 3 h 20 min, 2 days 4 h."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    if seconds < _DAY:
        return f"{int(seconds // _HOUR)} h {int(seconds % _HOUR // _MINUTE):02} min"
    return f"{counted(int(seconds // _DAY), 'day')} {int(seconds % _DAY // _HOUR)} h"


def failures_of(failures: Sequence[BatchFailures], most: int) -> str:
    """Return the most frequent failures in a line: broker, reason, how often."""
    shown = [f"{clean(each.broker)} {clean(each.reason)} ({each.count:,})" for each in failures[:most]]
    left = len(failures) - len(shown)
    return ", ".join([*shown, f"{left} more kinds"] if left else shown)


def lines_of(progress: BatchProgress) -> list[str]:
    """Return how far a run is: investors and accounts, the pace, what was not read."""
    done = progress.investors + progress.skipped
    of_all = "" if progress.total is None else f" of {progress.total:,}"
    left = progress.seconds_left
    facts = [
        f"{progress.rate:,.1f} calls/s",
        "" if left is None else f"about {duration(left)} left",
        f"{progress.parked:,} wait to be asked again" if progress.parked else "",
        f"{progress.suspects:,} open at a kill, asked one at a time" if progress.suspects else "",
    ]
    lines = [
        f"{done:,}{of_all} investors, {progress.read:,} of {counted(progress.accounts, 'account')} read",
        ", ".join(filter(None, facts)),
    ]
    if progress.failures:
        lines.append(f"not read: {failures_of(progress.failures, SHOWN_FAILURES)}")
    return lines


def _beginning(investors: int, output: Path) -> str:
    return f"reading {counted(investors, 'investor')} into {clean(str(output))}"


def batch_reporter(*, quiet: bool) -> "BatchReporter":
    """Return the reporter that fits where stderr goes."""
    if quiet:
        return BatchReporter()
    return LiveBatchReporter() if is_live(sys.stderr) else LineBatchReporter()


class BatchReporter:
    """Reports nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def begin(self, investors: int, output: Path) -> None:
        """Report what will be read, and where it is written."""

    def show(self, progress: BatchProgress) -> None:
        """Report how far the run is."""

    def stop(self) -> None:
        """Leave what was reported as it is."""


class LineBatchReporter(BatchReporter):
    """Writes a line now and then."""

    def __init__(self) -> None:
        self._due = 0.0

    def begin(self, investors: int, output: Path) -> None:
        write_stderr(_beginning(investors, output))

    def show(self, progress: BatchProgress) -> None:
        is_beginning = not progress.investors and progress.seconds < LINE_SECONDS
        if progress.seconds >= self._due and not is_beginning:
            self._due = progress.seconds + LINE_SECONDS
            write_stderr("; ".join(lines_of(progress)))


class LiveBatchReporter(BatchReporter):
    """Draws a bar, and the numbers below it."""

    def __init__(self) -> None:
        self._live = Live(console=console(sys.stderr), auto_refresh=False, transient=sys.stdout.isatty())

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def begin(self, investors: int, output: Path) -> None:
        self._live.update(Text(_beginning(investors, output)), refresh=True)

    def show(self, progress: BatchProgress) -> None:
        self._live.update(Group(*self._drawn(progress)), refresh=True)

    def stop(self) -> None:
        self._live.stop()

    def _drawn(self, progress: BatchProgress) -> Iterator[RenderableType]:
        done = progress.investors + progress.skipped
        if progress.total:
            yield ProgressBar(total=progress.total, completed=done)
        first, *others = lines_of(progress)
        yield Text(first)
        yield from (Text(line, FAINT) for line in others)


_FACTS = (Column(least=None), Column(least=24))


def _facts(facts: Sequence[tuple[str, str, str]]) -> Grid:
    return Grid(
        _FACTS, tuple(Row((Text(name, FAINT), Text(fact, style))) for name, fact, style in facts if fact)
    )


@frozen
class ReportTable:
    """How a run ended, and why accounts were not read, by broker."""

    report: BatchReport
    output: Path

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text.assemble(("Batch", HEADING), f"  {self._ending()}")
        yield fitting([_facts(self._numbers())], options.max_width)
        if self.report.failures:
            yield Text()
            yield Text("Not read", HEADING)
            yield fitting([_failures(self.report.failures)], options.max_width)
            yield Text(f"`koscom errors {clean(self.report.failures[0].reason)}` explains a reason", FAINT)

    def _ending(self) -> str:
        report = self.report
        if report.resume_at is not None:
            return f"STOPPED: the day's calls are spent; go on after {moment(report.resume_at)} with --resume"
        if report.failures or report.skipped_incomplete:
            return "INCOMPLETE: some accounts could not be read"
        return "INCOMPLETE: a key came twice" if report.repeated else "every account was read"

    def _numbers(self) -> list[tuple[str, str, str]]:
        report = self.report
        return [
            (
                "investors",
                f"{report.investors:,}, {report.complete:,} of them with every account",
                GOOD if report.ok else "",
            ),
            ("written before", self._written_before(), BAD if report.skipped_incomplete else ""),
            ("keys that came twice", f"{report.repeated:,}, left out" if report.repeated else "", WARNING),
            ("not written yet", f"{report.left:,}" if report.left else "", BAD),
            ("accounts", f"{report.read:,} of {report.accounts:,} read", ""),
            ("calls", f"{report.calls:,} in {duration(report.seconds)}, {report.rate:,.1f} a second", ""),
            ("output", f"{clean(str(self.output))}, {counted(report.segments, 'segment')}", ""),
        ]

    def _written_before(self) -> str:
        skipped, incomplete = self.report.skipped, self.report.skipped_incomplete
        if not skipped:
            return ""
        return f"{skipped:,}, {incomplete:,} of them INCOMPLETE" if incomplete else f"{skipped:,}"


def _failures(failures: Sequence[BatchFailures]) -> Grid:
    columns = (Column("Broker", least=None), Column("Reason", least=None), Column("Accounts", is_number=True))
    rows = [
        Row((Text(clean(each.broker)), Text(clean(each.reason)), Text(f"{each.count:,}")))
        for each in failures[:SHOWN_AT_THE_END]
    ]
    left = failures[SHOWN_AT_THE_END:]
    if left:
        rows.append(Row((Text("others"), Text(), Text(f"{sum(each.count for each in left):,}"))))
    return Grid(columns, tuple(rows))


@frozen
class EstimateTable:
    """What a run will take: calls and time by broker, and whether the day's calls last."""

    estimate: BatchEstimate

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        estimate = self.estimate
        yield Text.assemble(
            ("Estimate", HEADING),
            f"  {counted(estimate.investors, 'investor')}, {counted(estimate.accounts, 'account')}, "
            f"{counted(estimate.calls, 'call')}, at least {duration(estimate.seconds)}",
        )
        columns = (
            Column("Broker", least=None),
            *(Column(each, is_number=True) for each in ("Accounts", "Calls", "Time")),
        )
        rows = tuple(
            Row(
                (
                    Text(each.broker),
                    Text(f"{each.accounts:,}"),
                    Text(f"{each.calls:,}"),
                    Text(duration(each.seconds)),
                )
            )
            for each in estimate.brokers
        )
        yield fitting([Grid(columns, rows)], options.max_width)
        yield from map(self._quota, estimate.quotas)
        if estimate.sampled:
            yield Text(f"By {counted(estimate.sampled, 'investor')}, who were read for it.", FAINT)

    def _quota(self, quota: QuotaEstimate) -> Text:
        if quota.is_enough is None:
            return Text(
                f"{quota.service}: {counted(quota.calls, 'call')}; how many a day has is not known", FAINT
            )
        if quota.is_enough:
            return Text(
                f"{quota.service}: {counted(quota.calls, 'call')} of {quota.remaining:,} left today", FAINT
            )
        days = "" if quota.days is None else f": it takes {quota.days:,.1f} days' calls"
        return Text(
            f"{quota.service}: {counted(quota.calls, 'call')}, more than today has left{days}", WARNING
        )

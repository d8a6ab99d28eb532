"""How a run stands, and how it ended: records for people, and the tally that makes them."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from attrs import define, evolve, field, frozen

from koscom_async._record import Record, counted
from koscom_async.batch.segments import Entry
from koscom_async.models.outcome import AccountOutcome

__all__ = ["BatchFailures", "BatchProgress", "BatchReport"]

LISTS = "list of accounts"
"""Stands for the broker where an investor's accounts could not be listed, or the investor could not be processed."""


@frozen(kw_only=True, eq=False, repr=False)
class BatchFailures(Record):
    """How many accounts of one broker could not be read for one reason: an error's code, or else its class.

    `broker` is `"list of accounts"` where an investor's accounts could not be listed, or the investor could not be
    processed; `count` is then of investors.
    """

    broker: str
    reason: str
    count: int


@frozen(kw_only=True, eq=False, repr=False)
class BatchProgress(Record):
    """How far a run is. Counts are of this process, apart from `skipped`, which an earlier one of the run wrote.

    `investors` are those who are read as far as they can be, `complete` of them with every account; `skipped` are done
    already, `skipped_incomplete` of them without an account that could not be read, and `repeated` are keys that came a
    second time, and were left out. `accounts` were asked, `read` of them whole; `failures` says where and why the
    others were not. `calls` were made for these investors. `parked` investors wait to be asked again for what failed,
    `open_accounts` are being read; `suspects` were open when an earlier process died, and are asked one at a time at
    the end, so that one who kills the process is found. `total` is how many investors there are, `None` where the
    source does not say. `seconds` is since the start.
    """

    investors: int = 0
    complete: int = 0
    skipped: int = 0
    skipped_incomplete: int = 0
    repeated: int = 0
    accounts: int = 0
    read: int = 0
    failures: tuple[BatchFailures, ...] = ()
    calls: int = 0
    parked: int = 0
    suspects: int = 0
    open_accounts: int = 0
    segments: int = 0
    total: int | None = None
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """In how many seconds the rest will be read, at the pace so far; `None` where that cannot be known."""
        if self.total is None or not self.investors:
            return None
        left = max(0, self.total - self.skipped - self.repeated - self.investors)
        return left * self.seconds / self.investors

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(self._figures())}>"

    def _figures(self) -> Iterable[str]:
        yield counted(self.investors, "investor") + (f" of {self.total:,}" if self.total is not None else "")
        if self.skipped:
            yield f"{self.skipped:,} written before"
        yield f"{self.read:,} of {counted(self.accounts, 'account')} read"
        if self.parked:
            yield f"{self.parked:,} parked"
        if self.suspects:
            yield f"{self.suspects:,} to be asked one at a time"
        yield counted(self.calls, "call")
        yield f"{self.rate:,.1f} a second"


@frozen(kw_only=True, eq=False, repr=False)
class BatchReport(BatchProgress):
    """How a run ended.

    `stopped` is `"quota"` where the day's calls are spent, and `resume_at` (UTC) when the next day's begin: at 00:00
    UTC, which is 09:00 in Korea, when the market opens and users come back. `left` is how many investors are not
    written yet, as far as they are known: of a source without a length, those that wait. The same call with the same
    checkpoint goes on.
    """

    stopped: Literal["quota"] | None = None
    resume_at: datetime | None = None
    left: int = 0

    @property
    def ok(self) -> bool:
        """Whether every investor is written, with every account, also those whom an earlier process wrote.

        It is false where a key came twice: one of the two may be another investor.
        """
        return self.stopped is None and not (self.failures or self.skipped_incomplete or self.repeated)

    def _figures(self) -> Iterable[str]:
        yield from super()._figures()
        if self.stopped is not None:
            yield f"stopped at the {self.stopped}, go on at {self.resume_at:%Y-%m-%d %H:%M} UTC"


_SUMMED = (
    *("investors", "complete", "skipped", "skipped_incomplete", "repeated"),
    *("accounts", "read", "calls", "segments"),
)


@define(eq=False)
class Tally:
    """Counts what became of investors, and what their accounts took; `snapshot` returns the counts so far."""

    progress: BatchProgress = field(factory=BatchProgress)
    _failures: Counter[tuple[str, str]] = field(factory=Counter)
    learned: dict[str, tuple[int, int]] = field(factory=dict)

    def count(self, **more: int) -> None:
        """Add to the counts of the progress."""
        sums = {name: getattr(self.progress, name) + number for name, number in more.items()}
        self.progress = evolve(self.progress, **sums)

    def add(self, entry: Entry) -> None:
        """Count an investor who is read as far as possible."""
        outcomes = entry.holdings.outcomes if entry.holdings is not None else ()
        if entry.error is not None:
            self._failures[LISTS, reason_of(entry.error)] += 1
        for outcome in outcomes:
            if outcome.error is not None:
                self._failures[outcome.account.broker.short_name, reason_of(outcome.error)] += 1
        self.count(
            investors=1,
            complete=entry.complete,
            accounts=len(outcomes),
            read=sum(outcome.ok for outcome in outcomes),
            calls=entry.calls,
        )

    def join(self, part: BatchProgress) -> None:
        """Add the counts of a part of the run, which another process read."""
        self.count(**{name: getattr(part, name) for name in _SUMMED})
        for each in part.failures:
            self._failures[each.broker, each.reason] += each.count

    def learn(self, outcomes: Iterable[AccountOutcome]) -> None:
        """Count what accounts took that were read whole."""
        for outcome in outcomes:
            if outcome.ok:
                broker = outcome.account.broker.short_name
                accounts, calls = self.learned.get(broker, (0, 0))
                self.learned[broker] = (accounts + 1, calls + outcome.trace.calls)

    def take_learned(self) -> dict[str, tuple[int, int]]:
        """Return what was learned since the last time."""
        learned, self.learned = self.learned, {}
        return learned

    def snapshot(self, **facts: Any) -> BatchProgress:
        """Return the counts so far, with these facts."""
        failures = tuple(
            BatchFailures(broker=broker, reason=reason, count=count)
            for (broker, reason), count in self._failures.most_common()
        )
        return evolve(self.progress, failures=failures, **facts)


def reason_of(error: Exception) -> str:
    """Return the word by which a failure is counted: the error's code, or else its class."""
    code: str | None = getattr(error, "code", None)
    return code or type(error).__name__

"""Investors who are to be asked, and those who wait to be asked again for the accounts that failed.

What was read of a waiting investor is in the journal. Here is only who waits, for which brokers, and until when. The
investors themselves are kept in memory, about a kilobyte each: they hold secrets, which no file of a run may have.
"""

import time
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Self

import anyio
from attrs import define, field, frozen

from koscom_async._clock import utc_now
from koscom_async._masking import hidden
from koscom_async._wire.endpoints import AUTH, COMMON
from koscom_async.batch._run.journal import ParkedState
from koscom_async.batch._run.pacing import Pace
from koscom_async.errors import (
    BreakerOpenError,
    DeadlineExceededError,
    KoscomError,
    OverloadedError,
    PlatformError,
    QuotaExceededError,
)
from koscom_async.models.holdings import Holdings
from koscom_async.models.investor import Investor
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AccountOutcome

MOST_PARKED = 50_000
"""Where so many wait, no further investor is taken from the source until some have been read: they are in memory."""
LONGEST_WAIT = 600.0
"""A broker that asks for a longer pause is asked all the same: what it says then is what the output says."""


@define(eq=False)
class Work:
    """One investor who is to be asked, and what was done for them so far.

    `attempts` are the times when something was asked and failed, `passes` all times; `calls` were made in them. The
    window counts so many `accounts`. What is lacking is at `brokers`, and asked for from `not_before` on, on the event
    loop's clock. `after` is what was read before, while the investor is open, and
    `error` why nothing was. One that `stands_alone` is written alone.
    """

    key: str
    investor: Investor = field(repr=hidden)
    accounts: int
    attempts: int = 0
    passes: int = 0
    calls: int = 0
    brokers: tuple[str, ...] = ()
    not_before: float = 0.0
    after: Holdings | None = None
    error: KoscomError | None = None
    stands_alone: bool = False

    @property
    def state(self) -> ParkedState:
        """What the journal keeps of it."""
        return ParkedState(
            attempts=self.attempts,
            passes=self.passes,
            calls=self.calls,
            accounts=self.accounts,
            not_before=self.not_before - anyio.current_time() + time.time(),
            brokers=",".join(self.brokers),
        )

    def restore(self, state: ParkedState) -> None:
        """Go on with what the journal kept; a new start asks at once those who waited for the next day's calls."""
        wait = state.not_before - time.time()
        self.attempts, self.passes, self.calls = state.attempts, state.passes, state.calls
        self.accounts, self.brokers = state.accounts, tuple(filter(None, state.brokers.split(",")))
        self.not_before = anyio.current_time() + (wait if wait <= LONGEST_WAIT else 0.0)


class Parked:
    """The investors who wait, each in the line of every broker that is missing."""

    def __init__(self) -> None:
        self._waiting: dict[str, Work] = {}
        self._lines: dict[str, list[tuple[float, int, str]]] = {}
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, work: Work) -> None:
        """Let an investor wait until `work.not_before`."""
        work.after = None
        self._waiting[work.key] = work
        for broker in work.brokers or (COMMON,):
            line = self._lines.setdefault(broker, [])
            heappush(line, (work.not_before, next(self._numbers), work.key))

    def clear(self) -> list[Work]:
        """Return those who wait, who do so no more."""
        works = list(self._waiting.values())
        self._waiting.clear()
        self._lines.clear()
        return works

    def give_up(self, brokers: set[str]) -> list[Work]:
        """Return those who wait for nothing but these brokers, and who wait no more."""
        if not brokers:
            return []
        lines = [self._lines.pop(broker, []) for broker in brokers]
        keys = dict.fromkeys(key for line in lines for _, _, key in line)
        return [
            self._waiting.pop(key)
            for key in keys
            if key in self._waiting and brokers.issuperset(self._waiting[key].brokers)
        ]

    def take(self, most: int, pace: Pace) -> list[Work]:
        """Return investors who may be asked now, as one of the brokers they wait for has room; at most so many.

        They are taken from the brokers in turn, from the one with the shortest queue first, so that none lies idle
        where the window is full of those who wait for another.
        """
        taken: list[Work] = []
        room = {broker: pace.room_at(broker) for broker in sorted(self._lines, key=pace.seconds_at)}
        while room and len(taken) < most:
            for broker in tuple(room):
                work = self._first(broker) if room[broker] > 0 and len(taken) < most else None
                if work is None:
                    del room[broker]
                else:
                    room[broker] -= 1
                    taken.append(work)
        return taken

    @property
    def next_at(self) -> float:
        """When the next one who waits for a time may be asked; `inf` where all wait for room."""
        now = anyio.current_time()
        return min((line[0][0] for line in self._lines.values() if line[0][0] > now), default=inf)

    @property
    def first_at(self) -> float:
        """Since or from when the first of them may be asked, as far as only time counts."""
        return min((line[0][0] for line in self._lines.values()), default=inf)

    def _first(self, broker: str) -> Work | None:
        line = self._lines.get(broker, [])
        while line:
            since, _, key = line[0]
            work = self._waiting.get(key)
            if work is None or work.not_before != since:  # taken from another line meanwhile
                heappop(line)
                continue
            if since > anyio.current_time():
                return None
            heappop(line)
            del self._waiting[key]
            break
        else:
            work = None
        if not line:
            self._lines.pop(broker, None)
        return work


@frozen(kw_only=True)
class Lacking:
    """What of an investor could not be read and may be later: the errors, and the brokers where they arose.

    A broker is `failed` where it was asked, and `put_off` where no call was made for the account.
    """

    errors: tuple[KoscomError, ...]
    put_off: frozenset[str]
    failed: frozenset[str]

    @classmethod
    def of(
        cls,
        holdings: Holdings | None,
        error: KoscomError | None,
        queue_of: Callable[[VirtualAccount], str],
    ) -> Self:
        """Return what is lacking after an investor was asked; `error` is why there are no holdings."""
        errors, put_off, failed = list[KoscomError](), set[str](), set[str]()
        if error is not None and may_pass(error):
            errors.append(error)
            (put_off if _made_no_call(error) else failed).add(COMMON)
        for failure in holdings.failures if holdings is not None else ():
            if may_pass(failure.error):
                errors.append(failure.error)
                (put_off if _was_put_off(failure) else failed).add(queue_of(failure.account))
        return cls(errors=tuple(errors), put_off=frozenset(put_off), failed=frozenset(failed))

    def brokers(self, *, may_fail_again: bool) -> tuple[str, ...]:
        """Return the brokers for which it is worth to wait: those that failed only while attempts are left."""
        return tuple(sorted(self.put_off | self.failed if may_fail_again else self.put_off))

    def seconds(self, usual: float) -> float:
        """Return how long to wait; `usual` is a breaker's cool-down, for failures that do not say."""
        return max((_seconds_after(error, usual) for error in self.errors), default=0.0)


def may_pass(error: KoscomError) -> bool:
    """Whether asking again later may help; a spent quota does not pass before the day ends."""
    return error.retriable or isinstance(error, QuotaExceededError)


def _was_put_off(outcome: AccountOutcome) -> bool:
    error = outcome.error
    return error is not None and (
        _made_no_call(error) or (isinstance(error, DeadlineExceededError) and not outcome.trace.calls)
    )


def _made_no_call(error: KoscomError) -> bool:
    """Whether no call was made, and the run itself knows when to ask again."""
    if isinstance(error, OverloadedError):
        return error.retry_after is None  # the run's own pace, and no limiter's
    if isinstance(error, BreakerOpenError):
        return error.broker != AUTH
    return isinstance(error, QuotaExceededError)


def _seconds_after(error: KoscomError, usual: float) -> float:
    if isinstance(error, QuotaExceededError):
        return (error.resets_at - utc_now()).total_seconds()
    if _made_no_call(error):
        return 0.0  # it waits until the broker has room, or may be asked for anyone
    wanted = error.retry_after if isinstance(error, PlatformError | OverloadedError) else None
    if wanted is None and isinstance(error, DeadlineExceededError):
        return 0.0  # it has waited
    return min(usual if wanted is None else wanted, LONGEST_WAIT)

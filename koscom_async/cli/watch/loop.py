"""Asks again and again: when, until when, and what changed meanwhile. Shows nothing itself.

Each account is compared with its last answer that was read, so that what was sold while a broker was down is reported
when it is back, and not lost between two answers that cannot be compared.
"""

from collections.abc import Awaitable, Callable
from typing import NoReturn, Protocol

import anyio
from attrs import evolve

from koscom_async._merge import merge
from koscom_async.errors import (
    BrokerUnavailableError,
    ConnectionFailedError,
    DeadlineExceededError,
    KoscomError,
    QuotaExceededError,
    RateLimitedError,
)
from koscom_async.models.difference import HoldingsDiff
from koscom_async.models.holdings import Holdings


class Watcher(Protocol):
    """Shows how a watch goes."""

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
    errors = [failure.error for failure in holdings.failures if failure.error]
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

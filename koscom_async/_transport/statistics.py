"""What happened: counts by broker, the trace of an operation, and the records that observers see of it.

Nothing is decided here: what is recorded changes no call.
"""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from attrs import define, field

from koscom_async._transport.limits.tickets import Ticket
from koscom_async.errors import BreakerOpenError, KoscomError, OverloadedError, RateLimitedError
from koscom_async.models.outcome import Trace
from koscom_async.models.statistics import BrokerStatistics
from koscom_async.observer import CANCELLED, OK, Attempt, Operation

logger = logging.getLogger("koscom_async.transport")


@define(eq=False, repr=False)
class TraceBuilder:
    """What one operation took, written down by the gateway and the services; a `Trace` is its frozen copy.

    `ticket` is the operation's at the limiter, which several traces may share: a fan-out has one for each account.
    """

    started: float = 0.0
    ticket: Ticket | None = None
    calls: int = 0
    retries: int = 0
    pages: int = 0
    seconds_waited: float = 0.0
    notes: dict[str, None] = field(factory=dict)  # a set that keeps its order

    def note(self, *words: str) -> None:
        """Note what was tolerated, or which way was taken; each thing once."""
        self.notes.update(dict.fromkeys(words))

    def frozen(self, now: float) -> Trace:
        """Return what was written so far."""
        return Trace(
            calls=self.calls,
            retries=self.retries,
            pages=self.pages,
            seconds_waited=round(self.seconds_waited, 6),
            seconds=round(now - self.started, 6),
            notes=tuple(self.notes),
        )


@define(eq=False, repr=False)
class Counts:
    """One broker's counts; see `BrokerStatistics` for what each means."""

    calls: int = 0
    failures: int = 0
    retries: int = 0
    refusals: int = 0
    retries_saved: int = 0
    calls_saved: int = 0
    in_flight: int = 0
    seconds_waited: float = 0.0


class Counters:
    """Counts by broker. Attempts and their records write; a snapshot is for everyone."""

    def __init__(self) -> None:
        self._brokers: dict[str, Counts] = {}

    def of(self, broker: str) -> Counts:
        """Return a broker's counts, to be added to."""
        counts = self._brokers.get(broker)
        if counts is None:
            counts = self._brokers[broker] = Counts()
        return counts

    def snapshot(self, breaker_of: Mapping[str, str]) -> tuple[BrokerStatistics, ...]:
        """Return every broker's figures, with the states of their breakers."""
        return tuple(
            BrokerStatistics(
                broker=broker,
                calls=counts.calls,
                failures=counts.failures,
                retries=counts.retries,
                refusals=counts.refusals,
                retries_saved=counts.retries_saved,
                calls_saved=counts.calls_saved,
                in_flight=counts.in_flight,
                seconds_waited=round(counts.seconds_waited, 6),
                breaker=breaker_of.get(broker, "closed"),
            )
            for broker, counts in sorted(self._brokers.items())
        )


@define(eq=False, repr=False)
class AttemptRecord:
    """Enter it around one attempt: it is counted, traced, logged, and reported to the observer."""

    _attempt: Attempt
    _counts: Counts
    _trace: TraceBuilder
    _span: AbstractContextManager[object]
    _is_sent: bool = False

    def __enter__(self) -> Self:
        self._span.__enter__()
        return self

    def sent_after(self, seconds: float) -> None:
        """Record that the limits let the call leave, after so many seconds."""
        self._is_sent = True
        self._attempt.seconds_waited = seconds
        self._trace.seconds_waited += seconds
        self._trace.calls += 1
        if self._trace.ticket is not None:
            self._trace.ticket.calls += 1
        self._counts.seconds_waited += seconds
        self._counts.calls += 1
        self._counts.in_flight += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        attempt = self._attempt
        self._counts.in_flight -= self._is_sent
        if error is None:
            attempt.outcome = OK
            logger.debug("%s %s: answered at attempt %d", attempt.broker, attempt.endpoint, attempt.number)
        elif isinstance(error, KoscomError):
            attempt.outcome = _outcome_of(error)
            self._count_failure(error)
            logger.debug(
                "%s %s: attempt %d failed: %s", attempt.broker, attempt.endpoint, attempt.number, error
            )
        # An observer cannot swallow an error: what it returns is ignored.
        self._span.__exit__(kind, error, traceback)

    def _count_failure(self, error: KoscomError) -> None:
        self._counts.calls_saved += isinstance(error, BreakerOpenError | OverloadedError)
        if self._is_sent:
            self._counts.failures += 1
            self._counts.refusals += isinstance(error, RateLimitedError)


@define(eq=False, repr=False)
class OperationRecord:
    """Enter it around one operation: the observer sees how it ends."""

    _operation: Operation
    _span: AbstractContextManager[object]

    def __enter__(self) -> None:
        self._span.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, KoscomError):
            self._operation.outcome = _outcome_of(error)
        elif error is None and self._operation.outcome == CANCELLED:
            self._operation.outcome = OK
        self._span.__exit__(kind, error, traceback)


def _outcome_of(error: KoscomError) -> str:
    """Return the word by which an observer knows an error: its code, or else its class."""
    return error.code or type(error).__name__

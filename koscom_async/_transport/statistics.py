"""What happened at each broker, counted while it happens; the client's statistics are read from here."""

from collections.abc import Mapping

from attrs import define, field

from koscom_async.models.outcome import Trace
from koscom_async.models.statistics import BrokerStatistics

# What an operation took, written down while it runs; a `Trace` is its frozen copy.


@define
class TraceBuilder:
    """The gateway and the services write here; one log belongs to one account's question."""

    started: float = 0.0
    calls: int = 0
    retries: int = 0
    pages: int = 0
    seconds_waited: float = 0.0
    notes: dict[str, None] = field(factory=dict)  # a set that keeps its order

    def note(self, *words: str) -> None:
        """Remember what was tolerated, or which way was taken; each thing once."""
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


@define
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
    """Counts by broker; the gateway and the retrier write, anybody may take a snapshot."""

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

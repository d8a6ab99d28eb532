"""A circuit breaker for each broker: it opens after a run of availability failures, and one probe closes it again.

Account-level errors never count: they come from a broker that works. While a circuit is open, calls fail at once, with
the code and message of the failure that opened it, as that is what the caller needs to know.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import Enum
from types import TracebackType

import anyio
from attrs import define

from koscom_async.errors import (
    BreakerOpenError,
    BrokerUnavailableError,
    ConnectionFailedError,
    KoscomError,
    LimitsUnavailableError,
    QuotaExceededError,
    UsageError,
)
from koscom_async.settings import Breaker

logger = logging.getLogger("koscom_async.transport.breaker")

PROBE_SECONDS = 1.0
"""The least `retry_after`: while a probe is under way, the cool-down is over, and to ask at once does not help."""


class BreakerState(Enum):
    """Closed: calls pass. Open: they fail at once. Half-open: one probe is under way."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@define(eq=False)
class _Circuit:
    broker: str
    failures: int = 0
    opened_at: float | None = None
    is_probing: bool = False
    last: KoscomError | None = None


class Breakers:
    """The circuits of all brokers. Only a `guard` changes them."""

    def __init__(self, policy: Breaker, *, clock: Callable[[], float] = anyio.current_time) -> None:
        self._policy = policy
        self._clock = clock
        self._circuits: dict[str, _Circuit] = {}

    def state_of(self, broker: str) -> BreakerState:
        """Return the state of a broker's circuit."""
        circuit = self._circuits.get(broker)
        if circuit is None or circuit.opened_at is None:
            return BreakerState.CLOSED
        return BreakerState.HALF_OPEN if circuit.is_probing else BreakerState.OPEN

    def states(self) -> dict[str, str]:
        """Return the state of every circuit, as statistics name it."""
        return {broker: self.state_of(broker).value for broker in self._circuits}

    def guard(self, broker: str) -> AbstractContextManager[None]:
        """Enter it around one attempt, whose end it records; entering raises while the circuit is open."""
        circuit = self._circuits.get(broker)
        if circuit is None:
            circuit = self._circuits[broker] = _Circuit(broker)
        return _Guard(self, circuit)

    def ended(self, circuit: _Circuit, error: BaseException | None, *, is_probe: bool) -> None:
        """Record how an attempt ended."""
        if error is None:
            self._succeeded(circuit)
        elif isinstance(error, BrokerUnavailableError | ConnectionFailedError):
            self._failed(circuit, error, is_probe=is_probe)
        elif isinstance(error, QuotaExceededError | LimitsUnavailableError | UsageError):
            # From the limiter, or the gateway for itself, or no call could leave: it says nothing about the broker.
            # The next call may probe.
            circuit.is_probing = circuit.is_probing and not is_probe
        elif isinstance(error, KoscomError):
            # The broker answered, whatever the answer.
            self._succeeded(circuit)
        elif is_probe:
            # Cancelled: it says nothing about the broker. The next call may probe.
            circuit.is_probing = False

    def admit(self, circuit: _Circuit) -> bool:
        """Return whether an attempt is the probe; raise while none may pass."""
        if circuit.opened_at is None:
            return False
        wait = circuit.opened_at + self._policy.cool_down - self._clock()
        if wait > 0 or circuit.is_probing:
            raise _open_error(circuit, max(wait, 0.0))
        circuit.is_probing = True
        logger.info("probing %s with one call", circuit.broker)
        return True

    def _failed(self, circuit: _Circuit, error: KoscomError, *, is_probe: bool) -> None:
        circuit.failures += 1
        circuit.last = error
        if is_probe or (circuit.opened_at is None and circuit.failures >= self._policy.failures):
            circuit.opened_at = self._clock()
            circuit.is_probing = False
            logger.warning(
                "circuit open for %s: %d consecutive failures, the last: %s; next probe in %g s",
                circuit.broker,
                circuit.failures,
                error.message,
                self._policy.cool_down,
            )

    def _succeeded(self, circuit: _Circuit) -> None:
        if circuit.opened_at is not None:
            logger.info("circuit closed for %s: it answers again", circuit.broker)
        circuit.failures = 0
        circuit.opened_at = None
        circuit.is_probing = False
        circuit.last = None


@define(eq=False)
class _Guard(AbstractContextManager[None]):
    """One attempt. Not a `@contextmanager`, which would cost each call four times as much."""

    breakers: Breakers
    circuit: _Circuit
    is_probe: bool = False

    def __enter__(self) -> None:
        self.is_probe = self.breakers.admit(self.circuit)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.breakers.ended(self.circuit, error, is_probe=self.is_probe)


def _open_error(circuit: _Circuit, wait: float) -> BreakerOpenError:
    last = circuit.last
    reason = last.message if last else "no answer"
    return BreakerOpenError(
        f"circuit open: {circuit.broker} failed {circuit.failures} times in a row ({reason}); "
        f"next probe in {wait:.0f} s",
        code=last.code if last else None,
        category=last.category if last else None,
        retry_after=max(wait, PROBE_SECONDS),
    )

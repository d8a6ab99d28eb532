"""A circuit breaker for each broker: it opens when most of the investors heard lately get no answer.

What one investor meets, or one account, may be their own: an odd record, a slow account. So callers are heard one by
one, within a window. A circuit that opened on few investors' word holds up only the callers that failed; any other
goes through, and by its answer closes the circuit for all, or is one more that failed. Once enough investors have
failed, no call passes but a probe. Account-level errors never count: they come from a broker that works.

A call that is refused fails at once, with the code and message of the failure that opened the circuit.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import Enum
from time import monotonic
from types import TracebackType
from typing import Self

from attrs import define, field, frozen

from koscom_async._wire.endpoints import PLATFORM, Caller
from koscom_async.errors import (
    BreakerOpenError,
    BrokerUnavailableError,
    ConnectionFailedError,
    KoscomError,
    LimitsUnavailableError,
    OverloadedError,
    QuotaExceededError,
    UsageError,
)
from koscom_async.settings import Breaker

logger = logging.getLogger("koscom_async.transport.breaker")

LEAST_RETRY_SECONDS = 1.0
"""The least `retry_after`: while a probe is under way, the cool-down is over, and to ask at once does not help."""

MOST_CALLERS = 1000
"""Of so many callers a circuit remembers how their latest call ended."""

LATEST_INVESTORS = 20
"""Of so many investors, the latest that were heard, most must fail: so an outage shows soon after a busy hour, too."""

# Every investor asks the platform's services first, and one investor's odd record may make them answer a 500. So of
# these only what no record can cause counts: no answer, or a status with which a gateway reports that it has none.
_OF_A_GATEWAY = {502, 503, 504}


class BreakerState(Enum):
    """Closed: calls pass. Open: they fail at once. Half-open: one probe is under way."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@define(eq=False)
class _Heard:
    """How the latest call of one caller ended: `failures` in a row, 0 for an answer."""

    at: float
    failures: int = 0


@frozen(eq=False)
class _Reason:
    """What is repeated of the failure that opened a circuit: the error itself keeps frames and an investor alive."""

    message: str = "no answer"
    code: str | None = None
    category: str | None = None


@define(eq=False)
class _Circuit:
    """One broker's circuit: who was heard lately, and the verdict of the latest failure."""

    broker: str
    heard: dict[Caller, _Heard] = field(factory=dict)
    opened_at: float | None = None
    is_probing: bool = False
    reason: _Reason = _Reason()
    failures: int = 0
    investors: int = 0
    holds_for_all: bool = False

    def hear(self, caller: Caller, now: float, *, failed: bool) -> None:
        """Record how a call ended."""
        latest = self.heard.get(caller)
        if latest is None:
            latest = self.heard[caller] = _Heard(now)
            if len(self.heard) > MOST_CALLERS:
                del self.heard[next(iter(self.heard))]
        latest.at = now
        latest.failures = latest.failures + 1 if failed else 0

    def judge(self, policy: Breaker, now: float) -> bool:
        """Return whether the broker is down for most of the investors heard last; forget who was not heard lately.

        An investor with one account that was answered is sound. `holds_for_all`: so many investors failed that it holds
        for those, too, who were not heard; each has one share in that verdict, however often it failed.
        """
        self.heard = {
            caller: latest for caller, latest in self.heard.items() if latest.at >= now - policy.window
        }
        heard_at: dict[int, float] = {}
        failures: dict[int, int] = {}
        for (investor, _), latest in self.heard.items():
            heard_at[investor] = max(latest.at, heard_at.get(investor, latest.at))
            failures[investor] = failures.get(investor, 0) + latest.failures
        sound = {investor for (investor, _), latest in self.heard.items() if not latest.failures}
        recent = sorted(heard_at, key=heard_at.__getitem__)[-LATEST_INVESTORS:]
        failing = [failures[investor] for investor in recent if investor not in sound]
        share = -(-policy.failures // policy.investors)
        self.failures, self.investors = sum(failing), len(failing)
        self.holds_for_all = (
            len(failing) >= policy.investors
            and sum(min(count, share) for count in failing) >= policy.failures
        )
        return self.failures >= policy.failures and 2 * len(failing) > len(recent)


class Breakers:
    """The circuits of all brokers. Only a `guard` changes them."""

    def __init__(self, policy: Breaker, *, clock: Callable[[], float] = monotonic) -> None:
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

    def guard(self, broker: str, caller: Caller) -> "Guard":
        """Enter it around an attempt, whose end it records; raises `BreakerOpenError` while the circuit is open."""
        circuit = self._circuits.get(broker)
        if circuit is None:
            circuit = self._circuits[broker] = _Circuit(broker)
        return Guard(self, circuit, caller)

    def admit(self, circuit: _Circuit, caller: Caller) -> bool:
        """Return whether an attempt is the probe; raise `BreakerOpenError` where it may not pass."""
        latest = circuit.heard.get(caller)
        has_failed = latest is not None and latest.failures > 0
        if circuit.opened_at is None or not (has_failed or circuit.holds_for_all):
            return False
        wait = circuit.opened_at + self._policy.cool_down - self._clock()
        if wait > 0 or circuit.is_probing:
            raise _open_error(circuit, max(wait, 0.0))
        circuit.is_probing = True
        logger.info("probing %s with one call", circuit.broker)
        return True

    def record_end(
        self, circuit: _Circuit, caller: Caller, error: BaseException | None, *, is_probe: bool
    ) -> None:
        """Record how an attempt ended."""
        if error is None:
            self._answered(circuit, caller)
        elif not isinstance(error, KoscomError) or _is_not_the_brokers(error):
            # Cancelled, or an error that says nothing about the broker. The next call may probe.
            circuit.is_probing = circuit.is_probing and not is_probe
        elif _is_failure(circuit.broker, error):
            self._failed(circuit, caller, error, is_probe=is_probe)
        else:
            # The broker answered, whatever the answer.
            self._answered(circuit, caller)

    def _failed(self, circuit: _Circuit, caller: Caller, error: KoscomError, *, is_probe: bool) -> None:
        now = self._clock()
        circuit.reason = _Reason(error.message, error.code, error.category)
        circuit.hear(caller, now, failed=True)
        is_down = circuit.judge(self._policy, now)
        if is_probe or (circuit.opened_at is None and is_down):
            circuit.opened_at = now
            circuit.is_probing = False
            logger.warning(
                "circuit open for %s: %d failures of %d investors, the last: %s; next probe in %g s",
                circuit.broker,
                circuit.failures,
                circuit.investors,
                error.message,
                self._policy.cool_down,
            )

    def _answered(self, circuit: _Circuit, caller: Caller) -> None:
        if circuit.opened_at is not None:
            logger.info("circuit closed for %s: it answers again", circuit.broker)
            circuit.heard.clear()
            circuit.opened_at = None
            circuit.is_probing = False
            circuit.reason = _Reason()
        circuit.hear(caller, self._clock(), failed=False)


@define(eq=False)
class Guard(AbstractContextManager["Guard"]):
    """One attempt. Not a `@contextmanager`, which would cost each call four times as much."""

    _breakers: Breakers
    _circuit: _Circuit
    _caller: Caller
    _is_probe: bool = False

    def __enter__(self) -> Self:
        self.check()
        return self

    def check(self) -> None:
        """Raise where the attempt may not pass. A call asks again when its turn has come: it may have waited long."""
        if self._circuit.opened_at is not None and not self._is_probe:
            self._is_probe = self._breakers.admit(self._circuit, self._caller)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._breakers.record_end(self._circuit, self._caller, error, is_probe=self._is_probe)


_REFUSED_HERE = (BreakerOpenError, QuotaExceededError, LimitsUnavailableError, OverloadedError, UsageError)


def _is_not_the_brokers(error: KoscomError) -> bool:
    """Whether an error says nothing about the broker.

    The breaker, the limiter or the gateway's quota refused the call, it could not be written, or this computer is at
    fault (certificates, a token store).
    """
    if isinstance(error, ConnectionFailedError):
        return not error.retriable
    return isinstance(error, _REFUSED_HERE)


def _is_failure(broker: str, error: KoscomError) -> bool:
    """Whether an error says that the broker is not available."""
    if isinstance(error, BrokerUnavailableError):
        return broker not in PLATFORM or error.status in _OF_A_GATEWAY
    return isinstance(error, ConnectionFailedError)


def _open_error(circuit: _Circuit, wait: float) -> BreakerOpenError:
    reason = circuit.reason
    return BreakerOpenError(
        f"circuit open: {circuit.broker} failed {circuit.failures} times lately ({reason.message}); "
        f"next probe in {wait:.0f} s",
        code=reason.code,
        category=reason.category,
        retry_after=max(wait, LEAST_RETRY_SECONDS),
    )

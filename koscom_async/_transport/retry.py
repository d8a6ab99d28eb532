"""When a failed call is asked again, and after which wait: what the error table calls retriable, with full jitter.

tenacity computes the waits, and is entered only after a failure: a call that succeeds at once pays nothing for it.
What an attempt does, and what an error means, is not decided here.
"""

import logging
import sys
from collections.abc import Awaitable, Callable
from time import monotonic
from types import TracebackType
from typing import Self, cast

import anyio
from attrs import define, field
from tenacity import AsyncRetrying, RetryCallState, wait_random_exponential

from koscom_async._masking import without_frames
from koscom_async._transport.statistics import Counters, TraceBuilder
from koscom_async._wire.endpoints import Caller
from koscom_async.errors import BreakerOpenError, KoscomError, OverloadedError, PlatformError, ResponseError
from koscom_async.settings import Retry

Sleep = Callable[[float], Awaitable[None]]

logger = logging.getLogger("koscom_async.transport.retry")


NO_CALLER: Caller = (0, None)
MOST_DEBTORS = 1000
"""Of so many callers the budget remembers what they took."""


class RetryBudget:
    """What each broker's retries may still cost: an outage cannot multiply the load. Only `earn` and `spend` change it.

    A token bucket for each broker: a first attempt adds `budget_share` of a token, a retry takes one, and the bucket
    holds at most `budget_reserve`, with which it begins. One caller takes no more than half of the reserve beyond what
    it earns: one account that always fails must not take the retries of its broker's others.
    """

    def __init__(self, policy: Retry) -> None:
        self._share = policy.budget_share
        self._reserve = float(policy.budget_reserve)
        self._tokens: dict[str, float] = {}
        self._debts: dict[tuple[str, Caller], float] = {}  # what callers took, and have not earned since

    def earn(self, broker: str, caller: Caller) -> None:
        """Credit a first attempt."""
        self._tokens[broker] = min(self._reserve, self._tokens.get(broker, self._reserve) + self._share)
        debt = self._debts.pop((broker, caller), 0.0) if self._debts else 0.0
        if debt > self._share:
            self._debts[broker, caller] = debt - self._share

    def spend(self, broker: str, caller: Caller) -> bool:
        """Take the token of one retry; return `False` where there is none."""
        tokens, debt = self._tokens.get(broker, self._reserve), self._debts.get((broker, caller), 0.0)
        if tokens < 1 or debt + 1 > max(1.0, self._reserve / 2):
            return False
        self._tokens[broker] = tokens - 1
        self._debts[broker, caller] = debt + 1
        if len(self._debts) > MOST_DEBTORS:
            del self._debts[next(iter(self._debts))]
        return True


class Retrier:
    """The retry policy of one client."""

    def __init__(
        self, policy: Retry, *, counters: Counters | None = None, sleep: Sleep = anyio.sleep
    ) -> None:
        self.policy = policy
        self.budget = RetryBudget(policy)
        self.counters = counters or Counters()
        self.sleep = sleep
        self._tenacity = AsyncRetrying(wait=wait_random_exponential(multiplier=policy.base, max=policy.cap))

    def attempts(self, broker: str, caller: Caller, *, repeatable: bool, trace: TraceBuilder) -> "Attempts":
        """Return the attempts of one call; one that is not `repeatable` gets a single attempt."""
        self.budget.earn(broker, caller)
        return Attempts(self, broker, trace, caller, is_repeatable=repeatable)

    def single_attempt(self, broker: str, *, trace: TraceBuilder) -> "Attempts":
        """Return one attempt that is part of another call's: that call earned it, and repeats it if need be."""
        return Attempts(self, broker, trace)

    def wait_after(self, attempts: int, error: KoscomError) -> float:
        """Return how many seconds to wait after so many attempts: tenacity's jitter, or a longer `Retry-After`."""
        # tenacity's waits take the state of a call that it makes itself. Of this one they read the number only.
        state = RetryCallState(self._tenacity, fn=None, args=(), kwargs={})
        state.attempt_number = attempts
        return max(self._tenacity.wait(state), _retry_after(error))


@define(eq=False, repr=False)
class Attempts:
    """The attempts of one call, as a loop: the first at once, each further one after a wait.

        async for attempt in attempts:
            with attempt:
                return await ask()
        raise attempts.failure

    The loop ends when no further attempt may help. What it yields is this object: `number` is 1 for the first
    attempt, `seconds_backed_off` passed since the one before. A block that is left without an error is entered once
    more, at once and under the same number; a `return` leaves the loop with it.

    A failure leaves an attempt without its frames, which hold what was sent and what came.
    """

    _retrier: Retrier
    _broker: str
    _trace: TraceBuilder
    _caller: Caller = NO_CALLER
    _is_repeatable: bool = False
    number: int = 0
    seconds_backed_off: float = 0.0
    _failure: KoscomError | None = None
    _failed_at: float = 0.0
    _has_failed: bool = False
    _retries_counted: int = 0
    _handled: BaseException | None = field(factory=sys.exception)

    @property
    def failure(self) -> KoscomError:
        """The last error, with the number of attempts on it."""
        return cast("KoscomError", self._failure)  # the loop only ends with one

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Self:
        if self.number == 0:
            self.number = 1
        elif self._has_failed:
            await self._back_off(self.failure)
        return self

    def __enter__(self) -> Self:
        self._has_failed = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if error is not None and not isinstance(error, KoscomError):
            return False
        if isinstance(error, BreakerOpenError) and self._failure is not None:
            # It opened while this call waited. No call left, and the failure before says more.
            self._is_repeatable = False
        else:
            self._count_retry()
            if error is None:
                return False
            error.attempts = self.number
            self._failure, self._failed_at = without_frames(error, handled=self._handled), monotonic()
        self._has_failed = True
        return True

    async def _back_off(self, failure: KoscomError) -> None:
        if not self._is_repeatable or not self._may_help(failure):
            raise StopAsyncIteration
        seconds = self._retrier.wait_after(self.number, failure)
        if self._is_last(seconds) or not self._is_affordable():
            raise StopAsyncIteration
        logger.info(
            "%s: retrying in %.3f s (attempt %d): %s", self._broker, seconds, self.number + 1, failure
        )
        self._trace.seconds_waited += seconds
        await self._retrier.sleep(seconds)
        self.number += 1
        self.seconds_backed_off = monotonic() - self._failed_at

    def _may_help(self, failure: KoscomError) -> bool:
        # The caller waits for an open breaker, or a long queue: a retry here would hold the call for all that time. An
        # answer that must not be believed may be another one later; pages that contradict each other were read twice
        # already.
        if isinstance(failure, BreakerOpenError | OverloadedError | ResponseError):
            return False
        return failure.retriable and _retry_after(failure) <= self._retrier.policy.max_retry_after

    def _is_last(self, seconds: float) -> bool:
        # Waiting past the deadline would only turn a good reason into a worse one.
        overruns = anyio.current_time() + seconds >= anyio.current_effective_deadline()
        return overruns or self.number >= self._retrier.policy.attempts

    def _is_affordable(self) -> bool:
        if self._retrier.budget.spend(self._broker, self._caller):
            return True
        self._retrier.counters.of(self._broker).retries_saved += 1
        self._trace.note(f"{self._broker}'s retry budget is spent; the call was not retried")
        logger.warning("%s: retry budget is spent; a failed call is not retried", self._broker)
        return False

    def _count_retry(self) -> None:
        # Once for each attempt after the first, however often it is entered.
        if self._retries_counted < self.number - 1:
            self._retries_counted += 1
            self._trace.retries += 1
            self._retrier.counters.of(self._broker).retries += 1


def _retry_after(error: KoscomError) -> float:
    return (error.retry_after or 0.0) if isinstance(error, PlatformError) else 0.0

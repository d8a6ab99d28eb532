"""When to ask again, and how long to wait before: what the error table calls retriable, with full jitter.

tenacity does the plumbing, but only after a first failure: a call that succeeds at once pays nothing for it.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
from attrs import define
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    wait_random_exponential,
)

from koscom_async._transport.statistics import Counters, TraceBuilder
from koscom_async.errors import BreakerOpenError, KoscomError, PlatformError
from koscom_async.settings import Retry

# A retry budget for each broker: retries are paid for by first tries, so that an outage cannot multiply the load.
#
# A token bucket: each first try puts in `budget_share` of a token, each retry takes one out, and the bucket holds
# at most `budget_reserve`, with which it begins.


@define
class _Bucket:
    tokens: float


class RetryBudget:
    """What each broker's retries may still cost. Only `earn` and `spend` change it."""

    def __init__(self, policy: Retry) -> None:
        self._share = policy.budget_share
        self._reserve = float(policy.budget_reserve)
        self._buckets: dict[str, _Bucket] = {}

    def _bucket(self, broker: str) -> _Bucket:
        bucket = self._buckets.get(broker)
        if bucket is None:
            bucket = self._buckets[broker] = _Bucket(self._reserve)
        return bucket

    def earn(self, broker: str) -> None:
        """Take note of a first try."""
        bucket = self._bucket(broker)
        bucket.tokens = min(self._reserve, bucket.tokens + self._share)

    def spend(self, broker: str) -> bool:
        """Whether there is a token for a retry; it is taken."""
        bucket = self._bucket(broker)
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True


Answer = TypeVar("Answer")
Sleep = Callable[[float], Awaitable[None]]

logger = logging.getLogger("koscom_async.transport.retry")


@define(eq=False)
class _Replay:
    """An attempt whose first outcome is known already; `failure` is the last that the gateway gave."""

    failure: KoscomError
    attempt: Callable[[], Awaitable[object]]
    count_retry: Callable[[], None]
    attempts: int = 0

    async def __call__(self) -> object:
        self.attempts += 1
        if self.attempts == 1:
            raise self.failure
        try:
            answer = await self.attempt()
        except BreakerOpenError:
            raise  # no call left
        except KoscomError as error:
            self.count_retry()
            error.attempts = self.attempts
            self.failure = error
            raise
        self.count_retry()
        return answer


class Retrier:
    """Runs an attempt, and again where that may help."""

    def __init__(
        self, policy: Retry, *, counters: Counters | None = None, sleep: Sleep = anyio.sleep
    ) -> None:
        self._policy = policy
        self._budget = RetryBudget(policy)
        self._counters = counters or Counters()
        self._sleep = sleep
        self._jitter = wait_random_exponential(multiplier=policy.base, max=policy.cap)

    async def run(
        self, attempt: Callable[[], Awaitable[Answer]], *, broker: str, repeatable: bool, log: TraceBuilder
    ) -> Answer:
        """Return the attempt's answer, or raise its last error with the number of attempts on it."""
        self._budget.earn(broker)
        try:
            return await attempt()
        except KoscomError as error:
            error.attempts = 1
            if not repeatable or not self._may_help(error):
                raise
            first = error
        return await self._again(attempt, first, broker, log)

    async def _again(
        self, attempt: Callable[[], Awaitable[Answer]], first: KoscomError, broker: str, log: TraceBuilder
    ) -> Answer:
        # Apart from the first try, which would otherwise carry cells for all of this.
        async def sleep(seconds: float) -> None:
            log.seconds_waited += seconds
            await self._sleep(seconds)

        def count_retry() -> None:
            log.retries += 1
            self._counters.of(broker).retries += 1

        retrying = AsyncRetrying(
            retry=retry_if_exception(self._may_help),
            wait=self._wait,
            stop=lambda state: self._is_over(state, broker, log),
            before_sleep=lambda state: _tell(state, broker),
            sleep=sleep,
            reraise=True,
        )
        replay = _Replay(first, attempt, count_retry)
        try:
            return await retrying(replay)
        except BreakerOpenError:
            # It opened while this call waited: the broker's own words say more than that it is left alone.
            failure = replay.failure
        raise failure

    def _is_over(self, state: RetryCallState, broker: str, log: TraceBuilder) -> bool:
        # Waiting past the deadline would only turn a good reason into a worse one.
        if state.attempt_number >= self._policy.attempts or _overruns_deadline(state):
            return True
        if self._budget.spend(broker):
            return False
        self._counters.of(broker).retries_saved += 1
        log.note(f"{broker}'s retry budget is spent; the call was not tried again")
        logger.warning("%s's retry budget is spent; a call that failed is not tried again", broker)
        return True

    def _may_help(self, error: BaseException) -> bool:
        # An open breaker is the caller's to wait for: a retry here would hold the call for the whole cool-down.
        if not isinstance(error, KoscomError) or isinstance(error, BreakerOpenError) or not error.retriable:
            return False
        return (_asked_to_wait(error) or 0) <= self._policy.max_retry_after

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return max(self._jitter(state), _asked_to_wait(error) or 0.0)


def _tell(state: RetryCallState, broker: str) -> None:
    if logger.isEnabledFor(logging.INFO):
        reason = state.outcome.exception() if state.outcome else None
        logger.info(
            "%s: attempt %d comes in %.3f s, since: %s",
            broker,
            state.attempt_number + 1,
            state.upcoming_sleep,
            reason,
        )


def _asked_to_wait(error: BaseException | None) -> float | None:
    return error.retry_after if isinstance(error, PlatformError) else None


def _overruns_deadline(state: RetryCallState) -> bool:
    return anyio.current_time() + state.upcoming_sleep >= anyio.current_effective_deadline()

"""Asking again: what may help, how long to wait, when to stop."""

import anyio
import anyio.lowlevel
import pytest

from koscom_async import (
    BreakerOpenError,
    BrokerUnavailableError,
    ConnectionFailedError,
    MalformedResponseError,
    PagingError,
    Retry,
    TruncatedResponseError,
)
from koscom_async._transport.retry import Retrier
from koscom_async._transport.statistics import TraceBuilder
from tests.fake_time import settled


class Scripted:
    """An attempt that fails with each error in turn, and then answers."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.attempts = 0

    async def __call__(self):
        self.attempts += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def retrier(waits, **policy):
    async def sleep(seconds):
        waits.append(seconds)
        await anyio.lowlevel.checkpoint()

    return Retrier(Retry(**policy), sleep=sleep)


async def run(retrier, ask, *, repeatable=True, trace=None):
    attempts = retrier.attempts("star", (1, None), repeatable=repeatable, trace=trace or TraceBuilder())
    async for attempt in attempts:
        with attempt:
            return await ask()
    raise attempts.failure


def unavailable(**facts):
    return BrokerUnavailableError("down", code="3600", retriable=True, **facts)


async def test_a_success_is_asked_once_and_waits_for_nothing():
    waits, attempt, trace = [], Scripted(), TraceBuilder()
    assert await run(retrier(waits), attempt, trace=trace) == "answer"
    assert (attempt.attempts, waits, trace.retries) == (1, [], 0)


async def test_a_passing_failure_is_asked_again_until_it_answers():
    waits, attempt, trace = [], Scripted(unavailable(), unavailable()), TraceBuilder()
    assert await run(retrier(waits), attempt, trace=trace) == "answer"
    assert (attempt.attempts, trace.retries) == (3, 2)
    assert trace.seconds_waited == pytest.approx(sum(waits))


async def test_the_last_error_is_raised_bare_with_the_number_of_attempts():
    errors = [unavailable() for _ in range(9)]
    waits, attempt = [], Scripted(*errors)
    with pytest.raises(BrokerUnavailableError) as caught:
        await run(retrier(waits, attempts=4), attempt)
    assert caught.value is errors[3]
    assert (caught.value.attempts, attempt.attempts, len(waits)) == (4, 4, 3)
    assert "asked 4 times" in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        BrokerUnavailableError("not found", code="3999"),
        MalformedResponseError("no JSON"),
        ConnectionFailedError("odd transport", retriable=False),
        BreakerOpenError("not asked", code="3600", retry_after=0.5),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_cannot_help_is_asked_once(error):
    waits, attempt = [], Scripted(error)
    with pytest.raises(type(error)) as caught:
        await run(retrier(waits), attempt)
    assert (attempt.attempts, caught.value.attempts, waits) == (1, 1, [])


async def test_a_second_error_that_cannot_help_ends_it_with_its_own_count():
    waits, attempt = [], Scripted(unavailable(), MalformedResponseError("no JSON"))
    with pytest.raises(MalformedResponseError) as caught:
        await run(retrier(waits), attempt)
    assert (attempt.attempts, caught.value.attempts, len(waits)) == (2, 2, 1)


async def test_a_breaker_that_opens_in_between_leaves_the_broker_s_own_words():
    first, opened = unavailable(), BreakerOpenError("not asked", code="3600")
    attempt, trace = Scripted(first, opened), TraceBuilder()
    with pytest.raises(BrokerUnavailableError) as caught:
        await run(retrier([]), attempt, trace=trace)
    assert caught.value is first
    assert caught.value.attempts == 1
    assert trace.retries == 0


async def test_what_is_not_repeatable_is_asked_once_whatever_happens():
    waits, attempt = [], Scripted(unavailable())
    with pytest.raises(BrokerUnavailableError):
        await run(retrier(waits), attempt, repeatable=False)
    assert attempt.attempts == 1


async def test_waits_are_drawn_below_a_doubling_bound_that_has_a_cap():
    longest = [0.0] * 5
    for _ in range(200):
        waits = []
        attempt = Scripted(*(unavailable() for _ in range(5)))
        await run(retrier(waits, attempts=6, base=1.0, cap=5.0), attempt)
        longest = [max(pair) for pair in zip(longest, waits, strict=True)]
    bounds = [1, 2, 4, 5, 5]
    assert all(bound * 0.8 < most <= bound for most, bound in zip(longest, bounds, strict=True))


async def test_a_wait_that_the_gateway_asks_for_is_kept():
    waits = []
    attempt = Scripted(unavailable(retry_after=12.0))
    await run(retrier(waits, base=0.1, max_retry_after=30), attempt)
    assert waits == [12.0]


async def test_a_wait_above_the_cap_is_raised_at_once_with_its_value():
    waits, attempt = [], Scripted(unavailable(retry_after=31.0))
    with pytest.raises(BrokerUnavailableError) as caught:
        await run(retrier(waits, max_retry_after=30), attempt)
    assert (caught.value.retry_after, attempt.attempts, waits) == (31.0, 1, [])


async def test_no_wait_is_begun_that_would_overrun_the_deadline():
    waits, attempt = [], Scripted(unavailable(retry_after=20.0))
    with anyio.move_on_after(10), pytest.raises(BrokerUnavailableError):
        await run(retrier(waits, max_retry_after=30), attempt)
    assert (attempt.attempts, waits) == (1, [])


async def test_cancellation_is_not_an_error_to_ask_again_after():
    asked = []

    async def hang():
        asked.append(1)
        await anyio.sleep_forever()

    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(run, retrier([]), hang)
            await settled()
            scope.cancel()
    assert asked == [1]


async def test_concurrent_runs_do_not_share_their_counts():
    shared = retrier([], attempts=3, budget_reserve=100)
    attempts = [Scripted(unavailable()) for _ in range(50)]
    answers = []

    async def ask(attempt):
        answers.append(await run(shared, attempt))

    async with anyio.create_task_group() as group:
        for attempt in attempts:
            group.start_soon(ask, attempt)
    assert answers == ["answer"] * 50
    assert {attempt.attempts for attempt in attempts} == {2}


@pytest.mark.parametrize(
    "error", [MalformedResponseError("not JSON"), TruncatedResponseError("short"), PagingError("endless")]
)
async def test_an_answer_that_must_not_be_believed_may_be_asked_for_later_and_is_not_repeated_at_once(error):
    """The flag is the caller's, and a batch's: the call itself is made once."""
    calls = 0
    attempts = Retrier(Retry(attempts=3, base=1e-9, cap=1e-9)).attempts(
        "star", (1, None), repeatable=True, trace=TraceBuilder()
    )
    async for attempt in attempts:
        with attempt:
            calls += 1
            raise error
    assert (attempts.failure, attempts.failure.retriable, calls) == (error, True, 1)

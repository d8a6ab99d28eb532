"""The time that a caller gives to a whole operation: waits, retries and pages included."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf

import anyio

from koscom_async.errors import DeadlineExceededError, SettingsError

LONGEST_SECONDS = 1e9
"""Some thirty years: whoever means no deadline says `None`."""


def deadline_at(seconds: object) -> float:
    """Return when an operation that begins now must be over, on the event loop's clock."""
    if seconds is None:
        return inf
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, int | float)
        or not 0 < seconds <= LONGEST_SECONDS
    ):
        raise SettingsError(
            f"deadline must be a number of seconds above 0 and at most {LONGEST_SECONDS:g}, got {seconds!r}",
            setting="deadline",
        )
    return anyio.current_time() + seconds


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """End what is inside when the deadline strikes, with `DeadlineExceededError`."""
    if (
        deadline == inf
    ):  # a scope for nothing costs as much as the limits, the breaker and the counters together
        yield
        return
    with anyio.CancelScope(deadline=deadline) as scope:
        yield
    if scope.cancelled_caught:
        raise DeadlineExceededError("the deadline struck before the answer was whole", retriable=True)

"""The time that a caller gives to a whole operation: waits, retries and pages included."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf

import anyio

from koscom_async._wire.endpoints import Endpoint
from koscom_async.brokers import Broker
from koscom_async.errors import DeadlineExceededError, KoscomError, SettingsError
from koscom_async.models.member import VirtualAccount

# Names the place on an error that arose away from any single call, such as a missing row or a deadline.


@contextmanager
def error_context(
    endpoint: Endpoint, account: VirtualAccount | None = None, *, broker: Broker | None = None
) -> Iterator[None]:
    """Complete the errors that pass with endpoint and, where one is concerned, broker and masked account."""
    try:
        yield
    except KoscomError as error:
        error.endpoint = error.endpoint or endpoint.name
        if broker is not None:
            error.broker = error.broker or broker.short_name
        if account is not None:
            error.broker = error.broker or account.broker.short_name
            error.account = error.account or account.masked_number
        raise


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

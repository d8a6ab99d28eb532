"""One operation: its place in the limiter's lines, its deadline, its observer, its errors that name where they arose.

It makes no call and retries nothing: that is the gateway's work.
"""

import sys
from contextlib import AbstractContextManager, nullcontext
from math import inf
from types import TracebackType
from typing import Self

import anyio
from attrs import define, frozen

from koscom_async._masking import without_frames
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.limits.tickets import Ticket
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.endpoints import Endpoint
from koscom_async.errors import DeadlineExceededError, KoscomError, SettingsError, locate
from koscom_async.models.member import VirtualAccount
from koscom_async.observer import Operation

LONGEST_SECONDS = 1e9
"""Some thirty years: a caller without a deadline gives `None`."""


@frozen(eq=False, repr=False)
class Deadline:
    """When an operation must be over: `at`, on the event loop's clock, `seconds` after the caller asked."""

    seconds: float
    at: float

    def seconds_left(self) -> float | None:
        """Return how long an operation that is part of this one may take; `None` without a deadline."""
        return None if self.at == inf else self.at - anyio.current_time()


NO_DEADLINE = Deadline(inf, inf)


def deadline_at(seconds: object) -> Deadline:
    """Return the deadline of an operation that begins now.

    Raises `DeadlineExceededError` where no time is left: a server that computes what is left of its own deadline
    passes zero or less. Raises `SettingsError` for what is no number of seconds.
    """
    if seconds is None:
        return NO_DEADLINE
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, int | float)
        or not -LONGEST_SECONDS <= seconds <= LONGEST_SECONDS
    ):
        raise SettingsError(
            f"deadline must be a number of seconds, at most {LONGEST_SECONDS:g}, got {seconds!r}",
            setting="deadline",
        )
    if seconds <= 0:
        raise DeadlineExceededError(f"the deadline of {seconds:g} s passed before a call was made")
    return Deadline(seconds, anyio.current_time() + seconds)


def new_trace(ticket: Ticket | None = None) -> TraceBuilder:
    """Return a trace that begins now, of an operation with that ticket; without one, it gets one of its own."""
    return TraceBuilder(started=anyio.current_time(), ticket=ticket)


def operation(
    gateway: Gateway,
    endpoint: Endpoint,
    account: VirtualAccount | None = None,
    *,
    broker: str | None = None,
    deadline: Deadline,
    trace: TraceBuilder | None = None,
) -> AbstractContextManager[TraceBuilder]:
    """Enter an operation, and get the trace in which its calls are counted: the one given, or a new one.

    Inside, everything ends at the deadline with `DeadlineExceededError`, and every `KoscomError` gets the endpoint,
    broker and masked account that it does not name yet, and leaves without its frames. The observer sees how it ends.
    Where the trace has no ticket, the operation stands by itself in the limiter's lines, among those of its endpoint
    and broker.
    """
    trace = trace or new_trace()
    place: AbstractContextManager[Ticket | None] = nullcontext(trace.ticket)
    block = _Bounded.at(endpoint, account, broker, deadline)
    if trace.ticket is None:
        place = gateway.limiter.ticket((endpoint.name, block.broker), deadline.seconds)
    span = gateway.observe(Operation(name=endpoint.name, broker=block.broker, account=block.account))
    return _Observed(span, block, trace, place)


def bounded(
    endpoint: Endpoint, account: VirtualAccount, *, deadline: Deadline, trace: TraceBuilder
) -> AbstractContextManager[None]:
    """Enter a part of an operation that runs in a task of its own: deadline and errors as for `operation`."""
    block = _Bounded.at(endpoint, account, None, deadline)
    block.ticket = trace.ticket
    return block


def until(deadline: Deadline, answer: str) -> AbstractContextManager[None]:
    """Cancel the block at the deadline, and raise `DeadlineExceededError`: it passed before `answer` arrived."""
    return _Bounded(deadline, answer=answer)


# Classes, and not generators, which cost several times as much; and no cancel scope where there is no deadline, as a
# scope costs as much as the limits, the breaker and the counters together.


@define(eq=False)
class _Bounded(AbstractContextManager[None]):
    """The deadline of a block, and the place that its errors name."""

    deadline: Deadline
    endpoint: Endpoint | None = None
    answer: str | None = None
    broker: str | None = None
    account: str | None = None
    scope: anyio.CancelScope | None = None
    ticket: Ticket | None = None
    handled: BaseException | None = None

    @classmethod
    def at(
        cls, endpoint: Endpoint, account: VirtualAccount | None, broker: str | None, deadline: Deadline
    ) -> Self:
        return cls(
            deadline,
            endpoint,
            broker=account.broker.short_name if account is not None else broker,
            account=account.masked_number if account is not None else None,
        )

    def __enter__(self) -> None:
        self.handled = sys.exception()
        if self.deadline.at != inf:
            self.scope = anyio.CancelScope(deadline=self.deadline.at)
            self.scope.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        is_handled = self.scope.__exit__(kind, error, traceback) if self.scope else None
        if error is not None and self.ticket is not None and self.broker is not None:
            self.ticket.fail(self.broker)
        if isinstance(error, KoscomError | anyio.get_cancelled_exc_class()):
            without_frames(error, handled=self.handled)
        if self.scope and self.scope.cancelled_caught:
            answer = self.answer or (self.endpoint.answer if self.endpoint else "the answer")
            message = f"the deadline of {self.deadline.seconds:g} s passed before {answer} arrived"
            raise self._placed(DeadlineExceededError(message)) from None
        if isinstance(error, KoscomError):
            self._placed(error)
        return is_handled

    def _placed(self, error: KoscomError) -> KoscomError:
        endpoint = self.endpoint.name if self.endpoint else None
        return locate(error, broker=self.broker, endpoint=endpoint, account=self.account)


@define(eq=False)
class _Observed(AbstractContextManager[TraceBuilder]):
    """The observer around the place in the limiter's lines, and that around the deadline."""

    span: AbstractContextManager[None]
    block: _Bounded
    trace: TraceBuilder
    place: AbstractContextManager[Ticket | None]

    def __enter__(self) -> TraceBuilder:
        self.span.__enter__()
        self.block.ticket = self.trace.ticket = self.place.__enter__()
        self.block.__enter__()
        return self.trace

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        try:
            self.block.__exit__(kind, error, traceback)
        except DeadlineExceededError as late:
            self.place.__exit__(type(late), late, late.__traceback__)
            self.span.__exit__(type(late), late, late.__traceback__)
            raise
        self.place.__exit__(kind, error, traceback)
        return self.span.__exit__(kind, error, traceback)

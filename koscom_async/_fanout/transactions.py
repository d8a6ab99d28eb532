"""The transactions of many accounts as one stream in order, which begins before the slowest broker has answered.

Does not ask anything itself: each account's rows come from a feed that buffers only so many of them.
"""

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Any, Self

import anyio
from attrs import define, field

from koscom_async._clock import korean_now
from koscom_async._fanout.tasks import as_koscom_error, context_left
from koscom_async._services.operation import new_trace
from koscom_async._services.resolve import resolve_code
from koscom_async._services.tasks import Notifier
from koscom_async._services.windows import WindowFeed
from koscom_async._transport.limits.tickets import Ticket
from koscom_async._transport.statistics import TraceBuilder
from koscom_async.errors import UsageError
from koscom_async.models.codes import TransactionType
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import (
    OfAccounts,
    TransactionsFailure,
    TransactionsOutcome,
    TransactionsSuccess,
)
from koscom_async.models.transactions import Transaction, TransactionHistory

Rank = tuple[date, int]


@define(eq=False)
class FollowedAccount:
    """One account's feed, and its rows that have been taken from it and not been delivered yet."""

    account: VirtualAccount
    feed: WindowFeed
    trace: TraceBuilder
    place: int
    rows: deque[Transaction] = field(factory=deque)
    day: date = date.min
    delivered: int = 0

    def refill(self) -> None:
        """Take the next windows that have rows, as far as they have been read."""
        while not self.rows and (part := self.feed.pop_ready()) is not None:
            self.rows.extend(part)

    @property
    def has_ended(self) -> bool:
        """Whether no row will follow: all are delivered, or the next window cannot be read."""
        return not self.rows and (self.feed.is_finished or self.feed.error is not None)

    @property
    def rank(self) -> Rank:
        """The place of its next row in the order; while that is unknown, the earliest that it can have."""
        if self.rows:
            # A row without a day stays behind the row that it came after.
            return (self.rows[0].on or self.day, self.place)
        return (max(self.day, self.feed.next_window.since), self.place)

    def pop(self) -> Transaction:
        row = self.rows.popleft()
        self.day = row.on or self.day
        self.delivered += 1
        return row

    def outcome(self) -> Any:
        error = self.feed.error
        return TransactionsOutcome(
            account=self.account,
            error=None if error is None else as_koscom_error(error, self.account),
            rows=self.delivered,
            missing_from=None if error is None else self.feed.next_window.since,
            as_of=korean_now(),
            trace=self.trace.frozen(anyio.current_time()),
        )


def follow(
    place: int,
    account: VirtualAccount,
    open_feed: Callable[[VirtualAccount, TraceBuilder], WindowFeed],
    ticket: Ticket | None,
) -> FollowedAccount:
    """Start to read one account's transactions."""
    trace = new_trace(ticket)
    feed = open_feed(account, trace)
    feed.start()
    return FollowedAccount(account=account, feed=feed, trace=trace, place=place)


class TransactionStream(OfAccounts[TransactionsSuccess | TransactionsFailure, TransactionsFailure]):
    """Every account's transactions as one stream, the earliest first; those of one day account by account.

    Iterate once, inside the `async with`. A row is delivered as soon as no account that is still being asked can have
    an earlier one, so the first rows come long before the last. `outcomes` are those of the accounts that have ended so
    far; an account that fails ends with the rows before its failure, and then `complete` is false. `as_of` is when the
    question was asked (KST), `consent_expires_on` when the investor's consent ends, if that is known.
    """

    def __init__(
        self,
        accounts: Sequence[FollowedAccount],
        changed: Notifier,
        *,
        as_of: datetime,
        consent_expires_on: date | None = None,
    ) -> None:
        self.as_of = as_of
        self.consent_expires_on = consent_expires_on
        self._all = tuple(accounts)
        self._live = list(accounts)
        self._changed = changed
        self._outcomes: list[TransactionsSuccess | TransactionsFailure] = []
        self._is_open = True

    @property
    def accounts(self) -> tuple[VirtualAccount, ...]:
        """The accounts that are being asked, each once."""
        return tuple(each.account for each in self._all)

    @property
    def outcomes(self) -> tuple[TransactionsSuccess | TransactionsFailure, ...]:
        """How each account ended, of those that have."""
        return tuple(self._outcomes)

    @property
    def complete(self) -> bool:
        """Whether the stream was read to its end and every account was read, whole."""
        return not self._live and super().complete

    def require_complete(self) -> Self:
        """Return this, or raise `IncompleteHoldingsError` if rows are missing, `UsageError` before the end."""
        if self._live:
            raise UsageError(
                "the stream has not been read to its end", advice="read it first, inside the `async with`"
            )
        return super().require_complete()

    def close(self) -> None:
        """Announce that no further row will come."""
        self._is_open = False
        self._changed.announce()

    def __aiter__(self) -> AsyncIterator[Transaction]:
        return self

    async def __anext__(self) -> Transaction:
        while True:
            self._advance()
            if not self._live:
                raise StopAsyncIteration
            first = min(self._live, key=lambda each: each.rank)
            if first.rows:
                return first.pop()
            if not self._is_open:
                raise context_left()
            await self._changed.wait()

    def _advance(self) -> None:
        """Take the rows that have been read, and end the accounts that have no more."""
        for each in tuple(self._live):
            each.refill()
            if each.has_ended:
                self._live.remove(each)
                self._outcomes.append(each.outcome())


async def read_history(
    opened: AbstractAsyncContextManager[TransactionStream],
    since: date,
    until: date,
    *,
    isin: str | None,
    side: TransactionType | str | None,
) -> TransactionHistory:
    """Read a stream to its end, and return the whole answer."""
    async with opened as stream:
        rows = [row async for row in stream]
        return TransactionHistory(
            since=since,
            until=until,
            isin=isin,
            side=resolve_code(TransactionType, side, "side"),
            rows=tuple(rows),
            outcomes=tuple(sorted(stream.outcomes, key=lambda outcome: outcome.account.key)),
            as_of=stream.as_of,
            consent_expires_on=stream.consent_expires_on,
        )

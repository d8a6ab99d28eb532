"""The transactions of many accounts as one stream in order, which begins before the last broker has told everything.

Owns the order and the outcomes. Each account's own rows come from a feed that holds only so many of them.
"""

from collections import deque
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime

import anyio
from attrs import define, field

from koscom_async._clock import korean_now
from koscom_async._fanout.tasks import unforeseen
from koscom_async._services.windows import Notifier, WindowFeed
from koscom_async._transport.statistics import TraceBuilder
from koscom_async.errors import KoscomError, UsageError
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import TransactionsOutcome, require_all
from koscom_async.models.transactions import Transaction

Rank = tuple[date, int]


@define(eq=False)
class Source:
    """One account's feed, and what of it has been taken but not handed out yet."""

    account: VirtualAccount
    feed: WindowFeed
    log: TraceBuilder
    place: int
    rows: deque[Transaction] = field(factory=deque)
    day: date = date.min
    handed_out: int = 0

    def refill(self) -> None:
        """Take the next windows with rows in them, as far as they are there."""
        while not self.rows and (part := self.feed.pop_ready()) is not None:
            self.rows.extend(part)

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come: all is handed out, or the next window cannot be read."""
        return not self.rows and (self.feed.is_finished or self.feed.error is not None)

    @property
    def rank(self) -> Rank:
        """Where its next row belongs; where that is not known yet, the earliest place that it could have."""
        if self.rows:
            # A row without a day stays behind the row that it came after.
            return (self.rows[0].on or self.day, self.place)
        return (max(self.day, self.feed.next_window.since), self.place)

    def pop(self) -> Transaction:
        """Hand out the next row."""
        row = self.rows.popleft()
        self.day = row.on or self.day
        self.handed_out += 1
        return row


class TransactionStream:
    """Every account's transactions as one stream, the earliest first; those of one day account by account.

    Iterate once, inside the `async with`. A row is handed out as soon as no account that is still being asked can have
    an earlier one, so the first come long before the last. `outcomes` has the accounts that have ended so far; an
    account that fails ends with what lies before its failure, and `complete` is not true then.
    """

    def __init__(self, sources: Sequence[Source], news: Notifier, *, as_of: datetime) -> None:
        self.as_of = as_of
        self._all = tuple(sources)
        self._live = list(sources)
        self._news = news
        self._outcomes: list[TransactionsOutcome] = []
        self._is_open = True

    @property
    def accounts(self) -> tuple[VirtualAccount, ...]:
        """The accounts that are being asked, each once."""
        return tuple(source.account for source in self._all)

    @property
    def outcomes(self) -> tuple[TransactionsOutcome, ...]:
        """How the accounts that have ended did."""
        return tuple(self._outcomes)

    @property
    def failures(self) -> tuple[TransactionsOutcome, ...]:
        """The accounts of which rows are missing, each with its error, as far as they have ended."""
        return tuple(outcome for outcome in self._outcomes if not outcome.ok)

    @property
    def complete(self) -> bool:
        """Whether the stream was read to its end and every account was read, whole."""
        return not self._live and not self.failures

    def require_complete(self) -> None:
        """Raise `IncompleteHoldingsError` if rows of an account are missing, `UsageError` before the end."""
        if self._live:
            raise UsageError(
                "the stream has not been read to its end", advice="read it first, inside the `async with`"
            )
        require_all(self._outcomes)

    def close(self) -> None:
        """Say that nothing will come any more."""
        self._is_open = False
        self._news.announce()

    def __aiter__(self) -> AsyncIterator[Transaction]:
        return self

    async def __anext__(self) -> Transaction:
        while True:
            self._settle()
            if not self._live:
                raise StopAsyncIteration
            first = min(self._live, key=lambda source: source.rank)
            if first.rows:
                return first.pop()
            if not self._is_open:
                raise UsageError(
                    "the stream's context was left, which ended what was still being asked",
                    advice="iterate inside the `async with`",
                )
            await self._news.wait()

    def _settle(self) -> None:
        """Take what is there, and let go of the accounts that have ended."""
        for source in tuple(self._live):
            source.refill()
            if source.has_ended:
                self._live.remove(source)
                self._outcomes.append(_outcome(source))


def _outcome(source: Source) -> TransactionsOutcome:
    error = source.feed.error
    return TransactionsOutcome(
        account=source.account,
        error=None if error is None else _ours(error, source.account),
        rows=source.handed_out,
        missing_from=None if error is None else source.feed.next_window.since,
        as_of=korean_now(),
        trace=source.log.frozen(anyio.current_time()),
    )


def _ours(error: Exception, account: VirtualAccount) -> KoscomError:
    return error if isinstance(error, KoscomError) else unforeseen(error, account)

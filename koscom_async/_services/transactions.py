"""One account's transactions within a window: every page, in order, or the smaller windows that must be asked instead.

It does not decide which windows there are, nor when each is asked: see `windows`.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import date
from typing import Any, ClassVar

import anyio
from attrs import field, frozen

from koscom_async import error_codes
from koscom_async._services.query import AccountQuery
from koscom_async._services.windows import DateRanges, Rows, Window
from koscom_async._wire.account import TransactionsReader
from koscom_async._wire.endpoints import TRANSACTIONS, Endpoint
from koscom_async._wire.envelope import Page, Question
from koscom_async._wire.requests import BROKERS_CHOICE, transactions_request
from koscom_async._wire.values import PageKey
from koscom_async.errors import RequestRejectedError
from koscom_async.models.codes import TransactionType
from koscom_async.models.transactions import Transaction

EVERY_SIDE = "ALL"


@frozen(kw_only=True, eq=False, repr=False)
class TransactionsQuery(AccountQuery[Window, Page[Transaction]]):
    """The query for one account's transactions.

    A window with more than `max_rows` rows is read as several, so that the reader need not hold them all.
    """

    keeps_rows: ClassVar[bool] = False  # a stream hands them on
    endpoint: Endpoint = TRANSACTIONS
    ranges: DateRanges
    isin: str | None = None
    side: TransactionType | None = None
    page_size: int = BROKERS_CHOICE
    max_rows: int | None = None
    probe: anyio.Lock = field(factory=anyio.Lock)

    async def rows(self, window: Window) -> Rows | tuple[Window, ...]:
        """Return the window's transactions, the earliest first, or the windows to ask in its place."""
        max_days = self.ranges.max_days(self.broker, self.key)
        if max_days is not None and window.days > max_days:
            return window.cut(max_days)
        try:
            return await self._rows(window)
        except RequestRejectedError as error:
            if window.days == 1:
                raise
            if error.code == error_codes.TOO_MANY_ROWS:
                self.trace.note(
                    f"the broker had too many rows for a range of dates ({error.code}); it was split"
                )
                return window.cut(-(-window.days // 2))
            if error.code == error_codes.DATE_RANGE_EXCEEDED:
                return self._allowed(window, error)
            raise

    def _allowed(self, window: Window, error: RequestRejectedError) -> tuple[Window, ...]:
        self.ranges.record_refusal(self.broker, self.key, refused=window.days, stated=error.most_days)
        max_days = self.ranges.max_days(self.broker, self.key) or 1
        self.trace.note(
            f"the broker allows {max_days} days at once ({error.code}); the range of dates was split"
        )
        return window.cut(max_days)

    async def _rows(self, window: Window) -> Rows | tuple[Window, ...]:
        async with self._probing(window):
            max_days = self.ranges.max_days(self.broker, self.key)
            if max_days is not None and window.days > max_days:  # learned meanwhile
                return window.cut(max_days)
            page = await self.ask(window, None)
            self.ranges.record_success(self.broker, window.days)
        if self.max_rows and page.total and window.days > 1 and page.total > self.max_rows:
            return window.cut(max(1, window.days * self.max_rows // page.total))
        pages = await self.read(window, first=page)
        return self._within(window, in_order([row for page in pages for row in page.rows]))

    def _probing(self, window: Window) -> AbstractAsyncContextManager[object]:
        """Let one window at a time ask for more days than are known to work, so that one refusal teaches all.

        All of this question: another investor's must not wait for an account whose broker stays silent.
        """
        is_known = self.ranges.is_known_to_work(self.broker, self.key, window.days)
        return nullcontext() if is_known else self.probe

    def _within(self, window: Window, rows: Rows) -> Rows:
        """Return what was asked for: a row beyond the dates is the next window's, and would come twice."""
        kept = [row for row in rows if self._was_asked_for(row, window)]
        if len(kept) < len(rows):
            self.trace.note(f"{len(rows) - len(kept)} rows that were not asked for were left out")
        return kept

    def _was_asked_for(self, row: Transaction, window: Window) -> bool:
        return (
            (row.on is None or window.since <= row.on <= window.until)
            and (self.isin is None or row.code in {None, self.isin})
            and (self.side is None or self.side == EVERY_SIDE or row.type in {None, self.side})
        )

    def name_of(self, part: Window) -> str:
        return f"transactions from {part.since} to {part.until}"

    def body(self, part: Window, page: PageKey | None, **envelope: Any) -> Mapping[str, object]:
        return transactions_request(
            since=part.since,
            until=part.until,
            isin=self.isin,
            side=self.side,
            page_size=self.page_size,
            page=page,
            **envelope,
        )

    def reader(self, part: Window, question: Question) -> Callable[[object], Page[Transaction]]:
        return TransactionsReader(question=question, account=self.account)


def in_order(rows: Rows) -> Rows:
    """Return rows the earliest first; those of one day stay in the broker's order, however it sorts its days."""
    days = [row.on for row in rows if row.on is not None]
    if days and days[0] > days[-1] and days == sorted(days, reverse=True):
        rows = rows[::-1]
    return [row for _, row in sorted(_dated(rows), key=lambda pair: pair[0])]


def _dated(rows: Rows) -> list[tuple[date, Transaction]]:
    """Give each row its day; one without a day stays behind the row that it came after."""
    day, dated = date.min, []
    for row in rows:
        day = row.on or day
        dated.append((day, row))
    return dated

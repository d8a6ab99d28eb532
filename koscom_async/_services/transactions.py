"""One account's transactions within a window: every page, in order, or the smaller windows that must be asked instead.

Owns what one window needs. Which windows there are, and when each is asked, is `window_feed`'s.
"""

from datetime import date

from attrs import frozen

from koscom_async._services.query import AccountAsker, check_announced, read_pages
from koscom_async._services.windows import DateRanges, Window
from koscom_async._wire.account import TransactionsReader
from koscom_async._wire.envelope import Page
from koscom_async._wire.requests import BROKERS_CHOICE, transactions_request
from koscom_async.errors import RequestRejectedError
from koscom_async.models.codes import TransactionType
from koscom_async.models.transactions import Transaction

DATE_RANGE_EXCEEDED, TOO_MANY_ROWS = "6006", "6005"
EVERY_SIDE = "ALL"

Rows = list[Transaction]


@frozen(kw_only=True)
class TransactionsQuery:
    """The question about one account's transactions.

    A window with more than `most_rows` rows is read as several, so that whoever reads on need not hold them all.
    """

    asker: AccountAsker
    ranges: DateRanges
    isin: str | None = None
    side: TransactionType | None = None
    page_size: int = BROKERS_CHOICE
    most_rows: int | None = None

    async def read(self, window: Window) -> Rows | tuple[Window, ...]:
        """Return the window's transactions, the earliest first, or the windows to ask in its place."""
        most = self.ranges.most(self.asker.broker)
        if most is not None and window.days > most:
            return window.cut(most)
        try:
            return await self._read_pages(window)
        except RequestRejectedError as error:
            if error.code not in {DATE_RANGE_EXCEEDED, TOO_MANY_ROWS} or window.days == 1:
                raise
            return self._smaller(window, error)

    def _smaller(self, window: Window, error: RequestRejectedError) -> tuple[Window, ...]:
        log, broker = self.asker.log, self.asker.broker
        if error.code == TOO_MANY_ROWS:
            log.note("the broker had too many rows for a range of dates (6005); it was split")
            return window.cut(-(-window.days // 2))
        self.ranges.learn(broker, refused=window.days, said=error.most_days)
        most = self.ranges.most(broker) or 1
        log.note(f"the broker allows {most} days at once (6006); the range of dates was split")
        return window.cut(most)

    async def _read_pages(self, window: Window) -> Rows | tuple[Window, ...]:
        async with self.ranges.probing(self.asker.broker, window.days):
            most = self.ranges.most(self.asker.broker)
            if most is not None and window.days > most:  # learned by another account while this one waited
                return window.cut(most)
            page = await self._ask_page(window, None)
            self.ranges.prove(self.asker.broker, window.days)
        if self.most_rows and page.total and window.days > 1 and page.total > self.most_rows:
            return window.cut(max(1, window.days * self.most_rows // page.total))
        first: list[Page[Transaction]] = [page]

        async def ask(key: str | None) -> Page[Transaction]:
            # The first page is there already; it is asked again only where a query has to start anew.
            return first.pop() if key is None and first else await self._ask_page(window, key)

        pages = await read_pages(ask, limit=self.asker.settings.page_limit, log=self.asker.log)
        check_announced(
            f"transactions from {window.since} to {window.until}",
            received=sum(len(page.rows) for page in pages),
            totals=[page.total for page in pages],
            trusted=self.asker.trusts_totals,
            note=self.asker.log.note,
        )
        return self._kept(window, in_order([row for page in pages for row in page.rows]))

    async def _ask_page(self, window: Window, page: str | None) -> Page[Transaction]:
        return await self.asker.ask(
            transactions_request,
            lambda question: TransactionsReader(question=question, account=self.asker.account),
            since=window.since,
            until=window.until,
            isin=self.isin,
            side=self.side,
            page_size=self.page_size,
            page=page,
        )

    def _kept(self, window: Window, rows: Rows) -> Rows:
        """Return what was asked for: a row beyond the dates is the next window's, and would come twice."""
        kept = [row for row in rows if self._was_asked_for(row, window)]
        if len(kept) < len(rows):
            self.asker.log.note(f"{len(rows) - len(kept)} rows that were not asked for were left out")
        return kept

    def _was_asked_for(self, row: Transaction, window: Window) -> bool:
        return (
            (row.on is None or window.since <= row.on <= window.until)
            and (self.isin is None or row.code in {None, self.isin})
            and (self.side is None or self.side == EVERY_SIDE or row.type in {None, self.side})
        )


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

"""The account service (계좌 서비스): one account, every page, every asset class, every day."""

from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any

import anyio
import anyio.abc

from koscom_async._services.balance import BalanceQuery
from koscom_async._services.operation import deadline_at, error_context
from koscom_async._services.operation import until as until_end
from koscom_async._services.portfolio import PortfolioQuery
from koscom_async._services.query import AccountAsker, Capabilities
from koscom_async._services.tasks import background
from koscom_async._services.transactions import Rows, TransactionsQuery
from koscom_async._services.watchlist import WatchlistQuery
from koscom_async._services.windows import DateRanges, Notifier, Window, WindowFeed
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.endpoints import BALANCE, PORTFOLIO, TRANSACTIONS, WATCHLIST, Endpoint
from koscom_async.errors import SettingsError
from koscom_async.models.account import Balance
from koscom_async.models.codes import Measure, TransactionType
from koscom_async.models.investor import Investor
from koscom_async.models.member import VirtualAccount
from koscom_async.models.portfolio import Portfolio
from koscom_async.models.transactions import Transactions
from koscom_async.models.watchlist import Watchlist
from koscom_async.observer import Operation
from koscom_async.settings import Settings

MOST_ROWS_AT_ONCE = 5_000
"""A stream splits a window with more rows, and begins none while so many of an account wait to be read."""

ALL_AT_ONCE = 1_000_000
"""More windows than there are days: only the limits say how many are asked at once."""


def range_of(since: object, until: object) -> Window:
    """Return the range of dates, or raise `SettingsError` where it is none."""
    for name, day in (("since", since), ("until", until)):
        if not isinstance(day, date) or isinstance(day, datetime):
            raise SettingsError(f"{name} must be a date (in Korea), got {type(day).__name__}", setting=name)
    assert isinstance(since, date)  # noqa: S101  # for the type checker
    assert isinstance(until, date)  # noqa: S101  # as above
    if since > until:
        raise SettingsError(f"since ({since}) is after until ({until})", setting="since")
    return Window(since, until)


class AccountService:
    """Questions about one linked account."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self._gateway = gateway
        self._settings = settings
        self._capabilities = Capabilities(settings)
        self._ranges = DateRanges()

    async def balance(
        self, investor: Investor, account: VirtualAccount, *, deadline: float | None = None
    ) -> Balance:
        """Return the account's balance (계좌잔고): its summary and every row of every asset class.

        Amounts are exact, in the row's currency; `None` is what the broker did not send. Brokers that support it
        are asked once for everything, the others once for each class and page, within `deadline` seconds.
        Raises a `PlatformError` where the platform or the broker refuses, a `ResponseError` where the answer cannot be
        believed (another account's, rows missing, endless pages, broken), `ConnectionFailedError` where none came,
        `DeadlineExceededError` in time. Manual: 계좌 서비스, "계좌잔고 조회 API".
        """
        log = TraceBuilder(started=anyio.current_time())
        return await self.read_balance(investor, account, log, end=deadline_at(deadline))

    async def read_balance(
        self, investor: Investor, account: VirtualAccount, log: TraceBuilder, *, end: float
    ) -> Balance:
        """Read a balance until `end`, on the event loop's clock, and write down in `log` what it took."""
        query = BalanceQuery(
            gateway=self._gateway,
            settings=self._settings,
            capabilities=self._capabilities,
            investor=investor,
            account=account,
            log=log,
        )
        with self._watched(BALANCE, account), error_context(BALANCE, account), until_end(end):
            return await query.read()

    def _watched(self, endpoint: Endpoint, account: VirtualAccount) -> AbstractContextManager[None]:
        return self._gateway.operation(
            Operation(name=endpoint.name, broker=account.broker.short_name, account=account.masked_number)
        )

    async def portfolio(
        self,
        investor: Investor,
        account: VirtualAccount,
        *,
        measure: Measure = Measure.SHARE,
        deadline: float | None = None,
    ) -> Portfolio:
        """Return what the account is made of (자산 포트폴리오): shares in percent, or quantities.

        `measure` is what is asked for; each row's own `measure` is what its number is, since brokers mix the two up.
        Not every broker offers quantities (6002). Asked, bounded and failing as `balance` is.
        Manual: 계좌 서비스, "자산 포트폴리오 조회 API".
        """
        log = TraceBuilder(started=anyio.current_time())
        return await self.read_portfolio(
            investor, account, log, measure=Measure(measure), end=deadline_at(deadline)
        )

    async def read_portfolio(
        self, investor: Investor, account: VirtualAccount, log: TraceBuilder, *, measure: Measure, end: float
    ) -> Portfolio:
        """Read a portfolio until `end`, on the event loop's clock, and write down in `log` what it took."""
        asker = self._asker(PORTFOLIO, investor, account, log)
        query = PortfolioQuery(asker=asker, capabilities=self._capabilities, measure=measure)
        with self._watched(PORTFOLIO, account), error_context(PORTFOLIO, account), until_end(end):
            return await query.read()

    async def transactions(  # noqa: PLR0913  # each keyword is one condition of the query
        self,
        investor: Investor,
        account: VirtualAccount,
        since: date,
        until: date,
        *,
        isin: str | None = None,
        side: TransactionType | str | None = None,
        page_size: int = 0,
        deadline: float | None = None,
    ) -> Transactions:
        """Return what moved in the account from `since` to `until` (거래내역), both included, the earliest first.

        `isin` and `side` (BID 매도, ASK 매수, DEP 이체입금, WID 이체출금) narrow it down. A range that is longer
        than the broker allows is split by what its refusal (6006) says, which is remembered for the broker; the
        parts are asked at once, within the limits. `page_size` is how many rows a page may have at most; 0 leaves it
        to the broker.
        Raises `SettingsError` for a range that is none, and otherwise as `balance` does; a part is never returned.
        Manual: 계좌 서비스, "거래내역 조회 API".
        """
        window, end = range_of(since, until), deadline_at(deadline)
        kind = None if side is None else TransactionType(side)
        log = TraceBuilder(started=anyio.current_time())
        news, rows = Notifier(), []
        async with background() as group:
            feed = self.feed(
                self._transactions_query(investor, account, log, isin=isin, side=kind, page_size=page_size),
                window,
                group=group,
                news=news,
                ahead=ALL_AT_ONCE,
                end=end,
            )
            feed.start()
            while not feed.is_finished:
                if feed.any_error is not None:
                    raise feed.any_error
                part = feed.take()
                if part is None:
                    await news.wait()
                else:
                    rows.extend(part)
        return Transactions(
            account=account,
            since=since,
            until=until,
            isin=isin,
            side=kind,
            rows=tuple(rows),
            notes=tuple(log.notes),
        )

    def feed_transactions(  # noqa: PLR0913  # each keyword is one condition of the query
        self,
        investor: Investor,
        account: VirtualAccount,
        log: TraceBuilder,
        *,
        window: Window,
        isin: str | None,
        side: TransactionType | None,
        group: anyio.abc.TaskGroup,
        news: Notifier,
        end: float,
    ) -> WindowFeed:
        """Return the account's transactions as a feed that holds a bounded number of rows."""
        query = self._transactions_query(
            investor, account, log, isin=isin, side=side, most_rows=MOST_ROWS_AT_ONCE
        )
        ahead = self._settings.limits.of(account.broker.short_name).in_flight
        return self.feed(query, window, group=group, news=news, ahead=ahead, room=MOST_ROWS_AT_ONCE, end=end)

    def feed(  # noqa: PLR0913  # each keyword is one thing that a feed needs
        self,
        query: TransactionsQuery,
        window: Window,
        *,
        group: anyio.abc.TaskGroup,
        news: Notifier,
        ahead: int,
        end: float,
        room: int | None = None,
    ) -> WindowFeed:
        """Return a feed of a query's windows, each of which is read until `end`."""

        async def read(part: Window) -> Rows | tuple[Window, ...]:
            with error_context(TRANSACTIONS, query.asker.account), until_end(end):
                return await query.read(part)

        return WindowFeed(window, read, group=group, news=news, ahead=ahead, room=room)

    def _transactions_query(
        self, investor: Investor, account: VirtualAccount, log: TraceBuilder, **conditions: Any
    ) -> TransactionsQuery:
        asker = self._asker(TRANSACTIONS, investor, account, log)
        return TransactionsQuery(asker=asker, ranges=self._ranges, **conditions)

    async def watchlist(
        self, investor: Investor, account: VirtualAccount, *, deadline: float | None = None
    ) -> Watchlist:
        """Return what the investor watches at the account's broker (관심종목): groups of symbols.

        Brokers that take the query block are asked with it; one that refuses it (6004) is asked without it from then
        on. Bounded and failing as `balance` is. Manual: 계좌 서비스, "관심종목 조회 API".
        """
        log = TraceBuilder(started=anyio.current_time())
        return await self.read_watchlist(investor, account, log, end=deadline_at(deadline))

    async def read_watchlist(
        self, investor: Investor, account: VirtualAccount, log: TraceBuilder, *, end: float
    ) -> Watchlist:
        """Read a watchlist until `end`, on the event loop's clock, and write down in `log` what it took."""
        asker = self._asker(WATCHLIST, investor, account, log)
        query = WatchlistQuery(asker=asker, capabilities=self._capabilities)
        with self._watched(WATCHLIST, account), error_context(WATCHLIST, account), until_end(end):
            return await query.read()

    def _asker(
        self, endpoint: Endpoint, investor: Investor, account: VirtualAccount, log: TraceBuilder
    ) -> AccountAsker:
        return AccountAsker(
            endpoint=endpoint,
            gateway=self._gateway,
            settings=self._settings,
            investor=investor,
            account=account,
            log=log,
        )

"""The account service (계좌 서비스): one account, every page, every asset class, every day.

It asks about one account at a time; all linked accounts at once are the fan-out's.
"""

from contextlib import AbstractContextManager
from datetime import date
from typing import Any, TypeVar

import anyio.abc
from attrs import evolve

from koscom_async._services.balance import AllSupport, BalanceQuery, PortfolioQuery
from koscom_async._services.operation import Deadline, bounded, deadline_at, new_trace, operation
from koscom_async._services.query import AccountQuery, AnswerBudget
from koscom_async._services.resolve import (
    expect,
    refuse_arguments,
    resolve_code,
    resolve_measure,
    resolve_range,
    resolve_text,
)
from koscom_async._services.tasks import Notifier, background
from koscom_async._services.transactions import TransactionsQuery
from koscom_async._services.watchlist import QueryBlockSupport, WatchlistQuery
from koscom_async._services.windows import DateRanges, Rows, Window, WindowFeed
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.endpoints import BALANCE, PORTFOLIO, TRANSACTIONS, WATCHLIST, Endpoint
from koscom_async.models.account import Balance
from koscom_async.models.codes import Measure, TransactionType
from koscom_async.models.investor import Investor
from koscom_async.models.member import VirtualAccount
from koscom_async.models.portfolio import Portfolio, Watchlist
from koscom_async.models.statistics import LearnedRefusal
from koscom_async.models.transactions import Transactions
from koscom_async.settings import Settings

MAX_BUFFERED_ROWS = 5_000
"""A stream splits a window with more rows, and starts none while so many of an account are unread."""

AnyQuery = TypeVar("AnyQuery", bound=AccountQuery[Any, Any])


class AccountService:
    """Questions about one linked account."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self._gateway = gateway
        self._settings = settings
        self._all_support = AllSupport()
        self._block_support = QueryBlockSupport()
        self._ranges = DateRanges()

    @property
    def learned(self) -> tuple[LearnedRefusal, ...]:
        """What refusals changed in how brokers are asked."""
        taught = (self._all_support, self._block_support, self._ranges)
        return tuple(refusal for each in taught for refusal in each.lessons.snapshot())

    async def balance(
        self, investor: Investor, account: VirtualAccount, *, deadline: float | None = None
    ) -> Balance:
        """Return the account's balance (계좌잔고): its summary and every row of every asset class.

        Amounts are exact, in the row's currency; `None` is what the broker did not send. Brokers that support it
        are asked once for everything, the others once for each class and page, within `deadline` seconds.
        Raises a `PlatformError` where the platform or the broker refuses, a `ResponseError` where the answer cannot be
        believed (another account's, rows missing, endless pages, broken), `ConnectionFailedError` where none came,
        `DeadlineExceededError` in time, `UsageError` for an argument of the wrong kind.
        Manual: 계좌 서비스, "계좌잔고 조회 API".
        """
        return await self.read_balance(investor, account, new_trace(), deadline=deadline_at(deadline))

    async def read_balance(
        self,
        investor: Investor,
        account: VirtualAccount,
        trace: TraceBuilder,
        *,
        deadline: Deadline,
    ) -> Balance:
        """Read a balance before the deadline; `trace` counts what it takes."""
        with self._begin(BALANCE, investor, account, trace, deadline):
            query = self._query(BalanceQuery, investor, account, trace, all_support=self._all_support)
            return await query.balance()

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
        return await self.read_portfolio(
            investor, account, new_trace(), measure=resolve_measure(measure), deadline=deadline_at(deadline)
        )

    async def read_portfolio(
        self,
        investor: Investor,
        account: VirtualAccount,
        trace: TraceBuilder,
        *,
        measure: Measure,
        deadline: Deadline,
    ) -> Portfolio:
        """Read a portfolio before the deadline; `trace` counts what it takes."""
        with self._begin(PORTFOLIO, investor, account, trace, deadline):
            conditions = {"all_support": self._all_support, "measure": measure}
            return await self._query(PortfolioQuery, investor, account, trace, **conditions).portfolio()

    async def transactions(
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
        than the broker allows is split by what its refusal (6006) says, which is remembered for an hour; the
        parts are asked at once, within the limits. `page_size` is how many rows a page may have at most; 0 leaves it
        to the broker.
        Raises `SettingsError` for a range that is none, and otherwise as `balance` does; a part is never returned.
        Manual: 계좌 서비스, "거래내역 조회 API".
        """
        window, due = resolve_range(since, until), deadline_at(deadline)
        expect(int, page_size, "page_size", advice="pass the rows of a page, or 0")
        kind = resolve_code(TransactionType, side, "side")
        isin = resolve_text(isin, "isin")
        conditions = {"ranges": self._ranges, "isin": isin, "side": kind, "page_size": page_size}
        trace = new_trace()
        with self._begin(TRANSACTIONS, investor, account, trace, due):
            query = self._query(TransactionsQuery, investor, account, trace, **conditions)
            rows = await _every_row(query, window)
        notes = tuple(trace.notes)
        return Transactions(
            account=account, since=since, until=until, isin=isin, side=kind, rows=tuple(rows), notes=notes
        )

    def feed_transactions(
        self,
        investor: Investor,
        account: VirtualAccount,
        trace: TraceBuilder,
        *,
        window: Window,
        isin: str | None,
        side: TransactionType | None,
        group: anyio.abc.TaskGroup,
        notifier: Notifier,
        deadline: Deadline,
    ) -> WindowFeed:
        """Return the account's transactions as a feed that holds a bounded number of rows."""
        isin = resolve_text(isin, "isin")
        conditions = {"ranges": self._ranges, "isin": isin, "side": side, "max_rows": MAX_BUFFERED_ROWS}
        query = self._query(TransactionsQuery, investor, account, trace, **conditions)

        async def read(window: Window) -> Rows | tuple[Window, ...]:
            with bounded(TRANSACTIONS, account, deadline=deadline, trace=trace):
                return await evolve(query, budget=AnswerBudget(self._settings)).rows(window)

        return WindowFeed(
            window,
            read,
            group=group,
            notifier=notifier,
            prefetch=self._settings.limits.of(query.metered_as).in_flight,
            max_buffered_rows=MAX_BUFFERED_ROWS,
        )

    async def watchlist(
        self, investor: Investor, account: VirtualAccount, *, deadline: float | None = None
    ) -> Watchlist:
        """Return what the investor watches at the account's broker (관심종목): groups of symbols.

        Brokers that take the query block are asked with it; one that refuses it (6004) is asked without it for an
        hour. Bounded and failing as `balance` is. Manual: 계좌 서비스, "관심종목 조회 API".
        """
        return await self.read_watchlist(investor, account, new_trace(), deadline=deadline_at(deadline))

    async def read_watchlist(
        self,
        investor: Investor,
        account: VirtualAccount,
        trace: TraceBuilder,
        *,
        deadline: Deadline,
    ) -> Watchlist:
        """Read a watchlist before the deadline; `trace` counts what it takes."""
        with self._begin(WATCHLIST, investor, account, trace, deadline):
            query = self._query(WatchlistQuery, investor, account, trace, block_support=self._block_support)
            return await query.watchlist()

    def _begin(
        self,
        endpoint: Endpoint,
        investor: object,
        account: object,
        trace: TraceBuilder,
        deadline: Deadline,
    ) -> AbstractContextManager[TraceBuilder]:
        if not isinstance(investor, Investor) or not isinstance(account, VirtualAccount):
            refuse_arguments(investor, account)
        return operation(self._gateway, endpoint, account, deadline=deadline, trace=trace)

    def _query(
        self,
        kind: type[AnyQuery],
        investor: Investor,
        account: VirtualAccount,
        trace: TraceBuilder,
        **conditions: Any,
    ) -> AnyQuery:
        return kind(
            gateway=self._gateway,
            settings=self._settings,
            investor=investor,
            account=account,
            trace=trace,
            **conditions,
        )


async def _every_row(query: TransactionsQuery, window: Window) -> Rows:
    """Return all rows of a window; raises the first error.

    As many windows are read at once as the broker may have in flight: more would only stand in its queue, before the
    calls of other investors.
    """
    rows: Rows = []
    notifier = Notifier()
    async with background() as group:
        feed = WindowFeed(
            window,
            query.rows,
            group=group,
            notifier=notifier,
            prefetch=query.settings.limits.of(query.broker).in_flight,
            max_buffered_rows=None,
        )
        feed.start()
        while not feed.is_finished:
            if feed.any_error is not None:
                raise feed.any_error
            ready = feed.pop_ready()
            if ready is None:
                await notifier.wait()
            else:
                rows.extend(ready)
    return rows

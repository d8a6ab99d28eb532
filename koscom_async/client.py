"""The client: the page where the stages meet. What an investor owns, everywhere, right now."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, datetime
from functools import partial
from types import TracebackType
from typing import Any, Literal, Self

import anyio
import httpx

from koscom_async._fanout import (
    Outcomes,
    balance_outcome,
    distinct,
    fan_out,
    portfolio_outcome,
    watchlist_outcome,
)
from koscom_async._firm.discretionary import Brokers, Discretionary
from koscom_async._firm.streams import DiscretionaryHoldingsStream
from koscom_async._korea import korean_now
from koscom_async._merge import merging
from koscom_async._merge.portfolios import merge_portfolios
from koscom_async._merge.watchlists import merge_watchlists
from koscom_async._ordered import Source, TransactionStream
from koscom_async._services.account import AccountService, range_of
from koscom_async._services.deadline import deadline_at
from koscom_async._services.member import MemberService
from koscom_async._services.named import Whom
from koscom_async._services.oauth import OAuthService
from koscom_async._services.raw import call_raw
from koscom_async._services.task_group import background
from koscom_async._services.window_feed import News
from koscom_async._streams import HoldingsStream, PortfoliosStream, WatchlistsStream
from koscom_async._transport.call_log import CallLog
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.limiter import Limiter
from koscom_async.models.codes import Measure, TransactionType
from koscom_async.models.gathered import Portfolios, Watchlists
from koscom_async.models.holdings import Holdings
from koscom_async.models.investor import Investor
from koscom_async.models.outcome import AccountOutcome
from koscom_async.models.statistics import Statistics
from koscom_async.observer import OK, PARTIAL, Observer, Operation
from koscom_async.settings import Settings
from koscom_async.tokens import TokenStore

__all__ = ["HoldingsStream", "Koscom", "PortfoliosStream", "WatchlistsStream"]


class Koscom:
    """A client of Koscom's Open API platform, for one event loop.

    Use it in `async with`, or plainly, as in a notebook, with `await koscom.aclose()` at the end. One client serves a
    whole process: limits are kept, and connections kept open, across everything that is asked through it.

    `transport` is any httpx transport, used instead of the client's own connections and closed with the client;
    `limiter` any `Limiter`, used instead of the one that follows `settings.limits` (such as `RedisLimiter` of
    `koscom_async.integrations.redis`, for the limits that many processes share), and closed with the client too;
    `tokens` any `TokenStore`, in the place of one in memory. Access tokens that have died are renewed by themselves,
    where there is a refresh token. `now` is the clock by which service hours are told, in the place of
    the system's. `observer` is told of every operation and attempt, as the one of
    `koscom_async.integrations.opentelemetry` is.
    """

    def __init__(  # noqa: PLR0913  # each is a part that a user may replace
        self,
        settings: Settings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        limiter: Limiter | None = None,
        tokens: TokenStore | None = None,
        now: Callable[[], datetime] = korean_now,
        observer: Observer | None = None,
    ) -> None:
        self._settings = settings
        self._gateway = Gateway(
            settings, transport=transport, limiter=limiter, tokens=tokens, observer=observer
        )
        self.oauth = OAuthService(self._gateway, settings)
        self.member = MemberService(self._gateway, settings)
        self.account = AccountService(self._gateway, settings)
        self.discretionary = Discretionary(self._gateway, settings, now=now)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections, and the transport and limiter that were given. The client cannot be used again."""
        await self._gateway.aclose()

    def statistics(self) -> Statistics:
        """Return a frozen snapshot by broker (calls, retries, waits, refusals, breaker) and the day's quota."""
        return self._gateway.statistics()

    async def holdings(self, investor: Investor, *, deadline: float | None = None) -> Holdings:
        """Return everything that the investor owns, across all linked accounts (통합 잔고).

        Every account is asked at once, and the answer comes when the slowest has answered, or after `deadline`
        seconds with what is there by then. An account that could not be read is in `failures`, with the
        reason; check `complete`, or use `require_complete()`. Amounts are exact decimals, each in its
        instrument's currency; `None` is not known. Raises only what concerns every account before any was
        asked: `AuthenticationError`, `AccessDeniedError`, `QuotaExceededError`, or whatever kept the list of
        linked accounts from being read.
        Manual: 서비스 연동, "가상계좌 리스트 조회"; 계좌 서비스, "계좌잔고 조회 API".
        """
        async with self.stream_holdings(investor, deadline=deadline) as stream:
            async for _ in stream:
                pass
            return await stream.merged()

    @asynccontextmanager
    async def stream_holdings(
        self, investor: Investor, *, deadline: float | None = None
    ) -> AsyncIterator[HoldingsStream]:
        """Yield a stream of each account's outcome as it is ready; its `holdings` is the merged answer at the end.

        Otherwise as `holdings()`. Leaving the context early cancels what is still being asked.
        """
        end = deadline_at(deadline)
        asked_at = korean_now()
        operation = Operation(name="holdings")
        with self._gateway.operation(operation):
            await self.oauth.authorize(investor, end=end)
            linked = await self.member.read_accounts(investor, end=end)
            read = partial(self.account.read_balance, investor, end=end)
            async with fan_out(distinct(linked.accounts), read, balance_outcome) as outcomes:
                yield HoldingsStream(outcomes, partial(merging, as_of=asked_at))
            _conclude(operation, outcomes)

    async def portfolios(
        self, investor: Investor, *, measure: Measure = Measure.SHARE, deadline: float | None = None
    ) -> Portfolios:
        """Return what every linked account is made of (자산 포트폴리오): shares in percent, or quantities.

        Each row's `measure` is what its number is. Shares are never added up; quantities only where all are
        quantities. Otherwise as `holdings()`. Manual: 계좌 서비스, "자산 포트폴리오 조회 API".
        """
        async with self.stream_portfolios(investor, measure=measure, deadline=deadline) as stream:
            async for _ in stream:
                pass
            return stream.portfolios

    @asynccontextmanager
    async def stream_portfolios(
        self, investor: Investor, *, measure: Measure = Measure.SHARE, deadline: float | None = None
    ) -> AsyncIterator[PortfoliosStream]:
        """Yield a stream of each account's outcome as it is ready; its `portfolios` are the answer at the end."""
        end = deadline_at(deadline)
        asked_at, measure = korean_now(), Measure(measure)
        await self.oauth.authorize(investor, end=end)
        linked = await self.member.read_accounts(investor, end=end)
        read = partial(self.account.read_portfolio, investor, measure=measure, end=end)
        async with fan_out(distinct(linked.accounts), read, portfolio_outcome) as outcomes:
            yield PortfoliosStream(outcomes, partial(merge_portfolios, measure=measure, as_of=asked_at))

    async def watchlists(self, investor: Investor, *, deadline: float | None = None) -> Watchlists:
        """Return what the investor watches at every linked broker (관심종목), by symbol, and where each is watched.

        Otherwise as `holdings()`. Manual: 계좌 서비스, "관심종목 조회 API".
        """
        async with self.stream_watchlists(investor, deadline=deadline) as stream:
            async for _ in stream:
                pass
            return stream.watchlists

    @asynccontextmanager
    async def stream_watchlists(
        self, investor: Investor, *, deadline: float | None = None
    ) -> AsyncIterator[WatchlistsStream]:
        """Yield a stream of each account's outcome as it is ready; its `watchlists` are the answer at the end."""
        end = deadline_at(deadline)
        asked_at = korean_now()
        await self.oauth.authorize(investor, end=end)
        linked = await self.member.read_accounts(investor, end=end)
        read = partial(self.account.read_watchlist, investor, end=end)
        async with fan_out(distinct(linked.accounts), read, watchlist_outcome) as outcomes:
            yield WatchlistsStream(outcomes, partial(merge_watchlists, as_of=asked_at))

    @asynccontextmanager
    async def transactions(  # noqa: PLR0913  # each keyword is one condition of the query
        self,
        investor: Investor,
        since: date,
        until: date,
        *,
        isin: str | None = None,
        side: TransactionType | str | None = None,
        deadline: float | None = None,
    ) -> AsyncIterator[TransactionStream]:
        """Yield one stream of what moved in every linked account (거래내역), the earliest first.

        `async with koscom.transactions(investor, since, until) as stream: async for transaction in stream: …`. Both
        days are included; `isin` and `side` narrow it down. All accounts are asked at once; a row is handed out as
        soon as no account can have an earlier one, and no more than a bounded number is held, however many there are.
        An account that cannot be read ends early: see `stream.failures`, and check `stream.complete` at the end.
        Raises what `holdings()` raises, and `SettingsError` for a range that is none.
        Manual: 계좌 서비스, "거래내역 조회 API".
        """
        window, end = range_of(since, until), deadline_at(deadline)
        kind = None if side is None else TransactionType(side)
        asked_at, news = korean_now(), News()
        await self.oauth.authorize(investor, end=end)
        linked = await self.member.read_accounts(investor, end=end)
        async with background() as group:
            sources = []
            for place, account in enumerate(sorted(distinct(linked.accounts), key=lambda each: each.key)):
                log = CallLog(started=anyio.current_time())
                feed = self.account.feed_transactions(
                    investor,
                    account,
                    log,
                    window=window,
                    isin=isin,
                    side=kind,
                    group=group,
                    news=news,
                    end=end,
                )
                feed.start()
                sources.append(Source(account=account, feed=feed, log=log, place=place))
            stream = TransactionStream(sources, news, as_of=asked_at)
            try:
                yield stream
            finally:
                stream.close()

    async def discretionary_holdings(
        self, brokers: Brokers = None, *, include_ended: bool = False, deadline: float | None = None
    ) -> Holdings:
        """Return what the firm's contract accounts (일임 계좌) hold, at all of its brokers, merged like `holdings()`.

        Every account of every broker is asked at once, for its cash and each asset class. `brokers` are short names or
        records; without them, `Settings(discretionary_brokers=…)`, and without that every broker that the platform
        offers. Only active contracts are asked, unless `include_ended`. A broker whose list of accounts could not be
        read is a failure whose account has no number. Cash is in `cash` by currency; D0, D1 and D2 are views of one
        amount.
        Raises only what concerns every account before any was asked: `AuthenticationError`, `QuotaExceededError`, and
        from 08:30 to 16:00 KST `OutsideServiceHoursError`.
        Manual: 일임매매서비스, "일임설정 계좌 조회 API", "일임 계좌잔고 조회 API".
        """
        return await self.discretionary.holdings(brokers, include_ended=include_ended, deadline=deadline)

    def stream_discretionary_holdings(
        self, brokers: Brokers = None, *, include_ended: bool = False, deadline: float | None = None
    ) -> AbstractAsyncContextManager[DiscretionaryHoldingsStream]:
        """Yield a stream of each contract account's outcome; its `holdings` is the merged answer at the end.

        Otherwise as `discretionary_holdings()`. Leaving the context early cancels what is still being asked.
        """
        return self.discretionary.stream_holdings(brokers, include_ended=include_ended, deadline=deadline)

    async def call(  # noqa: PLR0913  # each keyword is one part of the question
        self,
        method: str,
        path: str,
        *,
        scheme: Literal["apikey", "basic", "bearer"],
        json: Any = None,
        params: Mapping[str, object] | None = None,
        investor: Investor | None = None,
        broker: Whom | None = None,
        repeatable: bool | None = None,
        deadline: float | None = None,
    ) -> Any:
        """Ask an endpoint that has no typed method, and return its JSON as it came, numbers as exact `Decimal`s.

        `path` is one of the gateway's (`/v3/market/…`), `params` its query, `json` the body to send. The scheme is who
        asks: `"apikey"` and `"basic"` the firm, `"bearer"` the `investor`. Secrets travel in headers; one in `params`
        is refused. Limits, breaker and quota are those of `broker`, or of the broker or service in the path. What
        failed passingly is tried again if the method is GET or HEAD, or if you say `repeatable=True`: only for what may
        arrive twice. Raises as the typed methods do, and `UsageError` for a question that cannot be sent. An answer
        with an error code in its body is raised, and so is one that echoes another `reqIdConsumer` than the body's.
        """
        return await call_raw(
            self._gateway,
            self._settings,
            method,
            path,
            scheme=scheme,
            json=json,
            params=params,
            investor=investor,
            broker=broker,
            repeatable=repeatable,
            deadline=deadline,
        )


def _conclude(operation: Operation, outcomes: Outcomes[AccountOutcome]) -> None:
    operation.accounts = len(outcomes.accounts)
    operation.failures = operation.accounts - sum(outcome.ok for outcome in outcomes.delivered)
    operation.outcome = PARTIAL if operation.failures else OK

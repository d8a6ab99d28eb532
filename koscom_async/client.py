"""The client: what a program calls, and what comes of it. What an investor owns, everywhere, right now.

Owns the public face. The work is done in `_stages`, which is imported when the first client is made: a program that
only imports this pays neither for httpx nor for what reads answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from koscom_async._clock import korean_now
from koscom_async.models.codes import Measure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager
    from datetime import date, datetime
    from types import TracebackType

    import httpx

    from koscom_async._fanout.firm import Brokers, Discretionary
    from koscom_async._fanout.streams import (
        DiscretionaryHoldingsStream,
        HoldingsStream,
        PortfoliosStream,
        WatchlistsStream,
    )
    from koscom_async._fanout.transactions import TransactionStream
    from koscom_async._services.account import AccountService
    from koscom_async._services.member import MemberService
    from koscom_async._services.oauth import OAuthService
    from koscom_async._services.resolve import BrokerLike
    from koscom_async._transport.limits.limiter import Limiter
    from koscom_async.models.codes import TransactionType
    from koscom_async.models.gathered import Portfolios, Watchlists
    from koscom_async.models.holdings import Holdings
    from koscom_async.models.investor import Investor
    from koscom_async.models.statistics import Statistics
    from koscom_async.observer import Observer
    from koscom_async.settings import Settings
    from koscom_async.tokens import TokenStore

__all__ = ["Koscom"]


class Koscom:
    """A client of Koscom's Open API platform, for one event loop.

    Use it in `async with`, or plainly, as in a notebook, with `await koscom.aclose()` at the end. One client serves a
    whole process: limits are kept, and connections kept open, across everything that is asked through it.
    Make it where the program starts: the first one imports httpx and what reads answers, so that no call has to.

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
        from koscom_async._fanout.investor import InvestorFanout  # noqa: PLC0415  # httpx and all that asks: see the module's docstring

        self._stages = InvestorFanout(
            settings, transport=transport, limiter=limiter, tokens=tokens, now=now, observer=observer
        )
        self._gateway = self._stages.gateway
        self.oauth: OAuthService = self._stages.oauth
        self.member: MemberService = self._stages.member
        self.account: AccountService = self._stages.account
        self.discretionary: Discretionary = self._stages.discretionary

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

    def stream_holdings(
        self, investor: Investor, *, deadline: float | None = None
    ) -> AbstractAsyncContextManager[HoldingsStream]:
        """Yield a stream of each account's outcome as it is ready; its `holdings` is the merged answer at the end.

        Otherwise as `holdings()`. Leaving the context early cancels what is still being asked.
        """
        return self._stages.stream_holdings(investor, deadline=deadline)

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

    def stream_portfolios(
        self, investor: Investor, *, measure: Measure = Measure.SHARE, deadline: float | None = None
    ) -> AbstractAsyncContextManager[PortfoliosStream]:
        """Yield a stream of each account's outcome as it is ready; its `portfolios` are the answer at the end."""
        return self._stages.stream_portfolios(investor, measure=measure, deadline=deadline)

    async def watchlists(self, investor: Investor, *, deadline: float | None = None) -> Watchlists:
        """Return what the investor watches at every linked broker (관심종목), by symbol, and where each is watched.

        Otherwise as `holdings()`. Manual: 계좌 서비스, "관심종목 조회 API".
        """
        async with self.stream_watchlists(investor, deadline=deadline) as stream:
            async for _ in stream:
                pass
            return stream.watchlists

    def stream_watchlists(
        self, investor: Investor, *, deadline: float | None = None
    ) -> AbstractAsyncContextManager[WatchlistsStream]:
        """Yield a stream of each account's outcome as it is ready; its `watchlists` are the answer at the end."""
        return self._stages.stream_watchlists(investor, deadline=deadline)

    def transactions(  # noqa: PLR0913  # each keyword is one condition of the query
        self,
        investor: Investor,
        since: date,
        until: date,
        *,
        isin: str | None = None,
        side: TransactionType | str | None = None,
        deadline: float | None = None,
    ) -> AbstractAsyncContextManager[TransactionStream]:
        """Yield one stream of what moved in every linked account (거래내역), the earliest first.

        `async with koscom.transactions(investor, since, until) as stream: async for transaction in stream: …`. Both
        days are included; `isin` and `side` narrow it down. All accounts are asked at once; a row is handed out as
        soon as no account can have an earlier one, and no more than a bounded number is held, however many there are.
        An account that cannot be read ends early: see `stream.failures`, and check `stream.complete` at the end.
        Raises what `holdings()` raises, and `SettingsError` for a range that is none.
        Manual: 계좌 서비스, "거래내역 조회 API".
        """
        return self._stages.transactions(investor, since, until, isin=isin, side=side, deadline=deadline)

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
        broker: BrokerLike | None = None,
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
        return await self._stages.call(
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

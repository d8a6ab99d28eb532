"""The client: the page where the parts meet, and what a program asks for: what an investor owns, everywhere, right now.

Does not import the parts: `parts` loads httpx and all that a request needs when the first client is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from functools import cached_property, partial
from types import TracebackType
from typing import Any, Literal, Self

from koscom_async import _lazy as parts  # the client's parts and types, loaded when first used
from koscom_async._clock import korean_now
from koscom_async.errors import UsageError
from koscom_async.models.codes import Measure, TransactionType
from koscom_async.models.investor import Investor
from koscom_async.settings import Settings

__all__ = ["Koscom"]


class Koscom:
    """A client of Koscom's Open API platform, for one event loop.

    Use it in `async with`, or plainly, as in a notebook, with `await koscom.aclose()` at the end. One client serves a
    whole process: its limits and its open connections hold for every call that is made through it.
    Make it where the program starts: the first one imports httpx and what reads answers, so that no call has to.

    `transport` is any httpx transport, used instead of the client's own connections and closed with the client;
    `limiter` any `Limiter`, used instead of the one that follows `settings.limits` (such as `RedisLimiter` of
    `koscom_async.integrations.redis`, for limits that many processes share), and closed with the client, too;
    `tokens` any `TokenStore`, used instead of one in memory. An access token that has expired is renewed by itself if
    there is a refresh token. `now` is the clock for service hours, used instead of the system's. `observer` is called
    around each operation and each attempt, such as the one of `koscom_async.integrations.opentelemetry`. `orders` is
    where orders are kept before they leave, instead of in memory.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        transport: parts.AsyncBaseTransport | None = None,
        limiter: parts.Limiter | None = None,
        tokens: parts.TokenStore | None = None,
        now: Callable[[], datetime] = korean_now,
        observer: parts.Observer | None = None,
        orders: parts.OrderStore | None = None,
    ) -> None:
        if not isinstance(settings, Settings):
            raise UsageError(
                f"settings must be Settings, got {type(settings).__name__}",
                advice="pass Settings(…) or Settings.from_env()",
            )
        self._settings = settings
        self._order_store = orders
        self._now = now
        self._gateway = parts.Gateway(
            settings, transport=transport, limiter=limiter, tokens=tokens, observer=observer
        )
        self._investor = parts.InvestorFanout(self._gateway, self.oauth, self.member, self.account)
        self._call = partial(parts.call_raw, self._gateway, settings)
        if settings.discretionary_brokers:
            _ = self.discretionary  # a firm that names its brokers uses it: no call waits for its import
        if settings.catalogue is not None:
            _ = self.operations  # what is wrong with the file is raised here

    @cached_property
    def oauth(self) -> parts.OAuthService:
        """The authorization-code flow (OAuth 2.0): an investor's login, and the tokens of it."""
        return parts.OAuthService(self._gateway, self._settings)

    @cached_property
    def member(self) -> parts.MemberService:
        """The investor's membership: the registration, and the linked accounts."""
        return parts.MemberService(self._gateway, self._settings)

    @cached_property
    def account(self) -> parts.AccountService:
        """Questions about one linked account: balance, portfolio, transactions, watchlist."""
        return parts.AccountService(self._gateway, self._settings)

    @cached_property
    def discretionary(self) -> parts.Discretionary:
        """The discretionary service (일임매매): the firm's contract accounts.

        Loaded with the client if the settings name `discretionary_brokers`, and otherwise when it is first used.
        """
        return parts.Discretionary(self._gateway, self._settings, now=self._now)

    @cached_property
    def _asker(self) -> parts.Asker:
        return parts.Asker(self._gateway, self._settings, now=self._now)

    @cached_property
    def ask(self) -> parts.Ask:
        """Any operation of the platform by its name: `await koscom.ask("market.stocks.price", issue="005930")`."""
        return parts.Ask(self._asker)

    @cached_property
    def market(self) -> parts.MarketService:
        """Market data: listings, quotes, order books, bars, indices, investors, funds, futures and options."""
        return parts.MarketService(self._asker, now=self._now)

    @cached_property
    def companies(self) -> parts.CompanyService:
        """Company data (NICE 기업정보): outlines, statements, ratios."""
        return parts.CompanyService(self._asker)

    @cached_property
    def robo_advisors(self) -> parts.RoboAdvisorService:
        """The robo-adviser testbed (RA 테스트베드): algorithms, their returns and risks."""
        return parts.RoboAdvisorService(self._asker)

    @cached_property
    def fraud(self) -> parts.FraudService:
        """The search for reported fraud (금융사기 피해이력, 더치트)."""
        return parts.FraudService(self._asker)

    @cached_property
    def orders(self) -> parts.OrderService:
        """Orders for the firm's contract accounts (주문): placed, amended, cancelled, found again."""
        store = self._order_store or parts.MemoryOrderStore()
        return parts.OrderService(self._asker, self._settings, store, now=self._now)

    @property
    def operations(self) -> parts.Operations:
        """The platform's operations by name: what each takes and gives, its service, hours, licence and status."""
        return self._asker.operations

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
        """Close the connections, and the transport and limiter that were given. The client cannot be used again.

        Calls that are under way fail with a `UsageError`. So does closing it in another event loop than the one where
        it was used, or after that one has ended.
        """
        await self._gateway.aclose()

    def statistics(self) -> parts.Statistics:
        """Return a frozen snapshot by broker: calls, retries, waits, refusals, breaker state.

        Also the day's quota by service, and what refusals changed in how brokers are asked.
        """
        return self._gateway.statistics(learned=self.account.learned)

    async def holdings(
        self, investor: Investor, *, deadline: float | None = None, after: parts.Holdings | None = None
    ) -> parts.Holdings:
        """Return everything that the investor owns, across all linked accounts (통합 잔고).

        Every account is asked at once. The answer comes when the slowest has answered, or after `deadline` seconds,
        with what was read by then. An account that could not be read is in `failures`, with the reason; check
        `complete`, or use `require_complete()`. Amounts are exact decimals, each in its instrument's currency; `None`
        is unknown. Raises only what concerns every account before any was asked: `AuthenticationError`,
        `AccessDeniedError`, `QuotaExceededError`, `OverloadedError` where so much is queued that the deadline would
        pass, or what kept the list of linked accounts from being read.

        `after` is an earlier answer to the same question, to be continued: only accounts that failed in it and may be
        read now (`retriable`; or the investor had to log in, or the day's calls were spent, and that is over; or the
        consent has changed) and those that are new or listed otherwise are asked. Every other outcome stands, with its
        own `as_of`; accounts that are no longer linked are left out. Raises `UsageError` for the answer of another
        investor, as far as the account numbers show it.
        Manual: 서비스 연동, "가상계좌 리스트 조회"; 계좌 서비스, "계좌잔고 조회 API".
        """
        return await parts.read_to_end(self.stream_holdings(investor, deadline=deadline, after=after))

    def stream_holdings(
        self, investor: Investor, *, deadline: float | None = None, after: parts.Holdings | None = None
    ) -> AbstractAsyncContextManager[parts.HoldingsStream]:
        """Yield a stream of each account's outcome as it is ready; its `holdings` is the merged answer at the end.

        Otherwise as `holdings()`; with `after`, the stream has the accounts that are asked, and `holdings` all of them.
        Leaving the context early cancels what is still being asked.
        """
        return self._investor.stream(
            parts.HoldingsStream,
            investor,
            self.account.read_balance,
            operation="holdings",
            deadline=deadline,
            after=after,
        )

    async def portfolios(
        self, investor: Investor, *, measure: Measure = Measure.SHARE, deadline: float | None = None
    ) -> parts.Portfolios:
        """Return what every linked account is made of (자산 포트폴리오): shares in percent, or quantities.

        Each row's `measure` is what its number is. Shares are never added up; quantities only where all are
        quantities. Otherwise as `holdings()`. Manual: 계좌 서비스, "자산 포트폴리오 조회 API".
        """
        return await parts.read_to_end(self.stream_portfolios(investor, measure=measure, deadline=deadline))

    def stream_portfolios(
        self, investor: Investor, *, measure: Measure = Measure.SHARE, deadline: float | None = None
    ) -> AbstractAsyncContextManager[parts.PortfoliosStream]:
        """Yield a stream of each account's outcome as it is ready; its `portfolios` are the answer at the end."""
        return self._investor.stream(
            parts.PortfoliosStream,
            investor,
            self.account.read_portfolio,
            operation="portfolios",
            deadline=deadline,
            measure=parts.resolve_measure(measure),
        )

    async def watchlists(self, investor: Investor, *, deadline: float | None = None) -> parts.Watchlists:
        """Return what the investor watches at every linked broker (관심종목), by symbol, and where each is watched.

        Otherwise as `holdings()`. Manual: 계좌 서비스, "관심종목 조회 API".
        """
        return await parts.read_to_end(self.stream_watchlists(investor, deadline=deadline))

    def stream_watchlists(
        self, investor: Investor, *, deadline: float | None = None
    ) -> AbstractAsyncContextManager[parts.WatchlistsStream]:
        """Yield a stream of each account's outcome as it is ready; its `watchlists` are the answer at the end."""
        return self._investor.stream(
            parts.WatchlistsStream,
            investor,
            self.account.read_watchlist,
            operation="watchlists",
            deadline=deadline,
        )

    async def transactions(
        self,
        investor: Investor,
        since: date,
        until: date,
        *,
        isin: str | None = None,
        side: TransactionType | str | None = None,
        deadline: float | None = None,
    ) -> parts.TransactionHistory:
        """Return what moved in every linked account from `since` to `until` (거래내역), the earliest first.

        Both days are included; `isin` and `side` (BID 매도, ASK 매수, DEP 이체입금, WID 이체출금) narrow it down. All
        rows are held in memory: for years of many accounts, use `stream_transactions()`.
        Otherwise as `holdings()`; raises `SettingsError`, too, for a range that is none.
        Manual: 계좌 서비스, "거래내역 조회 API".
        """
        opened = self.stream_transactions(investor, since, until, isin=isin, side=side, deadline=deadline)
        return await parts.read_history(opened, since, until, isin=isin, side=side)

    def stream_transactions(
        self,
        investor: Investor,
        since: date,
        until: date,
        *,
        isin: str | None = None,
        side: TransactionType | str | None = None,
        deadline: float | None = None,
    ) -> AbstractAsyncContextManager[parts.TransactionStream]:
        """Yield one stream of what moved in every linked account, the earliest first.

        `async with koscom.stream_transactions(investor, since, until) as stream: async for transaction in stream: …`.
        All accounts are asked at once; a row is delivered as soon as no account can have an earlier one, and only a
        bounded number of rows is buffered. An account that cannot be read ends early: see `stream.failures`, and check
        `stream.complete` at the end. Otherwise as `transactions()`.
        """
        return self._investor.stream_transactions(
            investor, since, until, isin=isin, side=side, deadline=deadline
        )

    async def discretionary_holdings(
        self, brokers: parts.Brokers = None, *, include_ended: bool = False, deadline: float | None = None
    ) -> parts.Holdings:
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
        self, brokers: parts.Brokers = None, *, include_ended: bool = False, deadline: float | None = None
    ) -> AbstractAsyncContextManager[parts.DiscretionaryHoldingsStream]:
        """Yield a stream of each contract account's outcome; its `holdings` is the merged answer at the end.

        Otherwise as `discretionary_holdings()`. Leaving the context early cancels what is still being asked.
        """
        return self.discretionary.stream_holdings(brokers, include_ended=include_ended, deadline=deadline)

    async def call(
        self,
        method: str,
        path: str,
        *,
        scheme: Literal["apikey", "basic", "bearer"],
        json: Any = None,
        params: Mapping[str, object] | None = None,
        investor: Investor | None = None,
        broker: parts.BrokerLike | None = None,
        repeatable: bool | None = None,
        deadline: float | None = None,
    ) -> Any:
        """Ask an endpoint that has no typed method, and return its JSON as it came, numbers as exact `Decimal`s.

        `path` is one of the gateway's (`/v3/market/…`, at `market_url`), `params` its query, `json` the body to send.
        `scheme` says who asks: `"apikey"` and `"basic"` the firm, `"bearer"` the `investor`. Secrets travel in headers;
        one in `params` is refused. Limits, breaker and quota are those of `broker`, or of the broker or service in the
        path. Transient failures are retried if the method is GET or HEAD, or with `repeatable=True`, which is only for
        requests that may arrive twice. Raises as the typed methods do, and `UsageError` for a request that cannot be
        sent. An answer with an error code in its body is raised, and so is one that echoes another `reqIdConsumer` than
        the body's.
        """
        asked = self._call(
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
        del json, params  # an error reporter may send this frame's variables
        return await asked


def parts_of(koscom: Koscom) -> tuple[Settings, parts.InvestorFanout]:
    """Return the settings and the fan-out of a client: a batch asks the same question at a pace of its own."""
    return koscom._settings, koscom._investor  # noqa: SLF001  # it is this module's own class

"""The page where the stages meet: a client's parts, put together, and what is asked of all linked accounts with them.

Owns the order of the stages (authorize, linked accounts, fan-out, merge). Imported when the first client is made, and
with it everything that a request needs, so that no request waits for an import.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import partial

import anyio
import httpx

import koscom_async._ahead  # noqa: F401  # for what it imports
from koscom_async._clock import korean_now
from koscom_async._fanout.firm import Discretionary
from koscom_async._fanout.streams import HoldingsStream, PortfoliosStream, WatchlistsStream
from koscom_async._fanout.tasks import (
    Answer,
    AnyOutcome,
    MakeOutcome,
    Outcomes,
    Read,
    balance_outcome,
    fan_out,
    portfolio_outcome,
    unique_accounts,
    watchlist_outcome,
)
from koscom_async._fanout.transactions import Source, TransactionStream
from koscom_async._merge import merging
from koscom_async._merge.gathered import merge_portfolios, merge_watchlists
from koscom_async._services.account import AccountService
from koscom_async._services.member import MemberService
from koscom_async._services.oauth import OAuthService
from koscom_async._services.operation import Deadline, deadline_at
from koscom_async._services.raw import call_raw
from koscom_async._services.resolve import resolve_code, resolve_range
from koscom_async._services.tasks import background
from koscom_async._services.windows import Notifier, WindowFeed
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.limits.limiter import Limiter
from koscom_async._transport.statistics import TraceBuilder
from koscom_async.models.codes import Measure, TransactionType
from koscom_async.models.investor import Investor
from koscom_async.models.member import VirtualAccount
from koscom_async.observer import OK, PARTIAL, Observer, Operation
from koscom_async.settings import Settings
from koscom_async.tokens import TokenStore


class InvestorFanout:
    """One client's gateway and services; its methods are `Koscom`'s of the same names, and documented there."""

    def __init__(  # noqa: PLR0913  # each is a part that a user may replace
        self,
        settings: Settings,
        *,
        transport: httpx.AsyncBaseTransport | None,
        limiter: Limiter | None,
        tokens: TokenStore | None,
        now: Callable[[], datetime],
        observer: Observer | None,
    ) -> None:
        self.gateway = Gateway(
            settings, transport=transport, limiter=limiter, tokens=tokens, observer=observer
        )
        self.oauth = OAuthService(self.gateway, settings)
        self.member = MemberService(self.gateway, settings)
        self.account = AccountService(self.gateway, settings)
        self.discretionary = Discretionary(self.gateway, settings, now=now)
        self.call = partial(call_raw, self.gateway, settings)

    @asynccontextmanager
    async def stream_holdings(
        self, investor: Investor, *, deadline: float | None = None
    ) -> AsyncIterator[HoldingsStream]:
        """Yield each account's balance as it is ready, and the merged answer."""
        end, asked_at = deadline_at(deadline), korean_now()
        read = partial(self.account.read_balance, investor, end=end)
        async with self._asked("holdings", investor, read, balance_outcome, end=end) as outcomes:
            yield HoldingsStream(outcomes, partial(merging, as_of=asked_at))

    @asynccontextmanager
    async def stream_portfolios(
        self, investor: Investor, *, measure: Measure = Measure.SHARE, deadline: float | None = None
    ) -> AsyncIterator[PortfoliosStream]:
        """Yield each account's portfolio as it is ready, and all of them side by side."""
        end, asked_at = deadline_at(deadline), korean_now()
        measure = resolve_code(Measure, measure, "measure") or Measure.SHARE
        read = partial(self.account.read_portfolio, investor, measure=measure, end=end)
        async with self._asked("portfolios", investor, read, portfolio_outcome, end=end) as outcomes:
            yield PortfoliosStream(outcomes, partial(merge_portfolios, measure=measure, as_of=asked_at))

    @asynccontextmanager
    async def stream_watchlists(
        self, investor: Investor, *, deadline: float | None = None
    ) -> AsyncIterator[WatchlistsStream]:
        """Yield each account's watchlist as it is ready, and the merged answer."""
        end, asked_at = deadline_at(deadline), korean_now()
        read = partial(self.account.read_watchlist, investor, end=end)
        async with self._asked("watchlists", investor, read, watchlist_outcome, end=end) as outcomes:
            yield WatchlistsStream(outcomes, partial(merge_watchlists, as_of=asked_at))

    @asynccontextmanager
    async def _asked(
        self,
        name: str,
        investor: Investor,
        read: Read[Answer],
        settle: MakeOutcome[Answer, AnyOutcome],
        *,
        end: Deadline,
    ) -> AsyncIterator[Outcomes[AnyOutcome]]:
        """Ask about every linked account, before the eyes of whoever watches."""
        operation = Operation(name=name)
        with self.gateway.operation(operation):
            await self.oauth.authorize(investor, end=end)
            linked = await self.member.read_accounts(investor, end=end)
            async with fan_out(unique_accounts(linked.accounts), read, settle) as outcomes:
                yield outcomes
            _conclude(operation, len(outcomes.accounts), sum(each.ok for each in outcomes.delivered))

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
        """Yield one stream of what moved in every account, the earliest first."""
        window, end = resolve_range(since, until), deadline_at(deadline)
        kind = resolve_code(TransactionType, side, "side")
        asked_at, notifier = korean_now(), Notifier()
        operation = Operation(name="transactions")
        with self.gateway.operation(operation):
            await self.oauth.authorize(investor, end=end)
            linked = await self.member.read_accounts(investor, end=end)
            async with background() as group:
                feeds = partial(
                    self.account.feed_transactions,
                    investor,
                    window=window,
                    isin=isin,
                    side=kind,
                    group=group,
                    notifier=notifier,
                    end=end,
                )
                accounts = sorted(unique_accounts(linked.accounts), key=lambda each: each.key)
                sources = [_source(place, account, feeds) for place, account in enumerate(accounts)]
                stream = TransactionStream(sources, notifier, as_of=asked_at)
                try:
                    yield stream
                finally:
                    stream.close()
            _conclude(operation, len(sources), sum(each.ok for each in stream.outcomes))


def _source(place: int, account: VirtualAccount, feeds: Callable[..., WindowFeed]) -> Source:
    """Begin to read one account's transactions."""
    log = TraceBuilder(started=anyio.current_time())
    feed = feeds(account, log)
    feed.start()
    return Source(account=account, feed=feed, log=log, place=place)


def _conclude(operation: Operation, asked: int, read: int) -> None:
    operation.accounts, operation.failures = asked, asked - read
    operation.outcome = PARTIAL if operation.failures else OK

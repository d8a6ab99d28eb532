"""The client: the page where the stages meet. What an investor owns, everywhere, right now."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

import httpx

from koscom_async._fanout import Outcomes, distinct, fan_out, korean_now
from koscom_async._merge import merge
from koscom_async._services.account import AccountService
from koscom_async._services.deadline import deadline_at
from koscom_async._services.member import MemberService
from koscom_async._services.oauth import OAuthService
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.limiter import Limiter
from koscom_async.errors import UsageError
from koscom_async.models.holdings import Holdings
from koscom_async.models.investor import Investor
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AccountOutcome
from koscom_async.models.statistics import Statistics
from koscom_async.observer import OK, PARTIAL, Observer, Operation
from koscom_async.settings import Settings
from koscom_async.tokens import TokenStore


class HoldingsStream:
    """Accounts' outcomes as they are ready, and the merged answer when all of them have been read.

    `accounts` are those that are being asked. Iterate once.
    """

    def __init__(self, outcomes: Outcomes, asked_at: datetime) -> None:
        self._outcomes = outcomes
        self._asked_at = asked_at

    @property
    def accounts(self) -> tuple[VirtualAccount, ...]:
        """The accounts that are being asked, each once."""
        return self._outcomes.accounts

    @property
    def holdings(self) -> Holdings:
        """The merged answer; raises `UsageError` while outcomes are still to be read from the stream."""
        if not self._outcomes.is_finished:
            read, asked = len(self._outcomes.delivered), len(self.accounts)
            raise UsageError(
                f"only {read} of {asked} outcomes were read from the stream, so the holdings are not whole",
                advice="read the stream to its end first, or use `koscom.holdings()`",
            )
        return merge(self._outcomes.delivered, as_of=self._asked_at)

    def __aiter__(self) -> AsyncIterator[AccountOutcome]:
        return self._outcomes.__aiter__()


class Koscom:
    """A client of Koscom's Open API platform, for one event loop.

    Use it in `async with`, or plainly, as in a notebook, with `await koscom.aclose()` at the end. One client serves a
    whole process: limits are kept, and connections kept open, across everything that is asked through it.

    `transport` is any httpx transport, used instead of the client's own connections and closed with the client;
    `limiter` any `Limiter`, used instead of the one that follows `settings.limits` (such as `RedisLimiter` of
    `koscom_async.integrations.redis`, for the limits that many processes share), and closed with the client too;
    `tokens` any `TokenStore`, in the place of one in memory. Access tokens that have died are renewed by themselves,
    where there is a refresh token. `observer` is told of every operation and attempt, as the one of
    `koscom_async.integrations.opentelemetry` is.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        limiter: Limiter | None = None,
        tokens: TokenStore | None = None,
        observer: Observer | None = None,
    ) -> None:
        self._gateway = Gateway(
            settings, transport=transport, limiter=limiter, tokens=tokens, observer=observer
        )
        self.oauth = OAuthService(self._gateway, settings)
        self.member = MemberService(self._gateway, settings)
        self.account = AccountService(self._gateway, settings)

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
            return stream.holdings

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
            async with fan_out(distinct(linked.accounts), read) as outcomes:
                yield HoldingsStream(outcomes, asked_at)
            _conclude(operation, outcomes)


def _conclude(operation: Operation, outcomes: Outcomes) -> None:
    operation.accounts = len(outcomes.accounts)
    operation.failures = operation.accounts - sum(outcome.ok for outcome in outcomes.delivered)
    operation.outcome = PARTIAL if operation.failures else OK

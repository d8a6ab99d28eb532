"""Asks about every account at once; each ends as an outcome, and none of them disturbs another.

Owns the tasks of a fan-out. What is asked of an account, and until when, is the caller's; so is what becomes of the
outcomes.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, Protocol, TypeVar

import anyio

from koscom_async._clock import korean_now
from koscom_async._services.tasks import background
from koscom_async._transport.isolation import mark_isolated
from koscom_async._transport.statistics import TraceBuilder
from koscom_async.errors import KoscomError, UsageError
from koscom_async.models.account import Balance
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AccountOutcome, Outcome, PortfolioOutcome, WatchlistOutcome
from koscom_async.models.portfolio import Portfolio, Watchlist

logger = logging.getLogger("koscom_async.fanout")

Answer = TypeVar("Answer")
Taken_contra = TypeVar("Taken_contra", contravariant=True)
AnyOutcome = TypeVar("AnyOutcome", bound=Outcome)
Arrived = TypeVar("Arrived")
Made_co = TypeVar("Made_co", bound=Outcome, covariant=True)
Read = Callable[[VirtualAccount, TraceBuilder], Awaitable[Answer]]


class MakeOutcome(Protocol[Taken_contra, Made_co]):
    """Makes an outcome of an answer (`None` where there is none) and of the facts that every outcome has."""

    def __call__(self, answer: Taken_contra | None, /, **facts: Any) -> Made_co:
        """Return the outcome."""


def balance_outcome(answer: Balance | None, /, **facts: Any) -> AccountOutcome:
    """Return how the question about a balance ended."""
    return AccountOutcome(balance=answer, **facts)


def portfolio_outcome(answer: Portfolio | None, /, **facts: Any) -> PortfolioOutcome:
    """Return how the question about a portfolio ended."""
    return PortfolioOutcome(portfolio=answer, **facts)


def watchlist_outcome(answer: Watchlist | None, /, **facts: Any) -> WatchlistOutcome:
    """Return how the question about a watchlist ended."""
    return WatchlistOutcome(watchlist=answer, **facts)


class OutcomeQueue(Generic[Arrived]):
    """Outcomes in the order in which they come, each handed out once; who they are awaited from, a subclass knows."""

    def __init__(self) -> None:
        self._settled: list[Arrived] = []
        self._delivered = 0
        self._is_open = True
        self._news = anyio.Event()

    @property
    def delivered(self) -> tuple[Arrived, ...]:
        """What has been handed out, in the order in which it was."""
        return tuple(self._settled[: self._delivered])

    @property
    def is_finished(self) -> bool:
        """Whether everything that is awaited has been handed out."""
        raise NotImplementedError

    def add(self, outcome: Arrived) -> None:
        """Take in what an account's task came to."""
        self._settled.append(outcome)
        self._announce()

    def close(self) -> None:
        """Say that no outcome will come any more."""
        self._is_open = False
        self._announce()

    def _announce(self) -> None:
        self._news.set()
        self._news = anyio.Event()

    def __aiter__(self) -> AsyncIterator[Arrived]:
        return self

    async def __anext__(self) -> Arrived:
        while self._delivered == len(self._settled):
            if self.is_finished:
                raise StopAsyncIteration
            if not self._is_open:
                raise UsageError(
                    "the stream's context was left, which ended what was still being asked",
                    advice="iterate inside the `async with`",
                )
            await self._news.wait()
        outcome = self._settled[self._delivered]
        self._delivered += 1
        return outcome


class Outcomes(OutcomeQueue[AnyOutcome]):
    """The outcomes of a fan-out, each as it is ready. Iterate once; `accounts` says who is being asked.

    They are kept here and not in a stream, so that a caller who gives up waiting for one loses none.
    """

    def __init__(self, accounts: Sequence[VirtualAccount]) -> None:
        super().__init__()
        self.accounts = tuple(accounts)

    @property
    def is_finished(self) -> bool:
        """Whether every account's outcome has been handed out."""
        return self._delivered == len(self.accounts)


def unique_accounts(accounts: Sequence[VirtualAccount]) -> tuple[VirtualAccount, ...]:
    """Return each account once: one that is listed under two labels holds its money once."""
    kept: dict[tuple[str, str], VirtualAccount] = {}
    for account in accounts:
        kept.setdefault(account.key, account)
    return tuple(kept.values())


@asynccontextmanager
async def fan_out(
    accounts: Sequence[VirtualAccount], read: Read[Answer], settle: MakeOutcome[Answer, AnyOutcome]
) -> AsyncIterator[Outcomes[AnyOutcome]]:
    """Ask about every account at once, and yield the outcomes; leaving early cancels what is still asked."""
    outcomes: Outcomes[AnyOutcome] = Outcomes(accounts)
    try:
        async with background() as group:
            for account in accounts:
                group.start_soon(_settle, account, read, settle, outcomes)
            yield outcomes
    finally:
        outcomes.close()


async def _settle(
    account: VirtualAccount,
    read: Read[Answer],
    settle: MakeOutcome[Answer, AnyOutcome],
    outcomes: Outcomes[AnyOutcome],
) -> None:
    mark_isolated()
    log = TraceBuilder(started=anyio.current_time())
    answer: Answer | None = None
    failure: KoscomError | None = None
    try:
        answer = await read(account, log)
    except KoscomError as error:
        failure = error
    except Exception as error:  # noqa: BLE001  # a limiter or transport that was given may raise anything
        failure = unforeseen(error, account)
    if failure is not None:
        logger.warning("account not read: %s", failure)
    outcomes.add(
        settle(
            answer,
            account=account,
            error=failure,
            as_of=korean_now(),
            trace=log.frozen(anyio.current_time()),
        )
    )


def unforeseen(error: Exception, account: VirtualAccount) -> KoscomError:
    """Make an outcome of what nobody foresaw: it must not take the other accounts with it."""
    failure = KoscomError(
        f"reading the account broke off ({type(error).__name__})",
        code="unforeseen",
        broker=account.broker.short_name,
        account=account.masked_number,
        advice="see the error's cause; if it is not your own limiter's or transport's, report it",
    )
    failure.__cause__ = error
    return failure

"""The streams of outcomes: each account as it is ready, and the whole answer at the end. Ask nothing themselves."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from attrs import evolve

from koscom_async._cooperative import Cooperative, run_cooperatively, run_now
from koscom_async._fanout.tasks import OutcomeQueue
from koscom_async._merge import merging
from koscom_async._merge.gathered import merging_portfolios, merging_watchlists
from koscom_async.models.account import Balance
from koscom_async.models.codes import Measure
from koscom_async.models.gathered import Portfolios, Watchlists
from koscom_async.models.holdings import Holdings
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import (
    AccountFailure,
    AccountOutcome,
    AccountSuccess,
    AnyOutcome,
    PortfolioFailure,
    PortfolioOutcome,
    PortfolioSuccess,
    WatchlistFailure,
    WatchlistOutcome,
    WatchlistSuccess,
)
from koscom_async.models.portfolio import Portfolio, Watchlist

Merged = TypeVar("Merged")


class OutcomeStream(Generic[AnyOutcome, Merged]):
    """Accounts' outcomes in completion order. Iterate once, inside the `async with`.

    After the last outcome, the whole answer is there; before it, asking for the answer raises `UsageError`. What was
    `kept` of an earlier answer is in the whole answer, and is not delivered again.
    """

    def __init__(
        self,
        outcomes: OutcomeQueue[AnyOutcome],
        as_of: datetime,
        consent_expires_on: date | None = None,
        *,
        kept: Sequence[AnyOutcome] = (),
    ) -> None:
        self._outcomes = outcomes
        self._kept = tuple(kept)
        self._as_of = as_of
        self._consent_expires_on = consent_expires_on

    @property
    def accounts(self) -> tuple[VirtualAccount, ...]:
        """The accounts that are being asked, each once."""
        return self._outcomes.accounts

    @property
    def kept(self) -> tuple[AnyOutcome, ...]:
        """The outcomes of an earlier answer that stand, and are not asked for again."""
        return self._kept

    def __aiter__(self) -> AsyncIterator[AnyOutcome]:
        return self._outcomes

    async def merged(self) -> Merged:
        """Return the whole answer; other tasks run while tens of thousands of rows are merged."""
        return await run_cooperatively(self._merging((*self._kept, *self._outcomes.result())))

    def _result(self) -> Merged:
        return run_now(self._merging((*self._kept, *self._outcomes.result())))

    @abstractmethod
    def _merging(self, outcomes: Sequence[AnyOutcome]) -> Cooperative[Merged]:
        """Make the whole answer of all outcomes, step by step."""

    @staticmethod
    @abstractmethod
    def make_outcome(answer: Any, **facts: Any) -> AnyOutcome:
        """Make the outcome of one account's answer, which is `None` if there is an error among the facts."""


async def read_to_end(opened: AbstractAsyncContextManager[OutcomeStream[Any, Merged]]) -> Merged:
    """Read a stream to its end, and return the whole answer."""
    async with opened as stream:
        async for _ in stream:
            pass
        return await stream.merged()


class HoldingsStream(OutcomeStream[AccountSuccess | AccountFailure, Holdings]):
    """Accounts' balances in completion order, and the merged holdings after the last. Iterate once.

    `accounts` are those that are being asked.
    """

    @property
    def holdings(self) -> Holdings:
        """The merged answer; raises `UsageError` while outcomes are still to be read from the stream."""
        return self._result()

    def _merging(self, outcomes: Sequence[AccountSuccess | AccountFailure]) -> Cooperative[Holdings]:
        holdings = yield from merging(outcomes, as_of=self._as_of)
        return evolve(holdings, consent_expires_on=self._consent_expires_on)

    @staticmethod
    def make_outcome(answer: Balance | None, **facts: Any) -> Any:
        return AccountOutcome(balance=answer, **facts)


class PortfoliosStream(OutcomeStream[PortfolioSuccess | PortfolioFailure, Portfolios]):
    """Accounts' portfolios in completion order, and all of them side by side after the last. Iterate once."""

    def __init__(
        self,
        outcomes: OutcomeQueue[PortfolioSuccess | PortfolioFailure],
        as_of: datetime,
        consent_expires_on: date | None = None,
        *,
        kept: Sequence[PortfolioSuccess | PortfolioFailure] = (),
        measure: Measure,
    ) -> None:
        super().__init__(outcomes, as_of, consent_expires_on, kept=kept)
        self._measure = measure

    @property
    def portfolios(self) -> Portfolios:
        """The whole answer; raises `UsageError` while outcomes are still to be read from the stream."""
        return self._result()

    def _merging(self, outcomes: Sequence[PortfolioSuccess | PortfolioFailure]) -> Cooperative[Portfolios]:
        portfolios = yield from merging_portfolios(outcomes, measure=self._measure, as_of=self._as_of)
        return evolve(portfolios, consent_expires_on=self._consent_expires_on)

    @staticmethod
    def make_outcome(answer: Portfolio | None, **facts: Any) -> Any:
        return PortfolioOutcome(portfolio=answer, **facts)


class WatchlistsStream(OutcomeStream[WatchlistSuccess | WatchlistFailure, Watchlists]):
    """Accounts' watchlists in completion order, and the merged answer after the last. Iterate once."""

    @property
    def watchlists(self) -> Watchlists:
        """The merged answer; raises `UsageError` while outcomes are still to be read from the stream."""
        return self._result()

    def _merging(self, outcomes: Sequence[WatchlistSuccess | WatchlistFailure]) -> Cooperative[Watchlists]:
        watchlists = yield from merging_watchlists(outcomes, as_of=self._as_of)
        return evolve(watchlists, consent_expires_on=self._consent_expires_on)

    @staticmethod
    def make_outcome(answer: Watchlist | None, **facts: Any) -> Any:
        return WatchlistOutcome(watchlist=answer, **facts)

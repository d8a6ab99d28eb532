"""What a question across brokers hands out: outcomes as they are ready, and the whole answer at the end."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from koscom_async._cooperative import Cooperative, run_cooperatively, run_now
from koscom_async._fanout.firm_tasks import AnyOutcome as AnyEnded
from koscom_async._fanout.firm_tasks import FirmOutcomes
from koscom_async._fanout.tasks import Outcomes
from koscom_async._merge import merge, merging
from koscom_async.errors import UsageError
from koscom_async.models.discretionary.answers import DiscretionaryAnswers, DiscretionaryOutcome
from koscom_async.models.gathered import Portfolios, Watchlists
from koscom_async.models.holdings import Holdings
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AccountOutcome, Outcome, PortfolioOutcome, WatchlistOutcome

# Accounts' outcomes as they are ready, and the answer that they come to when all of them have been read.

AnyOutcome = TypeVar("AnyOutcome", bound=Outcome)
Whole = TypeVar("Whole")


class OutcomeStream(Generic[AnyOutcome, Whole]):
    """Accounts' outcomes as they are ready. Iterate once."""

    _whole = "answer"

    def __init__(
        self, outcomes: Outcomes[AnyOutcome], put_together: Callable[[Sequence[AnyOutcome]], Whole]
    ) -> None:
        self._outcomes = outcomes
        self._put_together = put_together

    @property
    def accounts(self) -> tuple[VirtualAccount, ...]:
        """The accounts that are being asked, each once."""
        return self._outcomes.accounts

    def _read(self) -> Sequence[AnyOutcome]:
        if not self._outcomes.is_finished:
            read, asked = len(self._outcomes.delivered), len(self.accounts)
            raise UsageError(
                f"only {read} of {asked} outcomes were read from the stream, so the {self._whole} are not whole",
                advice=f"read the stream to its end first, or use `koscom.{self._whole}()`",
            )
        return self._outcomes.delivered

    def _answer(self) -> Whole:
        return self._put_together(self._read())

    def __aiter__(self) -> AsyncIterator[AnyOutcome]:
        return self._outcomes.__aiter__()


class HoldingsStream(OutcomeStream[AccountOutcome, Holdings]):
    """Accounts' outcomes as they are ready, and the merged answer when all of them have been read.

    `accounts` are those that are being asked. Iterate once.
    """

    _whole = "holdings"

    def __init__(
        self,
        outcomes: Outcomes[AccountOutcome],
        merging: Callable[[Sequence[AccountOutcome]], Cooperative[Holdings]],
    ) -> None:
        super().__init__(outcomes, lambda delivered: run_now(merging(delivered)))
        self._merging = merging

    @property
    def holdings(self) -> Holdings:
        """The merged answer; raises `UsageError` while outcomes are still to be read from the stream."""
        return self._answer()

    async def merged(self) -> Holdings:
        """Return `holdings`, and let other tasks run while it is merged: for tens of thousands of rows."""
        return await run_cooperatively(self._merging(self._read()))


class PortfoliosStream(OutcomeStream[PortfolioOutcome, Portfolios]):
    """Accounts' portfolios as they are ready, and all of them side by side at the end. Iterate once."""

    _whole = "portfolios"

    @property
    def portfolios(self) -> Portfolios:
        """The whole answer; raises `UsageError` while outcomes are still to be read from the stream."""
        return self._answer()


class WatchlistsStream(OutcomeStream[WatchlistOutcome, Watchlists]):
    """Accounts' watchlists as they are ready, and the merged answer at the end. Iterate once."""

    _whole = "watchlists"

    @property
    def watchlists(self) -> Watchlists:
        """The merged answer; raises `UsageError` while outcomes are still to be read from the stream."""
        return self._answer()


Row = TypeVar("Row")


class _Stream(Generic[AnyEnded]):
    """Outcomes as they are ready. Iterate once."""

    def __init__(self, outcomes: FirmOutcomes[AnyEnded], asked_at: datetime) -> None:
        self._outcomes = outcomes
        self._asked_at = asked_at

    @property
    def accounts(self) -> tuple[VirtualAccount, ...]:
        """The accounts that are known so far: those of each broker whose list has come."""
        return self._outcomes.accounts

    def __aiter__(self) -> AsyncIterator[AnyEnded]:
        return self._outcomes.__aiter__()

    def _read(self) -> tuple[AnyEnded, ...]:
        if not self._outcomes.is_finished:
            raise UsageError(
                "outcomes are still to be read from the stream, so the answer is not whole",
                advice="read the stream to its end first, or use the call without `stream_`",
            )
        return self._outcomes.delivered


class DiscretionaryHoldingsStream(_Stream[AccountOutcome]):
    """Contract accounts' outcomes as they are ready, and the merged holdings at the end.

    `accounts` grows while the brokers' lists come. Iterate once.
    """

    @property
    def holdings(self) -> Holdings:
        """The merged answer; raises `UsageError` while outcomes are still to be read from the stream."""
        return merge(self._read(), as_of=self._asked_at)

    async def merged(self) -> Holdings:
        """Return `holdings`, and let other tasks run while it is merged: for tens of thousands of rows."""
        return await run_cooperatively(merging(self._read(), as_of=self._asked_at))


class DiscretionaryStream(_Stream[DiscretionaryOutcome[Row]]):
    """Contract accounts' outcomes as they are ready, and all of them together at the end.

    `accounts` grows while the brokers' lists come. Iterate once.
    """

    @property
    def answers(self) -> DiscretionaryAnswers[Row]:
        """The whole answer; raises `UsageError` while outcomes are still to be read from the stream."""
        outcomes = sorted(self._read(), key=lambda outcome: outcome.account.key)
        return DiscretionaryAnswers(outcomes=tuple(outcomes), as_of=self._asked_at)

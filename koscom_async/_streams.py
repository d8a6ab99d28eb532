"""Accounts' outcomes as they are ready, and the answer that they come to when all of them have been read."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Generic, TypeVar

from koscom_async._fanout import Outcomes
from koscom_async._slices import Slices, at_once
from koscom_async._turns import in_turns
from koscom_async.errors import UsageError
from koscom_async.models.gathered import Portfolios, Watchlists
from koscom_async.models.holdings import Holdings
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AccountOutcome, Outcome, PortfolioOutcome, WatchlistOutcome

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
        merging: Callable[[Sequence[AccountOutcome]], Slices[Holdings]],
    ) -> None:
        super().__init__(outcomes, lambda delivered: at_once(merging(delivered)))
        self._merging = merging

    @property
    def holdings(self) -> Holdings:
        """The merged answer; raises `UsageError` while outcomes are still to be read from the stream."""
        return self._answer()

    async def merged(self) -> Holdings:
        """Return `holdings`, and let other tasks run while it is merged: for tens of thousands of rows."""
        return await in_turns(self._merging(self._read()))


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

"""What a question across brokers hands out: outcomes as they are ready, and the whole answer at the end."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Generic, TypeVar

from koscom_async._firm.fanout import AnyOutcome, FirmOutcomes
from koscom_async._merge import merge, merging
from koscom_async._turns import in_turns
from koscom_async.errors import UsageError
from koscom_async.models.discretionary.answers import DiscretionaryAnswers, DiscretionaryOutcome
from koscom_async.models.holdings import Holdings
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AccountOutcome

Row = TypeVar("Row")


class _Stream(Generic[AnyOutcome]):
    """Outcomes as they are ready. Iterate once."""

    def __init__(self, outcomes: FirmOutcomes[AnyOutcome], asked_at: datetime) -> None:
        self._outcomes = outcomes
        self._asked_at = asked_at

    @property
    def accounts(self) -> tuple[VirtualAccount, ...]:
        """The accounts that are known so far: those of each broker whose list has come."""
        return self._outcomes.accounts

    def __aiter__(self) -> AsyncIterator[AnyOutcome]:
        return self._outcomes.__aiter__()

    def _read(self) -> tuple[AnyOutcome, ...]:
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
        return await in_turns(merging(self._read(), as_of=self._asked_at))


class DiscretionaryStream(_Stream[DiscretionaryOutcome[Row]]):
    """Contract accounts' outcomes as they are ready, and all of them together at the end.

    `accounts` grows while the brokers' lists come. Iterate once.
    """

    @property
    def answers(self) -> DiscretionaryAnswers[Row]:
        """The whole answer; raises `UsageError` while outcomes are still to be read from the stream."""
        outcomes = sorted(self._read(), key=lambda outcome: outcome.account.key)
        return DiscretionaryAnswers(outcomes=tuple(outcomes), as_of=self._asked_at)

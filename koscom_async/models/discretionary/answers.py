"""Orders, settlements or trades: of one account, and of all, with each account's outcome. Records only."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

from attrs import frozen

from koscom_async._lazy import lists
from koscom_async._record import Record, counted
from koscom_async.models._fields import omitted_field
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import Failure, OfAccounts, Outcome, Success

__all__ = ["DiscretionaryAnswers", "DiscretionaryOutcome", "DiscretionaryRows"]

Row = TypeVar("Row")


@frozen(kw_only=True, eq=False, repr=False)
class DiscretionaryRows(Record, Generic[Row]):
    """Every row of one account, in the broker's order; `notes` say what was tolerated on the way."""

    account: VirtualAccount
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@frozen(kw_only=True, eq=False, repr=False)
class DiscretionaryOutcome(Outcome, Generic[Row]):
    """One account's answer. Exactly one of `answer` and `error` is there.

    An outcome whose account has no number stands for all accounts of a broker whose list could not be read.
    """

    answer: DiscretionaryRows[Row] | None = omitted_field()


if TYPE_CHECKING:  # as the other outcomes'

    class DiscretionarySuccess(Success, DiscretionaryOutcome[Row]):
        answer: DiscretionaryRows[Row]

    class DiscretionaryFailure(Failure, DiscretionaryOutcome[Row]):
        answer: Any

else:
    DiscretionarySuccess = DiscretionaryFailure = Annotated[DiscretionaryOutcome[Row], "`ok` says which"]


@frozen(kw_only=True, eq=False, repr=False)
class DiscretionaryAnswers(
    OfAccounts[DiscretionarySuccess[Row] | DiscretionaryFailure[Row], DiscretionaryFailure[Row]], Generic[Row]
):
    """The answers of all accounts at all brokers, and the accounts that could not be read.

    `as_of` is when the question was asked (KST). Outcomes are in the order of broker and account.
    """

    outcomes: tuple[DiscretionarySuccess[Row] | DiscretionaryFailure[Row], ...] = ()
    as_of: datetime

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of every account that was read."""
        answers = (outcome.answer for outcome in self.outcomes)
        return tuple(row for answer in answers if answer is not None for row in answer.rows)

    def _repr_html_(self) -> str:
        return lists.discretionary_view(self)

    def _figures(self) -> Iterator[str]:
        yield counted(len(self.rows), "row")
        yield from super()._figures()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

"""How the question about one account ended: with its answer, or with the reason why not."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar, Generic, Protocol, Self, TypeVar

from attrs import field, frozen

from koscom_async.errors import IncompleteHoldingsError, KoscomError
from koscom_async.models._exports import pages
from koscom_async.models._fields import omitted_field
from koscom_async.models.account import Balance
from koscom_async.models.member import VirtualAccount
from koscom_async.models.portfolio import Portfolio, Watchlist

# Whether every account was read: what the answers of several accounts have in common, whatever was asked.


class Ended(Protocol):
    """What has to be known of how an account's question ended."""

    @property
    def account(self) -> VirtualAccount:
        """The account."""

    @property
    def error(self) -> KoscomError | None:
        """Why it could not be read."""

    @property
    def ok(self) -> bool:
        """Whether it was read, whole."""


AnyEnded = TypeVar("AnyEnded", bound=Ended)


class OfAccounts(Generic[AnyEnded]):
    """The part of an answer that tells whether it is whole; `outcomes` is the record's own."""

    __slots__ = ()

    @property
    @abstractmethod
    def outcomes(self) -> tuple[AnyEnded, ...]:
        """How each account ended."""

    @property
    def complete(self) -> bool:
        """Whether every account was read, whole."""
        return all(outcome.ok for outcome in self.outcomes)

    @property
    def failures(self) -> tuple[AnyEnded, ...]:
        """The accounts that could not be read, each with its error."""
        return tuple(outcome for outcome in self.outcomes if not outcome.ok)

    def require_complete(self) -> Self:
        """Return this if every account was read, or raise `IncompleteHoldingsError`."""
        require_all(self.outcomes)
        return self


def require_all(outcomes: Sequence[Ended]) -> None:
    """Raise `IncompleteHoldingsError` if an account could not be read."""
    failures = tuple(outcome for outcome in outcomes if not outcome.ok)
    if failures:
        named = "; ".join(f"{failure.account} ({failure.error})" for failure in failures)
        raise IncompleteHoldingsError(
            f"{len(failures)} of {len(outcomes)} accounts could not be read: {named}", failures=failures
        )


__all__ = [
    "AccountOutcome",
    "Outcome",
    "PortfolioOutcome",
    "Trace",
    "TransactionsOutcome",
    "WatchlistOutcome",
]


@frozen(kw_only=True)
class Trace:
    """What it took to get an answer: calls sent, how many of them were retries, pages read, seconds waited.

    `seconds_waited` is time spent on the broker's limits and before retries. `notes` say what was tolerated
    and which way was taken (one query for all classes, or one for each).
    """

    calls: int = 0
    retries: int = 0
    pages: int = 0
    seconds_waited: float = 0.0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


@frozen(kw_only=True)
class Outcome:
    """What every question about an account comes to: `error` is `None` where the answer is there, whole.

    `as_of` is when the answer was complete, or given up (KST).
    """

    plain_properties: ClassVar = ("ok",)

    account: VirtualAccount
    error: KoscomError | None = None
    as_of: datetime
    trace: Trace = field(factory=Trace)

    @property
    def ok(self) -> bool:
        """Whether the account was read, whole."""
        return self.error is None


@frozen(kw_only=True)
class AccountOutcome(Outcome):
    """One account's balance. Exactly one of `balance` and `error` is there."""

    balance: Balance | None = omitted_field()

    def _repr_html_(self) -> str:
        return pages.outcome_view(self)


@frozen(kw_only=True)
class PortfolioOutcome(Outcome):
    """One account's portfolio. Exactly one of `portfolio` and `error` is there."""

    portfolio: Portfolio | None = omitted_field()


@frozen(kw_only=True)
class TransactionsOutcome(Outcome):
    """How an account's part of a stream of transactions ended.

    `rows` were handed out. With an `error` they are all before `missing_from`: from that day on rows are missing.
    """

    rows: int = 0
    missing_from: date | None = None


@frozen(kw_only=True)
class WatchlistOutcome(Outcome):
    """One account's watchlist. Exactly one of `watchlist` and `error` is there."""

    watchlist: Watchlist | None = omitted_field()

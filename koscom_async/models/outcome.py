"""How a question about accounts ended: for each account with its answer or an error, and for all of them together.

Records only: which accounts are asked, and what for, is decided elsewhere.
"""

from abc import abstractmethod
from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, Literal, Self, TypeVar

from attrs import field, frozen

from koscom_async._lazy import pages
from koscom_async._record import Record
from koscom_async.errors import IncompleteHoldingsError, KoscomError
from koscom_async.models._fields import omitted_field
from koscom_async.models.account import Balance
from koscom_async.models.member import VirtualAccount
from koscom_async.models.portfolio import Portfolio, Watchlist

__all__ = [
    "AccountOutcome",
    "Outcome",
    "PortfolioOutcome",
    "Trace",
    "TransactionsOutcome",
    "WatchlistOutcome",
]


@frozen(kw_only=True, eq=False, repr=False)
class Trace(Record):
    """What an answer took: calls sent, how many of them were retries, pages read, seconds waited, seconds in all.

    `seconds_waited` is time spent on the broker's limits and before retries. `notes` say what was tolerated
    and which way was taken (one query for all classes, or one for each).
    """

    calls: int = 0
    retries: int = 0
    pages: int = 0
    seconds_waited: float = 0.0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


@frozen(kw_only=True, eq=False, repr=False)
class Outcome(Record):
    """How the question about one account ended: `error` is `None` if the account was read, whole.

    `as_of` is when the answer was complete, or given up (KST). `trace` is what the answer took.
    """

    _plain_properties: ClassVar = ("ok",)

    account: VirtualAccount
    error: KoscomError | None = None
    as_of: datetime
    trace: Trace = field(factory=Trace)

    @property
    def ok(self) -> bool:
        """Whether the account was read, whole."""
        return self.error is None

    def __repr__(self) -> str:
        error = self.error
        ended = "read" if error is None else " ".join(filter(None, (type(error).__name__, error.code)))
        return f"<{type(self).__name__}: {self.account}, {ended}>"


AnyOutcome = TypeVar("AnyOutcome", bound=Outcome)
AnyFailure = TypeVar("AnyFailure", bound=Outcome)


class OfAccounts(Record, Generic[AnyOutcome, AnyFailure]):
    """The part of an answer about many accounts that says whether it is whole; `outcomes` is the record's own."""

    __slots__ = ()

    @property
    @abstractmethod
    def outcomes(self) -> tuple[AnyOutcome, ...]:
        """How each account ended."""

    @property
    def complete(self) -> bool:
        """Whether every account was read, whole."""
        return all(outcome.ok for outcome in self.outcomes)

    @property
    def failures(self) -> tuple[AnyFailure, ...]:
        """The accounts that could not be read, each with its error."""
        failed: Any = (outcome for outcome in self.outcomes if not outcome.ok)
        return tuple(failed)

    def __repr__(self) -> str:
        ended = "complete" if self.complete else "incomplete"
        return f"<{type(self).__name__}: {', '.join((*self._figures(), ended))}>"

    def _figures(self) -> Iterator[str]:
        """Yield what the line says before whether it is complete."""
        yield f"{len(self.outcomes) - len(self.failures)} of {len(self.outcomes)} accounts"

    def require_complete(self) -> Self:
        """Return this if every account was read, or raise `IncompleteHoldingsError`."""
        if self.failures:
            named = "; ".join(f"{failure.account} ({failure.error})" for failure in self.failures)
            raise IncompleteHoldingsError(
                f"{len(self.failures)} of {len(self.outcomes)} accounts could not be read: {named}",
                failures=self.failures,
            )
        return self


@frozen(kw_only=True, eq=False, repr=False)
class AccountOutcome(Outcome):
    """One account's balance. Exactly one of `balance` and `error` is there."""

    balance: Balance | None = omitted_field()

    def _repr_html_(self) -> str:
        return pages.outcome_view(self)


@frozen(kw_only=True, eq=False, repr=False)
class PortfolioOutcome(Outcome):
    """One account's portfolio. Exactly one of `portfolio` and `error` is there."""

    portfolio: Portfolio | None = omitted_field()


@frozen(kw_only=True, eq=False, repr=False)
class TransactionsOutcome(Outcome):
    """How one account's part of the transactions ended.

    `rows` is how many were handed out. With an `error`, rows are missing from the day `missing_from` on.
    """

    rows: int = 0
    missing_from: date | None = None


@frozen(kw_only=True, eq=False, repr=False)
class WatchlistOutcome(Outcome):
    """One account's watchlist. Exactly one of `watchlist` and `error` is there."""

    watchlist: Watchlist | None = omitted_field()


if TYPE_CHECKING:
    # One class is two types, so that a failure's `error` is an error, and what was read is an answer. mypy knows which
    # it is after `if outcome.ok`, pyright does not. So what is absent is `Any`: if it were `None`, pyright would refuse
    # `outcome.balance.rows` there.

    class Success(Outcome):
        error: Any

        @property
        def ok(self) -> Literal[True]: ...

    class Failure(Outcome):
        error: KoscomError

        @property
        def ok(self) -> Literal[False]: ...

    class AccountSuccess(Success, AccountOutcome):
        balance: Balance

    class AccountFailure(Failure, AccountOutcome):
        balance: Any

    class PortfolioSuccess(Success, PortfolioOutcome):
        portfolio: Portfolio

    class PortfolioFailure(Failure, PortfolioOutcome):
        portfolio: Any

    class TransactionsSuccess(Success, TransactionsOutcome): ...

    class TransactionsFailure(Failure, TransactionsOutcome):
        missing_from: date

    class WatchlistSuccess(Success, WatchlistOutcome):
        watchlist: Watchlist

    class WatchlistFailure(Failure, WatchlistOutcome):
        watchlist: Any

else:  # hints find the class, and `isinstance` with a name that is only a type is a `TypeError`
    Success = Failure = Outcome
    AccountSuccess = AccountFailure = Annotated[AccountOutcome, "`ok` says which"]
    PortfolioSuccess = PortfolioFailure = Annotated[PortfolioOutcome, "`ok` says which"]
    TransactionsSuccess = TransactionsFailure = Annotated[TransactionsOutcome, "`ok` says which"]
    WatchlistSuccess = WatchlistFailure = Annotated[WatchlistOutcome, "`ok` says which"]

"""Whether every account was read: what the answers of several accounts have in common, whatever was asked."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic, Protocol, Self, TypeVar

from koscom_async.errors import IncompleteHoldingsError, KoscomError
from koscom_async.models.member import VirtualAccount


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

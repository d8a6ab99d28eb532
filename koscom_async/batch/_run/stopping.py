"""What ends a run early, and what of an investor does not: that is an error of the investor alone."""

from collections.abc import Iterable
from datetime import datetime

from attrs import define, field

from koscom_async.errors import (
    AuthenticationError,
    KoscomError,
    LimitsUnavailableError,
    QuotaExceededError,
    ReauthorizationRequiredError,
    UsageError,
)
from koscom_async.models.outcome import AccountOutcome

REFUSED_IN_A_ROW = 3
"""So many investors with no call left, and none with an answer in between, say that the day is spent for all."""


@define(eq=False)
class DaysCalls:
    """Whether the day's calls are spent: for all, and not only by the word of one broker, which may be wrong."""

    resets_at: datetime | None = None
    is_spent: bool = False
    _refused_by: set[str] = field(factory=set)
    _answered_by: set[str] = field(factory=set)
    _in_a_row: int = 0

    def hear(self, outcomes: Iterable[AccountOutcome], error: KoscomError | None) -> None:
        """Learn from how one investor's accounts ended, or from what kept them from being listed."""
        if isinstance(error, QuotaExceededError):
            # The platform's own word, before any broker was asked.
            self.spend(error.resets_at)
        is_refused = False
        for outcome in outcomes:
            broker = outcome.account.broker.short_name
            if isinstance(outcome.error, QuotaExceededError):
                is_refused = True
                self._refused_by.add(broker)
                self.resets_at = max(self.resets_at or outcome.error.resets_at, outcome.error.resets_at)
            elif outcome.ok:
                self._answered_by.add(broker)
                self._refused_by.discard(broker)
                self._in_a_row = 0
        self._in_a_row += is_refused
        if self._in_a_row >= REFUSED_IN_A_ROW and self._refused_by >= self._answered_by:
            self.spend(self.resets_at)

    def spend(self, resets_at: datetime | None) -> None:
        """Believe that no call is left before then."""
        self.is_spent = True
        self.resets_at = resets_at


def concerns_everyone(error: KoscomError) -> bool:
    """Whether what kept an investor's accounts from being listed would keep everyone's: key, client, or Redis."""
    if isinstance(error, AuthenticationError):
        return not (error.token_is_dead or isinstance(error, ReauthorizationRequiredError))
    return isinstance(error, UsageError | LimitsUnavailableError)


def unforeseen(error: Exception) -> KoscomError:
    """Return the error of an investor whose reading broke off with what is no error of this library."""
    failure = KoscomError(
        f"reading the investor broke off ({type(error).__name__})",
        code="unforeseen",
        advice="see the error's cause; if it is not your own limiter's, transport's or token store's, report it",
    )
    failure.__cause__ = error
    return failure


def poison(deaths: int) -> KoscomError:
    """Return the error of an investor who was open each time the process died."""
    return KoscomError(
        f"the process died {deaths} times while this investor was read or written; they were not asked again",
        code="poison",
        advice="ask for this investor alone, and report what ends the process",
    )

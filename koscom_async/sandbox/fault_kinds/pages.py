"""Faults of paging: pages without end, that come twice, or in another order."""

from collections.abc import Callable
from itertools import count

from attrs import evolve

from koscom_async.sandbox.dialects.base import Balance
from koscom_async.sandbox.fault_kinds.kind import BrokerFault
from koscom_async.sandbox.ledger import Account
from koscom_async.sandbox.paging import OFFSET_DIGITS
from koscom_async.sandbox.question import FIRST_PAGE, PAGE_KEY_LENGTH, AccountQuestion

__all__ = ["DuplicatePage", "EmptyPages", "Endless", "ForgottenPage", "SamePage", "ShuffledPages"]


def _asked_for_first(question: AccountQuestion) -> AccountQuestion:
    return evolve(question, paged=evolve(question.paged, page=FIRST_PAGE))


class _OwnKeys(BrokerFault):
    """Page keys of the fault's own making, each of which is answered with the first page."""

    prefix = ""

    def read(self, question: AccountQuestion) -> AccountQuestion:
        """Take an own key for the first page's."""
        return _asked_for_first(question) if self._is_own(question) else question

    def _is_own(self, question: AccountQuestion) -> bool:
        return question.paged.page.startswith(self.prefix)


class Endless(_OwnKeys):
    """Always a next page, under a key that was never seen before."""

    prefix = "endless-"

    def __init__(self, name: str = "", *, delay: float = 0.0) -> None:
        super().__init__(name, delay=delay)
        self._numbers = count(1)

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:  # noqa: ARG002  # same account
        """Announce another page."""
        width = PAGE_KEY_LENGTH - len(self.prefix)
        return evolve(balance, next_page=f"{self.prefix}{next(self._numbers):0{width}d}")


class EmptyPages(Endless):
    """Always a next page, and never a row on it."""

    prefix = "empty-"

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        """Announce another page, and lose the rows of this."""
        return evolve(super().bend(balance, foreign), rows=())


class SamePage(_OwnKeys):
    """Always the same next page."""

    prefix = "same-page"

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:  # noqa: ARG002  # same account
        """Announce the page that was announced before."""
        return evolve(balance, next_page=self.prefix)


class DuplicatePage(_OwnKeys):
    """The first page comes twice, under two keys, before the others."""

    prefix = "duplicate-page"

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:  # noqa: ARG002  # same account
        """Announce the first page once more."""
        if balance.question.paged.page != FIRST_PAGE:
            return balance
        return evolve(balance, next_page=self.prefix)


class ForgottenPage(BrokerFault):
    """As many pages as there should be, and each of them the first: the broker does not read the key."""

    def read(self, question: AccountQuestion) -> AccountQuestion:
        """Take every key for the first page's."""
        return _asked_for_first(question)

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:  # noqa: ARG002  # same account
        """Announce as many pages as the rows need."""
        asked = balance.question.paged.page
        end = len(balance.rows) + (0 if asked == FIRST_PAGE else int(asked))
        return evolve(balance, next_page=str(end) if end < balance.total else None)


class ShuffledPages(BrokerFault):
    """Every row once, the last ones first: the pages come in another order."""

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:  # noqa: ARG002  # same account
        """Take the page from the other end."""
        rows, asked = balance.account.rows_of(balance.asset_class), balance.question.paged.page
        start = 0 if asked == FIRST_PAGE else int(asked[:OFFSET_DIGITS])
        turned = rows[::-1][start : start + len(balance.rows)]
        return evolve(balance, rows=turned)

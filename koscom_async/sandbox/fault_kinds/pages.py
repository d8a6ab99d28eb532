"""Faults of what a page says: another's account or request, a row missing, an error in a success, wrong paging."""

from collections.abc import Callable
from itertools import count

from attrs import evolve

from koscom_async.sandbox.dialects.base import Balance
from koscom_async.sandbox.fault_kinds.kind import BrokerFault
from koscom_async.sandbox.ledger import Account
from koscom_async.sandbox.question import FIRST_PAGE, OFFSET_DIGITS, PAGE_KEY_LENGTH, AccountQuestion
from koscom_async.sandbox.reply import find_refusal_code

OTHER_REQUEST_ID = "not-what-you-sent"
DEFAULT_CODE_IN_200 = "4001"


class Foreign(BrokerFault):
    """Another customer's account, number and rows."""

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        account = foreign()
        rows = account.rows_of(balance.asset_class)
        return evolve(balance, account=account, rows=rows, total=len(rows), next_page=None)


class WrongId(BrokerFault):
    """The answer to another request."""

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        return evolve(balance, request_id=OTHER_REQUEST_ID)


class Short(BrokerFault):
    """One row fewer than `totalCnt` announces."""

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        return evolve(balance, rows=balance.rows[:-1])


class CodeIn200(BrokerFault):
    """HTTP 200, and an error code in `resp`: 4001, or the one after the colon."""

    @classmethod
    def accepts(cls, argument: str) -> bool:
        return find_refusal_code(argument) is not None

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        row = find_refusal_code(self.argument or DEFAULT_CODE_IN_200)
        code, message = (row.code, row.message) if row else ("", "")
        return evolve(balance, code=code, message=message, rows=(), total=0, next_page=None)


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

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        width = PAGE_KEY_LENGTH - len(self.prefix)
        return evolve(balance, next_page=f"{self.prefix}{next(self._numbers):0{width}d}")


class EmptyPages(Endless):
    """Always a next page, and never a row on it."""

    prefix = "empty-"

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        return evolve(super().alter(balance, foreign), rows=())


class SamePage(_OwnKeys):
    """Always the same next page."""

    prefix = "same-page"

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        return evolve(balance, next_page=self.prefix)


class DuplicatePage(_OwnKeys):
    """The first page comes twice, under two keys, before the others."""

    prefix = "duplicate-page"

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        if balance.question.paged.page != FIRST_PAGE:
            return balance
        return evolve(balance, next_page=self.prefix)


class ForgottenPage(BrokerFault):
    """As many pages as there should be, and each of them the first: the broker does not read the key."""

    def read(self, question: AccountQuestion) -> AccountQuestion:
        return _asked_for_first(question)

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        asked = balance.question.paged.page
        end = len(balance.rows) + (0 if asked == FIRST_PAGE else int(asked))
        return evolve(balance, next_page=str(end) if end < balance.total else None)


class ShuffledPages(BrokerFault):
    """Every row once, the last ones first: the pages come in another order."""

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        rows, asked = balance.account.rows_of(balance.asset_class), balance.question.paged.page
        start = 0 if asked == FIRST_PAGE else int(asked[:OFFSET_DIGITS])
        turned = rows[::-1][start : start + len(balance.rows)]
        return evolve(balance, rows=turned)

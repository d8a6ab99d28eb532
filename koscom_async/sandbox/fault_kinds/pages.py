"""Faults of what a page says: another's account or request, a row missing, an error in a success, wrong paging."""

from collections.abc import Callable
from itertools import count

from attrs import evolve

from koscom_async.sandbox.dialects.base import Balance
from koscom_async.sandbox.fault_kinds.kind import BrokerFault, is_count
from koscom_async.sandbox.ledger import Account, Entry
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


class _Drift(BrokerFault):
    """Every page but the first is cut from other rows, or as many of them as follow the colon."""

    def __init__(self, name: str = "", *, delay: float = 0.0) -> None:
        super().__init__(name, delay=delay)
        self._left = int(self.argument) if self.argument else None

    @classmethod
    def accepts(cls, argument: str) -> bool:
        """Whether it is a number of pages."""
        return is_count(argument)

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        """Let a page drift while there are any left to."""
        asked = balance.question.paged.page
        if asked == FIRST_PAGE or self._left == 0:
            return balance
        self._left = None if self._left is None else self._left - 1
        rows, start = balance.account.rows_of(balance.asset_class), int(asked[:OFFSET_DIGITS])
        return self.drifted(balance, before=rows[start - 1])

    def drifted(self, balance: Balance, before: Entry) -> Balance:
        """Return the page, of which the row before it is known."""
        raise NotImplementedError


class DriftingPages(_Drift):
    """A row came in at the top since the first page: the page's first row was the last page's, and the total grew."""

    def drifted(self, balance: Balance, before: Entry) -> Balance:
        """Return the page with a row more before it, and at the end a row more."""
        own = balance.rows if balance.next_page is None else balance.rows[:-1]
        return evolve(balance, rows=(before, *own), total=balance.total + 1)


class MovedRow(_Drift):
    """Two rows changed places since the first page: one comes twice, one never, and the total stays."""

    def drifted(self, balance: Balance, before: Entry) -> Balance:
        """Return the page with the last page's row for its own first one."""
        return evolve(balance, rows=(before, *balance.rows[1:]))


class OddKeys(BrokerFault):
    """Page keys with blanks around them, which the broker takes back only as they were."""

    def __init__(self, name: str = "", *, delay: float = 0.0) -> None:
        super().__init__(name, delay=delay)
        self._keys = {FIRST_PAGE: FIRST_PAGE}

    def read(self, question: AccountQuestion) -> AccountQuestion:
        """Take a key for the one that it stands for; no other is known."""
        page = self._keys.get(question.paged.page, "?")
        return evolve(question, paged=evolve(question.paged, page=page))

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        if balance.next_page is None:
            return balance
        key = f" K{len(self._keys)} "
        self._keys[key] = balance.next_page
        return evolve(balance, next_page=key)

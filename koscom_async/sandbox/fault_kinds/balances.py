"""Faults of what a balance says: another's account, another's request, a row missing, an error inside a success."""

from collections.abc import Callable

from attrs import evolve

from koscom_async.sandbox.dialects.base import Balance
from koscom_async.sandbox.fault_kinds.kind import BrokerFault
from koscom_async.sandbox.ledger import Account
from koscom_async.sandbox.reply import find_refusal_code

__all__ = ["CodeIn200", "Foreign", "Short", "WrongId"]

OTHER_REQUEST_ID = "not-what-you-sent"
DEFAULT_CODE_IN_200 = "4001"


class Foreign(BrokerFault):
    """Another customer's account, number and rows."""

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        """Answer about somebody else."""
        account = foreign()
        rows = account.rows_of(balance.asset_class)
        return evolve(balance, account=account, rows=rows, total=len(rows), next_page=None)


class WrongId(BrokerFault):
    """The answer to another request."""

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:  # noqa: ARG002  # same account
        """Echo another request's id."""
        return evolve(balance, request_id=OTHER_REQUEST_ID)


class Short(BrokerFault):
    """One row fewer than `totalCnt` announces."""

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:  # noqa: ARG002  # same account
        """Lose the last row."""
        return evolve(balance, rows=balance.rows[:-1])


class CodeIn200(BrokerFault):
    """HTTP 200, and an error code in `resp`: 4001, or the one after the colon."""

    @classmethod
    def accepts(cls, argument: str) -> bool:
        """Whether it is a code of the platform."""
        return find_refusal_code(argument) is not None

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:  # noqa: ARG002  # same account
        """Answer with the code and without rows."""
        row = find_refusal_code(self.argument or DEFAULT_CODE_IN_200)
        code, message = (row.code, row.message) if row else ("", "")
        return evolve(balance, code=code, message=message, rows=(), total=0, next_page=None)

"""How the question about one account ended: with its balance, or with the reason why not."""

from datetime import datetime
from typing import ClassVar

from attrs import field, frozen

from koscom_async.errors import KoscomError
from koscom_async.export.html import pages
from koscom_async.models.account import Balance
from koscom_async.models.member import VirtualAccount

__all__ = ["AccountOutcome", "Trace"]


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
class AccountOutcome:
    """One account's answer. Exactly one of `balance` and `error` is there.

    `as_of` is when the answer was complete, or given up (KST).
    """

    plain_properties: ClassVar = ("ok",)

    account: VirtualAccount
    error: KoscomError | None = None
    balance: Balance | None = field(default=None, repr=False, metadata={"omitted": True})
    as_of: datetime
    trace: Trace = field(factory=Trace)

    @property
    def ok(self) -> bool:
        """Whether the account was read, whole."""
        return self.error is None

    def _repr_html_(self) -> str:
        return pages.outcome_view(self)

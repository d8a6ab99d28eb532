"""A small protocol for tracing: called around each operation and each attempt.

Does not show anything itself: `integrations` has an observer for OpenTelemetry. Nothing here is a secret; accounts are
masked.
"""

from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from attrs import define

__all__ = ["Attempt", "Observer", "Operation"]

OK, PARTIAL, CANCELLED = "ok", "partial", "cancelled"


@define(kw_only=True)
class Operation:
    """What a caller asked for: `holdings`, or one endpoint's whole answer, such as `account.balance`.

    `broker` and `account` (masked) are set if one account is concerned. `outcome` is set at the end: `ok`, `partial`
    (some accounts are missing), an error's code, or `cancelled`. For a question about all accounts, such as `holdings`,
    `accounts` is how many were asked and `failures` how many of them could not be read.
    """

    name: str
    broker: str | None = None
    account: str | None = None
    outcome: str = CANCELLED
    accounts: int | None = None
    failures: int | None = None


@define(kw_only=True)
class Attempt:
    """One attempt of one call.

    `number` is 1 for the first. `seconds_backed_off` passed since the previous attempt; of this attempt's own time,
    `seconds_waited` was spent on the broker's limits. `outcome` is as an operation's.
    """

    broker: str
    endpoint: str
    number: int
    seconds_backed_off: float = 0.0
    seconds_waited: float = 0.0
    outcome: str = CANCELLED


@runtime_checkable
class Observer(Protocol):
    """Give one to `Koscom(observer=…)`: its context managers surround each operation and each attempt.

    The record's `outcome` and figures are complete when the context is left. An exception that an observer raises
    reaches the caller, so it should raise none.
    """

    def operation(self, operation: Operation) -> AbstractContextManager[object]:
        """Return the context manager that surrounds an operation."""

    def attempt(self, attempt: Attempt) -> AbstractContextManager[object]:
        """Return the context manager that surrounds an attempt, inside its operation."""

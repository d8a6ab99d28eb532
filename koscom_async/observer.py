"""Who watches: a small protocol that is told of every operation and every attempt while they run.

Owns what can be observed, and no way to show it: `integrations` has one for OpenTelemetry. Nothing here is a secret;
accounts are masked.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from attrs import define

__all__ = ["NO_OBSERVER", "Attempt", "Observer", "Operation"]

OK, PARTIAL, CANCELLED = "ok", "partial", "cancelled"


@define(kw_only=True)
class Operation:
    """Something that a caller asked for: `holdings`, or one endpoint's whole answer such as `account.balance`.

    `broker` and `account` (masked) are there where one account is concerned. `outcome` is known at the end: `ok`,
    `partial` (holdings of which some accounts are missing), an error's code, or `cancelled`. For `holdings`, `accounts`
    were asked and `failures` of them not read.
    """

    name: str
    broker: str | None = None
    account: str | None = None
    outcome: str = CANCELLED
    accounts: int | None = None
    failures: int | None = None


@define(kw_only=True)
class Attempt:
    """One try of one call.

    `number` is 1 for the first. `seconds_backed_off` passed since the try before; of this try's own time,
    `seconds_waited` was spent on the broker's limits. `outcome` is as an operation's.
    """

    broker: str
    endpoint: str
    number: int
    seconds_backed_off: float = 0.0
    seconds_waited: float = 0.0
    outcome: str = CANCELLED


class Observer(Protocol):
    """Give one to `Koscom(observer=…)`. Its context managers are entered and left around what they are told of.

    The record's `outcome` and figures are complete when the context is left. What an observer raises reaches the
    caller, so it should not raise.
    """

    def operation(self, operation: Operation) -> AbstractContextManager[object]:
        """Return what surrounds an operation."""

    def attempt(self, attempt: Attempt) -> AbstractContextManager[object]:
        """Return what surrounds an attempt; it runs inside its operation."""


_NOTHING = nullcontext()


class _NoObserver:
    def operation(self, operation: Operation) -> AbstractContextManager[object]:  # noqa: ARG002  # looks away
        return _NOTHING

    def attempt(self, attempt: Attempt) -> AbstractContextManager[object]:  # noqa: ARG002  # looks away
        return _NOTHING


NO_OBSERVER: Observer = _NoObserver()

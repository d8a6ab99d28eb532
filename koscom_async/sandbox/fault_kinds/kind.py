"""What a kind of fault can do: answer instead of the broker, alter its answer, or corrupt the bytes."""

from collections.abc import Callable
from random import Random

from koscom_async.sandbox.dialects.base import Balance
from koscom_async.sandbox.ledger import Account
from koscom_async.sandbox.question import AccountQuestion
from koscom_async.sandbox.reply import Reply

MAX_SECONDS = 1e9


class FaultKind:
    """A fault that does nothing; each kind overrides what it does otherwise.

    `name` is the kind's name, with its argument after a colon where it takes one; `delay` seconds pass first.
    """

    brokers_only = False
    """Whether it needs a balance answer to bend, so that the member service cannot have it."""
    member_only = False
    """Whether it bends an answer of the member service, so that no broker can have it."""
    auth_only = False
    """Whether it bends an answer of the authorization server, so that no other can have it."""
    market_only = False
    """Whether it bends an answer of market data, so that no other service can have it."""
    repeats_token = False
    """Whether a renewal returns the access token that it was to replace."""

    def __init__(self, name: str = "", *, delay: float = 0.0) -> None:
        self.name = name
        self.argument = name.partition(":")[2]
        self.delay = delay

    @classmethod
    def accepts(cls, argument: str) -> bool:
        """Whether that may follow the colon."""
        return False

    def seconds(self, chance: Random) -> float:
        """Return how long this call waits first."""
        return self.delay

    def instead(self, broker: str) -> Reply | None:
        """Return what is answered without asking the broker."""
        return None

    def read(self, question: AccountQuestion) -> AccountQuestion:
        """Return what the broker takes the question to be."""
        return question

    def alter(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        """Return what the broker answers; `foreign` returns another person's account."""
        return balance

    def corrupt(self, reply: Reply) -> Reply:
        """Return what is left of the answer on its way."""
        return reply


class BrokerFault(FaultKind):
    """A fault of a balance answer."""

    brokers_only = True


NO_FAULT = FaultKind()


def is_seconds(argument: str) -> bool:
    """Whether a text is a number of seconds, 0 or more."""
    try:
        return 0 <= float(argument) <= MAX_SECONDS
    except ValueError:
        return False


def is_count(argument: str) -> bool:
    """Whether a text is a whole number above 0."""
    return argument.isascii() and argument.isdigit() and len(argument) < 10 and int(argument) > 0

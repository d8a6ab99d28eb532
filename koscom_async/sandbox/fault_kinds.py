"""What can go wrong: each kind of fault as a small class, and the table of their names.

A kind may answer instead of the broker, bend what the broker would answer, or spoil the bytes. To add one,
write its class and its row in `FAULT_KINDS`.
"""

from collections.abc import Callable, Mapping
from itertools import count

from attrs import evolve

from koscom_async.error_codes import ERROR_CODES
from koscom_async.sandbox.dialects.base import Balance
from koscom_async.sandbox.ledger import Account
from koscom_async.sandbox.question import FIRST_PAGE, PAGE_KEY_LENGTH, AccountQuestion
from koscom_async.sandbox.reply import Reply, code_reply, find_refusal_code, json_reply

__all__ = ["FAULT_KINDS", "NO_FAULT", "ConnectionResetFault", "FaultKind", "find_kind"]

SLOW_SECONDS = 5.0
OTHER_REQUEST_ID = "not-what-you-sent"
DEFAULT_CODE_IN_200 = "4001"
DEFAULT_RETRY_AFTER = "1"

_HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>proxy</body></html>"


class ConnectionResetFault(Exception):  # noqa: N818  # nothing has gone wrong in the gateway
    """Raised where the connection is to be cut before the answer; the server or the transport does it."""


class FaultKind:
    """A fault that does nothing; each kind overrides what it does otherwise."""

    brokers_only = False
    """Whether it needs a balance answer to bend, so that the member service cannot have it."""

    def __init__(self, name: str = "", *, delay: float = 0.0) -> None:
        self.name = name
        self.delay = delay

    def instead(self, broker: str) -> Reply | None:  # noqa: ARG002  # for the overriding kinds
        """Return what is answered without asking the broker."""
        return None

    def read(self, question: AccountQuestion) -> AccountQuestion:
        """Return what the broker takes the question to be."""
        return question

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:  # noqa: ARG002  # as above
        """Return what the broker answers; `foreign` gives somebody else's account."""
        return balance

    def spoil(self, reply: Reply) -> Reply:
        """Return what is left of the answer on its way."""
        return reply


NO_FAULT = FaultKind()


class _Code(FaultKind):
    """A platform error code, with the status of the error table."""

    def instead(self, broker: str) -> Reply | None:
        return code_reply(self.name, broker=broker)


class _OverLimit(FaultKind):
    """The gateway's 429, with the seconds to wait that follow the colon."""

    def instead(self, broker: str) -> Reply | None:  # noqa: ARG002  # the gateway answers, for any broker
        wait = _argument(self.name) or DEFAULT_RETRY_AFTER
        return json_reply({"message": "API rate limit exceeded"}, status=429, headers={"Retry-After": wait})


class _Down(FaultKind):
    def instead(self, broker: str) -> Reply | None:
        return code_reply("3600", broker=broker)


class _Reset(FaultKind):
    def instead(self, broker: str) -> Reply | None:
        raise ConnectionResetFault(broker)


class _Slow(FaultKind):
    def __init__(self, name: str = "", *, delay: float = 0.0) -> None:
        super().__init__(name, delay=delay or SLOW_SECONDS)


class _Html(FaultKind):
    def instead(self, broker: str) -> Reply | None:  # noqa: ARG002  # a proxy in between answers
        return Reply(body=_HTML, media_type="text/html; charset=utf-8")


class _Empty(FaultKind):
    def spoil(self, reply: Reply) -> Reply:
        return evolve(reply, body=b"")


class _Shape(FaultKind):
    def instead(self, broker: str) -> Reply | None:
        return json_reply([broker, 1])


class _Truncated(FaultKind):
    def spoil(self, reply: Reply) -> Reply:
        return evolve(reply, body=reply.body[: len(reply.body) // 2])


class _BrokerKind(FaultKind):
    brokers_only = True


class _Foreign(_BrokerKind):
    """Another customer's account, number and rows."""

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        account = foreign()
        rows = account.rows_of(balance.asset_class)
        return evolve(balance, account=account, rows=rows, total=len(rows), next_page=None)


class _WrongId(_BrokerKind):
    """The answer to another request."""

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:  # noqa: ARG002  # same account
        return evolve(balance, request_id=OTHER_REQUEST_ID)


class _Short(_BrokerKind):
    """One row fewer than `totalCnt` announces."""

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:  # noqa: ARG002  # same account
        return evolve(balance, rows=balance.rows[:-1])


class _OwnKeys(_BrokerKind):
    """Page keys of the fault's own making, each of which is answered with the first page."""

    prefix = ""

    def read(self, question: AccountQuestion) -> AccountQuestion:
        if not question.paged.page.startswith(self.prefix):
            return question
        return evolve(question, paged=evolve(question.paged, page=FIRST_PAGE))


class _Endless(_OwnKeys):
    """Always a next page, under a key that was never seen before."""

    prefix = "endless-"

    def __init__(self, name: str = "", *, delay: float = 0.0) -> None:
        super().__init__(name, delay=delay)
        self._numbers = count(1)

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:  # noqa: ARG002  # same account
        width = PAGE_KEY_LENGTH - len(self.prefix)
        return evolve(balance, next_page=f"{self.prefix}{next(self._numbers):0{width}d}")


class _EmptyPages(_Endless):
    """Always a next page, and never a row on it."""

    prefix = "empty-"

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:
        return evolve(super().bend(balance, foreign), rows=())


class _SamePage(_OwnKeys):
    """Always the same next page."""

    prefix = "same-page"

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:  # noqa: ARG002  # same account
        return evolve(balance, next_page=self.prefix)


class _CodeIn200(_BrokerKind):
    """HTTP 200, and an error code in `resp`."""

    def bend(self, balance: Balance, foreign: Callable[[], Account]) -> Balance:  # noqa: ARG002  # same account
        row = find_refusal_code(_argument(self.name) or DEFAULT_CODE_IN_200)
        code, message = (row.code, row.message) if row else ("", "")
        return evolve(balance, code=code, message=message, rows=(), total=0, next_page=None)


FAULT_KINDS: Mapping[str, type[FaultKind]] = {
    "down": _Down,
    "empty": _Empty,
    "empty-pages": _EmptyPages,
    "endless": _Endless,
    "error-200": _CodeIn200,
    "foreign": _Foreign,
    "html": _Html,
    "reset": _Reset,
    "same-page": _SamePage,
    "shape": _Shape,
    "short": _Short,
    "slow": _Slow,
    "truncated": _Truncated,
    "wrong-id": _WrongId,
    "429": _OverLimit,
    **{row.code: _Code for row in ERROR_CODES if find_refusal_code(row.code) is row},
}
"""Every fault, by name: the named ones, and each platform error code that is answered over HTTP."""


def _fits_a_header(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()


def _is_code(text: str) -> bool:
    return find_refusal_code(text) is not None


# What may follow the colon, by kind.
_ARGUMENTS: Mapping[str, Callable[[str], bool]] = {
    "429": _fits_a_header,
    "error-200": _is_code,
}


def find_kind(name: str, *, delay: float = 0.0) -> FaultKind:
    """Return the kind of that name; `ValueError`, naming those there are, for another."""
    kind_name, colon, argument = name.partition(":")
    kind = FAULT_KINDS.get(kind_name)
    if kind is None:
        named = ", ".join(sorted(known for known in FAULT_KINDS if not known.isdigit()))
        raise ValueError(f"unknown fault {name!r}: use one of {named}, or a platform error code such as 3600")
    fits = _ARGUMENTS.get(kind_name)
    if colon and (fits is None or not fits(argument)):
        raise ValueError(f"fault {kind_name!r} cannot have the argument {argument!r}")
    return kind(name, delay=delay)


def _argument(name: str) -> str:
    return name.partition(":")[2]

"""What an endpoint is, and what one call to it brings along."""

from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl

from attrs import evolve, field, frozen

from koscom_async.sandbox.credentials import check_api_key, check_basic, check_bearer, check_client
from koscom_async.sandbox.dialects import DIALECTS, Dialect
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.ledger import Person
from koscom_async.sandbox.question import Block, read_json
from koscom_async.sandbox.reply import Reply, refused, refused_token
from koscom_async.sandbox.state import State

__all__ = ["Answer", "Endpoint", "Guard", "Visit"]


@frozen(kw_only=True)
class Visit:
    """One call: where it came, and what it carried; `base_url` is the address under which it was reached."""

    broker: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    base_url: str
    method: str = "POST"
    query: str = field(default="", repr=False)
    owner: Person | None = None
    """Whose access token it is, once a guard has seen to that."""

    def message(self) -> Block:
        """Return the body as JSON, or refuse it."""
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise refused("415")
        return read_json(self.body)

    def form(self) -> Mapping[str, str]:
        """Return the body as the fields of a form, or refuse it; a field that comes twice is not believed."""
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        pairs = parse_qsl(self.body.decode("utf-8", "replace"))
        fields = dict(pairs)
        if media_type != "application/x-www-form-urlencoded" or len(fields) != len(pairs):
            raise refused_token("invalid_request", "The form is malformed", status=400)
        return fields


Guard: TypeAlias = Callable[[Visit, State], Visit]
Answer: TypeAlias = Callable[[Visit, State, FaultKind], Reply]


@frozen(kw_only=True)
class Endpoint:
    """One row of the table. A guard refuses, or returns the visit with its owner.

    `named` gives a call's name in the record of calls, where one address answers several questions.
    """

    name: str
    path: str
    service: str
    guard: Guard
    answer: Answer
    methods: tuple[str, ...] = ("POST",)
    named: Callable[[Visit], str] | None = None

    def name_of(self, visit: Visit) -> str:
        """Return the name under which a call is recorded."""
        return self.name if self.named is None else self.named(visit)


# The guards that the table of endpoints names: one for each of the platform's schemes.

__all__ = ["anybody", "by_access_token", "by_api_key", "by_client", "by_secret"]


def anybody(visit: Visit, state: State) -> Visit:  # noqa: ARG001  # the table's form
    """Let in whoever comes: an investor with a browser."""
    return visit


def by_client(visit: Visit, state: State) -> Visit:
    """Let in who has the firm's key and secret, as an OAuth client."""
    check_client(visit.headers, state.firm)
    return visit


def by_api_key(visit: Visit, state: State) -> Visit:
    """Let in who has the firm's API key."""
    check_api_key(visit.headers, state.firm)
    return visit


def by_access_token(visit: Visit, state: State) -> Visit:
    """Let in who has an investor's access token; an API key beside it is checked, too."""
    check_api_key(visit.headers, state.firm, required=False)
    dialect = DIALECTS.get(visit.broker)
    status = Dialect.dead_token_status if dialect is None else dialect.dead_token_status
    return evolve(visit, owner=check_bearer(visit.headers, state.tokens, dead_token_status=status))


def by_secret(visit: Visit, state: State) -> Visit:
    """Let in who has the firm's key and secret, and says which firm it is."""
    check_basic(visit.headers, state.firm)
    return visit

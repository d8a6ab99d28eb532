"""What all endpoints share: the request that came, the guards of the platform's schemes, and pages with their keys.

A page key is an opaque text that only the account's broker understands: an offset, and a digest over account and query,
so that nothing is remembered between calls.
"""

import json
from collections.abc import Callable, Mapping
from hashlib import blake2s
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from attrs import evolve, field, frozen

from koscom_async.sandbox.credentials import check_api_key, check_basic, check_bearer, check_client
from koscom_async.sandbox.dialects import DIALECTS, Dialect
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.ledger import Account, AssetClass, Entry, Person
from koscom_async.sandbox.market.question import WRONG_PARAMETER, Unanswerable
from koscom_async.sandbox.question import FIRST_PAGE, OFFSET_DIGITS, Block, Paged, read_json
from koscom_async.sandbox.reply import Reply, json_reply, refused, refused_token
from koscom_async.sandbox.state import State


@frozen(kw_only=True)
class Request:
    """One call: where it came, and what it carried; `base_url` is the address under which it was reached."""

    broker: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    base_url: str
    method: str = "POST"
    path: Mapping[str, str] = field(factory=dict)
    """What the address says, by the names in the endpoint's path."""
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

    def parameters(self) -> Mapping[str, str]:
        """Return the query; a name without a value is one all the same, and one that comes twice is not believed."""
        pairs = parse_qsl(self.query, keep_blank_values=True)
        query = dict(pairs)
        if len(query) != len(pairs):
            raise Unanswerable(WRONG_PARAMETER.format("query"))
        return query


Guard: TypeAlias = Callable[[Request, State], Request]
Answer: TypeAlias = Callable[[Request, State, FaultKind], Reply]


def _with_document(make: Callable[[Request, State, FaultKind], Any]) -> Answer:
    """Return what answers with a document, and refuses with `{"error": …}`."""

    def answer(request: Request, state: State, fault: FaultKind) -> Reply:
        try:
            document = make(request, state, fault)
        except Unanswerable as refusal:
            return json_reply({"error": refusal.message}, status=refusal.status)
        # A snapshot has thousands of rows: the writer of spellings would take its time.
        return Reply(body=json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())

    return answer


@frozen(kw_only=True)
class Endpoint:
    """One row of the table. A guard refuses, or returns the request with its owner.

    `named` gives a call's name in the record of calls, where one address answers several questions.
    """

    name: str
    path: str
    service: str
    guard: Guard
    answer: Answer
    methods: tuple[str, ...] = ("POST",)
    named: Callable[[Request], str] | None = None

    def name_of(self, request: Request) -> str:
        """Return the name under which a call is recorded."""
        return self.name if self.named is None else self.named(request)


# The guards that the table of endpoints names: one for each of the platform's schemes.


def without_credentials(request: Request, state: State) -> Request:
    """Admit every caller: an investor with a browser."""
    return request


def by_client(request: Request, state: State) -> Request:
    """Admit a caller with the firm's key and secret, as an OAuth client."""
    check_client(request.headers, state.firm)
    return request


def by_api_key(request: Request, state: State) -> Request:
    """Admit a caller with the firm's API key."""
    check_api_key(request.headers, state.firm)
    return request


def by_access_token(request: Request, state: State) -> Request:
    """Admit a caller with an investor's access token; an API key beside it is checked, too."""
    check_api_key(request.headers, state.firm, required=False)
    dialect = DIALECTS.get(request.broker)
    status = Dialect.dead_token_status if dialect is None else dialect.dead_token_status
    return evolve(request, owner=check_bearer(request.headers, state.tokens, dead_token_status=status))


def by_secret(request: Request, state: State) -> Request:
    """Admit a caller with the firm's key and secret, and its code in a header."""
    check_basic(request.headers, state.firm)
    return request


DIGEST_CHARACTERS = 18  # with the offset, the 24 characters that a page key may have
_SALT = b"sandbox"


def cut(
    account: Account, asset_class: AssetClass, paged: Paged, *, page_size: int, query: str | None = None
) -> tuple[tuple[Entry, ...], str | None]:
    """Return the rows of the page that is asked for, and the key of the next (`None` at the end).

    `query` is what else a key belongs to than the asset class.
    """
    if paged.count < 0:
        raise refused("7000", broker=account.broker, description="count is negative")
    rows = account.rows_of(asset_class)
    whole = asset_class is AssetClass.ALL and query is None
    seal = f"{account.number}|{query or asset_class}"
    start = _offset(account.broker, seal, paged.page, end=1 if whole else len(rows))
    if whole:
        return rows, None
    end = start + min(paged.count or page_size, page_size)
    return rows[start:end], _key(seal, end) if end < len(rows) else None


def _offset(broker: str, seal: str, page: str, *, end: int) -> int:
    if page == FIRST_PAGE:
        return 0
    digits = page[:OFFSET_DIGITS]
    offset = int(digits) if digits.isascii() and digits.isdigit() else 0
    if not 0 < offset < end or page != _key(seal, offset):
        raise refused("6003", broker=broker)
    return offset


def _key(seal: str, offset: int) -> str:
    digest = blake2s(f"{seal}|{offset}".encode(), key=_SALT).hexdigest()[:DIGEST_CHARACTERS]
    return f"{offset:0{OFFSET_DIGITS}d}{digest}"


def document_endpoint(
    name: str, path: str, service: str, make: Callable[[Request, State, FaultKind], Any]
) -> Endpoint:
    """Return an endpoint of the services beside accounts: a GET with the firm's API key, answered with a document."""
    return Endpoint(
        name=name, path=path, service=service, guard=by_api_key, answer=_with_document(make), methods=("GET",)
    )

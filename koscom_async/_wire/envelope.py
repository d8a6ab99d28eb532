"""Reads what stands around the rows of every answer: headers, response code, echoes, totals, the next page's key.

Is this the answer to the question that was asked? An echo that is missing is tolerated and noted; a wrong one never is:
one customer's money must not show up at another's. The rows are each reader's own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Generic, TypeVar

from attrs import field, frozen

from koscom_async._cooperative import SLICE_ROWS, Cooperative, batched
from koscom_async._record import Record
from koscom_async._wire.failures import failure, read_code
from koscom_async._wire.shapes import AROUND, refuse_misspelt
from koscom_async._wire.values import (
    Block,
    PageKey,
    is_absent,
    read_count,
    read_entries,
    read_field,
    read_object,
    read_page_key,
    read_text,
)
from koscom_async.errors import MalformedResponseError, PlatformError, ResponseMismatchError
from koscom_async.models._fields import constructor
from koscom_async.models.codes import AssetClass

Row = TypeVar("Row")

SUCCESS = "200"

_ERROR_BODY = {"category", "code", "message"}
"""What a platform error has, under whatever status it comes."""

# The first is the examples' spelling, the others stand in the tables.
QUERY_ECHOES = ("queryType", "queryParams", "queryPrams")
QUERY_RESULTS = ("queryResult", "queryRequest")


@frozen(kw_only=True, eq=False, repr=False)
class Question(Record):
    """What an answer must be the answer to."""

    account_number: str = field(repr=False)
    request_id: str
    strict_request_id: bool = True


@frozen(kw_only=True, eq=False, repr=False)
class Envelope(Record):
    """An answer that belongs to the question, opened; `total` and `next_page` are `None` where it has none."""

    document: Block = field(repr=False)
    body: Block = field(repr=False)
    echo: Block = field(repr=False)
    total: int | None
    next_page: PageKey | None
    notes: tuple[str, ...]


@frozen(kw_only=True, eq=False, repr=False)
class Page(Record, Generic[Row]):
    """One page of rows, in the broker's order; `None` is what the answer does not say.

    `total` is the number of rows in the whole query (of a watchlist: groups or symbols, the documents do not say
    which); `next_page` is the key of the rest.
    """

    rows: tuple[Row, ...]
    total: int | None
    next_page: PageKey | None
    notes: tuple[str, ...] = ()


_make_envelope = constructor(Envelope)


def open_envelope(document: object, question: Question, *, bodies: Sequence[str]) -> Envelope:
    """Check whose answer it is, and open it; raise a `KoscomError` if it must not be believed."""
    answer = read_document(document)
    check_response_code(answer)
    body = _first(answer, bodies)
    notes = check_request_id(answer, question.request_id, strict=question.strict_request_id)
    notes += check_account(answer, body, question.account_number)
    total, next_page = read_paging(body, bodies[0])
    echo = _first(body, QUERY_ECHOES, within=f"{bodies[0]}.")
    return _make_envelope(answer, body, echo, total, next_page, tuple(notes))


def read_paging(body: Block, path: str) -> tuple[int | None, PageKey | None]:
    """Return the rows of the whole query and the key of the next page, from the paging block of any service."""
    result = _first(body, QUERY_RESULTS, within=f"{path}.")
    total = read_field(result, "totalCnt", read_count, "queryResult")
    return total, read_field(result, "page", read_page_key, "queryResult")


def _first(block: Block, names: Sequence[str], *, within: str = "") -> Block:
    """Return the block under the first of its names that has something in it."""
    for name in names:
        found = block.get(name)
        if type(found) is not dict and found is not None:
            found = read_object(found, f"{within}{name}")
        if found:
            return found
    return {}


def open_container(document: Block, name: str, rows: str) -> Block:
    """Return the block that holds the rows' block, empty where it is absent; raise where a slip hides either."""
    container = read_object(document.get(name), name)
    if not container:
        refuse_misspelt(document, (name,), "the answer", AROUND)
    elif is_absent(container.get(rows)):
        refuse_misspelt(container, (rows,), name)
    return container


def read_document(document: object) -> Block:
    """Return the answer's outermost object."""
    if not isinstance(document, dict):
        raise MalformedResponseError(f"the answer is a JSON {type(document).__name__}, not an object")
    return document


def check_response_code(document: Block) -> None:
    """Raise the platform's error if the body carries a code other than 200; some answers carry none."""
    resp = read_object(document.get("resp"), "resp")
    if resp.get("respCode") == SUCCESS:
        return
    read_field(resp, "respCode", read_text, "resp")
    error = find_refusal(document)
    if error is not None:
        raise error


def find_refusal(document: object, secrets: Sequence[str] = ()) -> PlatformError | None:
    """Return the error that the body of a successful answer carries: as a response code, or as a platform error.

    Its reason may be quoted, without the `secrets` of the call.
    """
    if not isinstance(document, dict):
        return None
    resp = document.get("resp")
    if isinstance(resp, dict):
        if resp.get("respCode") == SUCCESS:  # as almost every broker spells it
            return None
        code = read_code(resp.get("respCode"))
    else:
        code = read_code(document["code"]) if document.keys() >= _ERROR_BODY else None
    if code is None or code == SUCCESS:
        return None
    return failure(status=200, document=document, secrets=secrets)


def check_request_id(document: Block, request_id: str, *, strict: bool) -> list[str]:
    """Raise if the answer is to another call; return notes on what could not be checked."""
    header = document.get("commonHeader")
    if type(header) is dict and header.get("reqIdConsumer") == request_id and "commHeader" not in document:
        return []  # as almost every broker has it
    echoes = set()
    for name in ("commonHeader", "commHeader"):  # the latter stands once in the documents' tables
        header = read_object(document.get(name), name)
        echoes.add(read_field(header, "reqIdConsumer", read_text, name))
    echoes.discard(None)
    if not echoes:
        return ["the broker did not echo the request id"]
    if echoes == {request_id}:
        return []
    if not strict:
        return ["the broker echoed another request id, which the settings allow"]
    raise ResponseMismatchError("the answer carries another call's request id")


def check_account(document: Block, body: Block, number: str) -> list[str]:
    """Raise if the answer is about another account; the echo stands beside the body block or inside it."""
    info = document.get("accInfo")
    if type(info) is dict and info.get("vtAccNo") == number and "accInfo" not in body:
        return []  # as almost every broker has it
    echoes = []
    for block, path in ((document, "accInfo"), (body, "body.accInfo")):
        info = read_object(block.get("accInfo"), path)
        echo = read_field(info, "vtAccNo", read_text, path)
        if echo is not None:
            echoes.append(echo)
    if any(_digits(echo) != _digits(number) for echo in echoes):
        raise ResponseMismatchError("the answer is about another account")
    return [] if echoes else ["the broker did not echo the account number"]


def refuse_other_classes(blocks: Block, lists: Mapping[str, AssetClass], *, asked: AssetClass) -> None:
    """Refuse rows of a class that was not asked for: in the answers to four questions they would count four times."""
    if asked is AssetClass.ALL:
        return
    for name, asset_class in lists.items():
        if asset_class is not asked and any(read_entries(blocks.get(name))):
            raise ResponseMismatchError(f"asked for {asked}, answered with rows of {asset_class}")


def refuse_other_echo(echo: Block, *, asked: AssetClass) -> None:
    """Refuse an answer that says that it is about another class of securities; other words are tolerated."""
    if not echo:
        return
    answered = read_field(echo, "assetType", read_text, "queryType")
    if asked.value in _CLASSES and answered in _CLASSES and asked.value != answered:
        raise ResponseMismatchError(f"asked for {asked}, answered about {answered}")


# The discretionary service's echoes: whose rows these are, and to which query. A wrong account is refused wherever it
# stands. The documents' own examples echo other dates and product codes than were asked for, so of the query only
# another asset class is refused, and the rest is noted.

_CLASSES = {AssetClass.EQUITY.value, AssetClass.FUND.value, AssetClass.OTHER.value}
_QUERIES = ("queryParameter", "queryParams", "queryPrams", "queryType")
# What is compared, in words that a note may say.
_COMPARED = {
    "qrSellBuyType": "side",
    "qrOrderDate": "order date",
    "qrFromDate": "first date",
    "qrToDate": "last date",
    "qrIsinCode": "instrument",
    "qrOrderNo": "order number",
}


def check_account_number(body: Block, rows: list[tuple[str, Block]], number: str) -> Cooperative[list[str]]:
    """Raise if the answer, or any row of it, is about another account; return a note if none is echoed."""
    echoes = {read_field(read_object(body.get(name), name), "qrAccNo", read_text, name) for name in _QUERIES}
    for some in batched(rows, count=SLICE_ROWS):
        echoes.update(_numbers(some))
        yield
    echoes.discard(None)
    if any(echo is not None and _digits(echo) != _digits(number) for echo in echoes):
        raise ResponseMismatchError("the answer is about another account")
    return [] if echoes else ["the broker did not echo the account number"]


def _numbers(rows: Sequence[tuple[str, Block]]) -> Iterator[str | None]:
    for path, row in rows:
        yield read_field(row, "accNo", read_text, path)
        info = read_object(row.get("accInfo"), f"{path}.accInfo")
        yield read_field(info, "accNo", read_text, f"{path}.accInfo")


def _digits(number: str) -> str:
    # Brokers show an account with dashes and take it without.
    return number.replace("-", "").replace(" ", "")


def check_query(body: Block, query: Mapping[str, object]) -> list[str]:
    """Raise if the answer is about another asset class; return notes on other echoes that differ."""
    echoed: dict[str, object] = {}
    for name in _QUERIES:
        echoed.update(read_object(body.get(name), name))
    asked = query.get("qrAssetType")
    answered = read_field(echoed, "qrAssetType", read_text, "queryParameter")
    if asked in _CLASSES and answered in _CLASSES and asked != answered:
        raise ResponseMismatchError(f"asked for {asked}, answered about {answered}")
    return [
        f"the broker echoed another {word}"
        for name, word in _COMPARED.items()
        if _differs(name, query, echoed)
    ]


def _differs(name: str, query: Mapping[str, object], echoed: Block) -> bool:
    echo = read_field(echoed, name, read_text, "queryParameter")
    return echo is not None and not is_absent(query.get(name)) and echo != query[name]


# What the headers say about waiting and about the day's quota.

_SECONDS = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_LONGEST_WAIT = 1e9  # 30 years: more than any caller waits, and sums with it stay finite
_LONGEST_WORD = 100
_WHOLE = re.compile(r"\d{1,12}", re.ASCII)


def read_retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return the seconds to wait, from a number or a date; `None` for none and for junk."""
    text = headers.get("retry-after", "")[:_LONGEST_WORD].strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def read_remaining_calls(headers: Mapping[str, str]) -> int | None:
    """Return how many calls the day still allows, or `None` where the gateway does not say."""
    return _read_whole(headers, "x-ratelimit-remaining-day")


def read_call_limit(headers: Mapping[str, str]) -> int | None:
    """Return how many calls a day has, or `None` where the gateway does not say."""
    return _read_whole(headers, "x-ratelimit-limit-day")


def _read_whole(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")[:_LONGEST_WORD].strip()
    return int(text) if _WHOLE.fullmatch(text) else None


def next_reset(now: datetime) -> datetime:
    """Return when the day's quota begins anew: 00:00 UTC."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)

"""Reads what was asked, and refuses what does not match the platform's message standard.

Owns the rules of the envelope: which field, of which type, how long. Whether an account exists is not known
here.
"""

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from attrs import field, frozen

from koscom_async.sandbox.reply import Refused, refused

FIRST_PAGE = "null"

REQUEST_ID_LENGTH = 20
PAGE_KEY_LENGTH = 24
OFFSET_DIGITS = 6
"""The digits of a page key that say how many rows come before the page; the rest is a digest."""
CI_LENGTH = 88

_DAY = re.compile(r"[0-9]{8}")
# Four octets of three digits each, or the number of a phone.
_IP_ADDRESS = re.compile(r"[0-9]{9,12}")
_HARDWARE_ADDRESS = re.compile(r"[0-9A-Fa-f]{12}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def _missing(path: str, why: str = "") -> Refused:
    return refused("3003", description=f"{path} {why}".strip())


@frozen
class Block:
    """One JSON object of the request, which knows its path so that a refusal can name the field."""

    path: str
    values: Mapping[str, Any] = field(repr=False)

    def block(self, name: str) -> "Block":
        """Return a block inside this one."""
        value = self.values.get(name)
        if not isinstance(value, dict):
            raise _missing(self._path(name))
        return Block(self._path(name), value)

    def text(self, name: str, *, pattern: re.Pattern[str] | None = None, longest: int | None = None) -> str:
        """Return a text that must be there."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            raise _missing(self._path(name))
        if pattern is not None and not pattern.fullmatch(value):
            raise _missing(self._path(name), "is malformed")
        if longest is not None and len(value) > longest:
            raise _missing(self._path(name), f"is longer than {longest}")
        return value

    def required(self, name: str) -> str:
        """Return a text that must be there, and may be empty."""
        value = self.values.get(name)
        if not isinstance(value, str):
            raise _missing(self._path(name))
        return value

    def whole_number(self, name: str) -> int:
        """Return a JSON number without a fraction."""
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _missing(self._path(name), "must be a number")
        return value

    def _path(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


@frozen(kw_only=True)
class Paged:
    """The part of a question that says which rows are meant."""

    count: int
    page: str


@frozen(kw_only=True)
class MemberQuestion:
    """A question to the member service (서비스 연동)."""

    ci: str = field(repr=False)
    name: str = field(repr=False)


@frozen(kw_only=True)
class AccountQuestion:
    """A question about one account."""

    request_id: str
    ci: str = field(repr=False)
    account: str = field(repr=False)
    asset_class: str
    paged: Paged


@frozen(kw_only=True)
class PortfolioQuestion(AccountQuestion):
    """A question about what an account is made of; `measure` is RAT or QTY."""

    measure: str


@frozen(kw_only=True)
class TransactionsQuestion(AccountQuestion):
    """A question about what moved in an account; `isin` and `side` are "" where all are meant."""

    since: date
    until: date
    isin: str
    side: str


@frozen(kw_only=True)
class WatchlistQuestion(AccountQuestion):
    """A question about what is watched; `has_query` where it came with the block that few brokers take."""

    has_query: bool


def read_json(body: bytes) -> Block:
    """Return the body as the outermost block, or refuse: 3011 for what is not JSON."""
    try:
        document = json.loads(body)
    except ValueError:
        raise refused("3011") from None
    if not isinstance(document, dict):
        raise refused("3011", description="the message must be an object")
    return Block("", document)


def read_member_question(message: Block) -> MemberQuestion:
    """Check a message to the member service, where the request id may be left out."""
    _check_partner(message)
    header = message.block("commonHeader")
    if "reqIdConsumer" in header.values:
        _request_id(header)
    return MemberQuestion(ci=_ci(header), name=message.block("body").text("korName"))


def read_account_question(message: Block, *, body_block: str) -> AccountQuestion:
    """Check a message to the account service."""
    query = message.block(body_block).block("queryType")
    return AccountQuestion(
        **_envelope(message),
        asset_class=query.text("assetType"),
        paged=Paged(count=query.whole_number("count"), page=_page(query)),
    )


def read_portfolio_question(message: Block, *, body_block: str) -> PortfolioQuestion:
    """Check a message to the portfolio service."""
    query = message.block(body_block).block("queryType")
    return PortfolioQuestion(
        **_envelope(message),
        asset_class=query.text("assetType"),
        measure=query.text("rspType"),
        paged=Paged(count=query.whole_number("count"), page=_page(query)),
    )


def read_transactions_question(message: Block, *, body_block: str) -> TransactionsQuestion:
    """Check a message to the transaction service, where the example's first page is ""."""
    query = message.block(body_block).block("queryParams")
    return TransactionsQuestion(
        **_envelope(message),
        asset_class="ALL",
        since=_day(query, "fromDate"),
        until=_day(query, "toDate"),
        isin=query.required("isinCode"),
        side=query.required("side"),
        paged=Paged(count=query.whole_number("count"), page=query.required("page") or FIRST_PAGE),
    )


def read_watchlist_question(message: Block, *, body_block: str) -> WatchlistQuestion:
    """Check a message to the interest service; the query block may be left out."""
    body = message.block(body_block)
    if "queryType" not in body.values:
        paged = Paged(count=0, page=FIRST_PAGE)
    else:
        query = body.block("queryType")
        paged = Paged(count=query.whole_number("count"), page=query.required("page") or FIRST_PAGE)
    return WatchlistQuestion(
        **_envelope(message), asset_class="ALL", has_query="queryType" in body.values, paged=paged
    )


def _envelope(message: Block) -> dict[str, Any]:
    _check_partner(message)
    header = message.block("commonHeader")
    device = message.block("devInfo")
    device.text("ipAddr", pattern=_IP_ADDRESS)
    device.text("macAddr", pattern=_HARDWARE_ADDRESS)
    return {
        "request_id": _request_id(header),
        "ci": _ci(header),
        "account": message.block("accInfo").text("vtAccNo"),
    }


def _day(query: Block, name: str) -> date:
    text = query.text(name, pattern=_DAY)
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise refused("7000", description=f"{name} is no day") from None


def read_firm_question(message: Block, *, body_block: str) -> tuple[str, Paged]:
    """Check a message to the discretionary service, which has no `ci` and no device."""
    _check_partner(message)
    request_id = _request_id(message.block("commonHeader"))
    query = message.block(body_block).block("queryParameter")
    page = query.values.get("page", "")
    # Here the first page is asked as null, too.
    return request_id, Paged(
        count=query.whole_number("count"), page=FIRST_PAGE if page is None else query.text("page")
    )


def _check_partner(message: Block) -> None:
    partner = message.block("partner")
    partner.text("comId", longest=5)
    partner.text("srvId", longest=20)


def _request_id(header: Block) -> str:
    return header.text("reqIdConsumer", longest=REQUEST_ID_LENGTH)


def _ci(header: Block) -> str:
    # The documents' own example of a request carries a leading space.
    return header.text("ci", longest=CI_LENGTH + 1).strip()


def _page(query: Block) -> str:
    # An empty key is a key, which no broker knows; so it is the broker who refuses it.
    return "" if query.values.get("page") == "" else query.text("page", longest=PAGE_KEY_LENGTH)

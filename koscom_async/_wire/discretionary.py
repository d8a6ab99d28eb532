"""The discretionary service's five endpoints: bodies of requests, and readers of pages (whose they are, then the rows).

Which pages are asked for, and whether rows are missing, is the services' work.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Generic, TypeAlias, TypeVar

from attrs import field, frozen

from koscom_async._cooperative import SLICE_ODD_ROWS, Cooperative, CooperativeReader, Pace
from koscom_async._record import Record
from koscom_async._wire.envelope import (
    check_account_number,
    check_query,
    check_request_id,
    check_response_code,
    open_container,
    read_document,
    read_paging,
)
from koscom_async._wire.records.converter import Unread, unread_notes
from koscom_async._wire.records.fast import read_row
from koscom_async._wire.records.names import LIST_NAMES
from koscom_async._wire.requests import BROKERS_CHOICE, FIRST_PAGE
from koscom_async._wire.shapes import refuse_misspelt, respelled
from koscom_async._wire.values import (
    Block,
    PageKey,
    read_identifier,
    read_object,
    read_rows,
)
from koscom_async.brokers import Broker
from koscom_async.errors import MalformedResponseError
from koscom_async.models.codes import AssetClass, InstrumentCode
from koscom_async.models.discretionary.account import DiscretionaryAccount
from koscom_async.models.discretionary.balance import DiscretionaryCash, DiscretionaryRow
from koscom_async.models.discretionary.codes import Cost, OrderSide
from koscom_async.models.discretionary.orders import DiscretionaryOrder, Execution
from koscom_async.models.discretionary.settlements import DiscretionarySettlement, DiscretionaryTrade
from koscom_async.settings import Settings

Row = TypeVar("Row")

ReadItem: TypeAlias = Callable[[Block, str, Unread, Pace], Cooperative[Row]]
"""Reads a row, with the lists inside it step by step."""

CONTRACT_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z -]{0,29}", re.ASCII)

_INSIDE = ("cashBalInfo", "securitiesBalInfo")
"""The lists inside an account of a balance."""

# The records of the lists inside a row.
_INNER: Mapping[str, type] = {"codes": InstrumentCode, "costs": Cost, "executions": Execution}


@frozen(eq=False, repr=False)
class Blocks:
    """The names of an endpoint's blocks: of the request, of the answer, of the list's container, and of the list."""

    request: str
    answer: str
    container: str
    rows: str


ACCOUNT_BLOCKS = Blocks("accountListRequestBody", "accountListResponseBody", "accountList", "account")
BALANCE_BLOCKS = Blocks("balanceListRequestBody", "balanceListResponseBody", "balanceList", "balance")
ORDER_BLOCKS = Blocks(
    "orderDetailListRequestBody", "orderDetailListResponseBody", "orderDetailList", "orderDetail"
)
SETTLEMENT_BLOCKS = Blocks("settleListRequestBody", "settleListResponseBody", "settleList", "settleInfo")
TRADE_BLOCKS = Blocks("tradeBookListRequestBody", "tradeBookListResponseBody", "tradeBookList", "tradeBook")


# The requests: no investor, no device; what is optional and not given is null.

BOTH_SIDES = "0"


def firm_request(
    settings: Settings, *, request_id: str, block: str, query: Mapping[str, object]
) -> dict[str, Any]:
    """Return the body of a discretionary endpoint, whose own block is named for it."""
    return {
        "partner": {"comId": settings.com_id, "srvId": settings.srv_id},
        "commonHeader": {"reqIdConsumer": request_id},
        block: {"queryParameter": dict(query)},
    }


def accounts_query(page: PageKey | None) -> dict[str, object]:
    """Return the question for one page of the firm's accounts."""
    return {"count": BROKERS_CHOICE, "page": page}


def balance_query(number: str, asset_class: AssetClass, page: PageKey | None) -> dict[str, object]:
    """Return the question for one page of one asset class."""
    return {"qrAccNo": number, "qrAssetType": asset_class.value, "count": BROKERS_CHOICE, "page": page}


def orders_query(
    number: str,
    asset_class: AssetClass,
    page: PageKey | None,
    *,
    side: OrderSide | None,
    on: date | None,
    code: str | None,
    order_number: str | None,
) -> dict[str, object]:
    """Return the question for one page of orders."""
    return {
        **settlements_query(number, asset_class, page, side=side, on=on, code=code),
        "qrOrderNo": order_number,
    }


def settlements_query(
    number: str,
    asset_class: AssetClass,
    page: PageKey | None,
    *,
    side: OrderSide | None,
    on: date | None,
    code: str | None,
) -> dict[str, object]:
    """Return the question for one page of settlements."""
    return {
        "qrAssetType": asset_class.value,
        "qrSellBuyType": BOTH_SIDES if side is None else side.value,
        "qrAccNo": number,
        "qrOrderDate": None if on is None else f"{on:%Y%m%d}",
        "qrIsinCode": code,
        "count": BROKERS_CHOICE,
        "page": page,
    }


def trades_query(number: str, page: PageKey | None, *, since: date, until: date) -> dict[str, object]:
    """Return the question for one page of the trade book, whose first page is a word in the documents."""
    return {
        "qrAccNo": number,
        "qrFromDate": f"{since:%Y%m%d}",
        "qrToDate": f"{until:%Y%m%d}",
        "count": BROKERS_CHOICE,
        "page": FIRST_PAGE if page is None else page,
    }


# The answers.


@frozen(kw_only=True, eq=False, repr=False)
class DiscretionaryPage(Record, Generic[Row]):
    """One page. `total`: rows of the whole query; `next_page`: the key of the rest; either may be absent."""

    items: tuple[Row, ...]
    cash: tuple[DiscretionaryCash, ...] = ()
    total: int | None
    next_page: PageKey | None
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[object, ...]:
        """Everything on the page that makes it one that is not empty."""
        return (*self.items, *self.cash)


@frozen(kw_only=True, eq=False, repr=False)
class DiscretionaryReader(CooperativeReader[DiscretionaryPage[Row]], Generic[Row]):
    """Reads the answer to one question, and refuses the answer to any other.

    `query` is what was asked, whose echo is compared.
    """

    blocks: Blocks
    read_item: ReadItem[Row]
    request_id: str
    account_number: str | None = field(default=None, repr=False)
    query: Mapping[str, object] = field(factory=dict, repr=False)
    strict_request_id: bool = True

    def steps(self, document: object) -> Cooperative[DiscretionaryPage[Row]]:
        """Return the page in steps, or raise a `KoscomError`."""
        pace = Pace(SLICE_ODD_ROWS)
        answer = read_document(document)
        check_response_code(answer)
        body_name, container_name = self.blocks.answer, self.blocks.container
        body = read_object(answer.get(body_name), body_name)
        notes = check_request_id(answer, self.request_id, strict=self.strict_request_id)
        container = open_container(answer, container_name, self.blocks.rows)
        if not body and not container:
            raise MalformedResponseError(f"neither {body_name} nor {container_name} is there")
        notes += check_query(body, self.query)
        rows = list(read_rows(container.get(self.blocks.rows), f"{container_name}.{self.blocks.rows}"))
        if self.blocks == BALANCE_BLOCKS:
            rows = [(path, respelled(row)) for path, row in rows]
            for path, row in rows:
                refuse_misspelt(row, _INSIDE, path)
                if pace.is_due():
                    yield
        if self.account_number is not None:
            notes += yield from check_account_number(body, rows, self.account_number)
        items: list[Row] = []
        unread: Unread = {}
        for row, path in self._items(rows):
            items.append((yield from self.read_item(row, path, unread, pace)))
            if pace.is_due():
                yield
        cash = yield from self._cash(rows, pace)
        total, next_page = read_paging(body, body_name)
        return DiscretionaryPage(
            items=tuple(items),
            cash=tuple(cash),
            total=total,
            next_page=next_page,
            notes=(*notes, *(unread_notes(unread) if unread else ())),
        )

    def _items(self, rows: list[tuple[str, Block]]) -> list[tuple[Block, str]]:
        if self.blocks != BALANCE_BLOCKS:
            return [(row, path) for path, row in rows]
        # A balance's securities stand inside its account.
        return [
            (row, inner)
            for path, block in rows
            for inner, row in read_rows(block.get("securitiesBalInfo"), f"{path}.securitiesBalInfo")
        ]

    def _cash(self, rows: list[tuple[str, Block]], pace: Pace) -> Cooperative[list[DiscretionaryCash]]:
        if self.blocks != BALANCE_BLOCKS:
            return []
        read = []
        for path, block in rows:
            for inner, row in read_rows(block.get("cashBalInfo"), f"{path}.cashBalInfo"):
                read.append((inner, read_row(DiscretionaryCash, row, inner)))
                if pace.is_due():
                    yield
        return _one_view_each(read)


def _one_view_each(rows: list[tuple[str, DiscretionaryCash]]) -> list[DiscretionaryCash]:
    """Return each view of each currency's cash once; two that differ cannot both be true."""
    views: dict[tuple[str, int | None], DiscretionaryCash] = {}
    for path, row in rows:
        known = views.setdefault((row.currency, row.settled_in_days), row)
        if known != row:
            raise MalformedResponseError(f"{path}.crcyCode: two rows of the same cash with different amounts")
    return list(views.values())


def _inner(kind: type, name: str, row: Block, path: str, pace: Pace) -> Cooperative[tuple[Any, ...]]:
    records: list[Any] = []
    for where, block in read_rows(row.get(name), f"{path}.{name}"):
        records.append(read_row(kind, block, where))
        if pace.is_due():
            yield
    return tuple(records)


def item_reader(kind: type[Row], **given: object) -> ReadItem[Row]:
    """Return what reads a row of that kind with the lists inside it; `given` is what the row does not say itself."""
    inner = [(attribute, name) for attribute, name in LIST_NAMES.items() if hasattr(kind, attribute)]

    def read(row: Block, path: str, unread: Unread, pace: Pace) -> Cooperative[Row]:
        lists = {}
        for attribute, name in inner:
            lists[attribute] = yield from _inner(_INNER[attribute], name, row, path, pace)
        return read_row(kind, row, path, unread, **given, **lists)

    return read


def account_reader(broker: Broker) -> ReadItem[DiscretionaryAccount]:
    """Return what reads one account of the list; one without a number makes the list unbelievable."""

    def read(row: Block, path: str, unread: Unread, _: Pace) -> Cooperative[DiscretionaryAccount]:
        if read_identifier(row, "accNo", CONTRACT_NUMBER, path) is None:
            raise MalformedResponseError(f"{path}.accNo: an account without a number")
        yield from ()
        return read_row(DiscretionaryAccount, row, path, unread, broker=broker)

    return read


def row_reader(asset_class: AssetClass) -> ReadItem[DiscretionaryRow]:
    """Return what reads a security."""
    return item_reader(DiscretionaryRow, asset_class=asset_class)


def order_reader(asset_class: AssetClass) -> ReadItem[DiscretionaryOrder]:
    """Return what reads an order and its executions."""
    return item_reader(DiscretionaryOrder, asset_class=asset_class)


def settlement_reader(asset_class: AssetClass) -> ReadItem[DiscretionarySettlement]:
    """Return what reads a settlement and its costs."""
    return item_reader(DiscretionarySettlement, asset_class=asset_class)


read_trade = item_reader(DiscretionaryTrade)

"""A firm's query to a broker, asked with its key and secret: its endpoints as a table, its call, and its hours.

It merges nothing: what an endpoint's rows become is the discretionary service's.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime, time
from typing import Any, Generic, TypeAlias, TypeVar

from attrs import field, frozen

from koscom_async._clock import KST
from koscom_async._services.query import CountedPage, Query
from koscom_async._services.repeats import key_of_row
from koscom_async._wire import discretionary as wire
from koscom_async._wire import endpoints
from koscom_async._wire.discretionary import (
    Blocks,
    DiscretionaryPage,
    DiscretionaryReader,
    ReadItem,
    firm_request,
)
from koscom_async._wire.endpoints import Call, Endpoint
from koscom_async._wire.requests import new_request_id
from koscom_async._wire.values import PageKey
from koscom_async.brokers import Broker
from koscom_async.errors import OutsideServiceHoursError, UsageError
from koscom_async.models.codes import AssetClass
from koscom_async.models.discretionary.account import DiscretionaryAccount
from koscom_async.models.member import VirtualAccount

Row = TypeVar("Row")

FirmPart = AssetClass | str
"""An asset class; or, where the endpoint has none, what its rows are called."""

AccountLike: TypeAlias = str | VirtualAccount | DiscretionaryAccount


@frozen(eq=False, repr=False)
class FirmEndpoint:
    """An endpoint of the discretionary service: its blocks, the conditions of a page, and what reads a part's rows.

    `conditions` takes an account's number, a part, a page key, and the filters of the question.
    """

    endpoint: Endpoint
    blocks: Blocks
    conditions: Callable[..., Mapping[str, object]]
    row_reader: Callable[[Any], ReadItem[Any]]


BALANCES = FirmEndpoint(
    endpoints.DISCRETIONARY_BALANCES, wire.BALANCE_BLOCKS, wire.balance_query, wire.row_reader
)
ORDERS = FirmEndpoint(endpoints.DISCRETIONARY_ORDERS, wire.ORDER_BLOCKS, wire.orders_query, wire.order_reader)
SETTLEMENTS = FirmEndpoint(
    endpoints.DISCRETIONARY_SETTLEMENTS,
    wire.SETTLEMENT_BLOCKS,
    wire.settlements_query,
    wire.settlement_reader,
)
TRADES = FirmEndpoint(
    endpoints.DISCRETIONARY_TRADES,
    wire.TRADE_BLOCKS,
    lambda number, _, page, **days: wire.trades_query(number, page, **days),
    lambda _: wire.read_trade,
)


def accounts_at(broker: Broker) -> FirmEndpoint:
    """Return the endpoint of a broker's list of accounts, which belong to the broker."""
    return FirmEndpoint(
        endpoints.DISCRETIONARY_ACCOUNTS,
        wire.ACCOUNT_BLOCKS,
        lambda _number, _part, page: wire.accounts_query(page),
        lambda _: wire.account_reader(broker),
    )


@frozen(kw_only=True, eq=False, repr=False)
class FirmQuery(Query[FirmPart, DiscretionaryPage[Row]], Generic[Row]):
    """A query to one broker, about one account or the list of all."""

    kind: FirmEndpoint
    at: Broker
    account: VirtualAccount | None = None
    filters: Mapping[str, Any] = field(factory=dict, repr=False)

    @property
    def broker(self) -> str:
        return self.at.short_name

    @property
    def is_about_one_account(self) -> bool:
        return self.account is not None

    def call(self, part: FirmPart, page: PageKey | None) -> Call[DiscretionaryPage[Row]]:
        request_id = new_request_id()
        number = self.account.number if self.account else None
        conditions = self.kind.conditions(number, part, page, **self.filters)
        blocks = self.kind.blocks
        return Call(
            endpoint=self.endpoint,
            path=self.endpoint.path.format(broker=self.broker),
            broker=self.broker,
            account=self.account.masked_number if self.account else None,
            body=firm_request(self.settings, request_id=request_id, block=blocks.request, query=conditions),
            read=DiscretionaryReader(
                blocks=blocks,
                read_item=self.kind.row_reader(part),
                request_id=request_id,
                account_number=number,
                query=conditions,
                strict_request_id=self.overrides.check_request_id,
            ),
            charge=self.budget.add_bytes,
            secrets=(number,) if number else (),
        )

    def counted(self, pages: Sequence[DiscretionaryPage[Row]]) -> Sequence[CountedPage]:
        """Return the pages without their cash, which the total does not count."""
        return [_Items(rows=page.items, total=page.total) for page in pages]

    def key_of(self, row: Any) -> Hashable:
        """Return an account on the list by itself, which no broker lists twice; otherwise as for every query."""
        return row if isinstance(row, DiscretionaryAccount) else key_of_row(row)


@frozen(kw_only=True, eq=False, repr=False)
class _Items:
    rows: tuple[object, ...]
    total: int | None


CLOSES, OPENS = time(8, 30), time(16)
"""Balances and settlements are answered outside of the exchange's day only.

Manual: 일임매매서비스, "오전 08:30이전과 오후 16:00 이후 조회 가능". It names no exception for days without trading.
"""


@frozen(kw_only=True, eq=False, repr=False)
class ServiceHours:
    """The hours by a clock that is given; a check that is switched off lets every call pass."""

    is_checked: bool
    now: Callable[[], datetime]

    def check(self, kind: FirmEndpoint, broker: str | None = None) -> None:
        """Raise `OutsideServiceHoursError` while the platform does not answer."""
        now = self.now().astimezone(KST)
        if not self.is_checked or not CLOSES <= now.time() < OPENS:
            return
        opens_at = now.replace(hour=OPENS.hour, minute=OPENS.minute, second=0, microsecond=0)
        raise OutsideServiceHoursError(
            f"it is {now:%H:%M} in Korea, and the platform answers this only before {CLOSES:%H:%M} and after "
            f"{OPENS:%H:%M}; no call was made",
            opens_at=opens_at,
            broker=broker,
            endpoint=kind.endpoint.name,
        )


def resolve_account(broker: Broker, account: object) -> VirtualAccount:
    """Return the account of a record or a number, which must be one of that broker."""
    if isinstance(account, VirtualAccount | DiscretionaryAccount):
        if account.broker.code != broker.code:
            raise UsageError(
                f"the account is {account.broker.short_name}'s, and {broker.short_name} was to be asked",
                advice="give the account's own broker",
            )
        return VirtualAccount(broker=broker, number=account.number, twin=account.twin)
    number = account.strip() if isinstance(account, str) else ""
    if not number:
        raise UsageError("an account is named by its number, as text", advice="see discretionary.accounts()")
    return VirtualAccount(broker=broker, number=number)

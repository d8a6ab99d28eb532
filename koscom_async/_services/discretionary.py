"""The discretionary service (일임매매): the firm's contract accounts, asked with its key and secret.

No investor is asked for here: the customer entrusted the account to the firm.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from functools import partial
from typing import Any, TypeVar

from attrs import frozen

from koscom_async._clock import KST, korean_now
from koscom_async._services.by_class import SECURITIES
from koscom_async._services.firm_query import FirmQuery
from koscom_async._services.operation import Deadline, deadline_at, operation
from koscom_async._services.resolve import (
    AccountLike,
    BrokerLike,
    resolve_account,
    resolve_broker,
    resolve_code,
    resolve_day,
    resolve_text,
)
from koscom_async._services.tasks import gather
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire import discretionary as wire
from koscom_async._wire.discretionary import Blocks, DiscretionaryPage
from koscom_async._wire.endpoints import (
    DISCRETIONARY_ACCOUNTS,
    DISCRETIONARY_BALANCES,
    DISCRETIONARY_ORDERS,
    DISCRETIONARY_SETTLEMENTS,
    DISCRETIONARY_TRADES,
    Endpoint,
)
from koscom_async.brokers import Broker
from koscom_async.errors import OutsideServiceHoursError, ResponseMismatchError, UsageError
from koscom_async.models.codes import AssetClass
from koscom_async.models.discretionary.account import DiscretionaryAccounts
from koscom_async.models.discretionary.answers import DiscretionaryRows
from koscom_async.models.discretionary.balance import DiscretionaryBalance, DiscretionaryCash
from koscom_async.models.discretionary.codes import OrderSide
from koscom_async.models.discretionary.orders import DiscretionaryOrder
from koscom_async.models.discretionary.settlements import DiscretionarySettlement, DiscretionaryTrade
from koscom_async.models.member import VirtualAccount
from koscom_async.settings import Settings

# When the discretionary service answers what: balances and settlements only outside of the exchange's day.
#
# Manual: 일임매매서비스, "오전 08:30이전과 오후 16:00 이후 조회 가능". It names no exception for days without trading.

CLOSES, OPENS = time(8, 30), time(16)


@frozen(kw_only=True)
class ServiceHours:
    """The hours by a clock that is given; a check that is turned off lets everything pass."""

    is_checked: bool
    now: Callable[[], datetime]

    def check(self, endpoint: Endpoint, broker: str | None = None) -> None:
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
            endpoint=endpoint.name,
        )


Row = TypeVar("Row")


class DiscretionaryService:
    """Questions about the firm's contract accounts at one broker.

    A broker is named by its short name or its record, an account by its number or its record. Raised are
    `PlatformError` where the platform or the broker refuses, a `ResponseError` where the answer cannot be believed
    (another account's, rows missing, endless pages, broken), `ConnectionFailedError` where none came,
    `DeadlineExceededError` in time.
    """

    def __init__(
        self, gateway: Gateway, settings: Settings, *, now: Callable[[], datetime] = korean_now
    ) -> None:
        self._gateway = gateway
        self._settings = settings
        self._hours = ServiceHours(is_checked=settings.check_service_hours, now=now)

    async def accounts(self, broker: BrokerLike, *, deadline: float | None = None) -> DiscretionaryAccounts:
        """Return the firm's accounts at a broker (일임설정 계좌), those included whose contract has ended.

        Manual: 일임매매서비스, "일임설정 계좌 조회 API".
        """
        return await self.read_accounts(resolve_broker(broker), end=deadline_at(deadline))

    async def balances(
        self, broker: BrokerLike, account: AccountLike, *, deadline: float | None = None
    ) -> DiscretionaryBalance:
        """Return what an account holds (일임 계좌잔고): its cash by currency and day, and its securities.

        Every asset class is asked at once. `OutsideServiceHoursError` from 08:30 to 16:00 KST, before a call is spent.
        Manual: 일임매매서비스, "일임 계좌잔고 조회 API".
        """
        asked = resolve_account(resolve_broker(broker), account)
        return await self.read_balance(asked, end=deadline_at(deadline))

    async def orders(
        self,
        broker: BrokerLike,
        account: AccountLike,
        *,
        on: date | None = None,
        side: OrderSide | None = None,
        code: str | None = None,
        order_number: str | None = None,
        asset_class: AssetClass | None = None,
        deadline: float | None = None,
    ) -> DiscretionaryRows[DiscretionaryOrder]:
        """Return the orders of a day (default: the platform's today) with their executions (주문체결).

        `code` and `order_number` ask for one instrument or one order, `asset_class` for one class instead of all.
        Manual: 일임매매서비스, "주문체결 조회 API".
        """
        asked = resolve_account(resolve_broker(broker), account)
        filters: dict[str, Any] = {"on": on, "side": side, "code": code, "order_number": order_number}
        return await self.read_orders(asked, end=deadline_at(deadline), asset_class=asset_class, **filters)

    async def settlements(
        self,
        broker: BrokerLike,
        account: AccountLike,
        *,
        on: date | None = None,
        side: OrderSide | None = None,
        code: str | None = None,
        asset_class: AssetClass | None = None,
        deadline: float | None = None,
    ) -> DiscretionaryRows[DiscretionarySettlement]:
        """Return what is to be settled, with costs (결제예정): of orders executed today or the day before.

        `on` is the day of the order. `OutsideServiceHoursError` from 08:30 to 16:00 KST, before a call is spent.
        Manual: 일임매매서비스, "결제예정내역 조회 API".
        """
        asked = resolve_account(resolve_broker(broker), account)
        filters: dict[str, Any] = {"on": on, "side": side, "code": code}
        return await self.read_settlements(
            asked, end=deadline_at(deadline), asset_class=asset_class, **filters
        )

    async def trades(
        self,
        broker: BrokerLike,
        account: AccountLike,
        since: date,
        until: date,
        *,
        deadline: float | None = None,
    ) -> DiscretionaryRows[DiscretionaryTrade]:
        """Return the trade book from `since` to `until`, both included, with costs (거래내역).

        Manual: 일임매매서비스, "일임계좌 거래내역 조회 API".
        """
        asked = resolve_account(resolve_broker(broker), account)
        return await self.read_trades(asked, end=deadline_at(deadline), since=since, until_day=until)

    def check_hours(self) -> None:
        """Raise `OutsideServiceHoursError` while no balance is answered."""
        self._hours.check(DISCRETIONARY_BALANCES)

    async def read_accounts(
        self, broker: Broker, into: TraceBuilder | None = None, *, end: Deadline
    ) -> DiscretionaryAccounts:
        """Read the list of accounts until `end`; the trace `into` counts what it takes."""
        name = broker.short_name
        with operation(self._gateway, DISCRETIONARY_ACCOUNTS, broker=name, end=end, trace=into) as trace:
            query = FirmQuery(
                gateway=self._gateway,
                settings=self._settings,
                trace=trace,
                endpoint=DISCRETIONARY_ACCOUNTS,
                at=broker,
                blocks=wire.ACCOUNT_BLOCKS,
                conditions=lambda _, page: wire.accounts_query(page),
                read_item=lambda _: wire.account_reader(broker),
            )
            pages = await query.read("accounts")
        return DiscretionaryAccounts(broker=broker, accounts=_items(pages), notes=tuple(trace.notes))

    async def read_balance(
        self, account: VirtualAccount, into: TraceBuilder | None = None, *, end: Deadline
    ) -> DiscretionaryBalance:
        """Read a balance until `end`; the trace `into` counts what it takes."""
        self._hours.check(DISCRETIONARY_BALANCES, account.broker.short_name)
        with operation(self._gateway, DISCRETIONARY_BALANCES, account, end=end, trace=into) as trace:
            by_class = await self._ask(
                DISCRETIONARY_BALANCES,
                account,
                trace,
                parts=SECURITIES,
                blocks=wire.BALANCE_BLOCKS,
                conditions=lambda each, page: wire.balance_query(account.number, each, page),
                read_item=wire.row_reader,
            )
        return DiscretionaryBalance(
            account=account,
            cash=_one_cash([page for pages in by_class for page in pages], trace),
            securities=tuple(row for pages in by_class for row in _items(pages)),
            notes=tuple(trace.notes),
        )

    async def read_orders(
        self,
        account: VirtualAccount,
        into: TraceBuilder | None = None,
        *,
        end: Deadline,
        asset_class: AssetClass | None = None,
        **filters: Any,
    ) -> DiscretionaryRows[DiscretionaryOrder]:
        """Read orders until `end`; the trace `into` counts what it takes."""
        filters = _checked(filters)
        with operation(self._gateway, DISCRETIONARY_ORDERS, account, end=end, trace=into) as trace:
            by_class = await self._ask(
                DISCRETIONARY_ORDERS,
                account,
                trace,
                parts=_classes(asset_class),
                blocks=wire.ORDER_BLOCKS,
                conditions=lambda each, page: wire.orders_query(account.number, each, page, **filters),
                read_item=wire.order_reader,
            )
        return _rows(account, by_class, trace)

    async def read_settlements(
        self,
        account: VirtualAccount,
        into: TraceBuilder | None = None,
        *,
        end: Deadline,
        asset_class: AssetClass | None = None,
        **filters: Any,
    ) -> DiscretionaryRows[DiscretionarySettlement]:
        """Read settlements until `end`; the trace `into` counts what it takes."""
        filters = _checked(filters)
        self._hours.check(DISCRETIONARY_SETTLEMENTS, account.broker.short_name)
        with operation(self._gateway, DISCRETIONARY_SETTLEMENTS, account, end=end, trace=into) as trace:
            by_class = await self._ask(
                DISCRETIONARY_SETTLEMENTS,
                account,
                trace,
                parts=_classes(asset_class),
                blocks=wire.SETTLEMENT_BLOCKS,
                conditions=lambda each, page: wire.settlements_query(account.number, each, page, **filters),
                read_item=wire.settlement_reader,
            )
        return _rows(account, by_class, trace)

    async def read_trades(
        self,
        account: VirtualAccount,
        into: TraceBuilder | None = None,
        *,
        end: Deadline,
        since: date,
        until_day: date,
    ) -> DiscretionaryRows[DiscretionaryTrade]:
        """Read the trade book until `end`; the trace `into` counts what it takes."""
        if resolve_day(since, "since") > resolve_day(until_day, "until"):
            raise UsageError(f"{since} is after {until_day}", advice="give the first day first")
        with operation(self._gateway, DISCRETIONARY_TRADES, account, end=end, trace=into) as trace:
            whole = await self._ask(
                DISCRETIONARY_TRADES,
                account,
                trace,
                parts=("trades",),
                blocks=wire.TRADE_BLOCKS,
                conditions=lambda _, page: wire.trades_query(
                    account.number, page, since=since, until=until_day
                ),
                read_item=lambda _: wire.read_trade,
            )
        return _rows(account, whole, trace)

    async def _ask(
        self,
        endpoint: Endpoint,
        account: VirtualAccount,
        trace: TraceBuilder,
        *,
        parts: Sequence[Any],
        blocks: Blocks,
        conditions: Callable[[Any, str | None], Mapping[str, object]],
        read_item: Callable[[Any], Any],
    ) -> list[list[DiscretionaryPage[Any]]]:
        """Return the pages of every part, all asked at once; `ALL` is not known here, so classes are parts."""
        query: FirmQuery[Any] = FirmQuery(
            gateway=self._gateway,
            settings=self._settings,
            trace=trace,
            endpoint=endpoint,
            at=account.broker,
            account=account,
            blocks=blocks,
            conditions=conditions,
            read_item=read_item,
        )
        by_part = await gather([partial(query.read, each) for each in parts])
        _refuse_repeated(by_part)
        return by_part


def _classes(asset_class: AssetClass | None) -> tuple[AssetClass, ...]:
    given = resolve_code(AssetClass, asset_class, "asset_class")
    return SECURITIES if given is None else (given,)


def _checked(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters of a question, each of its kind."""
    checked: dict[str, Any] = {
        name: resolve_text(value, name) for name, value in filters.items() if name not in {"on", "side"}
    }
    checked["side"] = resolve_code(OrderSide, filters.get("side"), "side")
    checked["on"] = None if filters.get("on") is None else resolve_day(filters["on"], "on")
    return checked


def _items(pages: Sequence[DiscretionaryPage[Row]]) -> tuple[Row, ...]:
    return tuple(item for page in pages for item in page.items)


def _rows(
    account: VirtualAccount, by_part: Sequence[Sequence[DiscretionaryPage[Row]]], trace: TraceBuilder
) -> DiscretionaryRows[Row]:
    rows = tuple(row for pages in by_part for row in _items(pages))
    return DiscretionaryRows(account=account, rows=rows, notes=tuple(trace.notes))


def _refuse_repeated(by_class: Sequence[Sequence[DiscretionaryPage[Any]]]) -> None:
    """Refuse a broker that answers every class with the same rows: they would be counted three times."""
    seen: list[list[object]] = []
    for pages in by_class:
        raw = [item.raw for item in _items(pages)]
        if raw and raw in seen:
            raise ResponseMismatchError(
                "two asset classes were answered with the same rows",
                advice="ask for one asset class by itself, where the call allows it; report it to the platform",
            )
        seen.append(raw)


def _one_cash(pages: Sequence[DiscretionaryPage[Any]], trace: TraceBuilder) -> tuple[DiscretionaryCash, ...]:
    """Return each view of the cash once: every page of every class tells of the same money."""
    views: dict[tuple[str, int | None], DiscretionaryCash] = {}
    for page in pages:
        for row in page.cash:
            if views.setdefault((row.currency, row.settled_in_days), row) != row:
                trace.note("the cash changed between two answers; the first is kept")
    return tuple(views.values())

"""The discretionary service (일임매매): the firm's contract accounts, asked with its key and secret.

No investor is asked for here: the customer entrusted the account to the firm.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, time
from functools import partial
from typing import Any, TypeVar

import anyio
from attrs import frozen

from koscom_async._clock import KST, korean_now
from koscom_async._services.firm_query import FirmQuery
from koscom_async._services.operation import deadline_at, error_context, until
from koscom_async._services.resolve import Account, BrokerLike, resolve_account, resolve_broker
from koscom_async._services.tasks import gather
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire import discretionary as wire
from koscom_async._wire import requests
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
from koscom_async.observer import Operation
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


CLASSES = (AssetClass.EQUITY, AssetClass.FUND, AssetClass.OTHER)
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
        end = deadline_at(deadline)
        return await self.read_accounts(
            resolve_broker(broker), TraceBuilder(started=anyio.current_time()), end=end
        )

    async def balances(
        self, broker: BrokerLike, account: Account, *, deadline: float | None = None
    ) -> DiscretionaryBalance:
        """Return what an account holds (일임 계좌잔고): its cash by currency and day, and its securities.

        Every asset class is asked at once. `OutsideServiceHoursError` from 08:30 to 16:00 KST, before a call is spent.
        Manual: 일임매매서비스, "일임 계좌잔고 조회 API".
        """
        asked = resolve_account(resolve_broker(broker), account)
        return await self.read_balance(asked, _log(), end=deadline_at(deadline))

    async def orders(  # noqa: PLR0913  # each keyword is one filter of the platform's
        self,
        broker: BrokerLike,
        account: Account,
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
        return await self.read_orders(
            asked, _log(), end=deadline_at(deadline), asset_class=asset_class, **filters
        )

    async def settlements(  # noqa: PLR0913  # as above
        self,
        broker: BrokerLike,
        account: Account,
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
            asked, _log(), end=deadline_at(deadline), asset_class=asset_class, **filters
        )

    async def trades(
        self, broker: BrokerLike, account: Account, since: date, until: date, *, deadline: float | None = None
    ) -> DiscretionaryRows[DiscretionaryTrade]:
        """Return the trade book from `since` to `until`, both included, with costs (거래내역).

        Manual: 일임매매서비스, "일임계좌 거래내역 조회 API".
        """
        asked = resolve_account(resolve_broker(broker), account)
        return await self.read_trades(asked, _log(), end=deadline_at(deadline), since=since, until_day=until)

    def check_hours(self) -> None:
        """Raise `OutsideServiceHoursError` while no balance is answered."""
        self._hours.check(DISCRETIONARY_BALANCES)

    async def read_accounts(self, broker: Broker, log: TraceBuilder, *, end: float) -> DiscretionaryAccounts:
        """Read the list of accounts until `end`, on the event loop's clock."""
        query = FirmQuery(
            gateway=self._gateway,
            settings=self._settings,
            endpoint=DISCRETIONARY_ACCOUNTS,
            broker=broker,
            blocks=wire.ACCOUNT_BLOCKS,
            query=requests.accounts_query,
            read_item=wire.account_reader(broker),
            what="accounts",
        )
        operation = Operation(name=DISCRETIONARY_ACCOUNTS.name, broker=broker.short_name)
        with (
            self._gateway.operation(operation),
            error_context(DISCRETIONARY_ACCOUNTS, broker=broker),
            until(end),
        ):
            pages = await query.pages(log)
        return DiscretionaryAccounts(broker=broker, accounts=_items(pages), notes=tuple(log.notes))

    async def read_balance(
        self, account: VirtualAccount, log: TraceBuilder, *, end: float
    ) -> DiscretionaryBalance:
        """Read a balance until `end`, and write down in `log` what it took."""
        self._hours.check(DISCRETIONARY_BALANCES, account.broker.short_name)
        by_class = await self._by_class(
            DISCRETIONARY_BALANCES,
            account,
            log,
            end=end,
            blocks=wire.BALANCE_BLOCKS,
            query=lambda each, page: requests.balance_query(account.number, each, page),
            read_item=wire.row_reader,
        )
        return DiscretionaryBalance(
            account=account,
            cash=_one_cash([page for pages in by_class for page in pages], log),
            securities=tuple(row for pages in by_class for row in _items(pages)),
            notes=tuple(log.notes),
        )

    async def read_orders(
        self,
        account: VirtualAccount,
        log: TraceBuilder,
        *,
        end: float,
        asset_class: AssetClass | None = None,
        **filters: Any,
    ) -> DiscretionaryRows[DiscretionaryOrder]:
        """Read orders until `end`."""
        by_class = await self._by_class(
            DISCRETIONARY_ORDERS,
            account,
            log,
            end=end,
            asset_class=asset_class,
            blocks=wire.ORDER_BLOCKS,
            query=lambda each, page: requests.orders_query(account.number, each, page, **filters),
            read_item=wire.order_reader,
        )
        return _rows(account, by_class, log)

    async def read_settlements(
        self,
        account: VirtualAccount,
        log: TraceBuilder,
        *,
        end: float,
        asset_class: AssetClass | None = None,
        **filters: Any,
    ) -> DiscretionaryRows[DiscretionarySettlement]:
        """Read settlements until `end`."""
        self._hours.check(DISCRETIONARY_SETTLEMENTS, account.broker.short_name)
        by_class = await self._by_class(
            DISCRETIONARY_SETTLEMENTS,
            account,
            log,
            end=end,
            asset_class=asset_class,
            blocks=wire.SETTLEMENT_BLOCKS,
            query=lambda each, page: requests.settlements_query(account.number, each, page, **filters),
            read_item=wire.settlement_reader,
        )
        return _rows(account, by_class, log)

    async def read_trades(
        self, account: VirtualAccount, log: TraceBuilder, *, end: float, since: date, until_day: date
    ) -> DiscretionaryRows[DiscretionaryTrade]:
        """Read the trade book until `end`."""
        if since > until_day:
            raise UsageError(f"{since} is after {until_day}", advice="give the first day first")
        query = FirmQuery(
            gateway=self._gateway,
            settings=self._settings,
            endpoint=DISCRETIONARY_TRADES,
            broker=account.broker,
            account=account,
            blocks=wire.TRADE_BLOCKS,
            query=lambda page: requests.trades_query(account.number, page, since=since, until=until_day),
            read_item=wire.read_trade,
            what="trades",
        )
        with (
            self._watched(DISCRETIONARY_TRADES, account),
            error_context(DISCRETIONARY_TRADES, account),
            until(end),
        ):
            return _rows(account, [await query.pages(log)], log)

    def _watched(self, endpoint: Endpoint, account: VirtualAccount) -> AbstractContextManager[None]:
        return self._gateway.operation(
            Operation(name=endpoint.name, broker=account.broker.short_name, account=account.masked_number)
        )

    async def _by_class(  # noqa: PLR0913  # each keyword is one name of the endpoint
        self,
        endpoint: Endpoint,
        account: VirtualAccount,
        log: TraceBuilder,
        *,
        end: float,
        asset_class: AssetClass | None = None,
        blocks: Blocks,
        query: Callable[[AssetClass, str | None], Mapping[str, object]],
        read_item: Callable[[AssetClass], Any],
    ) -> list[list[DiscretionaryPage[Any]]]:
        """Ask for each asset class at once, or for one."""
        queries: list[FirmQuery[Any]] = [
            FirmQuery(
                gateway=self._gateway,
                settings=self._settings,
                endpoint=endpoint,
                broker=account.broker,
                account=account,
                blocks=blocks,
                query=partial(query, each),
                read_item=read_item(each),
                what=each.value,
            )
            for each in (CLASSES if asset_class is None else (asset_class,))
        ]
        with self._watched(endpoint, account), error_context(endpoint, account), until(end):
            by_class = await gather([partial(each.pages, log) for each in queries])
            _refuse_repeated(by_class)
            return by_class


def _log() -> TraceBuilder:
    return TraceBuilder(started=anyio.current_time())


def _items(pages: Sequence[DiscretionaryPage[Row]]) -> tuple[Row, ...]:
    return tuple(item for page in pages for item in page.items)


def _rows(
    account: VirtualAccount, by_class: Sequence[Sequence[DiscretionaryPage[Row]]], log: TraceBuilder
) -> DiscretionaryRows[Row]:
    rows = tuple(row for pages in by_class for row in _items(pages))
    return DiscretionaryRows(account=account, rows=rows, notes=tuple(log.notes))


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


def _one_cash(pages: Sequence[DiscretionaryPage[Any]], log: TraceBuilder) -> tuple[DiscretionaryCash, ...]:
    """Return each view of the cash once: every page of every class tells of the same money."""
    views: dict[tuple[str, int | None], DiscretionaryCash] = {}
    for page in pages:
        for row in page.cash:
            if views.setdefault((row.currency, row.settled_in_days), row) != row:
                log.note("the cash changed between two answers; the first is kept")
    return tuple(views.values())

"""The discretionary service (일임매매): the firm's contract accounts, asked with its key and secret.

No investor is asked for here: the customer entrusted the account to the firm.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar

from koscom_async._clock import korean_now
from koscom_async._services.balance import SECURITIES
from koscom_async._services.firm_query import (
    BALANCES,
    ORDERS,
    SETTLEMENTS,
    TRADES,
    AccountLike,
    FirmEndpoint,
    FirmPart,
    FirmQuery,
    ServiceHours,
    accounts_at,
    resolve_account,
)
from koscom_async._services.operation import Deadline, deadline_at, new_trace, operation
from koscom_async._services.resolve import (
    BrokerLike,
    resolve_broker,
    resolve_code,
    resolve_day,
    resolve_text,
)
from koscom_async._services.tasks import gather
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.discretionary import DiscretionaryPage
from koscom_async.brokers import Broker
from koscom_async.errors import ResponseMismatchError, UsageError
from koscom_async.models.codes import AssetClass
from koscom_async.models.discretionary.account import DiscretionaryAccounts
from koscom_async.models.discretionary.answers import DiscretionaryRows
from koscom_async.models.discretionary.balance import DiscretionaryBalance, DiscretionaryCash
from koscom_async.models.discretionary.codes import OrderSide
from koscom_async.models.discretionary.orders import DiscretionaryOrder
from koscom_async.models.discretionary.settlements import DiscretionarySettlement, DiscretionaryTrade
from koscom_async.models.member import VirtualAccount, with_twins
from koscom_async.settings import Settings

Row = TypeVar("Row")


class DiscretionaryService:
    """Questions about the firm's contract accounts at one broker.

    A broker is given as its short name or its record, an account as its number or its record. The methods raise a
    `PlatformError` where the platform or the broker refuses, a `ResponseError` where the answer cannot be believed
    (another account's, rows missing, endless pages, broken), `ConnectionFailedError` where none came,
    `DeadlineExceededError` at the deadline, `UsageError` for an argument of the wrong kind.
    """

    def __init__(
        self, gateway: Gateway, settings: Settings, *, now: Callable[[], datetime] = korean_now
    ) -> None:
        self._gateway = gateway
        self._settings = settings
        self._hours = ServiceHours(is_checked=settings.check_service_hours, now=now)

    async def accounts(self, broker: BrokerLike, *, deadline: float | None = None) -> DiscretionaryAccounts:
        """Return the firm's accounts at a broker (일임설정 계좌), including those whose contract has ended.

        Manual: 일임매매서비스, "일임설정 계좌 조회 API".
        """
        return await self.read_accounts(resolve_broker(broker), new_trace(), deadline=deadline_at(deadline))

    async def balances(
        self, broker: BrokerLike, account: AccountLike, *, deadline: float | None = None
    ) -> DiscretionaryBalance:
        """Return what an account holds (일임 계좌잔고): its cash by currency and day, and its securities.

        Every asset class is asked at once. `OutsideServiceHoursError` from 08:30 to 16:00 KST, before a call is spent.
        Manual: 일임매매서비스, "일임 계좌잔고 조회 API".
        """
        asked = resolve_account(resolve_broker(broker), account)
        return await self.read_balance(asked, new_trace(), deadline=deadline_at(deadline))

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
        return await self.read_orders(
            asked, new_trace(), deadline=deadline_at(deadline), asset_class=asset_class, **filters
        )

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
            asked, new_trace(), deadline=deadline_at(deadline), asset_class=asset_class, **filters
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
        return await self.read_trades(
            asked, new_trace(), deadline=deadline_at(deadline), since=since, until=until
        )

    def check_hours(self, kind: FirmEndpoint) -> None:
        """Raise `OutsideServiceHoursError` while the platform does not answer what `kind` asks of any account."""
        self._hours.check(kind)

    async def read_accounts(
        self, broker: Broker, trace: TraceBuilder, *, deadline: Deadline
    ) -> DiscretionaryAccounts:
        """Read the list of accounts before the deadline; `trace` counts what it takes."""
        kind, name = accounts_at(broker), broker.short_name
        with operation(self._gateway, kind.endpoint, broker=name, deadline=deadline, trace=trace):
            pages = await self._query(kind, trace, at=broker).read("accounts")
        return DiscretionaryAccounts(
            broker=broker, accounts=with_twins(_items(pages)), notes=tuple(trace.notes)
        )

    async def read_balance(
        self, account: VirtualAccount, trace: TraceBuilder, *, deadline: Deadline
    ) -> DiscretionaryBalance:
        """Read a balance before the deadline; `trace` counts what it takes."""
        self._hours.check(BALANCES, account.broker.short_name)
        with operation(self._gateway, BALANCES.endpoint, account, deadline=deadline, trace=trace):
            by_class = await self._read(BALANCES, account, trace, SECURITIES, {})
        return DiscretionaryBalance(
            account=account,
            cash=_one_cash([page for pages in by_class for page in pages], trace),
            securities=tuple(row for pages in by_class for row in _items(pages)),
            notes=tuple(trace.notes),
        )

    async def read_orders(
        self,
        account: VirtualAccount,
        trace: TraceBuilder,
        *,
        deadline: Deadline,
        asset_class: AssetClass | None = None,
        **filters: Any,
    ) -> DiscretionaryRows[DiscretionaryOrder]:
        """Read orders before the deadline; `trace` counts what it takes."""
        return await self._rows(
            ORDERS, account, trace, deadline=deadline, parts=_classes(asset_class), filters=_checked(filters)
        )

    async def read_settlements(
        self,
        account: VirtualAccount,
        trace: TraceBuilder,
        *,
        deadline: Deadline,
        asset_class: AssetClass | None = None,
        **filters: Any,
    ) -> DiscretionaryRows[DiscretionarySettlement]:
        """Read settlements before the deadline; `trace` counts what it takes."""
        classes, checked = _classes(asset_class), _checked(filters)
        self._hours.check(SETTLEMENTS, account.broker.short_name)
        return await self._rows(
            SETTLEMENTS, account, trace, deadline=deadline, parts=classes, filters=checked
        )

    async def read_trades(
        self,
        account: VirtualAccount,
        trace: TraceBuilder,
        *,
        deadline: Deadline,
        since: date,
        until: date,
    ) -> DiscretionaryRows[DiscretionaryTrade]:
        """Read the trade book before the deadline; `trace` counts what it takes."""
        if resolve_day(since, "since") > resolve_day(until, "until"):
            raise UsageError(f"{since} is after {until}", advice="give the first day first")
        days = {"since": since, "until": until}
        return await self._rows(TRADES, account, trace, deadline=deadline, parts=["trades"], filters=days)

    async def _rows(
        self,
        kind: FirmEndpoint,
        account: VirtualAccount,
        trace: TraceBuilder,
        *,
        deadline: Deadline,
        parts: Sequence[FirmPart],
        filters: Mapping[str, Any],
    ) -> DiscretionaryRows[Any]:
        with operation(self._gateway, kind.endpoint, account, deadline=deadline, trace=trace):
            by_part = await self._read(kind, account, trace, parts, filters)
        rows = tuple(row for pages in by_part for row in _items(pages))
        return DiscretionaryRows(account=account, rows=rows, notes=tuple(trace.notes))

    async def _read(
        self,
        kind: FirmEndpoint,
        account: VirtualAccount,
        trace: TraceBuilder,
        parts: Sequence[FirmPart],
        filters: Mapping[str, Any],
    ) -> list[list[DiscretionaryPage[Any]]]:
        """Return the pages of every part, all asked at once; no broker answers `ALL` here."""
        query = self._query(kind, trace, at=account.broker, account=account, filters=filters)
        by_part = await gather([partial(query.read, each) for each in parts])
        _refuse_repeated(by_part)
        return by_part

    def _query(self, kind: FirmEndpoint, trace: TraceBuilder, **about: Any) -> FirmQuery[Any]:
        return FirmQuery(
            endpoint=kind.endpoint,
            gateway=self._gateway,
            settings=self._settings,
            trace=trace,
            kind=kind,
            **about,
        )


def check_filters(filters: Mapping[str, Any], asset_class: object) -> None:
    """Refuse wrong filters of a question that many accounts are asked."""
    _checked(filters)
    resolve_code(AssetClass, asset_class, "asset_class")


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
    """Return each view of the cash once: every page of every class repeats the same money."""
    views: dict[tuple[str, int | None], DiscretionaryCash] = {}
    for page in pages:
        for row in page.cash:
            if views.setdefault((row.currency, row.settled_in_days), row) != row:
                trace.note("the cash changed between two answers; the first is kept")
    return tuple(views.values())

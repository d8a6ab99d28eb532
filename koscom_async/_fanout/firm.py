"""The discretionary service across brokers: holdings, orders, settlements and trades of all contract accounts."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, datetime
from typing import TypeVar

import anyio

from koscom_async._clock import korean_now
from koscom_async._fanout.firm_tasks import FirmFanout
from koscom_async._fanout.streams import DiscretionaryHoldingsStream, DiscretionaryStream
from koscom_async._services.discretionary import DiscretionaryService
from koscom_async._services.operation import Deadline, deadline_at
from koscom_async._services.resolve import BrokerLike, resolve_broker
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async.brokers import BROKERS, Broker
from koscom_async.errors import KoscomError
from koscom_async.models.account import Balance
from koscom_async.models.codes import AssetClass
from koscom_async.models.discretionary.answers import (
    DiscretionaryAnswers,
    DiscretionaryOutcome,
    DiscretionaryRows,
)
from koscom_async.models.discretionary.codes import OrderSide
from koscom_async.models.discretionary.orders import DiscretionaryOrder
from koscom_async.models.discretionary.settlements import DiscretionarySettlement, DiscretionaryTrade
from koscom_async.models.holdings import Holdings
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AccountOutcome
from koscom_async.settings import Environment, Settings

Row = TypeVar("Row")
Brokers = Iterable[BrokerLike] | BrokerLike | None


class Discretionary(DiscretionaryService):
    """Questions about the firm's contract accounts (일임 계좌): of one account, and of all at all brokers.

    Across brokers, `brokers` are short names or records (default: `Settings(discretionary_brokers=…)`; without that,
    every broker that the platform offers, or its virtual ones in the sandbox environment). Active contracts are asked;
    `include_ended` adds those that were terminated or have matured. No account's failure disturbs another's, and a
    broker whose list cannot be read is a failure without an account number. Raised is only what concerns every account
    before any was asked: `AuthenticationError`, `QuotaExceededError`, `UsageError`, `OutsideServiceHoursError`.
    """

    def __init__(
        self, gateway: Gateway, settings: Settings, *, now: Callable[[], datetime] = korean_now
    ) -> None:
        super().__init__(gateway, settings, now=now)
        self._firm_settings = settings

    @asynccontextmanager
    async def stream_holdings(
        self, brokers: Brokers = None, *, include_ended: bool = False, deadline: float | None = None
    ) -> AsyncIterator[DiscretionaryHoldingsStream]:
        """Yield a stream of each account's outcome as it is ready; its `holdings` is the merged answer at the end."""
        self.check_hours()
        end, asked_at = deadline_at(deadline), korean_now()

        async def read(account: VirtualAccount, log: TraceBuilder) -> Balance:
            return (await self.read_balance(account, log, end=end)).as_balance()

        fanout = FirmFanout(self._lister(end, include_ended=include_ended), read, _account_outcome)
        async with fanout.run(self.brokers_of(brokers)) as outcomes:
            yield DiscretionaryHoldingsStream(outcomes, asked_at)

    async def holdings(
        self, brokers: Brokers = None, *, include_ended: bool = False, deadline: float | None = None
    ) -> Holdings:
        """Return what all contract accounts hold, merged as an investor's holdings are."""
        async with self.stream_holdings(brokers, include_ended=include_ended, deadline=deadline) as stream:
            async for _ in stream:
                pass
            return await stream.merged()

    def stream_orders(  # noqa: PLR0913  # each keyword is one filter of the platform's
        self,
        brokers: Brokers = None,
        *,
        on: date | None = None,
        side: OrderSide | None = None,
        code: str | None = None,
        asset_class: AssetClass | None = None,
        include_ended: bool = False,
        deadline: float | None = None,
    ) -> AbstractAsyncContextManager[DiscretionaryStream[DiscretionaryOrder]]:
        """Yield a stream of each account's orders as they are ready; its `answers` are all of them."""
        end = deadline_at(deadline)

        async def read(account: VirtualAccount, log: TraceBuilder) -> DiscretionaryRows[DiscretionaryOrder]:
            filters = {"on": on, "side": side, "code": code, "order_number": None}
            return await self.read_orders(account, log, end=end, asset_class=asset_class, **filters)

        return self._stream(brokers, read, end, include_ended=include_ended)

    async def all_orders(  # noqa: PLR0913  # as above
        self,
        brokers: Brokers = None,
        *,
        on: date | None = None,
        side: OrderSide | None = None,
        code: str | None = None,
        asset_class: AssetClass | None = None,
        include_ended: bool = False,
        deadline: float | None = None,
    ) -> DiscretionaryAnswers[DiscretionaryOrder]:
        """Return the orders of a day of all accounts, with their executions; the filters are those of `orders`."""
        return await _whole(
            self.stream_orders(
                brokers,
                on=on,
                side=side,
                code=code,
                asset_class=asset_class,
                include_ended=include_ended,
                deadline=deadline,
            )
        )

    def stream_settlements(  # noqa: PLR0913  # as above
        self,
        brokers: Brokers = None,
        *,
        on: date | None = None,
        side: OrderSide | None = None,
        code: str | None = None,
        asset_class: AssetClass | None = None,
        include_ended: bool = False,
        deadline: float | None = None,
    ) -> AbstractAsyncContextManager[DiscretionaryStream[DiscretionarySettlement]]:
        """Yield a stream of each account's settlements as they are ready; its `answers` are all of them."""
        self.check_hours()
        end = deadline_at(deadline)

        async def read(
            account: VirtualAccount, log: TraceBuilder
        ) -> DiscretionaryRows[DiscretionarySettlement]:
            filters = {"on": on, "side": side, "code": code}
            return await self.read_settlements(account, log, end=end, asset_class=asset_class, **filters)

        return self._stream(brokers, read, end, include_ended=include_ended)

    async def all_settlements(  # noqa: PLR0913  # as above
        self,
        brokers: Brokers = None,
        *,
        on: date | None = None,
        side: OrderSide | None = None,
        code: str | None = None,
        asset_class: AssetClass | None = None,
        include_ended: bool = False,
        deadline: float | None = None,
    ) -> DiscretionaryAnswers[DiscretionarySettlement]:
        """Return what is to be settled at all accounts; the filters are those of `settlements`."""
        return await _whole(
            self.stream_settlements(
                brokers,
                on=on,
                side=side,
                code=code,
                asset_class=asset_class,
                include_ended=include_ended,
                deadline=deadline,
            )
        )

    def stream_trades(
        self,
        since: date,
        until: date,
        brokers: Brokers = None,
        *,
        include_ended: bool = False,
        deadline: float | None = None,
    ) -> AbstractAsyncContextManager[DiscretionaryStream[DiscretionaryTrade]]:
        """Yield a stream of each account's trade book as it is ready; its `answers` are all of them."""
        end = deadline_at(deadline)

        async def read(account: VirtualAccount, log: TraceBuilder) -> DiscretionaryRows[DiscretionaryTrade]:
            return await self.read_trades(account, log, end=end, since=since, until_day=until)

        return self._stream(brokers, read, end, include_ended=include_ended)

    async def all_trades(
        self,
        since: date,
        until: date,
        brokers: Brokers = None,
        *,
        include_ended: bool = False,
        deadline: float | None = None,
    ) -> DiscretionaryAnswers[DiscretionaryTrade]:
        """Return the trade books of all accounts, from `since` to `until`, both included."""
        return await _whole(
            self.stream_trades(since, until, brokers, include_ended=include_ended, deadline=deadline)
        )

    @asynccontextmanager
    async def _stream(
        self,
        brokers: Brokers,
        read: Callable[[VirtualAccount, TraceBuilder], Awaitable[DiscretionaryRows[Row]]],
        end: Deadline,
        *,
        include_ended: bool,
    ) -> AsyncIterator[DiscretionaryStream[Row]]:
        asked_at = korean_now()
        lister = self._lister(end, include_ended=include_ended)
        fanout: FirmFanout[DiscretionaryRows[Row], DiscretionaryOutcome[Row]] = FirmFanout(
            lister, read, _rows_outcome
        )
        async with fanout.run(self.brokers_of(brokers)) as outcomes:
            yield DiscretionaryStream(outcomes, asked_at)

    def _lister(
        self, end: Deadline, *, include_ended: bool
    ) -> Callable[[Broker, TraceBuilder], Awaitable[Sequence[VirtualAccount]]]:
        async def read_list(broker: Broker, log: TraceBuilder) -> Sequence[VirtualAccount]:
            listed = await self.read_accounts(broker, log, end=end)
            return [each.account for each in (listed.accounts if include_ended else listed.active)]

        return read_list

    def brokers_of(self, brokers: Brokers = None) -> tuple[Broker, ...]:
        """Return whom a question across brokers asks, each once."""
        if brokers is None:
            named: Sequence[BrokerLike] = self._firm_settings.discretionary_brokers or _offered(
                self._firm_settings
            )
        else:
            named = [brokers] if isinstance(brokers, str | Broker) else list(brokers)
        return tuple({broker.short_name: broker for broker in map(resolve_broker, named)}.values())


def _offered(settings: Settings) -> tuple[Broker, ...]:
    is_sandbox = settings.environment is Environment.SANDBOX
    return tuple(each for each in BROKERS if each.is_offered and each.is_virtual == is_sandbox)


def _account_outcome(
    account: VirtualAccount, balance: Balance | None, error: KoscomError | None, log: TraceBuilder
) -> AccountOutcome:
    trace = log.frozen(anyio.current_time())
    return AccountOutcome(account=account, error=error, balance=balance, as_of=korean_now(), trace=trace)


def _rows_outcome(
    account: VirtualAccount,
    answer: DiscretionaryRows[Row] | None,
    error: KoscomError | None,
    log: TraceBuilder,
) -> DiscretionaryOutcome[Row]:
    trace = log.frozen(anyio.current_time())
    return DiscretionaryOutcome(account=account, error=error, answer=answer, as_of=korean_now(), trace=trace)


async def _whole(
    opened: AbstractAsyncContextManager[DiscretionaryStream[Row]],
) -> DiscretionaryAnswers[Row]:
    async with opened as stream:
        async for _ in stream:
            pass
        return stream.answers

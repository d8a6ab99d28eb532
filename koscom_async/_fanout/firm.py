"""The discretionary service across brokers: holdings, orders, settlements and trades of all contract accounts.

Does not read an account itself: `_services.discretionary` asks one broker, which this extends to many.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from functools import partial
from typing import Any, TypeAlias, TypeVar

from koscom_async._clock import korean_now
from koscom_async._cooperative import Cooperative
from koscom_async._fanout.streams import HoldingsStream, OutcomeStream, read_to_end
from koscom_async._fanout.tasks import AccountList, Fanout, conclude
from koscom_async._services.discretionary import DiscretionaryService, check_filters
from koscom_async._services.firm_query import BALANCES, SETTLEMENTS
from koscom_async._services.operation import Deadline, deadline_at
from koscom_async._services.resolve import BrokerLike, resolve_broker, resolve_range
from koscom_async._transport.statistics import TraceBuilder
from koscom_async.brokers import BROKERS, Broker
from koscom_async.models.account import Balance
from koscom_async.models.codes import AssetClass
from koscom_async.models.discretionary.answers import (
    DiscretionaryAnswers,
    DiscretionaryFailure,
    DiscretionaryOutcome,
    DiscretionaryRows,
    DiscretionarySuccess,
)
from koscom_async.models.discretionary.codes import OrderSide
from koscom_async.models.discretionary.orders import DiscretionaryOrder
from koscom_async.models.discretionary.settlements import DiscretionarySettlement, DiscretionaryTrade
from koscom_async.models.holdings import Holdings
from koscom_async.models.member import VirtualAccount
from koscom_async.observer import Operation
from koscom_async.settings import Environment

Brokers: TypeAlias = Iterable[BrokerLike] | BrokerLike | None
Row = TypeVar("Row")
AnyStream = TypeVar("AnyStream", bound=OutcomeStream[Any, Any])


class DiscretionaryHoldingsStream(HoldingsStream):
    """Contract accounts' balances in completion order, and the merged holdings after the last. Iterate once.

    `accounts` grows as each broker's list of accounts is read.
    """


class DiscretionaryStream(
    OutcomeStream[DiscretionarySuccess[Row] | DiscretionaryFailure[Row], DiscretionaryAnswers[Row]]
):
    """Contract accounts' answers in completion order, and all of them together after the last. Iterate once.

    `accounts` grows as each broker's list of accounts is read.
    """

    @property
    def answers(self) -> DiscretionaryAnswers[Row]:
        """The whole answer; raises `UsageError` while outcomes are still to be read from the stream."""
        return self._result()

    def _merging(
        self, outcomes: Sequence[DiscretionarySuccess[Row] | DiscretionaryFailure[Row]]
    ) -> Cooperative[DiscretionaryAnswers[Row]]:
        yield  # a step for all: the rows stay as they are
        in_order = sorted(outcomes, key=lambda outcome: outcome.account.key)
        return DiscretionaryAnswers(outcomes=tuple(in_order), as_of=self._as_of)

    @staticmethod
    def make_outcome(answer: DiscretionaryRows[Row] | None, **facts: Any) -> Any:
        return DiscretionaryOutcome(answer=answer, **facts)


class Discretionary(DiscretionaryService):
    """Questions about the firm's contract accounts (일임 계좌): of one account, and of all at all brokers.

    Across brokers, `brokers` are short names or records (default: `Settings(discretionary_brokers=…)`; without that,
    every broker that the platform offers, or its virtual ones in the sandbox environment). Active contracts are asked;
    `include_ended` adds those that were terminated or have matured. No account's failure disturbs another's, and a
    broker whose list cannot be read is a failure without an account number. Raised is only what concerns every account
    before any was asked: `AuthenticationError`, `OverloadedError`, `QuotaExceededError`, `UsageError`,
    `OutsideServiceHoursError`.
    """

    def stream_holdings(
        self, brokers: Brokers = None, *, include_ended: bool = False, deadline: float | None = None
    ) -> AbstractAsyncContextManager[DiscretionaryHoldingsStream]:
        """Yield a stream of each account's outcome as it is ready; its `holdings` is the merged answer at the end."""
        self.check_hours(BALANCES)
        due = deadline_at(deadline)

        async def read(account: VirtualAccount, trace: TraceBuilder) -> Balance:
            return (await self.read_balance(account, trace, deadline=due)).as_balance()

        return self._stream(
            DiscretionaryHoldingsStream,
            "discretionary.holdings",
            read,
            brokers,
            deadline=due,
            include_ended=include_ended,
        )

    async def holdings(
        self, brokers: Brokers = None, *, include_ended: bool = False, deadline: float | None = None
    ) -> Holdings:
        """Return what all contract accounts hold, merged as an investor's holdings are."""
        return await read_to_end(
            self.stream_holdings(brokers, include_ended=include_ended, deadline=deadline)
        )

    def stream_orders(
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
        due = deadline_at(deadline)
        filters = {"on": on, "side": side, "code": code, "order_number": None}
        check_filters(filters, asset_class)

        async def read(account: VirtualAccount, trace: TraceBuilder) -> DiscretionaryRows[DiscretionaryOrder]:
            return await self.read_orders(account, trace, deadline=due, asset_class=asset_class, **filters)

        return self._stream(
            DiscretionaryStream,
            "discretionary.all_orders",
            read,
            brokers,
            deadline=due,
            include_ended=include_ended,
        )

    async def all_orders(
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
        return await read_to_end(
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

    def stream_settlements(
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
        filters = {"on": on, "side": side, "code": code}
        check_filters(filters, asset_class)
        self.check_hours(SETTLEMENTS)
        due = deadline_at(deadline)

        async def read(
            account: VirtualAccount, trace: TraceBuilder
        ) -> DiscretionaryRows[DiscretionarySettlement]:
            return await self.read_settlements(
                account, trace, deadline=due, asset_class=asset_class, **filters
            )

        return self._stream(
            DiscretionaryStream,
            "discretionary.all_settlements",
            read,
            brokers,
            deadline=due,
            include_ended=include_ended,
        )

    async def all_settlements(
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
        return await read_to_end(
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
        resolve_range(since, until)
        due = deadline_at(deadline)

        async def read(account: VirtualAccount, trace: TraceBuilder) -> DiscretionaryRows[DiscretionaryTrade]:
            return await self.read_trades(account, trace, deadline=due, since=since, until=until)

        return self._stream(
            DiscretionaryStream,
            "discretionary.all_trades",
            read,
            brokers,
            deadline=due,
            include_ended=include_ended,
        )

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
        return await read_to_end(
            self.stream_trades(since, until, brokers, include_ended=include_ended, deadline=deadline)
        )

    @asynccontextmanager
    async def _stream(
        self,
        kind: type[AnyStream],
        operation: str,
        read: Callable[[VirtualAccount, TraceBuilder], Awaitable[Any]],
        brokers: Brokers,
        *,
        deadline: Deadline,
        include_ended: bool,
    ) -> AsyncIterator[AnyStream]:
        asked_at, observed = korean_now(), Operation(name=operation)
        lists = [
            AccountList(broker, partial(self._list, broker, deadline, include_ended=include_ended))
            for broker in self.brokers_of(brokers)
        ]
        place = self._gateway.limiter.ticket(operation, deadline.seconds)
        with self._gateway.observe(observed), place as ticket:
            async with Fanout(read, kind.make_outcome, ticket).run(lists=lists) as outcomes:
                yield kind(outcomes, asked_at)
            conclude(observed, asked=outcomes.asked, read=sum(each.ok for each in outcomes.delivered))

    async def _list(
        self, broker: Broker, deadline: Deadline, trace: TraceBuilder, *, include_ended: bool
    ) -> Sequence[VirtualAccount]:
        listed = await self.read_accounts(broker, trace, deadline=deadline)
        return [each.account for each in (listed.accounts if include_ended else listed.active)]

    def brokers_of(self, brokers: Brokers = None) -> tuple[Broker, ...]:
        """Return the brokers that a question across brokers asks, each once."""
        if brokers is None:
            asked: Iterable[BrokerLike] = self._settings.discretionary_brokers or self._offered()
        elif isinstance(brokers, str | Broker):
            asked = [brokers]
        else:
            asked = brokers if hasattr(brokers, "__iter__") else [resolve_broker(brokers)]
        return tuple({broker.short_name: broker for broker in map(resolve_broker, asked)}.values())

    def _offered(self) -> tuple[Broker, ...]:
        is_sandbox = self._settings.environment is Environment.SANDBOX
        return tuple(each for each in BROKERS if each.is_offered and each.is_virtual == is_sandbox)

"""The discretionary service across brokers: holdings, orders, settlements and trades of all contract accounts.

Does not read an account itself: `_services.discretionary` asks one broker, which this extends to many.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from functools import partial, update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from koscom_async._clock import korean_now
from koscom_async._fanout.streams import HoldingsStream, OutcomeStream, read_whole
from koscom_async._fanout.tasks import AccountList, Fanout
from koscom_async._services.discretionary import DiscretionaryService
from koscom_async._services.operation import Deadline, deadline_at
from koscom_async._services.resolve import BrokerLike, resolve_broker
from koscom_async._transport.statistics import TraceBuilder
from koscom_async.brokers import BROKERS, Broker
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
from koscom_async.settings import Environment

Brokers: TypeAlias = Iterable[BrokerLike] | BrokerLike | None
Question = ParamSpec("Question")
Row = TypeVar("Row")
AnyStream = TypeVar("AnyStream", bound=OutcomeStream[Any, Any])


class DiscretionaryHoldingsStream(HoldingsStream):
    """Contract accounts' balances in completion order, and the merged holdings after the last. Iterate once.

    `accounts` grows as each broker's list of accounts is read.
    """


class DiscretionaryStream(OutcomeStream[DiscretionaryOutcome[Row], DiscretionaryAnswers[Row]]):
    """Contract accounts' answers in completion order, and all of them together after the last. Iterate once.

    `accounts` grows as each broker's list of accounts is read.
    """

    @property
    def answers(self) -> DiscretionaryAnswers[Row]:
        """The whole answer; raises `UsageError` while outcomes are still to be read from the stream."""
        return self._whole()

    def _merge(self, outcomes: Sequence[DiscretionaryOutcome[Row]]) -> DiscretionaryAnswers[Row]:
        in_order = sorted(outcomes, key=lambda outcome: outcome.account.key)
        return DiscretionaryAnswers(outcomes=tuple(in_order), as_of=self._as_of)

    @staticmethod
    def make_outcome(answer: DiscretionaryRows[Row] | None, **facts: Any) -> DiscretionaryOutcome[Row]:
        return DiscretionaryOutcome(answer=answer, **facts)


def _whole(
    stream: "Callable[Concatenate[Discretionary, Question], AbstractAsyncContextManager[DiscretionaryStream[Row]]]",
    answers: type[DiscretionaryAnswers[Row]],
    documentation: str,
) -> "Callable[Concatenate[Discretionary, Question], Coroutine[Any, Any, DiscretionaryAnswers[Row]]]":
    """Make the method that returns the whole answer of the method that streams it: the same question, listed once."""

    async def read(
        self: "Discretionary", /, *args: Question.args, **question: Question.kwargs
    ) -> DiscretionaryAnswers[Row]:
        return await read_whole(stream(self, *args, **question))

    update_wrapper(read, stream)
    read.__name__ = stream.__name__.replace("stream_", "all_")
    read.__qualname__ = stream.__qualname__.replace("stream_", "all_")
    read.__doc__ = documentation
    read.__annotations__ = stream.__annotations__ | {"return": answers}
    vars(read)["__signature__"] = inspect.signature(stream).replace(return_annotation=answers)
    return read


class Discretionary(DiscretionaryService):
    """Questions about the firm's contract accounts (일임 계좌): of one account, and of all at all brokers.

    Across brokers, `brokers` are short names or records (default: `Settings(discretionary_brokers=…)`; without that,
    every broker that the platform offers, or its virtual ones in the sandbox environment). Active contracts are asked;
    `include_ended` adds those that were terminated or have matured. No account's failure disturbs another's, and a
    broker whose list cannot be read is a failure without an account number. Raised is only what concerns every account
    before any was asked: `AuthenticationError`, `QuotaExceededError`, `UsageError`, `OutsideServiceHoursError`.
    """

    def stream_holdings(
        self, brokers: Brokers = None, *, include_ended: bool = False, deadline: float | None = None
    ) -> AbstractAsyncContextManager[DiscretionaryHoldingsStream]:
        """Yield a stream of each account's outcome as it is ready; its `holdings` is the merged answer at the end."""
        self.check_hours()
        end = deadline_at(deadline)

        async def read(account: VirtualAccount, log: TraceBuilder) -> Balance:
            return (await self.read_balance(account, log, end=end)).as_balance()

        return self._stream(DiscretionaryHoldingsStream, read, brokers, end, include_ended=include_ended)

    async def holdings(
        self, brokers: Brokers = None, *, include_ended: bool = False, deadline: float | None = None
    ) -> Holdings:
        """Return what all contract accounts hold, merged as an investor's holdings are."""
        return await read_whole(self.stream_holdings(brokers, include_ended=include_ended, deadline=deadline))

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
        end = deadline_at(deadline)

        async def read(account: VirtualAccount, log: TraceBuilder) -> DiscretionaryRows[DiscretionaryOrder]:
            filters = {"on": on, "side": side, "code": code, "order_number": None}
            return await self.read_orders(account, log, end=end, asset_class=asset_class, **filters)

        return self._stream(DiscretionaryStream, read, brokers, end, include_ended=include_ended)

    all_orders = _whole(
        stream_orders,
        DiscretionaryAnswers[DiscretionaryOrder],
        "Return the orders of a day of all accounts, with their executions; the filters are those of `orders`.",
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
        self.check_hours()
        end = deadline_at(deadline)

        async def read(
            account: VirtualAccount, log: TraceBuilder
        ) -> DiscretionaryRows[DiscretionarySettlement]:
            filters = {"on": on, "side": side, "code": code}
            return await self.read_settlements(account, log, end=end, asset_class=asset_class, **filters)

        return self._stream(DiscretionaryStream, read, brokers, end, include_ended=include_ended)

    all_settlements = _whole(
        stream_settlements,
        DiscretionaryAnswers[DiscretionarySettlement],
        "Return what is to be settled at all accounts; the filters are those of `settlements`.",
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

        return self._stream(DiscretionaryStream, read, brokers, end, include_ended=include_ended)

    all_trades = _whole(
        stream_trades,
        DiscretionaryAnswers[DiscretionaryTrade],
        "Return the trade books of all accounts, from `since` to `until`, both included.",
    )

    @asynccontextmanager
    async def _stream(
        self,
        kind: type[AnyStream],
        read: Callable[[VirtualAccount, TraceBuilder], Awaitable[Any]],
        brokers: Brokers,
        end: Deadline,
        *,
        include_ended: bool,
    ) -> AsyncIterator[AnyStream]:
        asked_at = korean_now()
        lists = [
            AccountList(broker, partial(self._list, broker, end, include_ended=include_ended))
            for broker in self.brokers_of(brokers)
        ]
        async with Fanout(read, kind.make_outcome).run(lists) as outcomes:
            yield kind(outcomes, asked_at)

    async def _list(
        self, broker: Broker, end: Deadline, log: TraceBuilder, *, include_ended: bool
    ) -> Sequence[VirtualAccount]:
        listed = await self.read_accounts(broker, log, end=end)
        return [each.account for each in (listed.accounts if include_ended else listed.active)]

    def brokers_of(self, brokers: Brokers = None) -> tuple[Broker, ...]:
        """Return the brokers that a question across brokers asks, each once."""
        if brokers is None:
            asked: Sequence[BrokerLike] = self._settings.discretionary_brokers or self._offered()
        else:
            asked = [brokers] if isinstance(brokers, str | Broker) else list(brokers)
        return tuple({broker.short_name: broker for broker in map(resolve_broker, asked)}.values())

    def _offered(self) -> tuple[Broker, ...]:
        is_sandbox = self._settings.environment is Environment.SANDBOX
        return tuple(each for each in BROKERS if each.is_offered and each.is_virtual == is_sandbox)

"""Lists of accounts at every broker, and each account as soon as its broker's list is there.

Owns the tasks. A broker's list that does not come keeps nobody else waiting, and ends as an outcome of its own.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Generic, Protocol, TypeVar

import anyio
import anyio.abc

from koscom_async._fanout.tasks import OutcomeQueue, unforeseen
from koscom_async._transport.statistics import TraceBuilder
from koscom_async.brokers import Broker
from koscom_async.errors import AuthenticationError, KoscomError, QuotaExceededError, UsageError
from koscom_async.models.member import VirtualAccount

NO_NUMBER = ""
"""Stands for the number where a broker's whole list could not be read."""

_CONCERNS_ALL = (AuthenticationError, QuotaExceededError, UsageError)


class Outcome(Protocol):
    """How the question about one account ended."""

    @property
    def account(self) -> VirtualAccount: ...
    @property
    def error(self) -> KoscomError | None: ...


Answer = TypeVar("Answer")
AnyOutcome = TypeVar("AnyOutcome", bound=Outcome)

ReadList = Callable[[Broker, TraceBuilder], Awaitable[Sequence[VirtualAccount]]]
Read = Callable[[VirtualAccount, TraceBuilder], Awaitable[Answer]]
MakeOutcome = Callable[[VirtualAccount, Answer | None, KoscomError | None, TraceBuilder], AnyOutcome]


class FirmOutcomes(OutcomeQueue[AnyOutcome]):
    """The outcomes, each as it is ready; more accounts are learned about on the way. Iterate once."""

    def __init__(self, lists: int) -> None:
        super().__init__()
        self._lists = lists
        self._expected = 0
        self._accounts: list[VirtualAccount] = []

    @property
    def accounts(self) -> tuple[VirtualAccount, ...]:
        """The accounts that are known so far; all of them once every broker's list has been read."""
        return tuple(self._accounts)

    @property
    def delivered(self) -> tuple[AnyOutcome, ...]:
        """What has been handed out; raises what concerned every account before any was asked."""
        outcomes = super().delivered
        errors = [outcome.error for outcome in outcomes]
        if errors and not self._accounts and all(isinstance(error, _CONCERNS_ALL) for error in errors):
            assert errors[0] is not None  # noqa: S101  # what the line above has seen
            raise errors[0]
        return outcomes

    @property
    def is_finished(self) -> bool:
        """Whether every list was read and every outcome handed out."""
        return not self._lists and self._delivered == self._expected

    def expect(self, accounts: Sequence[VirtualAccount]) -> None:
        """Take note of the accounts on one broker's list, which may be none."""
        self._accounts.extend(accounts)
        self._expected += len(accounts)
        self._lists -= 1
        self._announce()

    def fail_list(self, outcome: AnyOutcome) -> None:
        """Take in that a broker's list could not be read."""
        self._expected += 1
        self._lists -= 1
        self.add(outcome)


class FirmFanout(Generic[Answer, AnyOutcome]):
    """What is asked of each broker and of each account, and what becomes of the answer."""

    def __init__(
        self, read_list: ReadList, read: Read[Answer], settle: MakeOutcome[Answer, AnyOutcome]
    ) -> None:
        self._read_list = read_list
        self._read = read
        self._settle = settle

    @asynccontextmanager
    async def run(self, brokers: Sequence[Broker]) -> AsyncIterator[FirmOutcomes[AnyOutcome]]:
        """Ask every broker at once, and yield the outcomes; leaving early cancels what is still asked."""
        outcomes: FirmOutcomes[AnyOutcome] = FirmOutcomes(len(brokers))
        failure: BaseException | None = None
        try:
            async with anyio.create_task_group() as group:
                for broker in brokers:
                    group.start_soon(self._ask_broker, broker, outcomes, group)
                try:
                    yield outcomes
                except (GeneratorExit, anyio.get_cancelled_exc_class()):
                    raise
                except BaseException as error:  # noqa: BLE001  # the caller's own, handed on bare and not in a group
                    failure = error
                group.cancel_scope.cancel()
        finally:
            outcomes.close()
        if failure is not None:
            raise failure

    async def _ask_broker(
        self, broker: Broker, outcomes: FirmOutcomes[AnyOutcome], group: anyio.abc.TaskGroup
    ) -> None:
        whole = VirtualAccount(broker=broker, number=NO_NUMBER, alias="list of accounts")
        log = TraceBuilder(started=anyio.current_time())
        try:
            listed = await self._read_list(broker, log)
        except KoscomError as error:
            outcomes.fail_list(self._settle(whole, None, error, log))
            return
        except Exception as error:  # noqa: BLE001  # a limiter or transport that was given may raise anything
            outcomes.fail_list(self._settle(whole, None, unforeseen(error, whole), log))
            return
        accounts = {account.key: account for account in listed}
        outcomes.expect(tuple(accounts.values()))
        for account in accounts.values():
            group.start_soon(self._ask_account, account, outcomes)

    async def _ask_account(self, account: VirtualAccount, outcomes: FirmOutcomes[AnyOutcome]) -> None:
        log = TraceBuilder(started=anyio.current_time())
        answer: Answer | None = None
        failure: KoscomError | None = None
        try:
            answer = await self._read(account, log)
        except KoscomError as error:
            failure = error
        except Exception as error:  # noqa: BLE001  # as above
            failure = unforeseen(error, account)
        outcomes.add(self._settle(account, answer, failure, log))

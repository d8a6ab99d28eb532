"""Asks about many accounts at once; each ends as one outcome, and no failure disturbs another account.

Does not know what is asked of an account, nor what becomes of the outcomes.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from copy import copy
from typing import Generic, TypeVar

import anyio
import anyio.abc
from attrs import frozen

from koscom_async._clock import korean_now
from koscom_async._services.operation import new_trace
from koscom_async._services.tasks import Notifier, background
from koscom_async._transport.isolation import mark_isolated
from koscom_async._transport.limits.tickets import Ticket
from koscom_async._transport.statistics import TraceBuilder
from koscom_async.brokers import Broker
from koscom_async.errors import (
    AuthenticationError,
    KoscomError,
    OverloadedError,
    QuotaExceededError,
    UsageError,
    kept,
)
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AnyOutcome
from koscom_async.observer import OK, PARTIAL, Operation

logger = logging.getLogger("koscom_async.fanout")

Answer = TypeVar("Answer")
Read = Callable[[VirtualAccount, TraceBuilder], Awaitable[Answer]]
MakeOutcome = Callable[..., AnyOutcome]
"""Called with an answer (`None` where there is none) and, as keywords, with the facts that every outcome has."""

NO_NUMBER = ""
"""Stands for the account number where a broker's whole list could not be read."""

CONCERNS_EVERY_ACCOUNT = (AuthenticationError, OverloadedError, QuotaExceededError, UsageError)


@frozen(eq=False, repr=False)
class AccountList:
    """A broker whose list of accounts is read first, and then each account on it."""

    broker: Broker
    read: Callable[[TraceBuilder], Awaitable[Sequence[VirtualAccount]]]


class Fanout(Generic[Answer, AnyOutcome]):
    """Reads every account in a task of its own, and makes one outcome of each answer or failure."""

    def __init__(
        self, read: Read[Answer], make_outcome: MakeOutcome[AnyOutcome], ticket: Ticket | None = None
    ) -> None:
        self._read = read
        self._make_outcome = make_outcome
        self._ticket = ticket

    @asynccontextmanager
    async def run(
        self, accounts: Sequence[VirtualAccount] = (), *, lists: Sequence[AccountList] = ()
    ) -> AsyncIterator["OutcomeQueue[AnyOutcome]"]:
        """Ask every account at once, and those on the lists as each list is read; yield the outcomes.

        Leaving early cancels what is still being asked.
        """
        outcomes: OutcomeQueue[AnyOutcome] = OutcomeQueue(accounts, lists=len(lists))
        try:
            async with background() as group:
                for account in accounts:
                    group.start_soon(self._ask, account, outcomes)
                for each in lists:
                    group.start_soon(self._ask_all, each, outcomes, group)
                yield outcomes
        finally:
            outcomes.close()

    async def _ask_all(
        self, source: AccountList, outcomes: "OutcomeQueue[AnyOutcome]", group: anyio.abc.TaskGroup
    ) -> None:
        mark_isolated()
        trace = new_trace(self._ticket)
        stand_in = VirtualAccount(broker=source.broker, number=NO_NUMBER, alias="list of accounts")
        listed, error = await answer_or_error(source.read(trace), stand_in)
        if listed is None:
            outcomes.expect_none()
            outcomes.add(self._outcome(None, stand_in, error, trace))
            return
        accounts = unique_accounts(listed)
        outcomes.expect(accounts)
        for account in accounts:
            group.start_soon(self._ask, account, outcomes)

    async def _ask(self, account: VirtualAccount, outcomes: "OutcomeQueue[AnyOutcome]") -> None:
        mark_isolated()
        trace = new_trace(self._ticket)
        answer, error = await answer_or_error(self._read(account, trace), account)
        outcomes.add(self._outcome(answer, account, error, trace))

    def _outcome(
        self, answer: Answer | None, account: VirtualAccount, error: KoscomError | None, trace: TraceBuilder
    ) -> AnyOutcome:
        if error is not None:
            level = (
                logging.INFO if isinstance(error, OverloadedError) else logging.WARNING
            )  # no call was made
            logger.log(level, "account not read: %s", error)
        return self._make_outcome(
            answer,
            account=account,
            error=error,
            as_of=korean_now(),
            trace=trace.frozen(anyio.current_time()),
        )


class OutcomeQueue(Generic[AnyOutcome]):
    """Outcomes in completion order, each delivered once. Iterate once.

    The queue keeps them, and not the iterator: a caller that stops waiting for the next outcome loses none.
    """

    def __init__(self, accounts: Sequence[VirtualAccount], *, lists: int = 0) -> None:
        self.accounts = tuple(accounts)
        self._lists = lists  # still to be read
        self._expected = len(accounts)
        self._outcomes: list[AnyOutcome] = []
        self._delivered = 0
        self._is_open = True
        self._changed = Notifier()

    @property
    def delivered(self) -> tuple[AnyOutcome, ...]:
        """The outcomes that the reader has got so far."""
        return tuple(self._outcomes[: self._delivered])

    @property
    def asked(self) -> int:
        """How many outcomes are expected; a list that is still to be read counts as one."""
        return self._expected + self._lists

    @property
    def is_finished(self) -> bool:
        """Whether every list was read and every outcome delivered."""
        return not self._lists and self._delivered == self._expected

    def result(self) -> tuple[AnyOutcome, ...]:
        """Return every outcome; raise `UsageError` before the end, and what kept every list from being read."""
        if not self.is_finished:
            asked = f"at least {self.asked}" if self._lists else self.asked
            raise UsageError(
                f"only {self._delivered} of {asked} outcomes were read from the stream, so the answer is not whole",
                advice="read the stream to its end first, or use the call without `stream_`",
            )
        errors = [outcome.error for outcome in self._outcomes]
        if not self.accounts and errors and all(isinstance(each, CONCERNS_EVERY_ACCOUNT) for each in errors):
            raise copy(next(filter(None, errors)))  # what is kept in outcomes gets no frames
        return self.delivered

    def expect(self, accounts: Sequence[VirtualAccount]) -> None:
        """Expect an outcome of each account on a list that has been read."""
        self.accounts += tuple(accounts)
        self._lists -= 1
        self._expected += len(accounts)
        self._changed.announce()

    def expect_none(self) -> None:
        """Expect one outcome in the place of a list that could not be read."""
        self._lists -= 1
        self._expected += 1

    def add(self, outcome: AnyOutcome) -> None:
        self._outcomes.append(outcome)
        self._changed.announce()

    def close(self) -> None:
        """Announce that no further outcome will come."""
        self._is_open = False
        self._changed.announce()

    def __aiter__(self) -> AsyncIterator[AnyOutcome]:
        return self

    async def __anext__(self) -> AnyOutcome:
        while self._delivered == len(self._outcomes):
            if self.is_finished:
                raise StopAsyncIteration
            if not self._is_open:
                raise context_left()
            await self._changed.wait()
        self._delivered += 1
        return self._outcomes[self._delivered - 1]


async def answer_or_error(
    reading: Awaitable[Answer], account: VirtualAccount
) -> tuple[Answer | None, KoscomError | None]:
    """Return the answer, or the error that took its place: a failure must not cancel the other accounts."""
    try:
        return await reading, None
    except Exception as error:
        return None, as_koscom_error(error, account)


def as_koscom_error(error: Exception, account: VirtualAccount) -> KoscomError:
    """Return an error to be kept, without frames. An unforeseen one, of a caller's limiter perhaps, is wrapped."""
    if isinstance(error, KoscomError):
        return kept(error)
    failure = KoscomError(
        f"reading the account broke off ({type(error).__name__})",
        code="unforeseen",
        broker=account.broker.short_name,
        account=account.masked_number,
        advice="see the error's cause; if it is not your own limiter's or transport's, report it",
    )
    failure.__cause__ = kept(error)
    return failure


def conclude(operation: Operation, *, asked: int, read: int) -> None:
    """Write to the operation that an observer sees how many accounts were asked, and how many were read."""
    operation.accounts, operation.failures = asked, asked - read
    operation.outcome = PARTIAL if operation.failures else OK


def unique_accounts(accounts: Sequence[VirtualAccount]) -> tuple[VirtualAccount, ...]:
    """Return each account once: one that is listed under two labels holds its money once."""
    by_key: dict[tuple[str, str], VirtualAccount] = {}
    for account in accounts:
        by_key.setdefault(account.key, account)
    return tuple(by_key.values())


def context_left() -> UsageError:
    return UsageError(
        "the stream's context was left, which ended what was still being asked",
        advice="iterate inside the `async with`",
    )

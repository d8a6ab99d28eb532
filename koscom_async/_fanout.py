"""Asks about every account at once; each ends as an outcome, and none of them disturbs another.

Owns the tasks of a fan-out. What is asked of an account, and until when, is the caller's; so is what becomes of the
outcomes.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone

import anyio

from koscom_async._transport.call_log import CallLog
from koscom_async._transport.own_task import mark_own_task
from koscom_async.errors import KoscomError, UsageError
from koscom_async.models.account import Balance
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AccountOutcome

logger = logging.getLogger("koscom_async.fanout")

KST = timezone(timedelta(hours=9), "KST")

Read = Callable[[VirtualAccount, CallLog], Awaitable[Balance]]


def korean_now() -> datetime:
    """Return the time of day in Korea."""
    return datetime.now(KST)


class Outcomes:
    """The outcomes of a fan-out, each as it is ready. Iterate once; `accounts` says who is being asked.

    They are kept here and not in a stream, so that a caller who gives up waiting for one loses none.
    """

    def __init__(self, accounts: Sequence[VirtualAccount]) -> None:
        self.accounts = tuple(accounts)
        self._settled: list[AccountOutcome] = []
        self._delivered = 0
        self._is_open = True
        self._news = anyio.Event()

    @property
    def delivered(self) -> tuple[AccountOutcome, ...]:
        """What has been handed out, in the order in which it was."""
        return tuple(self._settled[: self._delivered])

    @property
    def is_finished(self) -> bool:
        """Whether every account's outcome has been handed out."""
        return self._delivered == len(self.accounts)

    def add(self, outcome: AccountOutcome) -> None:
        """Take in what an account's task came to."""
        self._settled.append(outcome)
        self._announce()

    def close(self) -> None:
        """Say that no outcome will come any more."""
        self._is_open = False
        self._announce()

    def _announce(self) -> None:
        self._news.set()
        self._news = anyio.Event()

    def __aiter__(self) -> AsyncIterator[AccountOutcome]:
        return self

    async def __anext__(self) -> AccountOutcome:
        while self._delivered == len(self._settled):
            if self.is_finished:
                raise StopAsyncIteration
            if not self._is_open:
                raise UsageError(
                    "the stream's context was left, which ended what was still being asked",
                    advice="iterate inside the `async with`",
                )
            await self._news.wait()
        outcome = self._settled[self._delivered]
        self._delivered += 1
        return outcome


def distinct(accounts: Sequence[VirtualAccount]) -> tuple[VirtualAccount, ...]:
    """Return each account once: one that is listed under two labels holds its money once."""
    kept: dict[tuple[str, str], VirtualAccount] = {}
    for account in accounts:
        kept.setdefault(account.key, account)
    return tuple(kept.values())


@asynccontextmanager
async def fan_out(accounts: Sequence[VirtualAccount], read: Read) -> AsyncIterator[Outcomes]:
    """Ask about every account at once, and yield the outcomes; leaving early cancels what is still asked."""
    outcomes = Outcomes(accounts)
    failure: BaseException | None = None
    try:
        async with anyio.create_task_group() as group:
            for account in accounts:
                group.start_soon(_settle, account, read, outcomes)
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


async def _settle(account: VirtualAccount, read: Read, outcomes: Outcomes) -> None:
    mark_own_task()
    log = CallLog(started=anyio.current_time())
    balance: Balance | None = None
    failure: KoscomError | None = None
    try:
        balance = await read(account, log)
    except KoscomError as error:
        failure = error
    except Exception as error:  # noqa: BLE001  # a limiter or transport that was given may raise anything
        failure = _unforeseen(error, account)
    if failure is not None:
        logger.warning("account not read: %s", failure)
    outcomes.add(
        AccountOutcome(
            account=account,
            error=failure,
            balance=balance,
            as_of=korean_now(),
            trace=log.frozen(anyio.current_time()),
        )
    )


def _unforeseen(error: Exception, account: VirtualAccount) -> KoscomError:
    """Make an outcome of what nobody foresaw: it must not take the other accounts with it."""
    failure = KoscomError(
        f"reading the account broke off ({type(error).__name__})",
        code="unforeseen",
        broker=account.broker.short_name,
        account=account.masked_number,
        advice="see the error's cause; if it is not your own limiter's or transport's, report it",
    )
    failure.__cause__ = error
    return failure

"""Work that is brought to its end even if whoever asked for it is cancelled meanwhile, within a bound.

In a task of its own, as a shield alone holds off anyio's cancellation and not asyncio's (`wait_for`, a web server
whose client hung up). The caller still waits for it, so that no task is ever left behind.
"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TypeVar

import anyio

from koscom_async.errors import ConnectionFailedError

# Keeps a caller's `task.cancel()` away from the connections of a transport that was given, in a task of our own.
#
# asyncio's own cancellation knows no shield: it strikes inside httpcore's shielded closing, too, and leaves a
# connection behind that is neither idle nor closed, and never will be. In a child task it arrives as the
# cancellation of a scope, which httpcore withstands. Tasks of a fan-out are such children already, and pay nothing;
# nor does our own transport, which closes what comes back to it in any other state than idle.

Answer = TypeVar("Answer")

_is_own: ContextVar[bool] = ContextVar("koscom_async_own_task", default=False)


def mark_isolated() -> None:
    """Say that nobody outside has this task in hand; to be called in a task that a task group began."""
    _is_own.set(True)


async def isolated(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Return the answer, or raise the failure bare; the task that asks is one of ours."""
    if _is_own.get():
        return await ask()
    answers: list[Answer] = []
    failures: list[Exception] = []

    async def run() -> None:
        mark_isolated()
        try:
            answers.append(await ask())
        except Exception as error:  # noqa: BLE001  # whatever it is, it goes up below, and not in a group
            failures.append(error)

    async with anyio.create_task_group() as group:
        group.start_soon(run)
    if failures:
        raise failures[0]
    return answers[0]


GRACE_SECONDS = 2.0
"""How far a caller's deadline may be overrun for it. A token that was renewed and got lost costs a new login."""


async def shielded(work: Callable[[], Awaitable[Answer]]) -> Answer:
    """Return what the work comes to, or raise its error bare; the caller's cancellation takes effect after it."""
    answers: list[Answer] = []
    failures: list[Exception] = []
    # Read out here: in the task below there is no deadline to be seen.
    end = anyio.current_effective_deadline() + GRACE_SECONDS

    async def run() -> None:
        with anyio.CancelScope(shield=True, deadline=end):
            try:
                answers.append(await work())
            except Exception as error:  # noqa: BLE001  # whatever it is, it goes up below, and not in a group
                failures.append(error)

    async with anyio.create_task_group() as group:
        group.start_soon(run)
    if failures:
        raise failures[0]
    if not answers:
        raise ConnectionFailedError("broken off at the deadline, with no whole answer", retriable=True)
    return answers[0]

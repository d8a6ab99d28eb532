"""Work in a child task, out of reach of asyncio's own cancellation (`task.cancel()`, `wait_for`, a client hanging up).

asyncio's cancellation knows no shield. In a child task of a task group it arrives as the cancellation of a scope,
which shields hold off. The caller still waits for the child, so that no task is left behind.
"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TypeVar

import anyio

from koscom_async.errors import ConnectionFailedError, kept

Answer = TypeVar("Answer")
Work = Callable[[], Awaitable[Answer]]

GRACE_SECONDS = 2.0
"""By how much shielded work may overrun the caller's deadline. A renewed token that is lost costs a new login."""

_is_isolated: ContextVar[bool] = ContextVar("koscom_async_isolated", default=False)


def mark_isolated() -> None:
    """Mark the current task as one that only our task group can cancel. Call it first in such a task."""
    _is_isolated.set(True)


async def isolated(work: Work[Answer]) -> Answer:
    """Run work in a task that only our task group can cancel; raise its error as it is.

    For the transports of others: `task.cancel()` strikes inside httpcore's shielded closing, too, and leaves behind
    a connection that is neither idle nor closed, and never will be. The tasks of a fan-out are isolated already and
    pay nothing; nor does our own transport, which closes what comes back to it in any other state than idle.
    """
    if _is_isolated.get():
        return await work()
    return await _in_child_task(work)


async def shielded(work: Work[Answer]) -> Answer:
    """Run work to its end even if the caller is cancelled meanwhile; the cancellation takes effect after it.

    The work is cut off `GRACE_SECONDS` after the caller's deadline, with a `ConnectionFailedError`.
    """
    # Read in the caller's task: in the child there is no deadline to be seen.
    ends_at = anyio.current_effective_deadline() + GRACE_SECONDS

    async def work_under_shield() -> Answer:
        with anyio.CancelScope(shield=True, deadline=ends_at):
            return await work()
        raise ConnectionFailedError("cut off at the deadline, with no whole answer", retriable=True)

    return await _in_child_task(work_under_shield)


async def _in_child_task(work: Work[Answer]) -> Answer:
    answers: list[Answer] = []
    failures: list[Exception] = []

    async def run() -> None:
        mark_isolated()
        try:
            answers.append(await work())
        except Exception as error:  # raised below, where it does not come in an ExceptionGroup
            failures.append(kept(error))

    async with anyio.create_task_group() as group:
        group.start_soon(run)
    if failures:
        raise failures[0]
    return answers[0]

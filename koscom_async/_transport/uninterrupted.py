"""Work that is brought to its end even if whoever asked for it is cancelled meanwhile, within a bound.

In a task of its own, as a shield alone holds off anyio's cancellation and not asyncio's (`wait_for`, a web server
whose client hung up). The caller still waits for it, so that no task is ever left behind.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from koscom_async.errors import ConnectionFailedError

Answer = TypeVar("Answer")

GRACE_SECONDS = 2.0
"""How far a caller's deadline may be overrun for it. A token that was renewed and got lost costs a new login."""


async def uninterrupted(work: Callable[[], Awaitable[Answer]]) -> Answer:
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

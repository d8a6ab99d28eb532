"""Several questions at once whose answers belong together: all of them, in order, or the first failure."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
import anyio.abc

from koscom_async.errors import BreakerOpenError

# A task group whose owner's own exception comes out bare, and whose tasks end when the owner leaves.


@asynccontextmanager
async def background() -> AsyncIterator[anyio.abc.TaskGroup]:
    """Yield a task group; leaving it, in whatever way, cancels what still runs. Its tasks must not raise."""
    failure: BaseException | None = None
    async with anyio.create_task_group() as group:
        try:
            yield group
        except (GeneratorExit, anyio.get_cancelled_exc_class()):
            raise
        except BaseException as error:  # noqa: BLE001  # the owner's own, handed on bare and not in a group
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure


Answer = TypeVar("Answer")


async def gather(asks: Sequence[Callable[[], Awaitable[Answer]]]) -> list[Answer]:
    """Return every answer in the order of the questions; the first failure ends the rest and is raised bare."""
    answers: dict[int, Answer] = {}
    failures: list[Exception] = []
    refusals: list[Exception] = []

    async with anyio.create_task_group() as group:

        async def run(index: int, ask: Callable[[], Awaitable[Answer]]) -> None:
            try:
                answers[index] = await ask()
            except BreakerOpenError as error:
                # One of the others may be the probe: if this ended it, the broker would be left alone for ever.
                refusals.append(error)
            except Exception as error:  # noqa: BLE001  # whatever it is, it goes up below, and not in a group
                failures.append(error)
                group.cancel_scope.cancel()

        for index, ask in enumerate(asks):
            group.start_soon(run, index, ask)
    if failures or refusals:
        raise (failures or refusals)[0]
    return [answers[index] for index in range(len(asks))]

"""Tasks that end with their owner: a task group in the background, calls whose answers belong together, a notifier.

None of them raises an `ExceptionGroup`, which callers would have to take apart.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
import anyio.abc

from koscom_async._masking import without_frames
from koscom_async.errors import BreakerOpenError, kept


@asynccontextmanager
async def background() -> AsyncIterator[anyio.abc.TaskGroup]:
    """Enter a task group that cancels its tasks on exit, and raises the body's exception as it is.

    Its tasks must not raise.
    """
    failure: BaseException | None = None
    async with anyio.create_task_group() as group:
        try:
            yield group
        except (GeneratorExit, anyio.get_cancelled_exc_class()):
            raise
        except BaseException as error:  # raised below, outside of the group
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure


Answer = TypeVar("Answer")


async def gather(asks: Sequence[Callable[[], Awaitable[Answer]]]) -> list[Answer]:
    """Return every answer in the order of the calls; the first failure cancels the others and is raised as it is."""
    answers: dict[int, Answer] = {}
    failures: list[Exception] = []
    refusals: list[Exception] = []

    async with anyio.create_task_group() as group:

        async def run(index: int, ask: Callable[[], Awaitable[Answer]]) -> None:
            try:
                answers[index] = await ask()
            except BreakerOpenError as error:
                # One of the others may be the probe: cancelling it would leave the breaker open.
                refusals.append(kept(error))
            except Exception as error:  # raised below, outside of the group
                failures.append(kept(error))
                group.cancel_scope.cancel()
            except anyio.get_cancelled_exc_class() as error:
                without_frames(error)  # the group keeps it in a cycle
                raise

        for index, ask in enumerate(asks):
            group.start_soon(run, index, ask)
    if failures or refusals:
        raise (failures or refusals)[0]
    return [answers[index] for index in range(len(asks))]


class Notifier:
    """Wakes the tasks that wait for a change."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def announce(self) -> None:
        """Wake every task that waits."""
        self._event.set()
        self._event = anyio.Event()

    def next(self) -> anyio.Event:
        """Return what is set at the next announcement, also at one that comes before it is waited for."""
        return self._event

    async def wait(self) -> None:
        """Return at the next announcement."""
        await self._event.wait()

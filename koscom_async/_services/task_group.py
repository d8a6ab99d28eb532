"""A task group whose owner's own exception comes out bare, and whose tasks end when the owner leaves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.abc


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

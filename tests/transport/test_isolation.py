"""Work that outlives its caller's cancellation, whichever way that comes, and not for ever."""

import asyncio

import anyio
import anyio.lowlevel
import pytest

from koscom_async import ConnectionFailedError
from koscom_async._transport import isolation as module
from koscom_async._transport.isolation import shielded


async def test_the_answer_is_the_work_s_and_so_is_the_error_bare():
    async def answer():
        return 7

    async def fail():
        raise ZeroDivisionError

    assert await shielded(answer) == 7
    with pytest.raises(ZeroDivisionError):
        await shielded(fail)


class Work:
    """Waits for `go`, with a few steps before and after."""

    def __init__(self):
        self.begun, self.go, self.done = anyio.Event(), anyio.Event(), False

    async def __call__(self):
        self.begun.set()
        await self.go.wait()
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        self.done = True
        return "saved"


async def test_anyio_s_cancellation_takes_effect_after_the_work():
    work, went_on = Work(), []

    async def ask():
        went_on.append(await shielded(work))
        await anyio.lowlevel.checkpoint()
        went_on.append("too far")

    async with anyio.create_task_group() as group:
        group.start_soon(ask)
        await work.begun.wait()
        group.cancel_scope.cancel()
        work.go.set()
    assert work.done is True
    assert "too far" not in went_on


async def test_asyncio_s_own_cancellation_does_too():
    work = Work()
    task = asyncio.ensure_future(shielded(work))
    await work.begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()  # an impatient caller
    work.go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.done is True


async def test_a_deadline_that_is_overrun_for_long_breaks_it_off(monkeypatch):
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.01)
    ended = []

    async def never():
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    with anyio.move_on_after(0.01) as scope:
        await shielded(never)
    assert scope.cancelled_caught is True
    assert ended == [True]


async def test_what_was_broken_off_is_an_error_where_nobody_cancelled(monkeypatch):
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(module.anyio, "current_effective_deadline", anyio.current_time)
    with pytest.raises(ConnectionFailedError, match="cut off at the deadline") as caught:
        await shielded(anyio.sleep_forever)
    assert caught.value.retriable is True

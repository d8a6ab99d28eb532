"""Time that stands still until every task waits, and then jumps to the next one that sleeps."""

import heapq
from collections.abc import Awaitable, Callable
from itertools import count

import anyio
import anyio.lowlevel

TURNS = 30
"""Turns of the event loop after which every task here waits for something; anyio's own way to tell sleeps."""


async def settled(turns: int = TURNS) -> None:
    """Return when every other task waits."""
    for _ in range(turns):
        await anyio.lowlevel.checkpoint()


class Clock:
    """A clock that shows what a test sets."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class FakeTime:
    """A clock and a sleep for what takes them as arguments; `run` drives both."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, anyio.Event]] = []
        self._order = count()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken = anyio.Event()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._order), woken))
        await woken.wait()

    async def run(self, *tasks: Callable[[], Awaitable[object]]) -> None:
        """Run tasks to their end, in no real time."""
        running = len(tasks)

        async with anyio.create_task_group() as group:

            async def watched(task: Callable[[], Awaitable[object]]) -> None:
                nonlocal running
                try:
                    await task()
                finally:
                    running -= 1

            for task in tasks:
                group.start_soon(watched, task)
            await settled()
            while running:
                self.now, _, woken = heapq.heappop(self._sleepers)
                woken.set()
                await settled()

"""A run over an in-process sandbox that is killed at a moment that its arguments say: `killed_run.py FOLDER WHEN`."""

import asyncio
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

from koscom_async.batch import JsonLinesSink, aggregate
from tests.batch.crowds import client_of, gateway_of, keyed

PEOPLE, SEGMENT, WINDOW = 7, 2, 6


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class DyingSink(JsonLinesSink):
    """Dies once its write is done, before the journal knows."""

    def commit(self, segment):
        super().commit(segment)
        die()


class DyingObserver:
    """Dies at a call of that number."""

    def __init__(self, number):
        self.left = number

    @contextmanager
    def operation(self, operation):
        yield

    @contextmanager
    def attempt(self, attempt):
        self.left -= 1
        if self.left == 0:
            die()
        yield


async def run(folder, when="never"):
    """Read everyone into `folder`; `when` is the number of a call, `commit`, or `never`."""
    sink = (DyingSink if when == "commit" else JsonLinesSink)(folder / "out.jsonl")
    observer = DyingObserver(int(when)) if when.isdecimal() else None
    async with gateway_of(PEOPLE) as gateway, client_of(gateway, observer=observer) as koscom:
        return await aggregate(
            koscom,
            keyed(gateway),
            sink=sink,
            checkpoint=folder / "journal",
            segment_size=SEGMENT,
            accounts_open=WINDOW,
        )


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), sys.argv[2]))

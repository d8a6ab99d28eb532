"""What a block takes of its process: how long it holds the event loop in one go, and how much memory at its peak."""

import gc
import re
from asyncio import Handle
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from time import thread_time

import pytest
from attrs import define

MB = 2**20
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@define
class Load:
    """The longest time of this thread's that the loop was held, and the growth of memory (`None`: not known here)."""

    hold_seconds: float = 0.0
    peak_bytes: int | None = None


@contextmanager
def measured_load(seconds_not_counted: Callable[[], float] = lambda: 0.0):
    """Measure a block of a coroutine; `seconds_not_counted` is what the test's own side has worked so far.

    Python's collector of cyclic garbage rests meanwhile: it stops the process for as long as all that lives in it
    takes, a test's process with all of its tests.
    """
    load = Load()
    run = Handle._run

    def timed(handle):
        began = thread_time() - seconds_not_counted()
        try:
            return run(handle)
        finally:
            load.hold_seconds = max(load.hold_seconds, thread_time() - seconds_not_counted() - began)

    collects = gc.isenabled()
    gc.disable()
    before = _memory_now()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Handle, "_run", timed)
        try:
            yield load
        finally:
            if collects:
                gc.enable()
    if before is not None:
        load.peak_bytes = max(0, _kilobytes("VmHWM") * 1024 - before)


def _memory_now() -> int | None:
    """Return what the process has in memory, from which its peak counts from now on."""
    try:
        _CLEAR.write_text("5", encoding="ascii")
        return _kilobytes("VmRSS") * 1024
    except OSError:
        return None


def _kilobytes(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+)", _STATUS.read_text(encoding="ascii"))
    assert found is not None
    return int(found[1])

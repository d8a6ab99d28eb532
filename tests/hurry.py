"""An event loop whose clock jumps over waits: real sockets, and no time spent on waiting for a deadline or a retry."""

import asyncio
from asyncio.selector_events import _SelectorSocketTransport
from contextlib import contextmanager
from time import monotonic, process_time

import anyio.to_thread
import pytest

QUIET_SECONDS = 0.25
"""Where no socket of this process was written to, opened or woken for so long, and no thread works, only timers count."""


@contextmanager
def hurrying(loop: asyncio.AbstractEventLoop, *, quiet_seconds: float = QUIET_SECONDS):
    """Give the loop a clock that counts what this process works and waits, and jumps over waits for a timer.

    Both sides of every socket must be this loop's. What other processes take of the machine does not count. Where there
    is no socket at all, `quiet_seconds` may be 0.
    """
    selector = loop._selector
    select, waited, quiet = selector.select, loop.time() - process_time(), 0.0
    threads = anyio.to_thread.current_default_thread_limiter()

    def touching(method):
        def touched(*arguments):
            nonlocal quiet
            quiet = 0.0
            return method(*arguments)

        return touched

    def hurried(timeout=None):
        nonlocal waited, quiet
        rest = quiet_seconds - quiet
        is_long = bool(timeout) and rest < timeout and not threads.borrowed_tokens
        began = monotonic()
        events = select(rest if is_long else timeout)
        seconds = monotonic() - began
        if events:
            quiet = 0.0
        else:
            quiet = min(quiet + seconds, quiet_seconds)
            seconds = timeout or 0.0
        waited += seconds
        return events

    def clock():
        return waited + process_time()

    with pytest.MonkeyPatch.context() as patch:
        for name in ("register", "modify", "unregister"):
            patch.setattr(selector, name, touching(getattr(selector, name)))
        for name in ("write", "writelines"):
            method = touching(getattr(_SelectorSocketTransport, name))
            patch.setattr(_SelectorSocketTransport, name, method)
        patch.setattr(selector, "select", hurried)
        patch.setattr(loop, "time", clock)
        yield clock

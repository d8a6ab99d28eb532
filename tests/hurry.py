"""An event loop whose clock jumps over waits: real sockets, and no time spent on waiting for a deadline or a retry."""

import asyncio
from asyncio.selector_events import _SelectorSocketTransport
from contextlib import contextmanager

import anyio.to_thread
import pytest

QUIET_SECONDS = 0.1
"""Where no socket of this process was written to, opened or woken for so long, and no thread works, only timers are waited for."""


@contextmanager
def hurrying(loop: asyncio.AbstractEventLoop):
    """Give the loop's clock, which jumps to the next timer where both sides of every socket are this loop's, and quiet."""
    selector, real = loop._selector, loop.time
    select, ahead, quiet_since = selector.select, 0.0, real()
    threads = anyio.to_thread.current_default_thread_limiter()

    def touching(method):
        def touched(*arguments):
            nonlocal quiet_since
            quiet_since = real()
            return method(*arguments)

        return touched

    def hurried(timeout=None):
        nonlocal ahead, quiet_since
        rest = max(quiet_since + QUIET_SECONDS - real(), 0.0)
        is_long = bool(timeout) and rest < timeout and not threads.borrowed_tokens
        events = select(rest if is_long else timeout)
        if events:
            quiet_since = real()
        elif is_long:
            ahead += timeout - rest
        return events

    def clock():
        return real() + ahead

    with pytest.MonkeyPatch.context() as patch:
        for name in ("register", "modify"):
            patch.setattr(selector, name, touching(getattr(selector, name)))
        for name in ("write", "writelines"):
            method = touching(getattr(_SelectorSocketTransport, name))
            patch.setattr(_SelectorSocketTransport, name, method)
        patch.setattr(selector, "select", hurried)
        patch.setattr(loop, "time", clock)
        yield clock

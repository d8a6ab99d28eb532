"""Whether a socket has something to say that the event loop has not looked at yet: bytes, or its end."""

import select
from collections.abc import Callable


def readiness(descriptor: int) -> Callable[[], bool]:
    """Return a question to the operating system, which costs a microsecond."""
    if not hasattr(select, "poll"):  # on Windows, whose `select` takes any socket
        return lambda: bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return lambda: bool(poll.poll(0))

"""How the bytes of an answer come where they do not come as HTTP wants: as steps, which a server or a transport plays.

Owns the steps and the head that precedes a body. Who plays them on a socket is `server`, without one `transport`.
"""

from collections.abc import Iterator
from enum import Enum
from http import HTTPStatus
from typing import TypeAlias

from attrs import frozen

from koscom_async.sandbox.reply import Reply

__all__ = ["End", "Pause", "Step", "WireFault", "head"]


@frozen
class Pause:
    """Nothing comes for so many seconds."""

    seconds: float


class End(Enum):
    """How a connection ends, or does not."""

    CLOSE = "closed in both directions"
    HALF_CLOSE = "closed by the gateway, which goes on listening"
    RESET = "reset"
    HANG = "left open, without another byte"


Step: TypeAlias = bytes | Pause | End


class WireFault(Exception):  # noqa: N818  # nothing has gone wrong in the gateway
    """Raised where an answer is not sent as HTTP wants: whoever has the connection plays the steps instead."""

    def __init__(self, steps: Iterator[Step]) -> None:
        super().__init__()
        self.steps = steps


def head(reply: Reply, **framing: object) -> bytes:
    """Return status line and headers; `framing` says how long the body claims to be, and in which coding."""
    headers = {"Content-Type": reply.media_type, **reply.headers}
    headers |= {name.replace("_", "-"): str(value) for name, value in framing.items()}
    lines = [
        f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

"""How an answer is delivered: after which latency, and in which steps where it breaks HTTP's rules.

Plays no step itself: `server` plays them on a socket, `transport` without one.
"""

import math
from collections.abc import Iterator
from enum import Enum
from http import HTTPStatus
from random import Random
from typing import Protocol, TypeAlias, runtime_checkable

from attrs import Attribute, field, frozen

from koscom_async.sandbox.reply import Reply

# Latency: a fixed time, or a distribution to draw from; in seconds.


def _seconds(_: object, attribute: "Attribute[float]", value: float) -> None:
    if not 0 <= value < math.inf:
        raise ValueError(f"a latency's {attribute.name} must be 0 or more seconds, got {value!r}")


@runtime_checkable
class Latency(Protocol):
    """Anything that says how long the next answer takes."""

    def draw(self, chance: Random) -> float:
        """Return the seconds before one answer."""


@frozen
class Fixed:
    """Always the same."""

    seconds: float = field(validator=_seconds)

    def draw(self, chance: Random) -> float:
        return self.seconds


@frozen
class Uniform:
    """Anything between two times, each as likely as the other."""

    shortest: float = field(validator=_seconds)
    longest: float = field(validator=_seconds)

    def draw(self, chance: Random) -> float:
        return chance.uniform(self.shortest, self.longest)


@frozen
class Exponential:
    """Mostly short: what waiting for independent events looks like."""

    mean: float = field(validator=_seconds)

    def draw(self, chance: Random) -> float:
        return chance.expovariate(1 / self.mean) if self.mean else 0.0


@frozen
class LongTail:
    """Log-normal, as services in production are: one answer in a hundred takes ten times the median."""

    median: float = field(validator=_seconds)
    spread: float = field(default=1.0, validator=_seconds)

    def draw(self, chance: Random) -> float:
        return self.median * chance.lognormvariate(0, self.spread)


def latency_of(seconds: "float | Latency") -> Latency:
    """Return a latency; a number is a fixed one."""
    return Fixed(seconds) if isinstance(seconds, int | float) else seconds


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

WAS_USED = "koscom_async.sandbox.was_used"
"""In the scope of a call over a socket: a function that says whether its connection carried an answer before."""


class WireFault(Exception):
    """Raised instead of sending an answer: the owner of the connection plays the steps."""

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

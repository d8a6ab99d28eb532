"""How long a broker takes to answer: a fixed time, or a distribution to draw from; seconds throughout."""

import math
from random import Random
from typing import Protocol

from attrs import Attribute, field, frozen

__all__ = ["Exponential", "Fixed", "Latency", "LongTail", "Uniform", "latency_of"]


def _seconds(_: object, attribute: "Attribute[float]", value: float) -> None:
    if not 0 <= value < math.inf:
        raise ValueError(f"a latency's {attribute.name} must be 0 or more seconds, got {value!r}")


class Latency(Protocol):
    """Anything that says how long the next answer takes."""

    def draw(self, chance: Random) -> float:
        """Return the seconds before one answer."""


@frozen
class Fixed:
    """Always the same."""

    seconds: float = field(validator=_seconds)

    def draw(self, chance: Random) -> float:  # noqa: ARG002  # for the others
        """Return the seconds before one answer."""
        return self.seconds


@frozen
class Uniform:
    """Anything between two times, each as likely as the other."""

    shortest: float = field(validator=_seconds)
    longest: float = field(validator=_seconds)

    def draw(self, chance: Random) -> float:
        """Return the seconds before one answer."""
        return chance.uniform(self.shortest, self.longest)


@frozen
class Exponential:
    """Mostly short: what waiting for independent events looks like."""

    mean: float = field(validator=_seconds)

    def draw(self, chance: Random) -> float:
        """Return the seconds before one answer."""
        return chance.expovariate(1 / self.mean) if self.mean else 0.0


@frozen
class LongTail:
    """Log-normal, as services in production are: one answer in a hundred takes ten times the median."""

    median: float = field(validator=_seconds)
    spread: float = field(default=1.0, validator=_seconds)

    def draw(self, chance: Random) -> float:
        """Return the seconds before one answer."""
        return self.median * chance.lognormvariate(0, self.spread)


def latency_of(seconds: "float | Latency") -> Latency:
    """Return a latency; a number is a fixed one."""
    return Fixed(seconds) if isinstance(seconds, int | float) else seconds

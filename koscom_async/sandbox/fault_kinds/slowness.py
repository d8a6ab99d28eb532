"""Faults of time alone: answers that are right, and late."""

from random import Random

from koscom_async.sandbox.delivery import Exponential, Latency, LongTail, Uniform
from koscom_async.sandbox.fault_kinds.kind import FaultKind, is_seconds

SLOW_SECONDS = 5.0


class Slow(FaultKind):
    """Five seconds, or as many as follow the colon."""

    def __init__(self, name: str = "", *, delay: float = 0.0) -> None:
        super().__init__(name, delay=delay)
        self.delay = delay or float(self.argument or SLOW_SECONDS)

    @classmethod
    def accepts(cls, argument: str) -> bool:
        return is_seconds(argument)


class _Drawn(FaultKind):
    """As long as chance says, on top of the delay; each kind says from which distribution."""

    default = "1"

    @classmethod
    def accepts(cls, argument: str) -> bool:
        """Whether it is a number of seconds."""
        return is_seconds(argument)

    @classmethod
    def latency(cls, argument: str) -> Latency:
        """Return the distribution that the argument describes."""
        raise NotImplementedError

    def seconds(self, chance: Random) -> float:
        """Draw."""
        return self.delay + self.latency(self.argument or self.default).draw(chance)


class SlowUniform(_Drawn):
    """Between the two numbers of seconds after the colon, as in `slow-uniform:0.1-2`."""

    default = "0.1-2"

    @classmethod
    def accepts(cls, argument: str) -> bool:
        shortest, _, longest = argument.partition("-")
        return is_seconds(shortest) and is_seconds(longest)

    @classmethod
    def latency(cls, argument: str) -> Latency:
        shortest, _, longest = argument.partition("-")
        return Uniform(float(shortest), float(longest))


class SlowExponential(_Drawn):
    """Exponential, with the mean after the colon."""

    @classmethod
    def latency(cls, argument: str) -> Latency:
        return Exponential(float(argument))


class SlowLongTail(_Drawn):
    """Log-normal, with the median after the colon."""

    @classmethod
    def latency(cls, argument: str) -> Latency:
        return LongTail(float(argument))

"""Faults that answer instead of the broker (refusals in the platform's words, pages of a proxy), or answer late."""

import time
from collections.abc import Callable
from random import Random

from koscom_async.sandbox.credentials import dead_token
from koscom_async.sandbox.delivery import End, Exponential, Latency, LongTail, Uniform, WireFault
from koscom_async.sandbox.dialects import DIALECTS
from koscom_async.sandbox.fault_kinds.kind import FaultKind, is_count, is_seconds
from koscom_async.sandbox.reply import Reply, code_reply, json_reply

DEFAULT_RETRY_AFTER = "1"
NO_RETRY_AFTER = "none"
DEFAULT_CALLS = 5

_HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>proxy</body></html>"
_OVER_LIMIT = {"message": "API rate limit exceeded"}


class Code(FaultKind):
    """A platform error code, with the status of the error table."""

    def instead(self, broker: str) -> Reply | None:
        return code_reply(self.name, broker=broker)


class OverLimit(FaultKind):
    """The gateway's 429, with the `Retry-After` that follows the colon: seconds, a date, junk, or `none` for none."""

    @classmethod
    def accepts(cls, argument: str) -> bool:
        return bool(argument) and argument.isascii() and argument.isprintable()

    def instead(self, broker: str) -> Reply | None:
        wait = self.argument or DEFAULT_RETRY_AFTER
        headers = {} if wait == NO_RETRY_AFTER else {"Retry-After": wait}
        return json_reply(_OVER_LIMIT, status=429, headers=headers)


class QuotaSpent(FaultKind):
    """The gateway's 429 at the end of the day's calls."""

    def instead(self, broker: str) -> Reply | None:
        headers = {"X-RateLimit-Limit-Day": "50000", "X-RateLimit-Remaining-Day": "0"}
        return json_reply(_OVER_LIMIT, status=429, headers=headers)


class DeadToken(FaultKind):
    """The access token has died; 401 or 400, as the broker spells it."""

    def instead(self, broker: str) -> Reply | None:
        dialect = DIALECTS.get(broker)
        return dead_token(401 if dialect is None else dialect.dead_token_status).reply


class Down(FaultKind):
    """The broker cannot be reached by the platform (3600)."""

    def instead(self, broker: str) -> Reply | None:
        return code_reply("3600", broker=broker)


class Flapping(Down):
    """Up, then down, and up again: for as many calls as follow the colon, or as many seconds (`flapping:2s`)."""

    def __init__(
        self, name: str = "", *, delay: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(name, delay=delay)
        self._clock = clock
        self._began: float | None = None
        self._calls = 0

    @classmethod
    def accepts(cls, argument: str) -> bool:
        is_time = argument.endswith("s") and is_seconds(argument[:-1]) and float(argument[:-1]) > 0
        return is_count(argument) or is_time

    def instead(self, broker: str) -> Reply | None:
        return super().instead(broker) if self._stretch() % 2 else None

    def _stretch(self) -> int:
        if self.argument.endswith("s"):
            now = self._clock()
            self._began = now if self._began is None else self._began
            return int((now - self._began) / float(self.argument[:-1]))
        self._calls += 1
        return (self._calls - 1) // int(self.argument or DEFAULT_CALLS)


class Reset(FaultKind):
    """The connection is cut before the answer."""

    def instead(self, broker: str) -> Reply | None:
        raise WireFault(iter([End.RESET]))


class Html(FaultKind):
    """A page of a proxy in between."""

    def instead(self, broker: str) -> Reply | None:
        return Reply(body=_HTML, media_type="text/html; charset=utf-8")


class Shape(FaultKind):
    """JSON of another form."""

    def instead(self, broker: str) -> Reply | None:
        return json_reply([broker, 1])


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

"""Holdings under overload: how many are whole, of those that the limits allow, and what the others cost.

Investors come at random, so many times as fast as the limits allow, each with a deadline. Beside the limiter of today,
"calls in order" is the same one without tickets: what it did before. Everything runs four times as fast as by default
(40 calls a second, deadlines of 2 s), over the sandbox, whose accounts take 15 calls, eight of them at one broker.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from attrs import define, evolve, field
from harness import Row, arguments, report, say

from koscom_async import BrokerLimits, Koscom, KoscomError, Limits, OverloadedError
from koscom_async._transport.limits.limiter import ProcessLimiter, Turn
from koscom_async.sandbox import SandboxGateway, crowd

SPEED = 4
RATE, DEADLINE_SECONDS, LATENCY_SECONDS = 10.0 * SPEED, 8.0 / SPEED, 0.1 / SPEED
CALLS, CALLS_OF_THE_BUSIEST = 15, 8
MOST_ALLOWED, MOST_CALLS = 1 / 0.9, 1.4
"""Nine in ten of the answers that the limits allow are whole, and few calls go to others."""
LIMITS = Limits(default=BrokerLimits(rate=RATE))
INVESTORS = 50

TODAY, BEFORE = "operations first", "calls in order"


class CallsInOrder:
    """The limiter without tickets, as a limiter of a user's own may be."""

    def __init__(self) -> None:
        self._limiter = ProcessLimiter(LIMITS)

    async def acquire(self, broker: str, service: str, turn: Turn | None = None) -> None:
        """Wait for the call's turn."""
        await self._limiter.acquire(broker, service, turn)

    def __getattr__(self, name: str) -> Any:
        if name == "ticket":
            raise AttributeError(name)
        return getattr(self._limiter, name)


@define
class Wave:
    """What became of investors who came in a while."""

    allowed: float
    words: Counter[str] = field(factory=Counter)
    calls: int = 0
    refused_after: list[float] = field(factory=list)

    @property
    def whole(self) -> int:
        """The whole answers, or one where there are none."""
        return max(1, self.words["whole"])


def arrivals(load: float, seconds: float) -> list[float]:
    """Return when investors come: at random, the same for each limiter."""
    chance, at, times = random.Random(0), 0.0, []  # noqa: S311  # it guards nothing
    while (at := at + chance.expovariate(load * RATE / CALLS_OF_THE_BUSIEST)) < seconds:
        times.append(at)
    return times


async def wave(name: str, times: list[float], seconds: float) -> Wave:
    """Let investors come at those times, and return what became of them."""
    able = (LIMITS.default.burst + RATE * (seconds + DEADLINE_SECONDS)) / CALLS_OF_THE_BUSIEST
    seen = Wave(allowed=min(len(times), able))
    async with SandboxGateway(ledger=crowd(INVESTORS), latency=LATENCY_SECONDS) as gateway:
        limiter = CallsInOrder() if name == BEFORE else None
        settings = evolve(gateway.settings, limits=LIMITS)
        async with Koscom(settings, limiter=limiter) as koscom:
            await koscom.holdings(gateway.investors[0], deadline=10 * DEADLINE_SECONDS)
            before = len(gateway.calls)

            async def come(number: int, at: float) -> None:
                await asyncio.sleep(at)
                investor, began = gateway.investors[number % INVESTORS], time.perf_counter()
                try:
                    holdings = await koscom.holdings(investor, deadline=DEADLINE_SECONDS)
                    word = "whole" if holdings.complete else "in part"
                except OverloadedError:
                    word = "refused"
                except KoscomError:
                    word = "late"
                seen.words[word] += 1
                if word != "whole":
                    seen.refused_after.append(time.perf_counter() - began)

            async with asyncio.TaskGroup() as group:
                for number, at in enumerate(times):
                    group.create_task(come(number, at))
            seen.calls = len(gateway.calls) - before
    return seen


def rows_of(name: str, load: float, seen: Wave) -> Iterable[Row]:
    """Return what one wave shows."""
    case = {"load": f"{load:g} ×", "limiter": name}
    is_today = name == TODAY
    yield Row(
        case=case,
        measure=f"allowed / whole, of {seen.words.total()} asked",
        unit="x",
        value=seen.allowed / seen.whole,
        target=MOST_ALLOWED if is_today else None,
    )
    yield Row(
        case=case,
        measure="calls / whole answer's",
        unit="x",
        value=seen.calls / seen.whole / CALLS,
        target=MOST_CALLS if is_today else None,
    )
    if seen.refused_after:
        middle = sorted(seen.refused_after)[len(seen.refused_after) // 2]
        yield Row(case=case, measure="until the others know, p50", unit="s", value=middle)


async def measured(loads: list[float], seconds: float) -> list[Row]:
    """Return the rows of every load, with each limiter."""
    rows: list[Row] = []
    for load in loads:
        times = arrivals(load, seconds)
        for name in (TODAY, BEFORE):
            seen = await wave(name, times, seconds)
            say(f"{load:g} × {name}: {dict(seen.words)}")
            rows += rows_of(name, load, seen)
    return rows


def main() -> None:
    """Print the curve; `--json FILE` keeps it."""
    parser = arguments(__doc__, rounds=1)
    parser.add_argument("--loads", type=float, nargs="+", default=[0.5, 1, 2, 5, 10, 20])
    parser.add_argument("--seconds", type=float, default=10.0, help="so long investors come")
    options = parser.parse_args()
    report(
        "overload", "Goodput under overload", asyncio.run(measured(options.loads, options.seconds)), options
    )


if __name__ == "__main__":
    main()

"""A thousand calls at once, with the limits off: how long until the last answer, against the slowest single answer.

Each answer is late by 50 to 150 ms. The first burst has to open a connection for each call, the second finds them
open. Wall time, on a client of each backend in turn.
"""

import asyncio
import time
from contextlib import AsyncExitStack

from answers import equities
from call import allow_many_connections
from harness import Row, Sample, arguments, report, say, tidied
from responder import Answer, Responder
from rivals import AIOHTTP, CORE, FAST, available

CALLS = 1000
LATENCY_MS = (50.0, 150.0)
TARGETS = {CORE: 10.0, FAST: 2.0}
"""The most that a burst may take, in times of the slowest answer."""

BURSTS = ("first burst, which connects", "second burst")


async def bursts(name: str, url: str, calls: int) -> list[float]:
    """Return the seconds of two bursts, one after another, on a new client."""
    async with AsyncExitStack() as stack:
        ask = await available()[name](url, calls, stack)
        taken = []
        for _ in BURSTS:
            tidied()
            began = time.perf_counter()
            async with asyncio.TaskGroup() as group:
                for _ in range(calls):
                    group.create_task(_once(ask))
            taken.append(time.perf_counter() - began)
        return taken


async def _once(ask: object) -> None:
    assert callable(ask)  # noqa: S101  # a task wants a coroutine, and a question gives any awaitable
    await ask()


async def measured(rounds: int, calls: int) -> list[Row]:
    """Return the rows of all that can run here, interleaved."""
    names = [name for name in (CORE, FAST, AIOHTTP) if name in available()]
    taken: dict[str, list[list[float]]] = {name: [] for name in names}
    with Responder([Answer(equities(4))], latency=LATENCY_MS) as server:
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            for name in names:
                taken[name].append(await bursts(name, server.url, calls))
    slowest = LATENCY_MS[1] / 1000
    rows = []
    for name, pairs in taken.items():
        for burst, seconds in zip(BURSTS, zip(*pairs, strict=True), strict=True):
            sample = Sample.of(seconds)
            case = {"calls": f"{calls} calls", "burst": burst}
            rows += [
                Row(
                    case=case,
                    measure=name,
                    unit="ms",
                    value=sample.median * 1000,
                    spread=sample.spread * 1000,
                ),
                Row(
                    case=case,
                    measure=f"{name} / slowest answer",
                    unit="x",
                    value=sample.median / slowest,
                    spread=sample.spread / slowest,
                    target=TARGETS.get(name),
                ),
            ]
    return rows


def main() -> None:
    """Print a table, with the targets; `--json FILE` keeps it."""
    parser = arguments(__doc__, rounds=3)
    parser.add_argument("--calls", type=int, default=CALLS)
    options = parser.parse_args()
    allow_many_connections()
    rows = asyncio.run(measured(options.rounds, options.calls))
    report("burst", "A burst of calls at once", rows, options)


if __name__ == "__main__":
    main()

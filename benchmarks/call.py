"""What one call costs: CPU of this process, through our whole stack and through what users write without it.

Ours limits, retries, guards, verifies and decodes into records with decimals. "Sound httpx" and "raw aiohttp" do
`json.loads` and nothing else; "+ cattrs" makes records of the same ten fields in the obvious way, and "+ our reader"
reads as we do, checks included. The server runs in another process, on another core where there is one.

Not every rival is in every cell: with four rows decoding costs next to nothing, so that cattrs is left out there.
"""

import asyncio
import resource
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial

from answers import equities
from harness import Row, Sample, Timed, arguments, cpu_of, interleaved, report, say
from responder import Answer, Responder
from rivals import (
    AIOHTTP,
    AIOHTTP_CATTRS,
    AIOHTTP_OURS,
    CORE,
    FAST,
    HTTPX,
    HTTPX_CATTRS,
    available,
    missing,
)

ROWS, IN_FLIGHT = (4, 100, 5000), (1, 10, 50, 200)
FEW, MANY = 50, 1000
BARE = (CORE, FAST, HTTPX, AIOHTTP)
WHOLE = (*BARE, HTTPX_CATTRS, AIOHTTP_CATTRS, AIOHTTP_OURS)
GRID: Mapping[int, Mapping[int, Sequence[str]]] = {
    4: dict.fromkeys((1, 10, 200), BARE) | {50: (*BARE, AIOHTTP_OURS)},
    100: {10: BARE, 50: WHOLE, 200: BARE},
    5000: {10: WHOLE},
}
"""Who runs, by rows and calls in flight; other cells are left out. A thousand in flight have a table of their own."""

MOST_ROWS_A_ROUND = 20_000
LEAST_CALLS, USUAL_CALLS = 10, 300
SCALE_TARGET = 1.15


def target(name: str, rival: str, rows: int, in_flight: int) -> float | None:
    """Return the most that one may cost against another: the table of demands."""
    if rows == 4 and 10 <= in_flight <= 200:
        return {(CORE, HTTPX): 0.8, (FAST, AIOHTTP): 1.0}.get((name, rival))
    if (rows, in_flight) == (100, 50):
        return {(CORE, HTTPX_CATTRS): 1.0, (FAST, AIOHTTP_CATTRS): 0.75}.get((name, rival))
    return None


def calls_for(rows: int, in_flight: int) -> int:
    """Return how many calls a round takes: enough to be measured, and few where each is large."""
    return max(LEAST_CALLS, min(USUAL_CALLS, MOST_ROWS_A_ROUND // rows), 3 * in_flight)


async def samples(
    rows: int, cells: Sequence[tuple[str, int]], rounds: int, *, calls: int | None
) -> dict[tuple[str, int], Sample]:
    """Return what a call costs each rival at each number in flight, all interleaved with one another."""
    found = available()
    with Responder([Answer(equities(rows))]) as server:
        async with AsyncExitStack() as stack:
            works: dict[str, Timed] = {}
            for name, in_flight in cells:
                ask = await found[name](server.url, in_flight, stack)
                await cpu_of(ask, in_flight=in_flight, calls=max(in_flight, 20))  # opens the connections
                count = calls or calls_for(rows, in_flight)
                works[f"{name}|{in_flight}"] = partial(cpu_of, ask, in_flight=in_flight, calls=count)
            taken = await interleaved(works, rounds)
    return {(name, in_flight): taken[f"{name}|{in_flight}"] for name, in_flight in cells}


def rows_of(taken: dict[tuple[str, int], Sample], rows: int) -> list[Row]:
    """Return what each costs, and ours against each that does the same work or less."""
    made = []
    for (name, in_flight), sample in taken.items():
        case = {"rows": f"{rows} rows", "in_flight": f"{in_flight} in flight"}
        made.append(
            Row(case=case, measure=name, unit="us", value=sample.median * 1e6, spread=sample.spread * 1e6)
        )
    for (name, in_flight), sample in taken.items():
        case = {"rows": f"{rows} rows", "in_flight": f"{in_flight} in flight"}
        made.extend(
            Row(
                case=case,
                measure=f"{name} / {rival}",
                unit="x",
                value=sample.median / other.median,
                spread=(sample.spread + other.spread) / other.median,
                target=target(name, rival, rows, in_flight),
            )
            for (rival, its_in_flight), other in taken.items()
            if name in {CORE, FAST} and rival not in {CORE, FAST} and its_in_flight == in_flight
        )
    return made


def scale_rows(taken: dict[tuple[str, int], Sample], names: Sequence[str]) -> list[Row]:
    """Return what many calls in flight cost against few."""
    return [
        Row(
            case={"rows": "4 rows", "in_flight": f"{MANY} in flight against {FEW}"},
            measure=name,
            unit="x",
            value=taken[name, MANY].median / taken[name, FEW].median,
            spread=(taken[name, MANY].spread + taken[name, FEW].spread) / taken[name, FEW].median,
            target=SCALE_TARGET if name in {CORE, FAST} else None,
        )
        for name in names
    ]


def main() -> None:
    """Print a table of costs and ratios, with the targets; `--json FILE` keeps it."""
    parser = arguments(__doc__, rounds=7)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, choices=ROWS)
    parser.add_argument("--in-flight", type=int, nargs="+", default=IN_FLIGHT, choices=IN_FLIGHT)
    parser.add_argument("--calls", type=int, help="calls a round; as many as it takes by default")
    parser.add_argument("--no-scale", action="store_true", help=f"leave out {MANY} in flight against {FEW}")
    options = parser.parse_args()
    allow_many_connections()
    if missing():
        say(f"not installed here, so not measured: {', '.join(missing())}")
    made: list[Row] = []
    for rows in options.rows:
        for in_flight in sorted(set(options.in_flight) & GRID[rows].keys()):
            say(f"{rows} rows, {in_flight} in flight")
            cells = [(name, in_flight) for name in GRID[rows][in_flight] if name in available()]
            made += rows_of(asyncio.run(samples(rows, cells, options.rounds, calls=options.calls)), rows)
    if not options.no_scale:
        say(f"{MANY} in flight against {FEW}")
        names = [name for name in BARE if name in available()]
        cells = [(name, in_flight) for name in names for in_flight in (FEW, MANY)]
        taken = asyncio.run(samples(4, cells, options.rounds, calls=options.calls))
        made += rows_of({cell: sample for cell, sample in taken.items() if cell[1] == MANY}, 4)
        made += scale_rows(taken, names)
    report("call", "CPU of one call", made, options)


def allow_many_connections() -> None:
    """Raise the number of files that may be open to what the system allows: each rival has a thousand."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    main()

"""Ours beside the operator's algorithm and an afternoon's `asyncio.gather`: the same investors, the same gateway.

The gateway is the sandbox, in a process of its own. Measured are wall time and CPU of a whole answer, and what it is
worth: rows received of those there are, accounts that are short without a word, and positions that are right, against
the sandbox's ledger.

Clients live on from round to round, connections and all, but where a broker begins to fail: there each round has new
ones, since ours remembers, and leaves a broker alone that has failed for long. Ours has its limits off where the
gateway has none, as the others have; where it has a rate, ours keeps nine tenths of it.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager

import anyio
from attrs import define, evolve, field
from harness import Row, Sample, arguments, keep, print_table, say, tidied
from peer_answer import Judgement, PeerAnswer, judge
from peer_entrants import Ask, entrants
from peer_scenarios import SCENARIOS, Scenario
from responder import HERE, on_other_core

LATENCY_SECONDS = 0.05


@define
class Record:
    """What a peer needed in each round, and what its answers were worth together."""

    seconds: list[float] = field(factory=list)
    cpu: list[float] = field(factory=list)
    calls: int = 0
    judgement: Judgement = field(factory=Judgement)


@contextmanager
def gateway_process(name: str, latency: float) -> Iterator[str]:
    """Yield the address of a scenario's gateway in another process."""
    process = subprocess.Popen(  # noqa: S603  # our own file
        [sys.executable, str(HERE / "peer_scenarios.py"), name, str(latency)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        on_other_core(process.pid)
        assert process.stdout is not None  # noqa: S101  # it is piped
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate()


async def compared(name: str, rounds: int, latency: float) -> dict[str, Record]:
    """Ask every peer once in each round about one scenario's investor; where they live on, a rehearsal comes first."""
    scenario = SCENARIOS[name]
    known = scenario.sandbox(in_process=True)
    records = {peer: Record() for peer in entrants()}
    async with AsyncExitStack() as stack:
        url = stack.enter_context(gateway_process(name, latency))
        settings = evolve(known.settings, base_url=url, limits=scenario.limits)
        for number in range(rounds if scenario.is_fresh else rounds + 1):
            if scenario.is_fresh or number == 0:
                asks = {
                    peer: await stack.enter_async_context(make(settings, known.investor))
                    for peer, make in entrants().items()
                }
            for peer, ask in asks.items():
                await anyio.sleep(scenario.rest)
                found = await _timed(ask)
                if scenario.is_fresh or number > 0:
                    _note(records[peer], *found, scenario)
    return records


async def _timed(ask: Ask) -> tuple[PeerAnswer, float, float]:
    """Return an answer with its seconds of wall time and of CPU."""
    tidied()
    began, began_cpu = time.perf_counter(), time.process_time()
    answer = await ask()
    return answer, time.perf_counter() - began, time.process_time() - began_cpu


def _note(record: Record, answer: PeerAnswer, seconds: float, cpu: float, scenario: Scenario) -> None:
    record.seconds.append(seconds)
    record.cpu.append(cpu)
    record.calls += answer.calls
    judge(answer, scenario.ledger(), record.judgement)


def lines_of(scenario: Scenario, records: Mapping[str, Record], rounds: int) -> list[tuple[str, ...]]:
    """Return a line of text for each peer; counts are of all rounds."""
    return [
        (
            scenario.title,
            peer,
            f"{record.calls / rounds:.1f}",
            f"{Sample.of(record.seconds).median * 1000:.0f}",
            f"{Sample.of(record.cpu).median * 1000:.0f}",
            f"{record.judgement.rows} of {record.judgement.rows_there}",
            str(record.judgement.lost),
            str(record.judgement.named),
            f"{record.judgement.right} of {record.judgement.right + record.judgement.absent}",
            str(record.judgement.wrong),
        )
        for peer, record in records.items()
    ]


def rows_of(scenario: Scenario, records: Mapping[str, Record], rounds: int) -> Iterator[Row]:
    """Yield the numbers, for the file."""
    for peer, record in records.items():
        case = {"scenario": scenario.title, "peer": peer}
        for measure, seconds in (("wall time", record.seconds), ("CPU", record.cpu)):
            sample = Sample.of(seconds)
            unit = "ms" if measure == "wall time" else "ms CPU"
            yield Row(
                case=case,
                measure=measure,
                unit=unit,
                value=sample.median * 1000,
                spread=sample.spread * 1000,
            )
        worth = record.judgement
        for measure, count in (
            ("calls", record.calls),
            ("rows missing", worth.rows_there - worth.rows),
            ("accounts short without a word", worth.lost),
            ("accounts named as not read", worth.named),
            ("positions right", worth.right),
            ("positions wrong", worth.wrong),
            ("positions absent", worth.absent),
        ):
            yield Row(case=case, measure=measure, unit="a round", value=count / rounds)


HEAD = (
    "scenario",
    "peer",
    "calls",
    "wall ms",
    "CPU ms",
    "rows received",
    "short, no word",
    "named",
    "positions right",
    "wrong",
)


def tell_what_is_short(found: Mapping[str, Mapping[str, Record]]) -> None:
    """Print which accounts each peer cut short without saying so."""
    print("\nCut short without a word (times in all rounds):")
    for name, records in found.items():
        for peer, record in records.items():
            for label, times in sorted(record.judgement.short.items()):
                print(f"  {SCENARIOS[name].title} · {peer}: {label} ({times} times)")


def main() -> None:
    """Print the table, and what is lost; `--json FILE` keeps it."""
    parser = arguments(__doc__, rounds=3)
    parser.add_argument("--scenarios", nargs="+", choices=tuple(SCENARIOS), default=tuple(SCENARIOS))
    parser.add_argument("--latency", type=float, default=LATENCY_SECONDS, help="seconds before each answer")
    options = parser.parse_args()
    found, lines, rows = {}, [], []
    for name in options.scenarios:
        say(SCENARIOS[name].title)
        records = found[name] = asyncio.run(compared(name, options.rounds, options.latency))
        lines += lines_of(SCENARIOS[name], records, options.rounds)
        rows += list(rows_of(SCENARIOS[name], records, options.rounds))
    print(
        f"Whole answers at {options.latency * 1000:g} ms a call; medians, and counts, of {options.rounds} rounds"
    )
    print_table(HEAD, lines)
    tell_what_is_short(found)
    keep("peers", rows, options)


if __name__ == "__main__":
    main()

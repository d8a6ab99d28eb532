"""Ours beside the operator's algorithm and an afternoon's `asyncio.gather`: the same investors, the same gateway.

The gateway is the sandbox, in a process of its own. Measured are wall time and CPU of a whole answer, connecting
included, and what the answer is worth: rows received of those there are, accounts that are short without a word, and
positions that are right, against the sandbox's ledger. Ours has its limits off where the gateway has none, as the
others have; where it has a rate, ours is told nine tenths of it.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import anyio
from attrs import define, evolve, field
from harness import Row, Sample, arguments, keep, print_table, say
from peer_answer import Held, Judgement, PeerAnswer, judge
from peer_gather import Gather
from peer_portal import Portal
from peer_scenarios import SCENARIOS, Scenario
from responder import HERE, on_other_core

from koscom_async import Holdings, Investor, Koscom, Settings
from koscom_async._transport.backend import is_fast
from koscom_async.settings import Backend

LATENCY_SECONDS = 0.05
PORTAL, GATHER = "operator's algorithm", "gather + cattrs"

Timed = tuple[PeerAnswer, float, float]
Peer = Callable[[Settings, Investor], Awaitable[Timed]]


async def timed(ask: Callable[[], Awaitable[PeerAnswer]]) -> Timed:
    """Return an answer with its seconds of wall time and of CPU."""
    began, began_cpu = time.perf_counter(), time.process_time()
    answer = await ask()
    return answer, time.perf_counter() - began, time.process_time() - began_cpu


async def portal(settings: Settings, investor: Investor) -> Timed:
    """Ask as the operator does; its threads are its own, and the loop has nothing else to do."""
    peer = Portal.over(settings, investor)

    async def ask() -> PeerAnswer:
        return peer.holdings()

    with peer.client:
        return await timed(ask)


async def gather(settings: Settings, investor: Investor) -> Timed:
    """Ask as the afternoon's work does."""
    peer = Gather.over(settings, investor)
    async with peer.client:
        return await timed(peer.holdings)


async def ours(settings: Settings, investor: Investor, *, backend: Backend) -> Timed:
    """Ask as our users do."""
    async with Koscom(evolve(settings, backend=backend)) as koscom:

        async def ask() -> PeerAnswer:
            holdings = await koscom.holdings(investor)
            calls = sum(broker.calls for broker in koscom.statistics().brokers)
            return _answer(holdings, calls)

        return await timed(ask)


def _answer(holdings: Holdings, calls: int) -> PeerAnswer:
    read = [outcome for outcome in holdings.outcomes if outcome.balance is not None]
    return PeerAnswer(
        rows={
            outcome.account.number: [
                Held(_instrument(row.asset_class, row.code, row.name), row.quantity, row.value)
                for row in (outcome.balance.rows if outcome.balance else ())
            ]
            for outcome in read
        },
        positions=[
            Held(
                _instrument(each.instrument.asset_class, each.instrument.code, each.instrument.name),
                each.quantity,
                each.value,
            )
            for each in holdings.positions
        ],
        named=frozenset(outcome.account.number for outcome in holdings.failures),
        calls=calls,
    )


def _instrument(asset_class: str, code: str | None, name: str | None) -> tuple[str, str | None, str | None]:
    return (str(asset_class), code, None if code else name)


def peers() -> dict[str, Peer]:
    """Return who is asked."""
    found: dict[str, Peer] = {
        PORTAL: portal,
        GATHER: gather,
        "ours, core": partial(ours, backend=Backend.CORE),
    }
    if is_fast(Backend.AUTO):
        found["ours, fast"] = partial(ours, backend=Backend.FAST)
    return found


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
    """Ask every peer once in each round about one scenario's investor; the first round is a rehearsal."""
    scenario = SCENARIOS[name]
    known = scenario.sandbox(in_process=True)
    records = {peer: Record() for peer in peers()}
    with gateway_process(name, latency) as url:
        settings = evolve(known.settings, base_url=url, limits=scenario.limits)
        for number in range(rounds + 1):
            for peer, ask in peers().items():
                await anyio.sleep(scenario.rest)
                answer, seconds, cpu = await ask(settings, known.investor)
                if number > 0:
                    _note(records[peer], answer, seconds, cpu, scenario)
    return records


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
    parser: argparse.ArgumentParser = arguments(__doc__, rounds=3)
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

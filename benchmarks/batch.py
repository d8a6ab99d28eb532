"""A night's batch in small: memory, time against the bound of the limits, busy brokers, kills, the journal's share.

The gateway and the run are processes of their own; the run's memory is its own, and each investor that it writes is
held against the sandbox's ledger. Rates are such that every broker has work to the end, and that the machine is not the
bound; with others at work on it, choose a smaller `--rate`.
"""

import asyncio
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from attrs import define, field
from harness import Row, arguments, report, say

from koscom_async import Breaker, BrokerLimits, Koscom, Limits, Settings
from koscom_async.batch import (
    Entry,
    JsonLinesSink,
    Segment,
    aggregate,
    aggregation,
    read_investors,
    write_investors,
)
from koscom_async.batch._run.journal import Journal
from koscom_async.observer import Attempt, Operation
from koscom_async.sandbox import SandboxGateway, crowd
from koscom_async.sandbox.ledger import Person

CALLS = {"diamond": 1, "cyber": 4, "star": 4, "common": 1}
"""What one investor takes of each, with pages that hold all rows."""
PAGES = {"diamond": 100, "cyber": 100, "star": 100}
BURST = 10
SLOWER = 10
KILLS = 10
DOWN = "one broker down"
MOST_MEMORY, MOST_SECONDS, LEAST_BUSY, MOST_JOURNAL = 1.2, 1.15, 1 / 0.9, 0.01


@define
class Busy:
    """An observer that counts each broker's calls, and remembers when the last one ended."""

    calls: Counter[str] = field(factory=Counter)
    last_at: dict[str, float] = field(factory=dict)

    @contextmanager
    def operation(self, operation: Operation) -> Iterator[None]:
        """Let an operation pass."""
        yield

    @contextmanager
    def attempt(self, attempt: Attempt) -> Iterator[None]:
        """Count a call."""
        try:
            yield
        finally:
            self.calls[attempt.broker] += 1
            self.last_at[attempt.broker] = time.monotonic()


class Noting:
    """A sink that writes of each investor a line of what can be held against the ledger, and keeps nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers: set[int] = set()

    def has(self, segment: int) -> bool:
        """Whether this process wrote it."""
        return segment in self._numbers

    def commit(self, segment: Segment) -> None:
        """Write a line of each investor."""
        self._numbers.add(segment.number)
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(noted(entry))}\n" for entry in segment.entries)


def noted(entry: Entry) -> list[Any]:
    """Return an investor's key, and the number and the sum of quantities of each account that was read whole."""
    outcomes = entry.holdings.outcomes if entry.holdings is not None else ()
    read = [each for each in outcomes if each.ok]
    return [
        entry.key,
        sorted(
            [each.account.number, str(sum((row.quantity or 0) for row in each.balance.equities))]
            for each in read
        ),
    ]


def wrong_in(path: Path, people: Sequence[Person]) -> int:
    """Return how many investors are not in the file once, with every account as the ledger has it."""
    lines = dict(map(json.loads, path.read_text(encoding="utf-8").splitlines()))
    return sum(
        lines.get(str(number))
        != sorted([each.number, str(sum(row.quantity for row in each.equities))] for each in person.accounts)
        for number, person in enumerate(people)
    )


def rates(rate: float, slower: float) -> dict[str, float]:
    """Return each broker's limit: in proportion to its calls, and common's so that it is never the bound."""
    found = {broker: rate * calls / max(CALLS.values()) for broker, calls in CALLS.items()}
    return found | {"star": found["star"] / slower, "common": 2 * rate}


async def child(options: Mapping[str, Any]) -> None:
    """Run one batch against a gateway that is there, and print what it took."""
    journals: list[Journal] = []

    def opened(*arguments: Any, **named: Any) -> Journal:
        journals.append(Journal(*arguments, **named))
        return journals[-1]

    setattr(aggregation, "Journal", opened)  # noqa: B010  # its time is what is measured
    by_broker = {
        name: BrokerLimits(rate=rate, burst=BURST, in_flight=64) for name, rate in options["rates"].items()
    }
    settings = Settings.from_env(limits=Limits(brokers=by_broker, in_flight=200))
    sink = JsonLinesSink(options["output"]) if options["output"] else Noting(Path(options["noted"]))
    busy = Busy()
    customers = read_investors(options["investors"])
    async with Koscom(settings, observer=busy) as koscom:
        began = time.monotonic()
        ended = await aggregate(
            koscom, customers, sink=sink, checkpoint=options["checkpoint"], accounts_open=400
        )
        seconds = time.monotonic() - began
    shares = {
        name: (busy.calls[name] - BURST) / (rate * (busy.last_at[name] - began))
        for name, rate in options["rates"].items()
        if name in busy.last_at
    }
    found = {
        "seconds": seconds,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "busy": shares,
        "journal": sum(journal.seconds for journal in journals) / seconds,
        "cpu": time.process_time() / seconds,
        "complete": ended.complete,
        "calls": busy.calls.total(),
    }
    print(json.dumps(found))


def started(options: Mapping[str, Any]) -> "subprocess.Popen[str]":
    """Start a batch in a process of its own."""
    command = [sys.executable, __file__, "--child", json.dumps(dict(options))]
    environment = os.environ | options["environment"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)  # noqa: S603  # it is this file


def rows_of(name: str, found: dict[str, Any], options: Mapping[str, Any], bound: float) -> list[Row]:
    """Return what one batch took, as rows."""
    say(f"{name}: {found}")
    case = {"case": name, "people": f"{options['people']:,}"}
    idle = {"common", "star"} if name == DOWN else {"common"}
    shares = {broker: share for broker, share in found["busy"].items() if broker not in idle}
    return [
        Row(case=case, measure="time / bound", unit="x", value=found["seconds"] / bound, target=MOST_SECONDS),
        Row(case=case, measure="not whole or not right", unit="", value=found["wrong"], target=0),
        Row(case=case, measure="peak memory", unit="MB", value=found["memory"] / 2**20),
        *(
            Row(case=case, measure=f"limit / busy, {broker}", unit="x", value=1 / share, target=LEAST_BUSY)
            for broker, share in shares.items()
        ),
        Row(
            case=case,
            measure="journal's share of the time",
            unit="",
            value=found["journal"],
            target=MOST_JOURNAL,
        ),
        Row(case=case, measure="CPU", unit="of one core", value=found["cpu"]),
    ]


def bound_of(people: int, by_broker: Mapping[str, float]) -> float:
    """Return the seconds that the limits need for so many people."""
    return max((people * calls - BURST) / by_broker[broker] for broker, calls in CALLS.items())


def broken_middle(gateway: SandboxGateway, options: Mapping[str, Any], bound: float) -> str:
    """Run a batch while one broker is down for the middle third of the bound."""
    process = started(options)
    time.sleep(bound / 3)
    gateway.set_fault("star", "down")
    time.sleep(bound / 3)
    gateway.clear_faults("star")
    return process.communicate()[0]


def killed(options: dict[str, Any], seconds: float, folder: Path) -> list[Row]:
    """Kill a batch ten times, and hold its output against that of one that was left alone."""
    chance = random.Random(0)  # noqa: S311  # it guards nothing
    outputs, calls = [], []
    for kills in (0, KILLS):
        here = options | {
            "output": str(folder / f"{kills}.jsonl"),
            "checkpoint": str(folder / f"{kills}.journal"),
        }
        for _ in range(kills):
            process = started(here)
            time.sleep(1 + chance.random() * 2 * seconds / KILLS)
            process.send_signal(signal.SIGKILL)
            process.wait()
        text, _ = started(here).communicate()
        calls.append(json.loads(text)["calls"])
        lines = [json.loads(line) for line in Path(here["output"]).read_text(encoding="utf-8").splitlines()]
        outputs.append({line["key"]: line | {"run": None} for line in lines})
        say(f"{kills} kills: {len(lines)} lines, {len(outputs[-1])} keys")
        assert len(lines) == len(outputs[-1]), "an investor came twice"  # noqa: S101  # the benchmark ends here
    differing = sum(outputs[0].get(key) != line for key, line in outputs[1].items())
    missing = len(outputs[0].keys() - outputs[1].keys())
    case = {"case": f"{KILLS} kills", "people": f"{options['people']:,}"}
    return [Row(case=case, measure="lost or different", unit="", value=differing + missing, target=0)]


def all_rows(options: Any) -> list[Row]:
    """Return the rows of every case that is asked for."""
    rows: list[Row] = []
    memory: dict[int, float] = {}
    for name, people, slower in [
        *(("even", size, 1.0) for size in (options.small, options.people)),
        ("one broker slower", options.small, SLOWER),
        (DOWN, options.small, 1.0),
        ("kills", options.small, 1.0),
    ]:
        if options.only and name not in options.only:
            continue
        by_broker, ledger = rates(options.rate, slower), crowd(people)
        bound = bound_of(people, by_broker)
        with (
            tempfile.TemporaryDirectory() as folder,
            SandboxGateway(ledger=ledger, quota=10**9, page_sizes=PAGES, latency=0.02) as gateway,
        ):
            here = Path(folder)
            write_investors(here / "investors.csv", zip(map(str, count()), gateway.investors, strict=False))
            given: dict[str, Any] = {
                "people": people,
                "rates": by_broker,
                "environment": dict(gateway.environment),
                "investors": str(here / "investors.csv"),
                "noted": str(here / "noted"),
                "output": None,
                "checkpoint": str(here / "journal"),
            }
            if name == "kills":
                rows += killed(given, bound, here)
                continue
            if name == DOWN:
                text = broken_middle(gateway, given, bound)
                bound += (
                    bound / 3 + Breaker().cool_down
                )  # it is probed so long after it is up again, at the most
            else:
                text = started(given).communicate()[0]
            found = json.loads(text) | {"wrong": wrong_in(here / "noted", ledger.people)}
            rows += rows_of(name, found, given, bound)
            if name == "even":
                memory[people] = found["memory"]
    if len(memory) == 2:
        case = {"case": "even", "people": f"{options.people:,} / {options.small:,}"}
        growth = memory[options.people] / memory[options.small]
        rows.append(Row(case=case, measure="peak memory", unit="x", value=growth, target=MOST_MEMORY))
    return rows


def main() -> None:
    """Print the table; `--json FILE` keeps it."""
    parser = arguments(__doc__, rounds=1)
    parser.add_argument("--people", type=int, default=20_000, help="investors, with three accounts each")
    parser.add_argument("--small", type=int, default=2_000, help="investors of the other cases")
    parser.add_argument("--rate", type=float, default=150.0, help="calls a second of the busiest broker")
    parser.add_argument(
        "--only", nargs="+", help="cases: even, kills, 'one broker slower', 'one broker down'"
    )
    parser.add_argument("--child", help="what the process of a run gets")
    options = parser.parse_args()
    if options.child:
        asyncio.run(child(json.loads(options.child)))
    else:
        report("batch", "A batch", all_rows(options), options)


if __name__ == "__main__":
    main()

"""What all benchmarks share: interleaved rounds, medians with their spread, a table of text, and a file of JSON.

What is measured is each benchmark's own. CPU times are divided by those of a fixed piece of Python, measured beside
each, since machines change their speed while they are watched.
"""

import argparse
import asyncio
import gc
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
from attrs import asdict, evolve, frozen

HERE = Path(__file__).parent
LIBRARIES = (
    "koscom_async",
    "httpx",
    "httpcore",
    "anyio",
    "attrs",
    "cattrs",
    "aiohttp",
    "httptools",
    "msgspec",
    "httpx-aiohttp",
    "pyreqwest",
)
YARDSTICK_STEPS = 20_000
Timed = Callable[[], Awaitable[float]]


@frozen
class Sample:
    """The median of some rounds, and the distance between their quartiles."""

    median: float
    spread: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Sample":
        """Summarise the rounds of one thing."""
        if len(values) < 2:
            return cls(values[0], 0.0)
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(statistics.median(values), high - low)


@frozen(kw_only=True)
class Row:
    """One measured number: which case, what of it, how much, and how far its rounds lay apart.

    `target` is the most that it may be, and `None` where nothing is demanded.
    """

    case: Mapping[str, Any]
    measure: str
    unit: str
    value: float
    spread: float = 0.0
    target: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the target is met; nothing where there is none."""
        if self.target is None:
            return ""
        return "met" if self.value <= self.target else "MISSED"


def tidied() -> None:
    """Collect what earlier measurements left, so that no later one is held up by it."""
    gc.collect()


def yardstick() -> float:
    """Return the CPU seconds of a fixed piece of Python: how fast the machine is right now."""
    began = time.process_time()
    found: dict[int, int] = {}
    for step in range(YARDSTICK_STEPS):
        found[step & 1023] = found.get(step & 511, step) ^ step
    return time.process_time() - began


async def interleaved(works: Mapping[str, Timed], rounds: int) -> dict[str, Sample]:
    """Run each work once in each round; return its CPU seconds as on a machine of the run's median speed."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    # What the others hold is not for the one that runs to look through.
    gc.collect()
    gc.freeze()
    for number in range(rounds):
        # Forwards and backwards, so that none always comes after the same other.
        for name in works if number % 2 == 0 else reversed(tuple(works)):
            before = yardstick()
            seconds = await works[name]()
            taken[name].append((seconds, (before + yardstick()) / 2))
    gc.unfreeze()
    usual = statistics.median(speed for pairs in taken.values() for _, speed in pairs)
    return {name: Sample.of([s * usual / speed for s, speed in pairs]) for name, pairs in taken.items()}


async def cpu_of(ask: Callable[[], Awaitable[object]], in_flight: int, calls: int) -> float:
    """Return the CPU seconds of one call, with that many workers asking."""
    left = calls

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await ask()

    began = time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(worker())
    return (time.process_time() - began) / calls


def arguments(description: str | None, *, rounds: int) -> argparse.ArgumentParser:
    """Return a parser of what every benchmark takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument(
        "--json-dir", type=Path, help="write the rows to a file of the benchmark's name in here"
    )
    return parser


def report(name: str, title: str, rows: Sequence[Row], options: argparse.Namespace) -> None:
    """Print the rows as a table, and keep them where the options say."""
    print(f"{title} (median of {options.rounds} rounds, Python {platform.python_version()})")
    print_table(
        ("case", "measure", "value", "spread", "target", ""),
        [
            (
                " · ".join(f"{value}" for value in row.case.values()),
                row.measure,
                f"{row.value:,.{2 if abs(row.value) < 100 else 0}f} {row.unit}".rstrip(),
                f"{row.spread:.2f}" if row.spread else "",
                "" if row.target is None else f"≤ {row.target:g}",
                row.verdict,
            )
            for row in rows
        ],
    )
    print(flush=True)
    keep(name, rows, options)


def print_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as their widest cell, the first flush left."""
    widths = [max(len(line[at]) for line in (head, *lines)) for at in range(len(head))]
    for line in (head, tuple("-" * width for width in widths), *lines):
        first, *others = (
            cell.ljust(width) if at < 2 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  ".join((first, *others)).rstrip())


def keep(name: str, rows: Sequence[Row], options: argparse.Namespace) -> None:
    """Write the rows, and what they were measured with, to the files that the options name."""
    files = [options.json] if options.json else []
    if options.json_dir:
        options.json_dir.mkdir(parents=True, exist_ok=True)
        files.append(options.json_dir / f"{name}.json")
    for file in files:
        file.write_text(json.dumps(_document(name, rows), indent=2, ensure_ascii=False), encoding="utf-8")


def _document(name: str, rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "benchmark": name,
        "commit": _commit(),
        "python": platform.python_version(),
        "libraries": {library: version for library in LIBRARIES if (version := _version(library))},
        "yardstick": statistics.median(yardstick() for _ in range(21)),
        "rows": [asdict(evolve(row, case=dict(row.case))) for row in rows],
    }


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Return the commit of this checkout, with a plus where files differ from it; `None` outside of one."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+"],  # noqa: S607  # git, wherever it is
            cwd=HERE,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return described.stdout.strip()


def say(words: str) -> None:
    """Tell how far it is, beside the table."""
    print(words, file=sys.stderr, flush=True)


def ratio_of(times: Sequence[float], yardstick: Sequence[float]) -> float:
    """Return the median of the rounds' own ratios: what slows the machine down slows both of a round."""
    return statistics.median(time / plain for time, plain in zip(times, yardstick, strict=True))


async def longest_hold(work: Callable[[], Awaitable[object]]) -> float:
    """Return the most CPU seconds for which one call of some work keeps another task from its turn."""
    longest = 0.0

    async def others() -> None:
        nonlocal longest
        while True:
            began = time.process_time()
            await anyio.lowlevel.checkpoint()
            longest = max(longest, time.process_time() - began)

    async with anyio.create_task_group() as group:
        group.start_soon(others)
        await anyio.lowlevel.checkpoint()
        await work()
        group.cancel_scope.cancel()
    return longest

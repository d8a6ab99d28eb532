"""What importing costs: the package, a first program's names, the first client, the command, and what they stand on.

The yardstick is importing the five core dependencies as an installation without extras has them: where they are
installed, httpx drags in click and rich for its own command, tenacity tornado and httpcore trio, so those are hidden
from it. Each case runs in fresh processes, isolated, with compiled files at hand; rounds are interleaved, medians of
CPU time shown.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

DEPENDENCIES = "import httpx, attrs, cattrs, anyio, tenacity"
HIDDEN = "sys.modules.update(dict.fromkeys(('click', 'rich', 'tornado', 'trio')))"
NAMES = "from koscom_async import Koscom, Settings, Investor, Device, Token"
SETTINGS = "Settings(environment='production', api_key='k', api_secret='s', com_id='c', srv_id='s')"
COMMAND = "from koscom_async.__main__ import main; main()"

# Name: what is done before the clock runs, and what is timed.
CASES: dict[str, tuple[str, str]] = {
    "five core dependencies": (HIDDEN, DEPENDENCIES),
    "… with what is installed beside": ("", DEPENDENCIES),
    "attrs alone": ("", "import attrs"),
    "import koscom_async": ("", "import koscom_async"),
    "a first program's names": ("", NAMES),
    "… and its settings": ("", f"{NAMES}; {SETTINGS}"),
    "… and the first client": (HIDDEN, f"{NAMES}; Koscom({SETTINGS})"),
    "… all else there, and asyncio": (
        f"{HIDDEN}; {DEPENDENCIES}; import asyncio; {NAMES}",
        f"Koscom({SETTINGS})",
    ),
    "click alone": ("", "import click"),
    "koscom --help": ("sys.argv = ['koscom', '--help']", COMMAND),
    "koscom --version": ("sys.argv = ['koscom', '--version']", COMMAND),
}
YARDSTICK = "five core dependencies"
MOST = {"import koscom_async": 0.5, "a first program's names": 0.5}
"""Targets, in parts of the yardstick."""

# The answer goes to the standard error, since the command writes to the other.
PROGRAM = """
import sys, time
sys.path.insert(0, {root!r})
{before}
before, began = len(sys.modules), time.process_time()
try:
    {timed}
finally:
    print(time.process_time() - began, len(sys.modules) - before, file=sys.stderr)
"""


def measured(name: str) -> tuple[float, int]:
    """Return the CPU seconds of one case in a fresh process, and how many modules it loaded."""
    before, timed = CASES[name]
    program = PROGRAM.format(root=str(ROOT), before=before, timed=timed)
    # Isolated: neither the environment's paths nor its wish to write no compiled files counts.
    ended = subprocess.run(  # noqa: S603  # this file's own programs
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    seconds, modules = ended.stderr.split()[-2:]
    return float(seconds), int(modules)


def summary(name: str, taken: Mapping[str, Sequence[float]], modules: int) -> dict[str, Any]:
    """Return the medians of one case; each round is held against the yardstick's of the same round."""
    ratios = [seconds / against for seconds, against in zip(taken[name], taken[YARDSTICK], strict=True)]
    low, _, high = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    return {
        "case": name,
        "seconds": statistics.median(taken[name]),
        "modules": modules,
        "ratio": statistics.median(ratios),
        "spread": high - low,
        "target": MOST.get(name),
    }


def line(row: Mapping[str, Any]) -> str:
    """Return a row of the table."""
    most = row["target"]
    verdict = "" if most is None else f"  ≤ {most}: {'met' if row['ratio'] <= most else 'MISSED'}"
    return (
        f"{row['case']:<34}{row['seconds'] * 1e3:>6.1f} ms{row['modules']:>9}"
        f"{row['ratio']:>7.2f}x ± {row['spread'] / 2:.2f}{verdict}"
    )


def main() -> None:
    """Print a table of ratios; `--json FILE` keeps it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES), help="only these")
    options = parser.parse_args()
    cases = list(dict.fromkeys([YARDSTICK, *options.cases]))
    counts = {name: measured(name)[1] for name in cases}  # and so the compiled files are written
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(options.rounds):
        for name in cases:
            taken[name].append(measured(name)[0])
    print(f"importing, median of {options.rounds} fresh processes each, Python {sys.version.split()[0]}")
    print(f"{'':<34}{'CPU':>9}{'modules':>9}{'ratio':>8}")
    rows = [summary(name, taken, counts[name]) for name in cases]
    for row in rows:
        print(line(row))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()

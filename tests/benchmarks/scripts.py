"""Every benchmark, and sizes so small that it says nothing of speed, and all of whether it runs."""

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "benchmarks"

TINY = {
    "backends": ["--rounds", "1", "--in-flight", "1", "--bytes", "64", "1024", "--no-checks"],
    "burst": ["--rounds", "1", "--calls", "3"],
    "call": ["--rounds", "1", "--rows", "4", "--in-flight", "1", "--calls", "2", "--no-scale"],
    "decode": ["--rounds", "1"],
    "fanout": ["--rounds", "1", "--accounts", "1", "--latency-ms", "1"],
    "imports": ["--rounds", "1", "--cases", "import koscom_async"],
    "market": ["--rounds", "1", "--issues", "100"],
    "merge": ["--rounds", "1", "--sizes", "1000"],
    "night": ["--people", "3", "--redis-calls", "80"],
    "overload": ["--loads", "1", "--seconds", "0.5"],
    "peers": ["--rounds", "1", "--scenarios", "twice", "--latency", "0"],
    "stacks": ["--rounds", "1", "--rows", "4", "--in-flight", "1", "--calls", "2"],
    "wrapper": ["--rounds", "1", "--calls", "2"],
}
"""What each takes to be done in a second or so."""

NO_BENCHMARKS = {"batch", "compare", "peer_scenarios", "soak", "static_server", "workers"}
"""Scripts that measure nothing, and a batch, its workers and the soak, which take minutes."""


def run(script, *arguments):
    """Return what a script printed; a failure shows its error output."""
    done = subprocess.run(  # noqa: S603  # our own scripts
        [sys.executable, str(FOLDER / f"{script}.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(FOLDER.parent)},  # this checkout, whether it is installed or not
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

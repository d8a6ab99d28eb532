"""`python -m tests.fuzz --seconds 600`: fuzzes all targets, and prints inputs and findings."""

import argparse
import sys

from tests.fuzz.judge import tally
from tests.fuzz.session import run
from tests.fuzz.targets import TARGETS


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("targets", nargs="*", help=f"of: {', '.join(TARGETS)}")
    chosen = parser.parse_args()
    done = run(chosen.targets or TARGETS, chosen.seconds, seed=chosen.seed, report=write_stdout)
    for each in done:
        write_stdout(f"{each.name}: {each.inputs:,} inputs, {len(each.finds)} kinds of findings")
        for kind in each.finds:
            write_stdout(f"    {kind} (again {each.again[kind]} times)")
    for what, count in sorted(tally.items()):
        write_stdout(f"{what}: {count:,}")
    write_stdout(f"{sum(each.inputs for each in done):,} inputs in all")
    sys.exit(any(each.finds for each in done))


def write_stdout(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

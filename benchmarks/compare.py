"""Compares two runs of a benchmark, from their JSON: ratios of new to old, with a mark on what exceeds the spread.

Takes two files, or two folders, of which the files of the same name are compared. CPU times are scaled by the two
machines' speed, which each run has measured; ratios and counts are compared as they are.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from harness import print_table

CPU_UNITS = ("us", "ms CPU")
LEAST_CHANGE = 0.03
"""What rounds on a quiet machine differ by, however small the spread of one run."""

Document = dict[str, Any]


def numbers(document: Document) -> dict[str, dict[str, Any]]:
    """Return the rows by what they are of."""
    return {" · ".join([*map(str, row["case"].values()), row["measure"]]): row for row in document["rows"]}


def mark(old: dict[str, Any], new: dict[str, Any], ratio: float) -> str:
    """Return `more` or `less`, or nothing where both runs' spread explains the difference."""
    noise = (old["spread"] / old["value"] if old["value"] else 0.0) + (
        new["spread"] / new["value"] if new["value"] else 0.0
    )
    if abs(ratio - 1) <= max(noise / 2, LEAST_CHANGE):
        return ""
    return "more" if ratio > 1 else "less"


def compared(old: Document, new: Document) -> list[tuple[str, ...]]:
    """Return a line of text for each row that both runs have."""
    speed = new["yardstick"] / old["yardstick"]
    before = numbers(old)
    lines: list[tuple[str, ...]] = []
    for name, row in numbers(new).items():
        was = before.get(name)
        if was is None or not was["value"]:
            continue
        scale = speed if row["unit"] in CPU_UNITS else 1.0
        ratio = row["value"] / (was["value"] * scale)
        lines.append(
            (
                name,
                row["unit"],
                f"{was['value'] * scale:.2f}",
                f"{row['value']:.2f}",
                f"{ratio:.2f}",
                mark(was, row, ratio),
            )
        )
    return lines


def pairs(old: Path, new: Path) -> list[tuple[Path, Path]]:
    """Return the files to compare."""
    if not new.is_dir():
        return [(old, new)]
    return [(old / file.name, file) for file in sorted(new.glob("*.json")) if (old / file.name).exists()]


def main() -> int:
    """Print a table for each benchmark; return 1 where there was nothing to compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    options = parser.parse_args()
    found = pairs(options.old, options.new)
    for file, other in found:
        old, new = (json.loads(each.read_text(encoding="utf-8")) for each in (file, other))
        if not isinstance(new, dict) or not isinstance(old, dict):
            print(f"{other.name}: not in the harness's form, left out", file=sys.stderr)
            continue
        print(f"{new['benchmark']}: {old['commit']} → {new['commit']}")
        print_table(("what", "unit", "old", "new", "ratio", ""), compared(old, new))
        print()
    if not found:
        print("nothing to compare: no two files of one name", file=sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())

"""Compares two runs of a benchmark, from their JSON: ratios of new to old, with a mark on what exceeds the spread.

Takes two files, or two folders, of which the files of the same name are compared. CPU times are scaled by the two
machines' speed, which each run has measured; ratios and counts are compared as they are. A file may also be a plain
list of rows, as the benchmarks that stand by themselves write: those say nothing of the machine, so look at ratios.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness import print_table

CPU_UNITS = ("us", "ms CPU")
LEAST_CHANGE = 0.03
"""What rounds on a quiet machine differ by, however small the spread of one run."""

LABELS = ("rows", "in_flight")
"""Numbers of a plain row that say what was measured; the others are what came out."""

Document = dict[str, Any]


def read(file: Path) -> Document:
    """Return a run, with what a plain list of rows lacks."""
    found = json.loads(file.read_text(encoding="utf-8"))
    if isinstance(found, dict):
        return found
    rows = [row for plain in found for row in _plain_rows(plain)]
    return {"benchmark": file.stem, "commit": None, "yardstick": 1.0, "rows": rows}


def _plain_rows(plain: dict[str, Any]) -> Iterator[dict[str, Any]]:
    case = {name: each for name, each in plain.items() if isinstance(each, str) or name in LABELS}
    for name, value in plain.items():
        if isinstance(value, int | float) and name not in {*LABELS, "spread", "target"}:
            spread = plain.get("spread", 0.0) if name == "ratio" else 0.0
            yield {"case": case, "measure": name, "unit": "", "value": value, "spread": spread}


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
        old, new = read(file), read(other)
        print(f"{new['benchmark']}: {old['commit'] or 'old'} → {new['commit'] or 'new'}")
        print_table(("what", "unit", "old", "new", "ratio", ""), compared(old, new))
        print()
    if not found:
        print("nothing to compare: no two files of one name", file=sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())

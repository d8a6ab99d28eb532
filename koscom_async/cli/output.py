"""What the command writes: reports and data to stdout, messages to stderr; JSON and CSV with every digit.

CSV opens safely in a spreadsheet: no text in it is a formula. Does not write files, and does not choose the format.
"""

import csv
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import TextIO

import click
from rich.console import Console, RenderableType

from koscom_async.export.texts import clean

JSON_VERSION = 1
"""The version of the command's JSON; it rises when a key is removed or changes its meaning."""

UNKNOWN_WIDTH = 120
"""Columns of a report that goes to no terminal, unless COLUMNS is set."""

# JSON escapes only what is below U+0020; terminals obey U+0080 to U+009F too, and marks of direction, and lone
# surrogates cannot be encoded.
_UNSAFE = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def print_report(report: RenderableType) -> None:
    """Print a report to stdout, as wide as the terminal."""
    console(sys.stdout).print(report)


def text_of(report: RenderableType) -> str:
    """Return a report as it is printed where no terminal is."""
    page = io.StringIO()
    console(page).print(report)
    return page.getvalue()


def write_stdout(data: str | bytes) -> None:
    """Write data to stdout, text in UTF-8 wherever the command runs."""
    click.echo(data if isinstance(data, bytes) else encode(data), nl=False)


def write_stderr(message: str) -> None:
    """Write a line to stderr."""
    click.echo(message, err=True)


def encode(text: str) -> bytes:
    """Return text in UTF-8 that ends with one line break."""
    return (text.rstrip("\n") + "\n").encode()


def is_live(stream: TextIO) -> bool:
    """Whether the stream is a terminal that can be drawn upon."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def console(stream: TextIO) -> Console:
    """Return a rich console that reads no markup in what it prints."""
    width = None if stream.isatty() or "COLUMNS" in os.environ else UNKNOWN_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def versioned(data: Mapping[str, object]) -> dict[str, object]:
    """Return an answer as the command writes it as JSON."""
    return {"version": JSON_VERSION, **data}


def json_text(data: object) -> str:
    """Return plain data as indented JSON that a terminal can show, Korean text as it is."""
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


# What makes a spreadsheet take a cell for a formula, in both widths.
_FORMULA_MARKS = tuple("=+-@＝＋－＠")
# Where a spreadsheet's list separator is a semicolon, a cell may begin behind each, whatever is quoted.
_FORMULA_INSIDE = re.compile(r";(?=[\s\"]*[=+\-@＝＋－＠])")


def cell(value: object) -> str:
    """Return a value as a cell; what is not known is empty, and truth is spelled as in JSON."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case _:
            text = _FORMULA_INSIDE.sub(";'", clean(str(value)))
            return f"'{text}" if text.startswith(_FORMULA_MARKS) else text


def csv_rows(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Yield each row without the line's end, each cell fit for a spreadsheet."""
    page = io.StringIO()
    writer = csv.DictWriter(page, columns, lineterminator="")
    for row in rows:
        writer.writerow({name: cell(value) for name, value in row.items()})
        yield page.getvalue()
        page.seek(0)
        page.truncate()


def csv_table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows below a row of names."""
    names = dict(zip(columns, columns, strict=True))
    return "".join(f"{line}\n" for line in csv_rows(columns, chain([names], rows)))

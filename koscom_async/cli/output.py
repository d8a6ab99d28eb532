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
from typing import TextIO

import attrs
import click
from rich.console import Console, RenderableType

from koscom_async.export.texts import clean
from koscom_async.models.breakdown import Group
from koscom_async.models.holdings import Holdings
from koscom_async.models.positions import Instrument, Lot, Position

JSON_VERSION = 1
"""The version of the command's JSON; it rises when a key is removed or changes its meaning."""

UNKNOWN_WIDTH = 120
"""Columns of a report that goes to no terminal, unless COLUMNS is set."""

# JSON escapes only what is below U+0020; terminals obey U+0080 to U+009F too, and lone surrogates cannot be encoded.
_UNSAFE = re.compile("[\x7f-\x9f\ud800-\udfff]")


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
    click.echo(data if isinstance(data, bytes) else encoded(data), nl=False)


def write_stderr(message: str) -> None:
    """Write a line to stderr."""
    click.echo(message, err=True)


def encoded(text: str) -> bytes:
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
            text = clean(str(value))
            return f"'{text}" if text.startswith(_FORMULA_MARKS) else text


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Yield the row of names, and then each row, without the line's end."""
    page = io.StringIO()
    writer = csv.DictWriter(page, columns, lineterminator="")
    writer.writeheader()
    yield page.getvalue()
    for row in rows:
        page.seek(0)
        page.truncate()
        writer.writerow({name: cell(value) for name, value in row.items()})
        yield page.getvalue()


POSITION_COLUMNS = (
    *("asset_class", "product", "code", "isin", "name", "currency"),
    *("quantity", "cost", "value", "profit_loss", "return_pct", "weight", "matched_by", "brokers"),
)
LOT_COLUMNS = (
    *("asset_class", "product", "code", "isin", "name", "currency"),
    *("broker", "account", "alias", "trade_type"),
    *("quantity", "cost", "value", "profit_loss", "return_rate"),
)
GROUP_COLUMNS = tuple(attribute.name for attribute in attrs.fields(Group))


def csv_text(holdings: Holdings, *, with_lots: bool = False) -> str:
    """Return one row per position, or per lot, below a row of names; what is not known is empty."""
    columns, rows = (LOT_COLUMNS, _lots(holdings)) if with_lots else (POSITION_COLUMNS, _positions(holdings))
    return csv_table(columns, rows)


def csv_of_groups(groups: Iterable[Group]) -> str:
    """Return one row per group below a row of names; what is not known, or does not apply, is empty."""
    rows = ({name: getattr(group, name) for name in GROUP_COLUMNS} for group in groups)
    return csv_table(GROUP_COLUMNS, rows)


def csv_table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows below a row of names, each cell fit for a spreadsheet."""
    return "".join(f"{line}\n" for line in csv_lines(columns, rows))


def _positions(holdings: Holdings) -> Iterator[Mapping[str, object]]:
    for position in holdings.positions:
        yield _instrument(position.instrument) | _position(position)


def _position(position: Position) -> dict[str, object]:
    names = ("quantity", "cost", "value", "profit_loss", "return_pct", "weight", "matched_by")
    brokers = dict.fromkeys(clean(lot.account.broker.short_name) for lot in position.lots)
    return {name: getattr(position, name) for name in names} | {"brokers": " ".join(brokers)}


def _lots(holdings: Holdings) -> Iterator[Mapping[str, object]]:
    for position in holdings.positions:
        for lot in position.lots:
            yield _instrument(position.instrument) | _lot(lot)


def _lot(lot: Lot) -> dict[str, object]:
    names = ("trade_type", "quantity", "cost", "value", "profit_loss", "return_rate")
    account = lot.account
    return {
        "broker": account.broker.short_name,
        "account": account.masked_number,
        "alias": account.alias,
    } | {name: getattr(lot, name) for name in names}


def _instrument(instrument: Instrument) -> dict[str, object]:
    names = ("asset_class", "product", "code", "isin", "name", "currency")
    return {name: getattr(instrument, name) for name in names}

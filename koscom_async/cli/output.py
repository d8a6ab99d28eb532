"""Positions, lots or groups as CSV that a spreadsheet opens safely: exact decimals, and no text that is a formula."""

import csv
import io
import json
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TextIO

import attrs
import click
from rich.console import Console, RenderableType

from koscom_async._files import replace_file
from koscom_async.cli.main import Failed
from koscom_async.export.texts import clean
from koscom_async.models.breakdown import Group
from koscom_async.models.holdings import Holdings
from koscom_async.models.positions import Instrument, Lot, Position

# Plain data as JSON text that a terminal can be shown.

# JSON escapes only what is below U+0020; terminals obey U+0080 to U+009F too, and lone surrogates cannot be encoded.
_UNSAFE = re.compile("[\x7f-\x9f\ud800-\udfff]")


def json_text(data: object) -> str:
    """Return data as indented JSON, Korean text as it is."""
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


# Files of the command: holdings that were saved are read back, and what is written is there whole or not at all.

PRIVATE = 0o600
"""For account numbers in full: nobody but the user may read the file."""
USUAL = 0o666
"""Less what the user's umask takes away."""


def writable(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """Accept a file in a directory that can be written to, before anything is asked."""
    if path is None:
        return None
    target = _target(path)
    if target.is_dir():
        raise click.BadParameter(f"{path} is a directory")
    if not target.parent.is_dir():
        raise click.BadParameter(f"there is no directory {target.parent}")
    if not os.access(target if _is_special(target) else target.parent, os.W_OK):
        raise click.BadParameter(f"{path} cannot be written")
    return path


def savable(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Accept a file that can be replaced by a private one."""
    path = writable(context, parameter, path)
    if path is not None and _is_special(_target(path)):
        raise click.BadParameter(f"{path} is no ordinary file, and cannot be kept private")
    return path


def saved_holdings(path: Path) -> Holdings:
    """Return the holdings that `--save` wrote to a file, or say in a line what is wrong with it."""
    try:
        return Holdings.from_json(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise Failed(f"{path}: this is not text, and so not what --save wrote") from None
    except OSError as error:
        raise Failed(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise Failed(f"{path}: {error}") from error


def save(holdings: Holdings, path: Path) -> None:
    """Write holdings for a later `--diff`, with nothing lost, to a file that is the user's alone."""
    write(path, holdings.to_json().encode(), mode=PRIVATE)


def write(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Put data in the place of what was there, at once; a pipe or a device is written to as it is.

    Without a mode, the file keeps the one it has, or gets the usual one.
    """
    target = _target(path)
    try:
        if _is_special(target):
            target.write_bytes(data)
        else:
            replace_file(target, data, mode=_mode(target) if mode is None else mode)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror or error}") from error


def _target(path: Path) -> Path:
    """Follow links, so that what they point to is replaced, and not they."""
    return Path(os.path.realpath(path))


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else USUAL


# Where the command writes: data to stdout as UTF-8, what it has to say to stderr.

UNKNOWN_WIDTH = 120
"""Columns of a report that goes to no terminal, unless COLUMNS says otherwise."""


def show(report: RenderableType) -> None:
    """Print a report to stdout, as wide as the terminal is."""
    console(sys.stdout).print(report)


def drawn_text(report: RenderableType) -> str:
    """Return a report as it is printed where no terminal is."""
    page = io.StringIO()
    console(page).print(report)
    return page.getvalue()


def give(data: str | bytes) -> None:
    """Write data to stdout, text in UTF-8 wherever the command runs."""
    click.echo(data if isinstance(data, bytes) else one_end(data), nl=False)


def one_end(text: str) -> bytes:
    """Return text in UTF-8 that ends with one line break."""
    return (text.rstrip("\n") + "\n").encode()


def say(message: str) -> None:
    """Write a line to stderr."""
    click.echo(message, err=True)


def is_live(stream: TextIO) -> bool:
    """Whether somebody watches the stream on a terminal that can be drawn upon."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def console(stream: TextIO) -> Console:
    """Return a rich console that takes nothing that it prints for markup."""
    width = None if stream.isatty() or "COLUMNS" in os.environ else UNKNOWN_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


# Cells and rows of CSV that a spreadsheet opens safely: exact decimals, and no text that is a formula.

# What makes a spreadsheet take a cell for a formula, in both widths.
_FORMULA_MARKS = tuple("=+-@＝＋－＠")


def cell(value: object) -> str:
    """Return a value as a cell; what is not known is empty."""
    match value:
        case None:
            return ""
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
    """Return one row a position, or a lot, below a row of names; what is not known is empty."""
    columns, rows = (LOT_COLUMNS, _lots(holdings)) if with_lots else (POSITION_COLUMNS, _positions(holdings))
    return csv_table(columns, rows)


def csv_of_groups(groups: Iterable[Group]) -> str:
    """Return one row a group below a row of names; what is not known, or has no place there, is empty."""
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

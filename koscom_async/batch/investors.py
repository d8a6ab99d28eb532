"""A file of investors, a row for each: CSV or Parquet, read row by row, written for its owner alone.

It holds secrets: connecting information, names, and tokens where no store has them. An error names the file, the line
and the column, and never a value.
"""

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from koscom_async._files import OWNERS_FILE, replacing
from koscom_async._hints import needed
from koscom_async._masking import clean
from koscom_async.batch._run.inputs import LONGEST_KEY, is_key
from koscom_async.errors import SettingsError
from koscom_async.models.investor import COLUMNS, NEEDED, Investor, made_of, texts_of

__all__ = ["read_investors", "write_investors"]

KEY = "key"
HEADER = (KEY, *COLUMNS.values())
NEEDED_COLUMNS = (KEY, *(COLUMNS[path] for path in NEEDED))
ROWS_AT_ONCE = 1_000

Row = Mapping[str, Any]
_NAMES = {path: f"column {name}" for path, name in COLUMNS.items()}


def read_investors(path: str | os.PathLike[str]) -> Iterator[tuple[str, Investor]]:
    """Yield `(key, Investor)` for each row of a `.csv` (UTF-8) or `.parquet` file (extra `arrow`), in its order.

    The columns are `key` (your own name for the investor, and no secret), `ci`, `name`, `ip` and `mac`; and where no
    store has the tokens, `access_token`, `refresh_token`, `expires_at`, `issued_at` and `scope`. Times are ISO 8601
    with a time zone; an empty value is an absent one. The rows are read as they are asked for, and keys that come twice
    are yielded twice. A `SettingsError` names the line (of Parquet, the row) and the column of what is impossible, and
    columns that are missing or unknown.
    """
    file = Path(path)
    form = _format(file)
    try:
        yield from map(_investor, form.read(file))
    except SettingsError as error:
        failure = SettingsError(f"{clean(str(file))}: {error}", setting=error.setting)
    except UnicodeDecodeError:
        failure = SettingsError(f"{clean(str(file))} is not UTF-8; Excel calls it CSV UTF-8", setting="path")
    except (OSError, ValueError, csv.Error) as error:
        failure = _unusable(file, "read", error)
    else:
        return
    raise failure  # without the frames that hold a row


def write_investors(path: str | os.PathLike[str], investors: Iterable[tuple[str, Investor]]) -> None:
    """Write `(key, Investor)` into a `.csv` or `.parquet` file with mode 0600, **secrets included**.

    The file is there whole or not at all. Raises `SettingsError` for a key without text, and for a file that cannot be
    written.
    """
    file = Path(path)
    form = _format(file)
    try:
        with replacing(file, mode=OWNERS_FILE) as target:
            form.write(target, (_row(key, investor) for key, investor in investors))
    except OSError as error:
        raise _unusable(file, "written", error) from None


def _investor(numbered: tuple[str, Row]) -> tuple[str, Investor]:
    where, row = numbered
    key = _key(row.get(KEY), where)
    made = made_of(
        {path: row.get(name) for path, name in COLUMNS.items()}, _NAMES, missing="empty", kind=Investor
    )
    if isinstance(made, SettingsError):
        raise SettingsError(f"{where}, {made}", setting=made.setting)
    return key, made


def _row(key: str, investor: Investor) -> Row:
    return {KEY: _key(key, "an investor")} | {COLUMNS[path]: text for path, text in texts_of(investor)}


def _key(key: object, where: str) -> str:
    # A column of whole numbers names investors as well as one of texts.
    text = str(key) if isinstance(key, int) and not isinstance(key, bool) else key
    if not is_key(text):
        raise SettingsError(
            f"{where}, column {KEY}: must be printable text of at most {LONGEST_KEY} characters", setting=KEY
        )
    return text


def _check_header(names: Sequence[str]) -> None:
    if lacking := [name for name in NEEDED_COLUMNS if name not in names]:
        raise SettingsError(f"there is no column {', '.join(lacking)}", setting="columns")
    if unknown := [clean(name, longest=40) for name in names if name not in HEADER]:
        known = ", ".join(HEADER)
        raise SettingsError(f"unknown column {', '.join(unknown)}: known are {known}", setting="columns")
    if len(names) != len(set(names)):
        raise SettingsError("a column comes twice", setting="columns")


def _unusable(file: Path, done: str, error: Exception) -> SettingsError:
    # Only the system's own words: those of pyarrow may quote the file.
    why = getattr(error, "strerror", None) or f"it is no {file.suffix[1:]} file"
    return SettingsError(f"{clean(str(file))} cannot be {done}: {why}", setting="path")


def _read_csv(path: Path) -> Iterator[tuple[str, Row]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, strict=True)
        header = [name.strip() for name in next(lines, [])]
        _check_header(header)
        for values in lines:
            where = f"line {lines.line_num}"
            if values and len(values) != len(header):
                raise SettingsError(
                    f"{where} has {len(values)} values, the header {len(header)}", setting="columns"
                )
            if values:
                yield where, dict(zip(header, values, strict=True))


def _write_csv(target: BinaryIO, rows: Iterator[Row]) -> None:
    text = io.TextIOWrapper(target, encoding="utf-8", newline="")
    writer = csv.DictWriter(text, HEADER)
    writer.writeheader()
    writer.writerows(rows)
    text.detach()  # which flushes, and leaves the file open


def _read_parquet(path: Path) -> Iterator[tuple[str, Row]]:
    parquet = needed("pyarrow.parquet", extra="arrow")
    with path.open("rb") as opened, parquet.ParquetFile(opened) as file:
        _check_header(file.schema_arrow.names)
        numbers = count(1)
        for part in file.iter_batches(batch_size=ROWS_AT_ONCE):
            for row in part.to_pylist():
                yield f"row {next(numbers)}", row


def _write_parquet(target: BinaryIO, rows: Iterator[Row]) -> None:
    pa, parquet = needed("pyarrow", extra="arrow"), needed("pyarrow.parquet", extra="arrow")
    schema = pa.schema([(name, pa.string()) for name in HEADER])
    with parquet.ParquetWriter(target, schema) as writer:
        while part := list(islice(rows, ROWS_AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(part, schema))


class _Format(NamedTuple):
    read: Callable[[Path], Iterator[tuple[str, Row]]]
    write: Callable[[BinaryIO, Iterator[Row]], None]


_FORMATS = {".csv": _Format(_read_csv, _write_csv), ".parquet": _Format(_read_parquet, _write_parquet)}


def _format(path: Path) -> _Format:
    try:
        return _FORMATS[path.suffix.lower()]
    except KeyError:
        named = f"{clean(str(path))}: the name must end in {' or '.join(_FORMATS)}"
        raise SettingsError(named, setting="path") from None

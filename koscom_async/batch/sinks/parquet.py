"""A run's output as Parquet: a folder a segment, a file a table."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from hashlib import blake2b
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from attrs import frozen

from koscom_async._files import OWNERS_FILE, written
from koscom_async._hints import located, needed
from koscom_async.batch.segments import Entry, Segment
from koscom_async.batch.sinks.parts import Parts
from koscom_async.errors import UsageError, public_kind
from koscom_async.export.frames import table_of
from koscom_async.export.tables import (
    INEXACT,
    KEY,
    MONEY,
    NONE,
    TABLES,
    WON,
    Column,
    Type,
    rows_of,
    type_name,
    values_of,
)
from koscom_async.models.holdings import Holdings

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ParquetSink"]

Compression = Literal["zstd", "snappy", "gzip", "lz4", "none"]


class ParquetSink:
    """Writes each segment as a folder of Parquet files, whole or not at all (extra `arrow`).

    `folder/part-00000042/` holds `positions.parquet`, `lots.parquet`, `cash.parquet` and `accounts.parquet`, with the
    columns of `Holdings.to_arrow(table, key=…)`, decimals exact; and `investors.parquet`, with each investor once:
    totals in KRW, whether they are `complete`, or the error for which there are no holdings.
    When and in how many calls each was asked differs from run to run, and is apart, in `investor_calls.parquet` and
    `account_calls.parquet`. The other tables of two runs that read the same are equal, once sorted by key.

    With `day` the parts are below `folder/day=2026-11-26/`, so that a folder of nights is a history:

        polars.scan_parquet("out/*/part-*/positions.parquet", hive_partitioning=True)

    `compression` is `zstd`, `snappy`, `gzip`, `lz4` or `none`, and `UsageError` is raised for another. Folders have
    mode 0700 and files 0600. What the system refuses is a `SinkError`, and so is a folder in which another run has
    written.
    """

    def __init__(
        self, folder: str | os.PathLike[str], *, day: date | None = None, compression: Compression = "zstd"
    ) -> None:
        located("pyarrow", extra="arrow")
        if compression not in get_args(Compression):
            raise UsageError(
                f"there is no compression {compression!r}",
                advice=f"one of {', '.join(get_args(Compression))}",
            )
        self.folder = Path(folder) if day is None else Path(folder) / f"day={day.isoformat()}"
        self._compression = compression
        self._parts = Parts(self.folder, fingerprint=self.fingerprint)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.folder}>"

    @property
    def fingerprint(self) -> str:
        """The tables with the names and types of their columns."""
        columns = ((table, each.name, type_name(each.type)) for table in _COLUMNS for each in _COLUMNS[table])
        return f"parquet-{blake2b(repr([*columns]).encode(), digest_size=8).hexdigest()}"

    def open(self, run: str, *, alone: bool = True) -> None:
        """Make the folder, remove what a crash left, and refuse another run's; see `OpenedSink`."""
        self._parts.open(run, alone=alone)

    def has(self, segment: int) -> bool:
        """Return whether the segment's part is there."""
        return self._parts.has(segment)

    def waiting(self, segment: int) -> bytes:
        """Return what is known of those who wait; see `SharedSink`."""
        return self._parts.waiting(segment)

    def incomplete(self, segment: int) -> int:
        """Return how many of a segment's investors are not complete; see `SharedSink`."""
        return self._parts.incomplete(segment)

    def sweep(self) -> None:
        """Remove what only a run that goes on needs; see `SharedSink`."""
        self._parts.sweep()

    def commit(self, segment: Segment, waiting: bytes = b"") -> None:
        """Write the segment's files, and give their folder its name."""
        parquet = needed("pyarrow.parquet", extra="arrow")
        with self._parts.part(segment, waiting) as folder:
            for name, table in tables(segment):
                with written(folder / f"{name}.parquet", mode=OWNERS_FILE) as file:
                    parquet.write_table(table, file, compression=self._compression)


def tables(segment: Segment) -> "Iterator[tuple[str, pa.Table]]":
    """Yield each table of a segment by its name."""
    held = [(entry.key, entry.holdings) for entry in segment.entries if entry.holdings is not None]
    for table in TABLES:
        rows = [row for key, holdings in held for row in rows_of(holdings, table, key=key)]
        yield table, table_of(values_of(rows, _COLUMNS[table]))
        if table == "accounts":
            yield "account_calls", table_of(values_of(rows, _COLUMNS["account_calls"]))
    entries = [_Row(segment, entry) for entry in segment.entries]
    for name in ("investors", "investor_calls"):
        yield name, table_of(values_of(entries, _COLUMNS[name]))


def _of_totals(name: str, meaning: str) -> Column:
    def read(row: "_Row") -> object:
        return getattr(row.entry.holdings.totals, name) if row.entry.holdings else None

    return Column(name, MONEY, WON, meaning, read)


def _of_error(column: str, name: str, meaning: str, *, kind: Type = "text") -> Column:
    return Column(column, kind, NONE, meaning, lambda row: getattr(row.entry.error, name, None))


def _of_holdings(name: str, kind: Type, meaning: str, read: Callable[[Holdings], object]) -> Column:
    def read_if_there(row: "_Row") -> object:
        return read(row.entry.holdings) if row.entry.holdings else None

    return Column(name, kind, NONE, meaning, read_if_there)


@frozen
class _Row:
    """What the investors' tables are read from."""

    segment: Segment
    entry: Entry

    @property
    def key(self) -> str:
        return self.entry.key


_INVESTORS = (
    KEY,
    Column("complete", "flag", NONE, "whether every account was read", lambda row: row.entry.complete),
    _of_holdings("accounts", "count", "linked accounts", lambda holdings: len(holdings.outcomes)),
    _of_holdings("failed", "count", "of them, not read", lambda holdings: len(holdings.failures)),
    _of_holdings("doubts", "count", "what may be counted twice", lambda holdings: len(holdings.doubts)),
    _of_holdings("consent_expires_on", "day", "end of the consent", attrgetter("consent_expires_on")),
    _of_totals("value", "value of the securities"),
    _of_totals("cost", "their cost"),
    _of_totals("profit_loss", "value less cost, where it is known"),
    _of_totals("cash", "settled today"),
    _of_totals("unsettled", "what trades will add to it"),
    _of_totals("liabilities", "loans and what is not paid yet"),
    _of_totals("net_worth", "value and cash less liabilities"),
    Column(
        "error",
        "text",
        NONE,
        "kind of the error for which there are no holdings",
        lambda row: public_kind(row.entry.error) if row.entry.error else None,
    ),
    _of_error("error_code", "code", "the platform's code, or a word"),
    _of_error("error_message", "message", "what went wrong"),
    _of_error("advice", "advice", "what to do about it"),
    _of_error("retriable", "retriable", "whether asking again may help", kind="flag"),
    INEXACT,
)
_INVESTOR_CALLS = (
    KEY,
    _of_holdings("asked_at", "moment", "when the first question was asked", attrgetter("as_of")),
    Column("calls", "count", NONE, "made for the investor", lambda row: row.entry.calls),
    Column("passes", "count", NONE, "in which they were made", lambda row: row.entry.passes),
    Column("segment", "count", NONE, "number of the segment", lambda row: row.segment.number),
    Column("run", "text", NONE, "name of the run", lambda row: row.segment.run),
)

_VARYING = {"asked_at", "as_of", "calls", "retries", "pages", "seconds_waited", "seconds"}
_COLUMNS: Mapping[str, Sequence[Column]] = {
    **{
        name: (KEY, *(each for each in columns if each.name not in _VARYING))
        for name, columns in TABLES.items()
    },
    "account_calls": (
        KEY,
        *(
            each
            for each in TABLES["accounts"]
            if each.name in _VARYING | {"account_key", "account_index", "broker_code", "broker"}
        ),
    ),
    "investors": _INVESTORS,
    "investor_calls": _INVESTOR_CALLS,
}

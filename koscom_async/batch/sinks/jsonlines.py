"""A run's output as JSON lines: one file that grows by whole segments, or a folder of parts."""

import gzip
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, get_args

from koscom_async._files import OWNERS_FILE, OWNERS_FOLDER, make_directory, sync_directory, written
from koscom_async._hints import located, needed
from koscom_async.batch.segments import Entry, Segment
from koscom_async.batch.sinks.parts import Parts, sink_errors
from koscom_async.errors import SinkError, UsageError
from koscom_async.export.rows import plain
from koscom_async.export.texts import escaped_halves

__all__ = ["JsonLinesSink"]

Compression = Literal["gzip", "zstd"]

_ENDINGS: Mapping[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
_LINES = {".jsonl", ".ndjson", ".json"}
_VARYING = ("as_of", "trace")


class JsonLinesSink:
    """Writes a line an investor: `{"key": …, "complete": …, "holdings": …, "error": …, "run": …}`.

    `holdings` are those of `Holdings.to_dicts()`, account numbers masked, or `null` with an `error`. When and in how
    many calls the investor was asked differs from run to run, and is in `run`, which has `as_of` and `trace` of the
    holdings and of each outcome: without it, the sorted lines of two runs that read the same are equal.

    A path that ends in `.jsonl`, `.ndjson` or `.json` is one file, to which whole segments are added; which ones
    stands beside it, in `….segments`. Any other path is a folder, to which several processes can write: a segment's
    lines are in `part-00000042/investors.jsonl`. `compression` is `gzip` or `zstd` (extra `arrow`), and `UsageError` is
    raised for another; a path that ends in `.gz` or `.zst` says so itself. Folders have mode 0700 and files 0600. What
    the system refuses is a `SinkError`, and so is a place in which another run has written.
    """

    def __init__(self, path: str | os.PathLike[str], *, compression: Compression | None = None) -> None:
        self.path = Path(path)
        self._compression = compression or _ENDINGS.get(self.path.suffix)
        if self._compression not in (None, *get_args(Compression)):
            raise UsageError(f"there is no compression {compression!r}", advice="one of gzip, zstd")
        if self._compression == "zstd":
            located("pyarrow", extra="arrow")
        name = self.path.with_suffix("") if self.path.suffix in _ENDINGS else self.path
        is_file = name.suffix in _LINES
        self._place: _Grown | _Folder = (
            _Grown(self.path, self.fingerprint)
            if is_file
            else _Folder(self.path, self.fingerprint, self._compression)
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path}>"

    @property
    def fingerprint(self) -> str:
        """The version of the lines, and how they are compressed."""
        return "-".join(filter(None, ("json-lines-1", self._compression)))

    def open(self, run: str, *, alone: bool = True) -> None:
        """Find what is there of the run, remove what a crash left, and refuse another run's; see `OpenedSink`."""
        self._place.open(run, alone=alone)

    def has(self, segment: int) -> bool:
        """Return whether the segment's lines are there, all of them."""
        return self._place.has(segment)

    def waiting(self, segment: int) -> bytes:
        """Return what is known of those who wait; see `SharedSink`."""
        return self._place.waiting(segment)

    def incomplete(self, segment: int) -> int:
        """Return how many of a segment's investors are not complete; see `SharedSink`."""
        return self._place.incomplete(segment)

    def sweep(self) -> None:
        """Remove what only a run that goes on needs; see `SharedSink`."""
        self._place.sweep()

    def commit(self, segment: Segment, waiting: bytes = b"") -> None:
        """Write the segment's lines, all of them or none."""
        text = "".join(f"{line_of(entry, segment)}\n" for entry in segment.entries)
        self._place.add(segment, _compressed(text.encode(), self._compression), waiting)


def line_of(entry: Entry, segment: Segment) -> str:
    """Return an investor's line, without the end of the line."""
    holdings = None if entry.holdings is None else entry.holdings.to_dicts()
    run: dict[str, Any] = {"id": segment.run, "segment": segment.number}
    run |= {"calls": entry.calls, "passes": entry.passes}
    if holdings is not None:
        run["as_of"] = holdings.pop("as_of")
        for name in ("outcomes", "failures"):
            run[name] = [{fact: outcome.pop(fact) for fact in _VARYING} for outcome in holdings[name]]
    line = {
        "key": entry.key,
        "complete": entry.complete,
        "holdings": holdings,
        "error": None if entry.error is None else plain(entry.error),
        "run": run,
    }
    return escaped_halves(json.dumps(line, ensure_ascii=False, separators=(",", ":")))


def _compressed(data: bytes, compression: Compression | None) -> bytes:
    """Return what one segment adds to a file: files of these formats may be put one behind the other."""
    if compression == "gzip":
        return gzip.compress(data, mtime=0)
    if compression == "zstd":
        return bytes(needed("pyarrow", extra="arrow").compress(data, codec="zstd", asbytes=True))
    return data


class _Folder:
    """Segments as parts of a folder."""

    def __init__(self, folder: Path, fingerprint: str, compression: Compression | None) -> None:
        ending = next((end for end, each in _ENDINGS.items() if each == compression), "")
        self._name = f"investors.jsonl{ending}"
        self._parts = Parts(folder, fingerprint=fingerprint)
        self.open, self.has = self._parts.open, self._parts.has
        self.waiting, self.sweep = self._parts.waiting, self._parts.sweep
        self.incomplete = self._parts.incomplete

    def add(self, segment: Segment, data: bytes, waiting: bytes) -> None:
        with (
            self._parts.part(segment, waiting) as folder,
            written(folder / self._name, mode=OWNERS_FILE) as file,
        ):
            file.write(data)


class _Grown:
    """Segments one behind the other in a file, and beside it the list of their ends.

    The data are on the disk before the list has their end, which is what commits them: what is behind the last end was
    left by a crash, and is cut off.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._path = path
        self._list = path.with_name(f"{path.name}.segments")
        self._fingerprint = fingerprint
        self._run: str | None = None
        self._committed: set[int] = set()
        self._end = self._end_of_list = 0

    def open(self, run: str, *, alone: bool) -> None:
        if not alone:
            raise self._shared()
        with sink_errors(self._path):
            make_directory(self._path.parent, mode=OWNERS_FOLDER)
            listed = self._list.read_bytes() if self._list.exists() else b""
            size = self._path.stat().st_size if self._path.exists() else 0
            whole = listed[: listed.rfind(b"\n") + 1]  # a crash may have cut the last line off
            if whole:
                self._read(whole, run)
            elif size:
                raise self._foreign()
            head = b"" if whole else _line(run=run, format=self._fingerprint)
            _put(self._path, b"", at=self._end)
            _put(self._list, head, at=len(whole))
            sync_directory(self._path.parent)
        self._run, self._end_of_list = run, len(whole) + len(head)

    def has(self, number: int) -> bool:
        return number in self._committed

    def waiting(self, number: int) -> bytes:
        raise self._shared()

    def incomplete(self, number: int) -> int:
        raise self._shared()

    def sweep(self) -> None:
        raise self._shared()

    def add(self, segment: Segment, data: bytes, waiting: bytes) -> None:
        if waiting:
            raise self._shared()
        if self._run is None:
            self.open(segment.run, alone=True)
        if segment.run != self._run:
            raise self._foreign()
        if self.has(segment.number):
            return
        end = self._end + len(data)
        line = _line(segment=segment.number, end=end)
        with sink_errors(self._path):
            _put(self._path, data, at=self._end)
            _put(self._list, line, at=self._end_of_list)
        self._committed.add(segment.number)
        self._end, self._end_of_list = end, self._end_of_list + len(line)

    def _read(self, listed: bytes, run: str) -> None:
        try:
            head, *ends = map(json.loads, listed.splitlines())
            found = head["run"], head["format"]
            self._committed = {each["segment"] for each in ends}
            self._end = ends[-1]["end"] if ends else 0
        except (ValueError, TypeError, LookupError):
            raise self._foreign() from None
        if found != (run, self._fingerprint):
            raise self._foreign()

    def _shared(self) -> UsageError:
        return UsageError(
            f"several processes cannot add to one file, {self._path}", advice="give a folder instead"
        )

    def _foreign(self) -> SinkError:
        return SinkError(
            f"{self._path} belongs to another run, or has other columns",
            advice="write each run to a file of its own, or go on with that run's checkpoint",
        )


def _line(**facts: object) -> bytes:
    return json.dumps(facts).encode() + b"\n"


def _put(path: Path, data: bytes, *, at: int) -> None:
    """Put data on the disk behind so many bytes; what was there is cut off, and so are the data if that fails.

    Raises `SinkError` where the file has fewer bytes: it was removed, or cut, since they were committed.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(path, flags, OWNERS_FILE), "r+b") as file:
            if file.seek(0, os.SEEK_END) < at:
                raise SinkError(
                    f"{path} is shorter than what was committed to it",
                    advice="put back what was written, or begin a new run with a new checkpoint and another file",
                )
            file.truncate(at)
            file.seek(at)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            os.truncate(path, at)
        raise

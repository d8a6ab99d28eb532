"""A folder of parts: each segment is a folder of its own, `part-00000042`, that gets its name when it is whole.

A part is written under a temporary name, put on the disk, and renamed, which is one step on every file system: a reader
sees all of a segment's files, or none. A name that is taken stays what it is, so that of two processes that write one
segment the first wins. What a part is stands in its `segment.json`, and is asked for after a crash.
"""

import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from koscom_async._files import OWNERS_FILE, OWNERS_FOLDER, make_directory, sync_directory, written
from koscom_async.batch.segments import Segment
from koscom_async.errors import SinkError

_LABEL = "segment.json"
_WAITING = ".waiting"
_PART = "part-{:08d}"
_TEMPORARY = ".part-*.tmp"
"""No reader's `part-*` finds these."""


class Parts:
    """The parts of a run's output below a folder; each says which run it belongs to.

    Without a run, which is so until `open`, any part is taken for the run's own.
    """

    def __init__(self, folder: Path, *, fingerprint: str) -> None:
        self.folder = folder
        self._fingerprint = fingerprint
        self._run: str | None = None

    def open(self, run: str, *, alone: bool) -> None:
        """Make the folder; alone in it, remove what a crash left, and refuse another run's parts at once."""
        self._run = run
        with sink_errors(self.folder):
            make_directory(self.folder, mode=OWNERS_FOLDER)
            if not alone:
                return
            self._remove_left()
            first = next(self.folder.glob("part-*"), None)
        if first is not None:
            self._check(first)

    def has(self, number: int) -> bool:
        """Return whether the part is there; raise `SinkError` where it is another run's."""
        part = self._part(number)
        if not part.exists():
            return False
        self._check(part)
        return True

    def waiting(self, number: int) -> bytes:
        """Return what is known of the investors of a part who wait."""
        path = self._part(number) / _WAITING
        with sink_errors(path):
            return path.read_bytes() if path.exists() else b""

    def incomplete(self, number: int) -> int:
        """Return how many investors of a part lack an account, or all."""
        return int(self._check(self._part(number))["incomplete"])

    def sweep(self) -> None:
        """Remove what crashes left, and what was known of those who waited."""
        with sink_errors(self.folder):
            self._remove_left()
            for path in self.folder.glob(f"part-*/{_WAITING}"):
                path.unlink()

    @contextmanager
    def part(self, segment: Segment, waiting: bytes = b"") -> Iterator[Path]:
        """Give a folder for the segment's files, which is a part when the block ends, and nothing if it raises."""
        part = self._part(segment.number)
        beside = self.folder / f".{part.name}.{secrets.token_hex(4)}.tmp"
        label = {
            "run": segment.run,
            "segment": segment.number,
            "investors": len(segment.entries),
            "incomplete": sum(not entry.complete for entry in segment.entries),
            "format": self._fingerprint,
        }
        with sink_errors(part):
            if self._run is None:  # once it is open, a folder that is gone took parts with it
                make_directory(self.folder, mode=OWNERS_FOLDER)
            beside.mkdir(mode=OWNERS_FOLDER)
            try:
                yield beside
                for name, data in ((_WAITING, waiting), (_LABEL, json.dumps(label).encode())):
                    if data:
                        with written(beside / name, mode=OWNERS_FILE) as file:
                            file.write(data)
                sync_directory(beside)
                self._name(beside, part, run=segment.run)
                sync_directory(self.folder)
            finally:
                shutil.rmtree(beside, ignore_errors=True)

    def _remove_left(self) -> None:
        for left in self.folder.glob(_TEMPORARY):
            shutil.rmtree(left)

    def _name(self, beside: Path, part: Path, *, run: str) -> None:
        try:
            beside.rename(part)
        except OSError:
            # Another process was first with the same segment: one of them is enough.
            if not part.exists():
                raise
            self._check(part, run=run)

    def _part(self, number: int) -> Path:
        return self.folder / _PART.format(number)

    def _check(self, part: Path, *, run: str | None = None) -> dict[str, Any]:
        """Return the label of a part of this run."""
        wanted = run or self._run
        try:
            label: dict[str, Any] = json.loads((part / _LABEL).read_bytes())
            found = label["run"], label["format"]
        except (OSError, ValueError, TypeError, LookupError):
            raise SinkError(
                f"{part} is no segment of this library's", advice="write to a folder of its own"
            ) from None
        if found != (wanted or found[0], self._fingerprint):
            raise SinkError(
                f"{part} belongs to another run, or has other columns",
                advice="write each run to a folder of its own, or go on with that run's checkpoint",
            )
        return label


@contextmanager
def sink_errors(place: Path) -> Iterator[None]:
    """Raise what the system refuses in the block as a `SinkError` that names the place."""
    try:
        yield
    except OSError as error:
        raise SinkError(f"{place} cannot be written: {error.strerror or type(error).__name__}") from error

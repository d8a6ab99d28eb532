"""Writes a file whole or not at all, whenever a crash comes. Does not choose its place, nor which mode it gets."""

import errno
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

OWNERS_FOLDER, OWNERS_FILE = 0o700, 0o600
"""The modes of what only its owner may open: tokens, and what people own."""
LONGEST_NAME = 100  # characters of the name that the temporary file takes over; file systems allow 255 bytes


def replace_file(path: Path, data: bytes, *, mode: int) -> None:
    """Put a new file in the place of the old one, as `replacing` does."""
    with replacing(path, mode=mode) as file:
        file.write(data)


@contextmanager
def replacing(path: Path, *, mode: int) -> Iterator[BinaryIO]:
    """Yield a new file that takes the place of the old one, in one step and on the disk; a link is followed.

    The new file is created with `mode`, so that there is no moment at which others can open it. Where the block raises,
    the old file stays.
    """
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name[:LONGEST_NAME]}.{secrets.token_hex(4)}.tmp")
    try:
        with written(beside, mode=mode) as file:
            yield file
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_directory(target.parent)


@contextmanager
def written(path: Path, *, mode: int) -> Iterator[BinaryIO]:
    """Give a new file to be written; when the block ends, what was written is on the disk. The name must be free."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def make_directory(path: Path, *, mode: int) -> None:
    """Make a directory, and those above it that are missing, each on the disk; what is no directory is an error."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=mode, exist_ok=True)
        sync_directory(each.parent)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def sync_directory(path: Path) -> None:
    """Make a new name in a directory outlive a power cut; Windows has no such call."""
    if sys.platform != "win32":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""Tokens in a file of the user's own, for notebooks and the command line.

Owns the file: its place, its mode, and that it is either the old one or the new one, whenever a crash comes. The
tokens stand in it as they are, as those of other command lines do: what protects them is the file's mode.
"""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkstemp
from threading import Lock

import anyio
import anyio.to_thread

from koscom_async.models.investor import Token
from koscom_async.tokens.file_lock import FileLock
from koscom_async.tokens.record import read_record, token_record

FILE_VARIABLE = "KOSCOM_TOKEN_FILE"
OWNERS_DIRECTORY = 0o700
_POLL_SECONDS = 0.05


def default_path() -> Path:
    """Return the place of the file: KOSCOM_TOKEN_FILE, or `tokens.json` in the user's configuration directory."""
    named = os.environ.get(FILE_VARIABLE)
    if named:
        return Path(named).expanduser()
    variable, fallback = (
        ("APPDATA", "AppData/Roaming") if sys.platform == "win32" else ("XDG_CONFIG_HOME", ".config")
    )
    base = os.environ.get(variable)
    return (Path(base) if base else Path.home() / fallback) / "koscom" / "tokens.json"


class FileTokenStore:
    """Tokens in a JSON file with mode 0600, in a directory that is made with mode 0700.

    Without `path` it is the file of `koscom login`. Processes that share the file renew a token one at a time
    (except on Windows, where only those of one process do). Raises `OSError` where the file cannot be read or
    written; one with foreign content counts as empty, and is only replaced when a token is saved.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = default_path() if path is None else Path(path)
        self._writing = Lock()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path}>"

    async def load(self, key: str) -> Token | None:
        """Return the token that was saved last, or `None`."""
        return read_record((await anyio.to_thread.run_sync(self._read)).get(key))

    async def save(self, key: str, token: Token) -> None:
        """Keep a token in the place of an earlier one; when this returns, it is on the disk."""
        await anyio.to_thread.run_sync(self._replace, key, token)

    @asynccontextmanager
    async def lock(self, key: str) -> AsyncIterator[None]:  # noqa: ARG002  # one lock for the few tokens of a user
        """Let one process at a time renew a token of this file."""
        lock = FileLock(self._beside("renewing"))
        try:
            # Polled, since a thread that waits in the system for a lock cannot be called back.
            while not await anyio.to_thread.run_sync(self._take, lock):  # noqa: ASYNC110  # no event crosses processes
                await anyio.sleep(_POLL_SECONDS)
            yield
        finally:
            lock.release()

    def _read(self) -> dict[str, object]:
        try:
            document = json.loads(self.path.read_bytes())
        except (FileNotFoundError, ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}

    def _take(self, lock: FileLock) -> bool:
        _make_directory(self.path.parent)
        return lock.acquire(wait=False)

    def _replace(self, key: str, token: Token) -> None:
        _make_directory(self.path.parent)
        # Another process may be saving another investor's token: reading and writing belong together.
        lock = FileLock(self._beside("lock"))
        with self._writing:
            try:
                lock.acquire(wait=True)
                document = self._read() | {key: token_record(token)}
                _write_whole(Path(os.path.realpath(self.path)), json.dumps(document, indent=1))
            finally:
                lock.release()

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{suffix}")


def _make_directory(path: Path) -> None:
    """Make a directory that only its owner may look into; one that is there stays as it is."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=OWNERS_DIRECTORY, exist_ok=True)


def _write_whole(path: Path, text: str) -> None:
    """Put a new file in the place of the old one, in one step; its mode is 0600 from the beginning."""
    descriptor, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    # What makes the new name outlive a power cut; Windows has no such call.
    if sys.platform != "win32":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

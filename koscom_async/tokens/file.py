"""Tokens in a file of the user's own, for notebooks and the command line.

Owns the file: its place, its mode, and that it is the old one or the new one, whenever a crash comes. Does not encrypt:
as with other command lines, the file's mode protects the tokens.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from koscom_async._files import replace_file
from koscom_async.models.investor import Token
from koscom_async.tokens.store import read_record, token_record

if TYPE_CHECKING:
    from filelock import BaseFileLock

FILE_VARIABLE = "KOSCOM_TOKEN_FILE"
OWNERS_DIRECTORY = 0o700
OWNERS_FILE = 0o600
_POLL_SECONDS = 0.05
_SAVE_POLL_SECONDS = 0.01


def default_path() -> Path:
    """Return KOSCOM_TOKEN_FILE, or `tokens.json` in the user's configuration directory.

    A file in `~/.config`, where version 0.1 kept it on macOS too, is still found.
    """
    named = os.environ.get(FILE_VARIABLE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_config_path

    path = user_config_path("koscom", appauthor=False, roaming=True) / "tokens.json"
    base = os.environ.get("XDG_CONFIG_HOME")
    earlier = (Path(base) if base else Path.home() / ".config") / "koscom" / "tokens.json"
    return earlier if earlier.exists() and not path.exists() else path


class FileTokenStore:
    """Tokens in a JSON file with mode 0600, in a directory that is made with mode 0700.

    Without `path` it is the file of `koscom login`. Processes that share the file renew a token one at a time.
    Raises `OSError` where the file cannot be read or written; one with foreign content counts as empty, and is only
    replaced when a token is saved.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = default_path() if path is None else Path(path)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path}>"

    async def load(self, key: str) -> Token | None:
        """Return the token that was saved last, or `None`."""
        return read_record((await anyio.to_thread.run_sync(self._read)).get(key))

    async def save(self, key: str, token: Token) -> None:
        """Keep a token in the place of an earlier one; when this returns, it is on the disk."""
        await anyio.to_thread.run_sync(self._replace, key, token)

    @asynccontextmanager
    async def lock(self, key: str) -> AsyncIterator[None]:
        """Let one process at a time renew a token of this file: one lock for the few tokens of a user."""
        lock, is_over = self._lock("renewing"), Event()
        try:
            # Polled, since a thread that waits in the system for a lock cannot be cancelled.
            while not await anyio.to_thread.run_sync(_take, lock, is_over):  # noqa: ASYNC110  # no event crosses processes
                await anyio.sleep(_POLL_SECONDS)
            yield
        finally:
            is_over.set()
            lock.release()

    def _read(self) -> dict[str, object]:
        try:
            document = json.loads(self.path.read_bytes())
        except (FileNotFoundError, ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}

    def _replace(self, key: str, token: Token) -> None:
        # Another process may be saving another investor's token: reading and writing belong together.
        with self._lock("lock").acquire(poll_interval=_SAVE_POLL_SECONDS):
            document = self._read() | {key: token_record(token)}
            replace_file(self.path, json.dumps(document, indent=1).encode(), mode=OWNERS_FILE)

    def _lock(self, suffix: str) -> "BaseFileLock":
        from filelock import FileLock

        _make_directory(self.path.parent)
        # Taken in one thread and given back in another.
        return FileLock(
            self.path.with_name(f"{self.path.name}.{suffix}"), mode=OWNERS_FILE, thread_local=False
        )


def _take(lock: "BaseFileLock", is_over: Event) -> bool:
    """Take the lock if it is free; give it back at once if its caller was cancelled while this thread took it."""
    from filelock import Timeout

    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    if is_over.is_set():
        lock.release()
    return True


def _make_directory(path: Path) -> None:
    """Make a directory that only its owner may look into; one that is there stays as it is."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=OWNERS_DIRECTORY, exist_ok=True)

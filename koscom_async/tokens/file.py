"""Tokens in a file of the user's own, for notebooks and the command line.

Owns the file: its place, whose it is, and that it is the old one or the new one, whenever a crash comes. Without a seal
the file's mode protects the tokens, as with other command lines; and as with ssh, a file of another user, or one that
others may write to, is not believed.
"""

import errno
import json
import logging
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from koscom_async._files import OWNERS_FILE, OWNERS_FOLDER, replace_file
from koscom_async.errors import ConnectionFailedError
from koscom_async.models.investor import Token
from koscom_async.tokens.records import is_sealed, read_record, sealed_again, token_record
from koscom_async.tokens.seal import Seal
from koscom_async.tokens.store import store_failed

if TYPE_CHECKING:
    from filelock import BaseFileLock

FILE_VARIABLE = "KOSCOM_TOKEN_FILE"
MODES_TELL = hasattr(os, "geteuid")
"""Whether a file has an owner and a mode; on Windows these say nothing."""
OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
OTHERS_MAY_READ = stat.S_IRGRP | stat.S_IROTH
SAVE_SECONDS = 10.0
"""How long a save waits for other processes' saves, each of which takes milliseconds."""
RENEWAL_SECONDS = 120.0
"""How long a renewal waits for another process's, which may try a few times."""
_POLL_SECONDS = 0.05
_SAVE_POLL_SECONDS = 0.01

logger = logging.getLogger("koscom_async.tokens")


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

    Without `path` it is the file of `koscom login`. Processes that share the file renew a token one at a time. With
    `seal` (`FernetSeal`, `KeyringSeal`, or your own) tokens are encrypted; those in the file, too, once one is saved.
    Raises `OSError` where the file cannot be read or written; `ConnectionFailedError` for a link, for a file of another
    user or one that others may write to, and where another process holds the file's lock for too long;
    `SettingsError` for a token that the seal does not open. A file with foreign content counts as empty, and is only
    replaced when a token is saved.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, seal: Seal | None = None) -> None:
        self.path = default_path() if path is None else Path(path)
        self._seal = seal
        self._is_warned = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path}>"

    @property
    def is_sealed(self) -> bool:
        """Whether any token in the file is sealed; reads the file."""
        return any(map(is_sealed, self._read().values()))

    async def load(self, key: str) -> Token | None:
        """Return the token that was saved last, or `None`."""
        return await anyio.to_thread.run_sync(self._load, key)

    async def save(self, key: str, token: Token) -> None:
        """Keep a token in the place of an earlier one; when this returns, it is on the disk."""
        # Another process may be saving another investor's token: reading and writing belong together.
        async with self._held("lock", seconds=SAVE_SECONDS, poll=_SAVE_POLL_SECONDS):
            await anyio.to_thread.run_sync(self._replace, key, token)

    @asynccontextmanager
    async def lock(self, key: str) -> AsyncIterator[None]:
        """Let one process at a time renew a token of this file: one lock for the few tokens of a user."""
        async with self._held("renewing", seconds=RENEWAL_SECONDS, poll=_POLL_SECONDS):
            yield

    def _load(self, key: str) -> Token | None:
        return read_record(self._read().get(key), key=key, seal=self._seal)

    def _read(self) -> dict[str, object]:
        try:
            text, mode = _read_private(self.path)
            self._warn_once(mode)
            document = json.loads(text)
        except (FileNotFoundError, ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}

    def _warn_once(self, mode: int) -> None:
        if self._is_warned or not MODES_TELL:
            return
        self._is_warned = True
        if mode & OTHERS_MAY_READ:
            logger.warning(
                "the token file %s may be read by others (mode %04o): chmod 600 it", self.path, mode
            )
        folder = self.path.parent
        mode = stat.S_IMODE(folder.stat().st_mode)
        # Where a folder is sticky, as /tmp is, others cannot put another file in the place of the user's.
        if mode & OTHERS_MAY_WRITE and not mode & stat.S_ISVTX:
            logger.warning(
                "the folder %s of the token file may be written to by others (mode %04o): chmod 700 it",
                folder,
                mode,
            )

    def _replace(self, key: str, token: Token) -> None:
        replace_file(self.path, self._with(key, token), mode=OWNERS_FILE)

    def _with(self, key: str, token: Token) -> bytes:
        others = {each: record for each, record in self._read().items() if each != key}
        document = {each: sealed_again(record, key=each, seal=self._seal) for each, record in others.items()}
        document[key] = token_record(token, key=key, seal=self._seal)
        return json.dumps(document, indent=1).encode()

    @asynccontextmanager
    async def _held(self, suffix: str, *, seconds: float, poll: float) -> AsyncIterator[None]:
        lock, is_over = self._lock(suffix), Event()
        try:
            with anyio.move_on_after(seconds):
                # Polled, since a thread that waits in the system for a lock cannot be cancelled.
                while not await anyio.to_thread.run_sync(_take, lock, is_over):  # noqa: ASYNC110  # no event crosses processes
                    await anyio.sleep(poll)
            if not lock.is_locked:
                raise store_failed(
                    f"another process has held the lock {lock.lock_file} for {seconds:g} s",
                    advice="end the process that holds it; a lock file by itself holds nothing",
                )
            yield
        finally:
            is_over.set()
            lock.release()

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
        path.mkdir(mode=OWNERS_FOLDER, exist_ok=True)


_OPEN_FLAGS = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
)
"""Follows no link, waits for no pipe."""
_LINK_ERRORS = {errno.ELOOP, errno.EMLINK}


def _read_private(path: Path) -> tuple[bytes, int]:
    """Return content and mode of a file that is the user's own: it is opened first, so that what is checked is read."""
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except OSError as error:
        if error.errno not in _LINK_ERRORS:
            raise
        raise _not_believed(path, "is a link", f"set {FILE_VARIABLE} to the file itself") from None
    try:
        status = os.fstat(descriptor)
        _check_owner(path, status)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(), stat.S_IMODE(status.st_mode)
    finally:
        os.close(descriptor)


def _check_owner(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _not_believed(path, "is not an ordinary file", "move it away, and log in again")
    if not MODES_TELL:
        return
    if status.st_uid not in {os.geteuid(), 0}:
        advice = "move it away, and log in again"
        raise _not_believed(path, f"belongs to another user ({status.st_uid})", advice)
    if status.st_mode & OTHERS_MAY_WRITE:
        advice = f"if you trust what is in it: chmod 600 {path}; otherwise move it away, and log in again"
        raise _not_believed(
            path, f"may be written to by others (mode {stat.S_IMODE(status.st_mode):04o})", advice
        )


def _not_believed(path: Path, why: str, advice: str) -> ConnectionFailedError:
    return store_failed(f"the token file {path} {why}, so it is not believed", advice=advice)

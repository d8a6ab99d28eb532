"""The SQLite file behind a run's journal: opened, locked for one process, written with or without waiting for the disk.

Knows nothing of what is kept in it, apart from the facts by which a run is known again.
"""

import os
import platform
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import thread_time
from typing import TYPE_CHECKING, Any

from koscom_async._clock import korean_now
from koscom_async._files import OWNERS_FILE, OWNERS_FOLDER, make_directory
from koscom_async.errors import SinkError, UsageError

if TYPE_CHECKING:
    from filelock import BaseFileLock

_FACTS = "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"


class Database:
    """A file that one process at a time has open; without a path, a temporary one that ends with the process.

    `seconds` is the CPU time that was spent in it. What SQLite and the system raise leaves as a `SinkError`; a file
    that another process holds raises `UsageError`.
    """

    def __init__(self, path: Path | None, tables: str) -> None:
        self.path = path
        self.seconds = 0.0
        self._lock: BaseFileLock | None = None
        with self.guarded():
            self._lock = _locked(path) if path is not None else None
            try:
                self._connection = sqlite3.connect(path or "", isolation_level=None, check_same_thread=False)
                try:
                    self._prepare(tables)
                except BaseException:
                    self._connection.close()
                    raise
            except BaseException:
                self._release()
                raise

    def _prepare(self, tables: str) -> None:
        if self.path is not None:
            self._connection.execute("PRAGMA journal_mode = WAL")
        self._wait_for_disk(is_wanted=True)
        self._connection.executescript(_FACTS + tables)
        holder = f"process {os.getpid()} on {platform.node()} since {korean_now():%Y-%m-%d %H:%M:%S} KST"
        self.set_fact("holder", holder)

    def execute(self, statement: str, *arguments: object) -> sqlite3.Cursor:
        return self._connection.execute(statement, arguments)

    def execute_many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._connection.executemany(statement, rows)

    def rows(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        with self.guarded():
            return self._connection.execute(statement, arguments).fetchall()

    def fact(self, name: str) -> str | None:
        found = self.rows("SELECT value FROM facts WHERE name = ?", name)
        return str(found[0][0]) if found else None

    def set_fact(self, name: str, value: str) -> str:
        self.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, value)
        return value

    def check_fact(self, name: str, value: str, differs: str) -> None:
        """Keep a fact when it is new; raise `UsageError` where it was another before."""
        known = self.fact(name)
        if known is None:
            self.set_fact(name, value)
        elif known != value:
            raise UsageError(
                f"the checkpoint {self.path} was begun with {differs}",
                code="checkpoint",
                advice="go on with what it was begun with, or give this run a checkpoint and an output of its own",
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Enter a transaction: what is in it is on the disk when it is left, all or nothing."""
        with self.guarded():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:  # a full disk has ended it
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def light_transaction(self) -> Iterator[None]:
        """Enter a transaction that outlives the process, and does not wait for the disk."""
        self._wait_for_disk(is_wanted=False)
        try:
            with self.transaction():
                yield
        finally:
            self._wait_for_disk(is_wanted=True)

    def _wait_for_disk(self, *, is_wanted: bool) -> None:
        # WAL outlives the process in any mode; only FULL waits for the disk, and so outlives a power cut.
        mode = "OFF" if self.path is None else "FULL" if is_wanted else "NORMAL"
        self._connection.execute(f"PRAGMA synchronous = {mode}")

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Count the time, and raise what SQLite or the system raise as an error that says what to do."""
        began = thread_time()
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise SinkError(f"the checkpoint {self.path} cannot be used ({error})") from error
        finally:
            self.seconds += thread_time() - began

    def close(self) -> None:
        try:
            self._connection.close()
        finally:
            self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()


def _locked(path: Path) -> "BaseFileLock":
    """Take the checkpoint's lock, or raise a `UsageError` that names who holds it; make the file with its mode."""
    from filelock import FileLock, Timeout

    make_directory(path.parent, mode=OWNERS_FOLDER)
    lock = FileLock(path.with_name(f"{path.name}.lock"), mode=OWNERS_FILE, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise UsageError(
            f"the checkpoint {path} is in use: {_holder(path)}",
            code="checkpoint",
            advice="wait until that run ends, or end it; a lock file by itself holds nothing",
        ) from None
    path.touch(mode=OWNERS_FILE)
    return lock


def _holder(path: Path) -> str:
    try:
        [[(holder,)]] = read_only(path, "SELECT value FROM facts WHERE name = 'holder'")
    except (SinkError, ValueError):
        return "another process holds it"
    return str(holder)


def read_only(path: Path, *queries: str) -> list[list[tuple[Any, ...]]]:
    """Return what queries find in a file, which another process may have open."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return [connection.execute(query).fetchall() for query in queries]
    except sqlite3.Error as error:
        raise SinkError(f"the checkpoint {path} cannot be read ({error})") from error

"""The checkpoint of a run: an SQLite file that says which investors are written, and what is known of those that wait.

A segment is committed in three steps, each on the disk before the next begins:

1. the journal has the segment as *prepared*, with its keys;
2. the sink has it, whole or not at all, under the segment's number;
3. the journal has it as *committed*, and forgets what was parked of its investors.

What repairs each gap at the next start:

- killed before 1: the investors are in no segment, and are asked again;
- between 1 and 2: the sink does not have the segment, so its keys are forgotten and the number is free again;
- between 2 and 3: the sink has it, and the journal says so now, too.

So each investor is written once, and at most one segment and the open window are asked again. Between segments it is
written which investors are open: that outlives the process, though not the machine, and costs no `fsync`. Who was open
when a process died is asked alone the next time; who was open at three deaths is poison.

It holds keys, account numbers and rows as `Holdings.to_json()` does, and no secret: no `ci`, no name, no token. All
methods block, and are called in a thread, one at a time.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from attrs import frozen

from koscom_async.batch._run.database import Database, read_only
from koscom_async.batch.segments import Segment, Sink
from koscom_async.errors import SinkError, UsageError
from koscom_async.models.holdings import Holdings

VERSION = "2"
COMPRESSION = 3
TABLES = """
CREATE TABLE IF NOT EXISTS segments (number INTEGER PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (
    key TEXT PRIMARY KEY, start INTEGER, segment INTEGER, is_open INTEGER NOT NULL DEFAULT 1,
    deaths INTEGER NOT NULL DEFAULT 0, died_in_commit INTEGER NOT NULL DEFAULT 0,
    is_complete INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS keys_by_segment ON keys (segment);
CREATE INDEX IF NOT EXISTS open_keys ON keys (is_open) WHERE is_open;
CREATE TABLE IF NOT EXISTS parked (
    key TEXT PRIMARY KEY, attempts INTEGER, passes INTEGER, calls INTEGER, accounts INTEGER, not_before REAL,
    brokers TEXT, outcomes BLOB
);
CREATE TABLE IF NOT EXISTS learned (broker TEXT PRIMARY KEY, accounts INTEGER, calls INTEGER) WITHOUT ROWID;
"""
_OPEN = """
INSERT INTO keys (key, start) VALUES (?, ?)
ON CONFLICT (key) DO UPDATE SET start = excluded.start, is_open = 1
"""
_PREPARE = """
INSERT INTO keys (key, start, segment, is_complete, is_open) VALUES (?, ?, ?, ?, 0)
ON CONFLICT (key) DO UPDATE SET
    start = excluded.start, segment = excluded.segment, is_complete = excluded.is_complete, is_open = 0
"""
_DIED = "UPDATE keys SET deaths = deaths + 1, died_in_commit = 1 WHERE segment = ?"
_LEARN = """
INSERT INTO learned VALUES (?, ?, ?)
ON CONFLICT (broker) DO UPDATE SET accounts = accounts + excluded.accounts, calls = calls + excluded.calls
"""
_OF_PARKED = ("attempts", "passes", "calls", "accounts", "not_before", "brokers")
_PARKED = f"SELECT {', '.join(_OF_PARKED)} FROM parked WHERE key = ?"  # noqa: S608  # names of columns

Learned = Mapping[str, tuple[int, int]]
"""By broker, how many accounts were asked, and how many calls that took."""


@frozen(kw_only=True)
class ParkedState:
    """What is known of an investor who waits: see `parking.Work`.

    `not_before` is in seconds since 1970; commas are between `brokers`.
    """

    attempts: int
    passes: int
    calls: int
    accounts: int
    not_before: float
    brokers: str


@frozen(kw_only=True)
class KeyState:
    """What the journal knows of an investor who is about to be asked.

    `is_done`: written before, with every account where it `is_complete`; `is_repeated`: the same key came before in
    this run. `deaths` of the process struck while the investor was open; `died_in_commit`: one of them while the
    segment was written.
    """

    is_done: bool = False
    is_complete: bool = False
    is_repeated: bool = False
    deaths: int = 0
    died_in_commit: bool = False
    parked: ParkedState | None = None


class Journal:
    """One run's checkpoint, locked for this process; without a path, a temporary one that ends with the process.

    `settings` and `columns` are what a run must go on with. Raises `UsageError` for a checkpoint of another run's
    settings or columns, one that another process holds, and a file that is none; `SinkError` where it cannot be
    written.
    """

    def __init__(self, path: Path | None, *, settings: str, columns: str) -> None:
        self._database = Database(path, TABLES)
        try:
            with self._database.transaction():
                self._begin_run(settings, columns)
        except BaseException:
            self._database.close()
            raise

    def _begin_run(self, settings: str, columns: str) -> None:
        database = self._database
        database.check_fact("version", VERSION, "another version of this library")
        database.check_fact("settings", settings, "other settings (gateway, firm or service)")
        database.check_fact("columns", columns, "another kind of output")
        self.run = database.fact("run") or database.set_fact("run", uuid4().hex)
        self._start = int(database.fact("start") or 0) + 1
        database.set_fact("start", str(self._start))
        database.execute("UPDATE keys SET deaths = deaths + 1, is_open = 0 WHERE is_open")

    @property
    def seconds(self) -> float:
        """The CPU time that was spent in the file."""
        return self._database.seconds

    def recover(self, has: Callable[[int], bool]) -> None:
        """Repair what a crash left, by what the sink has; raise `UsageError` for another output than the run's."""
        database = self._database
        left = database.rows("SELECT number, state FROM segments WHERE state != 'committed'")
        for number, state in left:
            if has(number):
                self._conclude(number)
                continue
            with database.transaction():
                if state == "prepared":
                    database.execute(_DIED, number)
                database.execute("UPDATE keys SET segment = NULL WHERE segment = ?", number)
                database.execute("DELETE FROM segments WHERE number = ?", number)
        if has(self.next_segment):
            raise UsageError(
                f"the output has segment {self.next_segment} already, and the checkpoint knows nothing of it",
                code="checkpoint",
                advice="give each run its own output and its own checkpoint, or the two that belong together",
            )
        for (number,) in database.rows("SELECT number FROM segments ORDER BY number"):
            if not has(number):
                raise UsageError(
                    f"the output does not have segment {number}, which was committed to it",
                    code="checkpoint",
                    advice="put it back, or name the output that the run began with (its folder, its day); else begin a"
                    " new run with another checkpoint and another output",
                )

    @property
    def next_segment(self) -> int:
        """The number of the segment that is committed next."""
        [(latest,)] = self._database.rows("SELECT max(number) FROM segments")
        return 0 if latest is None else int(latest) + 1

    def begin(self, keys: Sequence[str], ended: Sequence[str]) -> list[KeyState]:
        """Return what is known of these investors, who are open from now on unless they are done, parked or suspect.

        `ended` are those who are not open any more.
        """
        with self._database.light_transaction():
            self._end(ended)
            states = []
            for key in keys:
                state = self._state(key)
                if not (state.is_done or state.is_repeated or state.deaths or state.parked):
                    self._database.execute(_OPEN, key, self._start)
                elif not state.is_repeated:
                    self._database.execute("UPDATE keys SET start = ? WHERE key = ?", self._start, key)
                states.append(state)
            return states

    def begin_again(self, keys: Sequence[str], ended: Sequence[str]) -> list[Holdings | None]:
        """Open investors who waited; return what was read of each, `None` where that is nothing."""
        with self._database.light_transaction():
            self._end(ended)
            self._database.execute_many(_OPEN, [(key, self._start) for key in keys])
            return [self.read_of(key) for key in keys]

    def park(self, key: str, state: ParkedState, read: Holdings | None, ended: Sequence[str]) -> None:
        """Keep what was read of an investor who is asked again later, and who is not open any more."""
        packed = None if read is None else zlib.compress(read.to_json().encode(), COMPRESSION)
        row = (key, *(getattr(state, name) for name in _OF_PARKED), packed)
        with self._database.light_transaction():
            self._end([*ended, key])
            self._database.execute("INSERT OR REPLACE INTO parked VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *row)

    def read_of(self, key: str) -> Holdings | None:
        """Return what was read of an investor who is parked; what cannot be understood is asked for again."""
        for (packed,) in self._database.rows("SELECT outcomes FROM parked WHERE key = ?", key):
            try:
                return packed and Holdings.from_json(zlib.decompress(packed).decode())
            except (ValueError, zlib.error):
                return None
        return None

    def commit(self, segment: Segment, sink: Sink, learned: Learned) -> None:
        """Write a segment, in the three steps of which the module's text speaks."""
        database = self._database
        with database.transaction():
            database.execute("INSERT INTO segments VALUES (?, 'prepared')", segment.number)
            rows = [(entry.key, self._start, segment.number, entry.complete) for entry in segment.entries]
            database.execute_many(_PREPARE, rows)
        try:
            with sink_at_work(f"write segment {segment.number}"):
                sink.commit(segment)
        except Exception:
            # The process lives, so none of these investors is suspect. The next start asks what the sink has.
            with database.light_transaction():
                database.execute("UPDATE segments SET state = 'failed' WHERE number = ?", segment.number)
            raise
        self._conclude(segment.number, learned)

    def close(self) -> None:
        """End the run in order: no investor is open any more."""
        try:
            with self._database.light_transaction():
                self._database.execute("UPDATE keys SET is_open = 0 WHERE is_open")
        finally:
            self._database.close()

    def _conclude(self, number: int, learned: Learned | None = None) -> None:
        database = self._database
        with database.transaction():
            database.execute("UPDATE segments SET state = 'committed' WHERE number = ?", number)
            database.execute(
                "DELETE FROM parked WHERE key IN (SELECT key FROM keys WHERE segment = ?)", number
            )
            rows = [(broker, *counts) for broker, counts in (learned or {}).items()]
            database.execute_many(_LEARN, rows)

    def _state(self, key: str) -> KeyState:
        found = self._database.rows(
            "SELECT start, segment, deaths, died_in_commit, is_complete FROM keys WHERE key = ?", key
        )
        for start, segment, deaths, died_in_commit, is_complete in found:
            parked = self._database.rows(_PARKED, key)
            return KeyState(
                is_done=segment is not None and start != self._start,
                is_complete=segment is not None and bool(is_complete),
                is_repeated=start == self._start,
                deaths=deaths,
                died_in_commit=bool(died_in_commit),
                parked=ParkedState(**dict(zip(_OF_PARKED, parked[0], strict=True))) if parked else None,
            )
        return KeyState()

    def _end(self, keys: Sequence[str]) -> None:
        self._database.execute_many("UPDATE keys SET is_open = 0 WHERE key = ?", [(key,) for key in keys])


@contextmanager
def sink_at_work(what: str) -> Iterator[None]:
    """Enter what a sink does; what it raises leaves as a `SinkError`, with that as its cause."""
    try:
        yield
    except (SinkError, UsageError):
        raise
    except Exception as error:
        raise SinkError(f"the sink could not {what} ({type(error).__name__})") from error


def learned_before(path: Path) -> tuple[int, Learned]:
    """Return how many investors a checkpoint has as written, and what their accounts took; none where there is none.

    It may be in use meanwhile. Raises `SinkError` for a file that is no checkpoint.
    """
    if not path.exists():
        return 0, {}
    [(done,)], learned = read_only(
        path,
        "SELECT count(*) FROM keys JOIN segments ON segment = number WHERE state = 'committed'",
        "SELECT broker, accounts, calls FROM learned",
    )
    return int(done), {broker: (accounts, calls) for broker, accounts, calls in learned}

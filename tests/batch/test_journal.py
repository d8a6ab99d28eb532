"""The order of a run's writes: a crash between any two of them, and everyone is in the output once all the same."""

import sqlite3

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from koscom_async import Holdings, SinkError, UsageError
from koscom_async._clock import korean_now
from koscom_async.batch import Entry, Segment
from koscom_async.batch._run.database import Database
from koscom_async.batch._run.journal import Journal, KeyState, ParkedState, learned_before
from tests.batch.crowds import MemorySink

STATE = ParkedState(attempts=1, passes=2, calls=7, accounts=3, not_before=5.5, brokers="cyber,star")
READ = Holdings(as_of=korean_now())


class Crash(BaseException):
    """The process dies here: nothing after it runs."""


class CrashingSink(MemorySink):
    """Dies before its write, or after it."""

    dies = None

    def commit(self, segment):
        if self.dies == "before":
            raise Crash
        super().commit(segment)
        if self.dies == "after":
            raise Crash


@pytest.fixture(autouse=True)
def _without_a_disk(monkeypatch):
    """What the tests are about is the order of writes, and not the disk's speed."""
    monkeypatch.setattr(Database, "_wait_for_disk", lambda self, *, is_wanted: None)


def journal_at(path, settings="a", columns="b"):
    return Journal(path, settings=settings, columns=columns)


def killed(journal):
    """Leave a journal as a process that was killed leaves it."""
    database = journal._database
    database._connection.close()
    database._release()


def segment_of(journal, keys):
    error = UsageError("not read")
    return Segment(
        run=journal.run,
        number=journal.next_segment,
        entries=tuple(Entry(key=key, error=error) for key in keys),
    )


@given(
    st.lists(st.sampled_from(["none", "before", "after", "prepare", "conclude"]), max_size=8),
    st.integers(1, 4),
)
@settings(max_examples=12)
def test_a_crash_between_any_two_writes_loses_no_one_and_repeats_no_one(tmp_path_factory, crashes, size):
    path = tmp_path_factory.mktemp("run") / "journal"
    sink, keys, asked = CrashingSink(), [f"k{number}" for number in range(9)], 0
    for crash in [*crashes, None]:
        journal = journal_at(path)
        journal.recover(sink.has)
        states = dict(zip(keys, journal.begin(keys, []), strict=True))
        todo = [key for key in keys if not states[key].is_done]
        sink.dies = crash
        try:
            while todo:
                some, todo = todo[:size], todo[size:]
                asked += len(some)
                with pytest.MonkeyPatch.context() as patch:
                    if crash == "conclude":
                        patch.setattr(journal, "_conclude", crashing)
                    if crash == "prepare":
                        patch.setattr(journal._database, "execute_many", crashing)
                    journal.commit(segment_of(journal, some), sink, {})
                if crash == "none":
                    crashing()
        except Crash:
            killed(journal)
        else:
            journal.close()
    assert sorted(sink.by_key) == keys
    assert asked <= len(keys) + size * len(crashes), "at most a segment is asked again for each crash"


def crashing(*_):
    raise Crash


def test_who_was_open_at_a_death_is_suspect_and_who_ended_in_order_is_not(tmp_path):
    path = tmp_path / "journal"
    for deaths in range(4):
        journal = journal_at(path)
        a, b = journal.begin(["a", "b"], [])
        assert (a.deaths, b.deaths) == (deaths, min(deaths, 1))
        if deaths:
            journal.begin_again(["a"], [])
        else:
            journal.begin([], ["c"])
        killed(journal)
    journal = journal_at(path)
    journal.begin_again(["a"], [])
    journal.close()
    assert journal_at(path).begin(["a"], []) == [KeyState(deaths=4)]


def test_only_a_death_in_a_commit_makes_its_investors_suspect_and_not_a_sink_that_failed(tmp_path):
    path, sink = tmp_path / "journal", CrashingSink()
    journal = journal_at(path)
    journal.begin(["a"], [])
    sink.failures = [OSError("disk full")]
    with pytest.raises(SinkError):
        journal.commit(segment_of(journal, ["a"]), sink, {})
    journal.close()
    journal = journal_at(path)
    journal.recover(sink.has)
    assert journal.begin(["a"], []) == [KeyState()]
    sink.dies = "before"
    with pytest.raises(Crash):
        journal.commit(segment_of(journal, ["a"]), sink, {})
    killed(journal)
    journal = journal_at(path)
    journal.recover(sink.has)
    assert journal.begin(["a"], []) == [KeyState(deaths=1, died_in_commit=True)]


def test_what_is_parked_outlives_the_process_and_ends_with_the_commit(tmp_path):
    path, sink = tmp_path / "journal", MemorySink()
    journal = journal_at(path)
    journal.begin(["a", "b"], [])
    journal.park("a", STATE, READ, [])
    journal.park("b", evolve(STATE, brokers=""), None, [])
    killed(journal)
    journal = journal_at(path)
    assert [each.parked for each in journal.begin(["a", "b"], [])] == [STATE, evolve(STATE, brokers="")]
    assert journal.begin_again(["a", "b"], []) == [READ, None]
    journal.commit(segment_of(journal, ["a", "b"]), sink, {"star": (2, 10)})
    assert journal.read_of("a") is None
    assert learned_before(path) == (2, {"star": (2, 10)}), "also while it is in use"
    assert learned_before(tmp_path / "none") == (0, {})
    assert [each.is_repeated for each in journal.begin(["a"], [])] == [True]
    journal.close()
    assert journal_at(path).begin(["a"], []) == [KeyState(is_done=True)]


def test_what_cannot_be_understood_of_an_investor_who_waits_is_asked_again(tmp_path):
    journal = journal_at(tmp_path / "journal")
    journal.park("a", STATE, READ, [])
    for damage in (b"no zlib", None):
        journal._database.execute("UPDATE parked SET outcomes = ?", damage)
        assert journal.read_of("a") is None
    assert journal.read_of("b") is None


def test_a_run_keeps_its_name_and_nothing_is_left_where_there_is_no_checkpoint(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    temporary = journal_at(None)
    temporary.park("a", STATE, READ, [])
    assert temporary.begin_again(["a"], []) == [READ]
    temporary.close()
    assert list(tmp_path.iterdir()) == []
    journal = journal_at(tmp_path / "journal")
    run = journal.run
    journal.close()
    again = journal_at(tmp_path / "journal")
    assert again.run == run != temporary.run
    again.close()
    assert {path.name for path in tmp_path.iterdir()} == {"journal", "journal.lock"}


def test_a_full_disk_is_an_error_that_says_what_to_do(tmp_path):
    journal = journal_at(tmp_path / "journal")
    journal._database.execute("PRAGMA max_page_count = 1")
    with pytest.raises(SinkError, match=r"cannot be used \(database or disk is full\)") as caught:
        journal.begin([f"{number} {'x' * 400}" for number in range(1_000)], [])
    assert isinstance(caught.value.__cause__, sqlite3.Error)
    assert "the next run with the same checkpoint goes on" in caught.value.advice


def test_a_folder_that_may_not_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="cannot be used"):
        Database(tmp_path / "file" / "journal", "")

"""Segments as Parquet: the tables, a part whole or not at all, and a folder of nights read in one line."""

import errno
import os
import pickle
import stat
from datetime import date

import polars as pl
import pyarrow.parquet as pq
import pytest

from koscom_async import SinkError, UsageError
from koscom_async.batch import Entry, JsonLinesSink, OpenedSink, ParquetSink, Segment, SharedSink
from koscom_async.batch.segments import fingerprint_of
from koscom_async.export.frames import concat
from koscom_async.export.tables import TABLES
from tests.batch.entries import partial, read_later, segment, whole
from tests.merge.accounts import NOW, account, failed, held, merged, share

VARY = ["asked_at", "as_of", "calls", "retries", "pages", "seconds_waited", "seconds"]


def table(folder, name, part="part-00000000"):
    return pq.read_table(folder / part / f"{name}.parquet")


def names(folder):
    return sorted(each.name for each in folder.iterdir())


def test_the_tables_have_the_columns_of_to_arrow_without_what_varies(tmp_path):
    ParquetSink(tmp_path).commit(segment())
    for name in TABLES:
        expected = concat({"kim": whole(), "lee": partial()}, name)
        found = table(tmp_path, name)
        kept = expected.drop_columns([each for each in VARY if each in expected.column_names])
        assert found.schema.equals(kept.schema), name
        assert found.to_pylist() == kept.to_pylist(), name
    calls = table(tmp_path, "account_calls")
    assert calls.column_names == [
        "key",
        "account_key",
        "account_index",
        "broker_code",
        "broker",
        *VARY[1:],
        "asked_at",
    ]
    assert calls.column("account_key").to_pylist() == ["kim/0", "lee/0", "lee/1", "lee/2"]


def test_each_investor_is_there_once_whole_or_with_the_reason(tmp_path):
    ParquetSink(tmp_path).commit(segment(7))
    found = pl.from_arrow(table(tmp_path, "investors", "part-00000007"))
    assert found["key"].to_list() == ["kim", "lee", "park"]
    assert found["complete"].to_list() == [True, False, False]
    assert found["accounts"].to_list() == [1, 3, None]
    assert found["failed"].to_list() == [0, 1, None]
    assert [None if each is None else int(each) for each in found["value"]] == [120, 127, None]
    assert found["error"].to_list() == [None, None, "AuthenticationError"]
    assert found["error_code"].to_list() == [None, None, "401"]
    assert found["retriable"].to_list() == [None, None, False]
    assert found["advice"].to_list()[2] == "authorise again"
    calls = table(tmp_path, "investor_calls", "part-00000007").to_pylist()
    assert [(each["calls"], each["passes"], each["segment"], each["run"]) for each in calls] == [
        (4, 1, 7, "a1"), (9, 3, 7, "a1"), (1, 1, 7, "a1")
    ]  # fmt: skip
    assert [each["asked_at"] for each in calls] == [NOW, NOW, None]


def test_two_runs_that_read_the_same_differ_only_in_what_is_apart(tmp_path):
    ParquetSink(tmp_path / "a").commit(segment())
    ParquetSink(tmp_path / "b").commit(read_later(segment(), run="b2"))
    differing = {
        name
        for name in (*TABLES, "investors", "account_calls", "investor_calls")
        if not table(tmp_path / "a", name).equals(table(tmp_path / "b", name))
    }
    assert differing == {"account_calls", "investor_calls"}


def test_a_folder_of_nights_is_a_history_in_one_line(tmp_path):
    for day in (25, 26):
        sink = ParquetSink(tmp_path, day=date(2026, 11, day))
        for number in range(2):
            sink.commit(segment(number, names=(f"a{number}", f"b{number}", f"c{number}")))
    tmp_path.joinpath("day=2026-11-26", ".part-00000009.aa.tmp").mkdir()
    history = pl.scan_parquet(tmp_path / "*/part-*/positions.parquet", hive_partitioning=True).collect()
    # One share of each of two investors, in two segments of two nights.
    assert history.group_by("day").len().sort("day").rows() == [
        (date(2026, 11, 25), 4),
        (date(2026, 11, 26), 4),
    ]
    assert history["value"].dtype == pl.Decimal(38, 6)


def test_a_segment_without_holdings_has_the_same_columns(tmp_path):
    sink = ParquetSink(tmp_path)
    sink.commit(segment(0))
    sink.commit(Segment(run="a1", number=1, entries=segment().entries[-1:]))
    for name in (*TABLES, "account_calls", "investors", "investor_calls"):
        assert table(tmp_path, name, "part-00000001").schema.equals(table(tmp_path, name).schema), name
    assert table(tmp_path, "positions", "part-00000001").num_rows == 0


def test_odd_values_cost_a_cell_and_never_the_segment(tmp_path):
    odd = "half \ud800"
    entries = (
        Entry(key=odd, holdings=held(share(value=10**36))),
        Entry(key="b", holdings=merged(failed(account(), SinkError(odd)))),
        Entry(key="c", error=SinkError(odd)),
    )
    ParquetSink(tmp_path).commit(Segment(run="a", number=0, entries=entries))
    assert table(tmp_path, "positions").column("inexact").to_pylist() == ["value, profit_loss, value_in_won"]
    assert table(tmp_path, "investors").column("key").to_pylist() == ["half \\ud800", "b", "c"]
    assert table(tmp_path, "accounts").column("error_message").to_pylist() == [None, "half \\ud800"]


def test_a_committed_segment_is_found_after_a_crash_and_what_was_left_is_removed(tmp_path):
    ParquetSink(tmp_path).commit(segment(3))
    left = tmp_path / ".part-00000004.0a0b.tmp"
    left.mkdir()
    left.joinpath("lots.parquet").touch()
    sink = pickle.loads(pickle.dumps(ParquetSink(tmp_path)))  # noqa: S301  # what was pickled a moment ago
    assert isinstance(sink, OpenedSink)
    sink.open("a1", alone=False)
    assert left.exists()
    sink.open("a1")
    assert names(tmp_path) == ["part-00000003"]
    assert (sink.has(3), sink.has(4)) == (True, False)


@pytest.mark.parametrize("kind", [ParquetSink, JsonLinesSink])
def test_what_is_known_of_those_who_wait_stands_beside_the_segment_until_the_run_ends(tmp_path, kind):
    sink = kind(tmp_path)
    assert isinstance(sink, SharedSink)
    sink.commit(segment(), waiting=b"lee waits")
    sink.commit(segment(1))
    tmp_path.joinpath(".part-00000002.0a.tmp").mkdir()
    assert (sink.waiting(0), sink.waiting(1), sink.waiting(2)) == (b"lee waits", b"", b"")
    sink.sweep()
    assert names(tmp_path) == ["part-00000000", "part-00000001"]
    assert (sink.has(0), sink.waiting(0)) == (True, b"")


def test_the_first_of_two_that_write_a_segment_wins(tmp_path):
    sink = ParquetSink(tmp_path)
    sink.commit(segment())
    before = tmp_path.joinpath("part-00000000").stat().st_ino
    sink.commit(segment())
    assert tmp_path.joinpath("part-00000000").stat().st_ino == before
    assert names(tmp_path) == ["part-00000000"]


def test_another_run_s_folder_is_refused(tmp_path):
    ParquetSink(tmp_path).commit(segment())
    other = ParquetSink(tmp_path)
    with pytest.raises(SinkError, match=r"part-00000000 belongs to another run.*folder of its own"):
        other.open("b2")
    with pytest.raises(SinkError, match="another run"):
        other.has(0)
    with pytest.raises(SinkError, match="another run"):
        other.commit(segment(run="b2"))
    tmp_path.joinpath("part-00000001").mkdir()
    with pytest.raises(SinkError, match=r"part-00000001 is no segment of this library's"):
        other.has(1)
    tmp_path.joinpath("part-00000002").touch()
    with pytest.raises(SinkError, match=r"part-00000002 is no segment"):
        other.commit(segment(2))
    assert names(tmp_path) == ["part-00000000", "part-00000001", "part-00000002"]


@pytest.mark.parametrize("nth", range(9))
def test_a_full_disk_leaves_nothing_half(tmp_path, monkeypatch, nth):
    """Wherever it fills up: at one of the seven tables, at the label, or at the name in the directory."""
    calls = iter(range(100))

    def fsync(_):
        if next(calls) == nth:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sink = ParquetSink(tmp_path)
    sink.commit(segment(0))
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(
        SinkError, match=r"part-00000001 cannot be written: No space left on device.*make room"
    ):
        sink.commit(segment(1))
    assert names(tmp_path) == ["part-00000000"]
    sink.commit(segment(1))
    assert sink.has(1)


def test_what_the_system_refuses_is_a_clear_error(tmp_path):
    tmp_path.joinpath("file").touch()
    for act in (lambda sink: sink.open("a"), lambda sink: sink.commit(segment())):
        with pytest.raises(SinkError, match=r"file.* cannot be written: (?:File exists|Not a directory)"):
            act(ParquetSink(tmp_path / "file"))
    with pytest.raises(UsageError, match="no compression 'zip'"):
        ParquetSink(tmp_path, compression="zip")


def test_the_folder_is_on_the_disk_before_a_part_is(tmp_path, monkeypatch):
    synced, open_ = [], os.open
    monkeypatch.setattr(os, "open", lambda path, *rest: synced.append(str(path)) or open_(path, *rest))
    ParquetSink(tmp_path / "nights", day=date(2026, 11, 26)).open("a1")
    assert synced == [str(tmp_path), str(tmp_path / "nights")]
    assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.rglob("*")} == {0o700}


def test_a_folder_that_is_only_read_is_a_clear_error(tmp_path, monkeypatch):
    def mkdir(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("pathlib.Path.mkdir", mkdir)
    with pytest.raises(SinkError, match="out cannot be written: Read-only file system"):
        ParquetSink(tmp_path / "out").open("a1")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="modes say nothing here")
def test_what_people_own_is_private(tmp_path):
    folder = tmp_path / "out"
    ParquetSink(folder).commit(segment())
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in (folder, *folder.rglob("*"))}
    assert {modes.pop("out"), modes.pop("part-00000000")} == {0o700}
    assert set(modes.values()) == {0o600}


def test_the_fingerprint_is_that_of_the_columns(tmp_path, monkeypatch):
    fingerprint = fingerprint_of(ParquetSink(tmp_path))
    assert fingerprint == fingerprint_of(ParquetSink(tmp_path / "b", compression="gzip"))
    monkeypatch.setattr("koscom_async.batch.sinks.parquet._COLUMNS", {"positions": TABLES["positions"][1:]})
    assert fingerprint != fingerprint_of(ParquetSink(tmp_path))

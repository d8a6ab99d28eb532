"""Segments as JSON lines: the lines, one file that grows by whole segments, and a folder of parts."""

import errno
import gzip
import json
import os
import stat

import pyarrow as pa
import pytest

from koscom_async import SinkError, UsageError
from koscom_async.batch import Entry, JsonLinesSink, OpenedSink, Segment
from koscom_async.batch.segments import fingerprint_of
from tests.batch.entries import partial, read_later, segment, whole


def unzstd(data):
    frames = pa.CompressedInputStream(pa.BufferReader(data), "zstd")
    return frames.read()


PLAIN = {"": bytes, ".gz": gzip.decompress, ".zst": unzstd}


def lines(path):
    return [json.loads(line) for line in PLAIN.get(path.suffix, bytes)(path.read_bytes()).splitlines()]


def keys(path):
    return [line["key"] for line in lines(path)]


def named(*names, number=0, run="a1"):
    return segment(number, run=run, names=names)


def test_a_line_is_an_investor_and_what_varies_is_apart(tmp_path):
    JsonLinesSink(tmp_path / "out.jsonl").commit(segment(3))
    kim, lee, park = lines(tmp_path / "out.jsonl")
    for line, holdings in ((kim, whole()), (lee, partial())):
        expected = holdings.to_dicts()
        assert line["run"]["as_of"] == expected.pop("as_of")
        for name in ("outcomes", "failures"):
            found = [
                each | apart for each, apart in zip(line["holdings"][name], line["run"][name], strict=True)
            ]
            assert found == expected.pop(name)
            del line["holdings"][name]
        assert line["holdings"] == expected
    assert (kim["complete"], lee["complete"], park["complete"]) == (True, False, False)
    assert (park["holdings"], park["error"]["code"], park["error"]["advice"]) == (
        None,
        "401",
        "authorise again",
    )
    assert lee["run"] | {"as_of": 0, "outcomes": 0, "failures": 0} == {
        "id": "a1", "segment": 3, "calls": 9, "passes": 3, "as_of": 0, "outcomes": 0, "failures": 0,
    }  # fmt: skip


def test_two_runs_that_read_the_same_differ_only_in_what_is_apart(tmp_path):
    JsonLinesSink(tmp_path / "a.jsonl").commit(segment())
    JsonLinesSink(tmp_path / "b.jsonl").commit(read_later(segment(), run="b2"))
    first, second = (
        [line | {"run": None} for line in lines(tmp_path / name)] for name in ("a.jsonl", "b.jsonl")
    )
    assert first == second
    assert lines(tmp_path / "a.jsonl") != lines(tmp_path / "b.jsonl")


@pytest.mark.parametrize("ending", PLAIN)
def test_a_file_grows_by_whole_segments_and_goes_on_after_a_crash(tmp_path, ending):
    path = tmp_path / f"out.jsonl{ending}"
    JsonLinesSink(path).commit(named("a", "b"))
    before = path.read_bytes()
    # A crash while the second segment was written, before its end was listed, and one in the list's line.
    path.write_bytes(before + b'{"key": "c", "hol')
    listed = path.with_name(f"{path.name}.segments")
    listed.write_bytes(listed.read_bytes() + b'{"segment": 1, "e')
    sink = JsonLinesSink(path)
    assert isinstance(sink, OpenedSink)
    sink.open("a1")
    assert path.read_bytes() == before
    assert (sink.has(0), sink.has(1)) == (True, False)
    sink.commit(named("c", "d", number=1))
    sink.commit(named("c", "d", number=1))
    assert keys(path) == ["a", "b", "c", "d"]
    again = JsonLinesSink(path)
    again.open("a1")
    assert again.has(1)
    again.commit(named("e", "f", number=2))
    assert keys(path) == ["a", "b", "c", "d", "e", "f"]


@pytest.mark.parametrize("compression", [None, "gzip", "zstd"])
def test_a_folder_has_a_part_a_segment(tmp_path, compression):
    sink = JsonLinesSink(tmp_path, compression=compression)
    sink.open("a1", alone=False)
    sink.commit(named("c", "d", number=4))
    sink.commit(named("a", "b"))
    assert (sink.has(4), sink.has(1)) == (True, False)
    found = sorted(tmp_path.glob("part-*/investors.jsonl*"))
    assert [keys(path) for path in found] == [["a", "b"], ["c", "d"]]
    assert {path.suffix for path in found} == {{None: ".jsonl", "gzip": ".gz", "zstd": ".zst"}[compression]}


def test_another_run_s_output_is_refused_and_never_written_over(tmp_path):
    path = tmp_path / "out.jsonl"
    JsonLinesSink(path).commit(segment())
    before = path.read_bytes()
    for act in (lambda sink: sink.open("b2"), lambda sink: sink.commit(segment(1, run="b2"))):
        with pytest.raises(SinkError, match=r"out\.jsonl belongs to another run.*a file of its own"):
            act(JsonLinesSink(path))
    opened = JsonLinesSink(path)
    opened.open("a1")
    with pytest.raises(SinkError, match="another run"):
        opened.commit(segment(1, run="b2"))
    foreign = tmp_path / "letters.json"
    for listed in (None, b"", b"[]\n", b'{"run": "a1"}\n', b"no\n"):
        foreign.write_bytes(b"dear")
        if listed is not None:
            tmp_path.joinpath("letters.json.segments").write_bytes(listed)
        with pytest.raises(SinkError, match="another run"):
            JsonLinesSink(foreign).open("a1")
        assert foreign.read_bytes() == b"dear"
    path.write_bytes(before[:-9])
    with pytest.raises(SinkError, match="shorter than what was committed"):
        JsonLinesSink(path).open("a1")


def test_a_full_disk_leaves_nothing_half(tmp_path, monkeypatch):
    """Wherever it fills up: at the lines, or at the list of the segments' ends."""
    path = tmp_path / "out.jsonl"
    sink = JsonLinesSink(path)
    sink.commit(named("a", "b"))
    for nth in range(2):
        calls = iter(range(100))

        def fsync(_, calls=calls, nth=nth):
            if next(calls) == nth:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fsync)
            with pytest.raises(SinkError, match=r"out\.jsonl cannot be written: No space left on device"):
                sink.commit(named("c", "d", number=1))
        again = JsonLinesSink(path)
        again.open("a1")
        assert not again.has(1)
        assert keys(path) == ["a", "b"]
    sink.commit(named("c", "d", number=1))
    assert keys(path) == ["a", "b", "c", "d"]


def test_odd_texts_cost_nothing_and_odd_places_are_named(tmp_path):
    JsonLinesSink(tmp_path / "out").commit(
        Segment(run="a", number=0, entries=(Entry(key="half \ud800", error=SinkError("x")),))
    )
    assert keys(tmp_path / "out/part-00000000/investors.jsonl") == ["half \ud800"]
    with pytest.raises(UsageError, match="no compression 'zip'"):
        JsonLinesSink(tmp_path, compression="zip")
    shared = JsonLinesSink(tmp_path / "out.jsonl")
    for act in (
        lambda: shared.open("a1", alone=False),
        lambda: shared.commit(segment(), waiting=b"lee waits"),
        lambda: shared.waiting(0),
        shared.sweep,
    ):
        with pytest.raises(UsageError, match=r"several processes cannot add to one file.*give a folder"):
            act()
    tmp_path.joinpath("file").touch()
    with pytest.raises(SinkError, match=r"a\.jsonl cannot be written"):
        JsonLinesSink(tmp_path / "file" / "a.jsonl").commit(segment())
    tmp_path.joinpath("folder.jsonl").mkdir()
    with pytest.raises(SinkError, match=r"folder\.jsonl"):
        JsonLinesSink(tmp_path / "folder.jsonl").open("a1")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="modes say nothing here")
def test_what_people_own_is_private(tmp_path):
    JsonLinesSink(tmp_path / "new" / "out.jsonl").commit(segment())
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.rglob("*")}
    assert modes == {"new": 0o700, "out.jsonl": 0o600, "out.jsonl.segments": 0o600}


def test_the_fingerprint_says_how_lines_are_compressed(tmp_path):
    found = [fingerprint_of(JsonLinesSink(tmp_path / name)) for name in ("a.jsonl", "b", "a.jsonl.gz")]
    assert found == ["json-lines-1", "json-lines-1", "json-lines-1-gzip"]

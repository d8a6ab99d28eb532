"""`aggregate` into each sink: broken off by a full disk or between the two writes, gone on with, and everyone there once."""

import errno
import json
import os

import polars as pl
import pytest

from koscom_async import SinkError
from koscom_async.batch import JsonLinesSink, ParquetSink, aggregate
from koscom_async.batch._run.journal import Journal
from tests.batch.crowds import client_of, gateway_of, keyed

PEOPLE, SEGMENT = 9, 2


def parquet(folder):
    """Everything that two runs have in common, by the name of its table, sorted."""
    names = ("positions", "lots", "cash", "accounts", "investors")
    return {
        name: pl.read_parquet(folder / f"out/part-*/{name}.parquet").to_dicts()
        for name in names
        if (folder / "out").exists()
    }


def in_folder(folder):
    found = (path.read_text(encoding="utf-8") for path in folder.glob("out/part-*/investors.jsonl"))
    return {"investors": [json.loads(line) | {"run": None} for text in found for line in text.splitlines()]}


def in_file(folder):
    lines = (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()
    return {"investors": [json.loads(line) | {"run": None} for line in lines]}


KINDS = {
    "parquet": (lambda folder: ParquetSink(folder / "out"), parquet),
    "folder": (lambda folder: JsonLinesSink(folder / "out"), in_folder),
    "file": (lambda folder: JsonLinesSink(folder / "out.jsonl"), in_file),
}


def ordered(tables):
    return {name: sorted(rows, key=str) for name, rows in tables.items()}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_run_that_breaks_off_and_goes_on_writes_what_one_that_does_not_writes(
    tmp_path, monkeypatch, kind
):
    make, read = KINDS[kind]
    for name in ("whole", "broken"):
        tmp_path.joinpath(name).mkdir()
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    sync, calls = os.fsync, iter(range(1000))

    def full(descriptor):
        if next(calls) == 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    def crash(*_):
        raise SinkError("it died when the sink had the segment, and the journal did not know")

    async with gateway_of(PEOPLE) as gateway, client_of(gateway) as koscom:

        async def run(folder):
            customers = keyed(gateway)
            options = {"checkpoint": folder / "journal", "segment_size": SEGMENT, "accounts_open": 6}
            return await aggregate(koscom, customers, sink=make(folder), **options)

        await run(whole)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(SinkError, match="No space left on device"):
                await run(broken)
        with monkeypatch.context() as patch:
            patch.setattr(Journal, "_conclude", crash)
            with pytest.raises(SinkError, match="the journal did not know"):
                await run(broken)
        report = await run(broken)
    assert report.skipped + report.investors == PEOPLE
    found, expected = ordered(read(broken)), ordered(read(whole))
    assert found == expected
    assert sorted(row["key"] for row in found["investors"]) == sorted(key for key, _ in keyed(gateway))
    assert not [*broken.glob("out/.*")]


@pytest.mark.parametrize("kind", KINDS)
async def test_without_a_checkpoint_an_output_that_is_there_is_refused_before_a_call_is_made(tmp_path, kind):
    make, read = KINDS[kind]
    async with gateway_of(2) as gateway, client_of(gateway) as koscom:
        await aggregate(koscom, keyed(gateway), sink=make(tmp_path))
        before, calls = read(tmp_path), len(gateway.calls)
        with pytest.raises(SinkError, match="belongs to another run"):
            await aggregate(koscom, keyed(gateway), sink=make(tmp_path))
        assert len(gateway.calls) == calls
    assert read(tmp_path) == before
    assert len(before["investors"]) == 2

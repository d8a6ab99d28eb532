"""Output that is removed behind a run's back, before it goes on or in the middle: it is missed, and not made up for."""

import shutil

import pytest

from koscom_async import SinkError, UsageError
from koscom_async.batch import JsonLinesSink, ParquetSink, aggregate
from tests.batch.crowds import client_of, gateway_of, keyed

SINKS = [(ParquetSink, "out"), (JsonLinesSink, "out"), (JsonLinesSink, "out.jsonl")]


def remove(folder):
    for path in folder.glob("out*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.parametrize(("kind", "name"), SINKS)
async def test_output_that_is_gone_ends_the_run_and_keeps_the_next_from_going_on(kind, name, tmp_path):
    class Removed(kind):
        def commit(self, segment):
            if segment.number == 1:
                remove(tmp_path)
            super().commit(segment)

    checkpoint = tmp_path / "journal"
    async with gateway_of(3) as gateway, client_of(gateway) as koscom:
        people = keyed(gateway)

        def run(sink, investors):
            return aggregate(koscom, investors, sink=sink, checkpoint=checkpoint, segment_size=1)

        with pytest.raises(SinkError, match=r"No such file|shorter than what was committed"):
            await run(Removed(tmp_path / name), people)
        for _ in range(2):
            with pytest.raises(UsageError, match="the output does not have segment 0, which was committed"):
                await run(kind(tmp_path / name), people)
    assert not [path for path in tmp_path.rglob("out*") if path.is_file() and path.stat().st_size > 100]

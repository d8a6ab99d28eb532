"""One partition on a worker: everyone once, those who wait apart, nothing asked again, and nothing but counts returned."""

import json
import pickle
import zlib
from functools import partial

import polars as pl
import pytest

from koscom_async import SinkError, UsageError
from koscom_async.batch import JsonLinesSink, ParquetSink, aggregate_partition
from tests.batch.crowds import MemorySink, balances, client_of, gateway_of, keyed


def loader(gateway, *, without=()):
    found = dict(keyed(gateway))
    return lambda keys: ((key, found[key]) for key in keys if key not in without)


def written(folder):
    """Each investor in the output, by key, with whether they are complete; raises where one is there twice."""
    table = pl.read_parquet(folder / "part-*/investors.parquet")
    assert table["key"].is_unique().all()
    return dict(table.select("key", "complete").iter_rows())


async def test_a_partition_is_written_once_and_asked_once(tmp_path):
    async with gateway_of(6) as gateway, client_of(gateway) as koscom:
        load, keys = loader(gateway), [key for key, _ in keyed(gateway)]
        for number, part in enumerate((keys[:4], keys[4:])):
            report = await aggregate_partition(koscom, number, part, load, sink=ParquetSink(tmp_path))
            assert (report.investors, report.complete, report.accounts, report.left) == (
                len(part),
                len(part),
                3 * len(part),
                0,
            )
            assert pickle.loads(pickle.dumps(report)) == report  # noqa: S301  # what was pickled a moment ago
        before = len(gateway.calls)
        again = await aggregate_partition(koscom, 0, keys[:4], load, sink=ParquetSink(tmp_path))
        last = await aggregate_partition(koscom, 0, keys[:4], load, sink=ParquetSink(tmp_path), again=True)
        assert (again.skipped, again.investors, last.investors, len(gateway.calls)) == (4, 0, 0, before)
    assert written(tmp_path) == dict.fromkeys(keys, True)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["part-00000000", "part-00000002"]


@pytest.mark.parametrize("kind", [ParquetSink, JsonLinesSink])
async def test_what_is_written_partial_is_not_called_whole_when_it_is_there_already(kind, tmp_path):
    """Neither the first part, whose failure will not pass, nor the second, whose broker stayed down."""
    for number, (fault, left) in enumerate((("4001", 0), ("down", 3))):
        async with gateway_of(3, faults={"star": fault}) as gateway, client_of(gateway) as koscom:
            load, keys = loader(gateway), [key for key, _ in keyed(gateway)]
            ask = partial(aggregate_partition, koscom, number, keys, load, sink=kind(tmp_path))
            assert (await ask()).left == left
            if left:
                assert not (await ask(again=True)).ok
                assert (await ask(again=True)).skipped_incomplete == 3
            report = await ask()
        assert (report.skipped, report.skipped_incomplete, report.ok) == (3, 3, False)


async def test_who_fails_waits_apart_and_is_asked_again_for_what_is_missing(tmp_path):
    async with gateway_of(4, faults={"star": "down"}) as gateway, client_of(gateway) as koscom:
        load, keys = loader(gateway), [key for key, _ in keyed(gateway)]
        first = await aggregate_partition(koscom, 0, keys, load, sink=ParquetSink(tmp_path))
        assert (first.investors, first.left, written(tmp_path)) == (0, 4, {})
        gateway.clear_faults()
        asked = balances(gateway)
        # Another worker, after a restart of the driver.
        assert (await aggregate_partition(koscom, 0, keys, load, sink=ParquetSink(tmp_path))).left == 4
        last = await aggregate_partition(koscom, 0, keys, load, sink=ParquetSink(tmp_path), again=True)
        more = {broker: count - asked[broker] for broker, count in balances(gateway).items()}
        assert (last.investors, last.complete, last.left) == (4, 4, 0)
        assert {broker for broker, count in more.items() if count} == {"star"}
        assert (await aggregate_partition(koscom, 0, keys, load, sink=ParquetSink(tmp_path))).skipped == 4
    assert written(tmp_path) == dict.fromkeys(keys, True)
    calls = pl.read_parquet(tmp_path / "part-*/investor_calls.parquet")
    assert calls["passes"].min() >= 2
    assert calls["calls"].sum() == first.calls + last.calls == len(gateway.calls)


async def test_what_is_known_of_those_who_wait_is_not_made_up_where_it_is_damaged(tmp_path):
    async with gateway_of(1, faults={"star": "down"}) as gateway, client_of(gateway) as koscom:
        load, (key, _) = loader(gateway), keyed(gateway)[0]
        await aggregate_partition(koscom, 0, [key], load, sink=ParquetSink(tmp_path))
        waiting = tmp_path / "part-00000000" / ".waiting"
        kept = waiting.read_bytes()
        before = len(gateway.calls)
        strange = {key: ["not holdings", 1, 1]}, {key: 1}, [key], {key: [[], 1, 1]}
        for damaged in (
            kept[:-9],
            b"nonsense",
            *(zlib.compress(json.dumps(each).encode()) for each in strange),
        ):
            waiting.write_bytes(damaged)
            for again in (False, True):
                with pytest.raises(SinkError, match=r"cannot be read\. What to do: remove the part's folder"):
                    await aggregate_partition(koscom, 0, [key], load, sink=ParquetSink(tmp_path), again=again)
        assert len(gateway.calls) == before


async def test_what_still_fails_is_written_with_the_reason(tmp_path):
    async with gateway_of(3, faults={"star": "down"}) as gateway, client_of(gateway) as koscom:
        load, keys = loader(gateway), [key for key, _ in keyed(gateway)]
        await aggregate_partition(koscom, 0, keys, load, sink=JsonLinesSink(tmp_path))
        last = await aggregate_partition(
            koscom, 0, keys, load, sink=JsonLinesSink(tmp_path), again=True, attempts=2
        )
    assert [(each.broker, each.count) for each in last.failures] == [("star", 3)]
    lines = tmp_path.joinpath("part-00000001", "investors.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["key"] for line in lines] == keys
    assert {len(json.loads(line)["holdings"]["failures"]) for line in lines} == {1}


async def test_an_investor_who_is_not_loaded_is_written_as_such(tmp_path):
    async with gateway_of(3) as gateway, client_of(gateway) as koscom:
        keys = [key for key, _ in keyed(gateway)]

        async def load(keys):
            for pair in loader(gateway, without={keys[1]})(keys):
                yield pair

        async def coroutine(keys):
            return list(loader(gateway)(keys))

        report = await aggregate_partition(koscom, 0, keys, load, sink=ParquetSink(tmp_path))
        assert (report.investors, report.complete) == (3, 2)
        report = await aggregate_partition(koscom, 1, keys, coroutine, sink=ParquetSink(tmp_path / "b"))
        assert report.complete == 3
        with pytest.raises(UsageError, match="3 investors for 2 keys, of which 1 have other keys"):
            await aggregate_partition(
                koscom, 2, keys[:2], lambda _: keyed(gateway), sink=ParquetSink(tmp_path)
            )
    found = pl.read_parquet(tmp_path / "part-*/investors.parquet")
    assert found.filter(~pl.col("complete"))["error_code"].to_list() == ["missing"]


async def test_another_partition_s_part_is_never_taken_for_this_one_s(tmp_path):
    async with gateway_of(3) as gateway, client_of(gateway) as koscom:
        load, keys = loader(gateway), [key for key, _ in keyed(gateway)]
        await aggregate_partition(koscom, 0, keys[:2], load, sink=ParquetSink(tmp_path))
        for strange in (keys[1:], keys[1::-1], keys):
            with pytest.raises(SinkError, match="belongs to another run"):
                await aggregate_partition(koscom, 0, strange, load, sink=ParquetSink(tmp_path))
        with pytest.raises(UsageError, match="every partition has its first part"):
            await aggregate_partition(koscom, 1, keys, load, sink=ParquetSink(tmp_path), again=True)
        with pytest.raises(UsageError, match="MemorySink is no sink to which several processes write"):
            await aggregate_partition(koscom, 1, keys, load, sink=MemorySink())
        for wrong in (["a", "a"], [1, 2]):
            with pytest.raises(UsageError, match="the keys of partition 1 are not texts, each of them once"):
                await aggregate_partition(koscom, 1, wrong, load, sink=ParquetSink(tmp_path))
    assert written(tmp_path) == dict.fromkeys(keys[:2], True)


async def test_a_spent_day_keeps_what_was_read_and_the_next_one_goes_on(tmp_path):
    sink = ParquetSink(tmp_path)
    async with gateway_of(12, quota={"account": 50}) as gateway, client_of(gateway) as koscom:
        load, keys = loader(gateway), [key for key, _ in keyed(gateway)]
        first = await aggregate_partition(koscom, 0, keys, load, sink=sink, accounts_open=9)
        assert (first.stopped, first.investors + first.left) == ("quota", 12)
        assert 2 <= first.investors < 12
        assert set(written(tmp_path).values()) == {True}
        last = await aggregate_partition(koscom, 0, keys, load, sink=sink, again=True)
        assert (last.stopped, last.investors, last.left) == ("quota", 0, first.left)
        before = first.investors
        spent = await aggregate_partition(koscom, 1, keys, load, sink=sink)
        assert (spent.stopped, sink.has(2)) == ("quota", False)
    async with gateway_of(12) as gateway, client_of(gateway) as koscom:
        load = loader(gateway)
        assert (await aggregate_partition(koscom, 0, keys, load, sink=sink)).left == 12 - before
        last = await aggregate_partition(koscom, 0, keys, load, sink=sink, again=True)
        assert (last.stopped, last.complete) == (None, 12 - before)
    assert written(tmp_path) == dict.fromkeys(keys, True)

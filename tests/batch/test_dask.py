"""Two of Dask's workers, a Redis and a gateway, all real: the limits kept and used, deaths that lose nothing."""

import functools
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from distributed import Client, LocalCluster

from koscom_async import SettingsError, UsageError
from koscom_async.batch import ParquetSink, dask, write_investors
from koscom_async.sandbox import Fault, SandboxGateway, crowd
from tests.batch.crowds import MemorySink, keyed
from tests.batch.workers import client_at, loader

ROOT = Path(__file__).parents[2]
PEOPLE, PART = 40, 5
FAST = client_at(5_000.0, 100)


@pytest.fixture(scope="module")
def gateway():
    pages = dict.fromkeys(("diamond", "cyber", "star"), 100)
    with SandboxGateway(ledger=crowd(PEOPLE), page_sizes=pages) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def cluster(gateway, running_redis):
    """Workers whose settings come from their environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (gateway.environment | {"KOSCOM_REDIS": running_redis.url}).items():
            patch.setenv(name, value)
        patch.setenv("PYTHONPATH", str(ROOT))
        options = {"processes": True, "threads_per_worker": 1, "dashboard_address": None}
        with LocalCluster(n_workers=2, **options) as cluster:
            yield cluster


@pytest.fixture
def client(cluster, gateway, redis_server):
    gateway.clear_calls()
    with Client(cluster) as client:
        yield client


@pytest.fixture(scope="module")
def people(gateway, tmp_path_factory):
    path = tmp_path_factory.mktemp("people") / "investors.csv"
    write_investors(path, keyed(gateway))
    return path


def keys_of(gateway):
    return [key for key, _ in keyed(gateway)]


def check_written(folder, gateway):
    """Everyone is there once, whole."""
    table = pl.read_parquet(folder / "part-*/investors.parquet")
    assert sorted(table["key"]) == sorted(keys_of(gateway))
    assert table["complete"].all()


def lists(gateway):
    """How often each investor's accounts were listed."""
    return Counter(call.broker for call in gateway.calls)["common"]


def test_two_workers_keep_the_limits_by_two_percent_and_use_95_percent_of_them(
    client, gateway, people, tmp_path
):
    rate, burst, seen = 20.0, 20, []
    # What workers import at their first partition is no part of the measurement.
    dask.aggregate(
        client,
        loader(people),
        keys_of(gateway)[:2],
        sink=ParquetSink(tmp_path / "first"),
        partition_size=1,
        make_client=FAST,
    )
    gateway.clear_calls()
    report = dask.aggregate(
        client,
        loader(people),
        keys_of(gateway),
        sink=ParquetSink(tmp_path / "out"),
        partition_size=PART,
        make_client=client_at(rate, burst),
        on_progress=seen.append,
    )
    check_written(tmp_path / "out", gateway)
    assert (report.investors, report.complete, report.left, report.total) == (PEOPLE, PEOPLE, 0, PEOPLE)
    assert report.calls == len(gateway.calls)
    assert [each.investors for each in seen] == list(range(PART, PEOPLE + PART, PART))
    # Of the broker that needs most calls, from its first to its last.
    times = sorted(call.started for call in gateway.calls if call.broker == "cyber")
    sustained = (len(times) - burst) / (times[-1] - times[0])
    print(f"\n{len(times)} calls at cyber, {sustained / rate:.4f} of the rate")  # noqa: T201  # for -s
    assert 0.95 * rate <= sustained <= 1.02 * rate


def test_a_killed_driver_and_a_killed_worker_lose_nothing_and_repeat_only_what_was_open(
    client, gateway, people, tmp_path
):
    for broker in ("diamond", "cyber", "star"):
        gateway.set_fault(broker, Fault("slow", delay=0.03))
    command = [
        sys.executable,
        "-m",
        "tests.batch.driver",
        client.scheduler.address,
        people,
        tmp_path,
        str(PART),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as driver:  # noqa: S603
        assert [driver.stdout.readline() for _ in range(3)]
        driver.kill()
    pids = iter(client.run(os.getpid).values())

    def kill_one(progress):
        if pid := next(pids, None):
            os.kill(pid, signal.SIGKILL)
            tuple(pids)

    report = dask.aggregate(
        client,
        loader(people),
        keys_of(gateway),
        sink=ParquetSink(tmp_path),
        partition_size=PART,
        make_client=FAST,
        on_progress=kill_one,
    )
    check_written(tmp_path, gateway)
    assert report.investors + report.skipped == PEOPLE
    assert report.skipped >= 3 * PART
    # Two partitions were open when the driver died, and one when the worker did.
    assert lists(gateway) <= PEOPLE + 3 * PART
    assert not list(tmp_path.glob(".*"))


def test_what_cannot_work_is_refused_before_a_call_is_made(client, gateway, people, tmp_path):
    def run(**options):
        given = {"sink": ParquetSink(tmp_path), "make_client": FAST} | options
        return dask.aggregate(client, loader(people), keys_of(gateway), **given)

    with pytest.raises(UsageError, match="MemorySink is no sink to which several processes write"):
        run(sink=MemorySink())
    for size in (0, True, 1.5):
        with pytest.raises(UsageError, match="partition_size must be a whole number"):
            run(partition_size=size)
    with pytest.raises(UsageError, match="attempts must be a whole number of at least 1"):
        run(attempts=0)
    with pytest.raises(FileNotFoundError):
        run(make_client=functools.partial(open, tmp_path / "missing"))
    assert gateway.calls == ()


def test_a_client_from_the_environment_shares_limits_and_tokens(gateway, monkeypatch):
    for name in ("KOSCOM_REDIS", "KOSCOM_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in gateway.environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="KOSCOM_REDIS is missing"):
        dask.client_from_env()
    monkeypatch.setenv("KOSCOM_REDIS", "redis://127.0.0.1:1/0")
    assert repr(dask.client_from_env())

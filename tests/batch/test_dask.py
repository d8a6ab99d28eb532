"""Two of Dask's workers, a Redis and a gateway, all real: the limits kept and used, deaths that lose nothing."""

import asyncio
import functools
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from attrs import evolve
from distributed import Client, KilledWorker, LocalCluster

from koscom_async import DeadlineExceededError, KoscomError, SettingsError, SinkError, UsageError
from koscom_async.batch import BatchFailures, BatchReport, ParquetSink, dask, write_investors
from koscom_async.sandbox import Fault, SandboxGateway, crowd
from tests.batch.crowds import MemorySink, keyed
from tests.batch.workers import client_at, loader

ROOT = Path(__file__).parents[2]
PEOPLE, PART = 24, 3
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
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))))
        options = {"processes": True, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
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


def asked(gateway):
    """How many investors were asked, with those who were asked again: of each, `diamond` is asked one call."""
    return Counter(call.broker for call in gateway.calls)["diamond"]


RATE, BURST = 15.0, 15
"""The burst makes up for what a busy machine lets both wait: a second of the rate."""
TRIES = 3
"""A machine that others keep busy may let both wait for longer, and never lets them be too fast."""


def share_of_the_rate(client, gateway, people, folder):
    """Let both workers read everyone; return the share that they used of the limit of the busiest broker."""
    seen = []
    gateway.clear_calls()
    report = dask.aggregate(
        client,
        loader(people),
        keys_of(gateway),
        sink=ParquetSink(folder),
        partition_size=PART,
        make_client=client_at(RATE, BURST),
        on_progress=seen.append,
    )
    check_written(folder, gateway)
    assert (report.investors, report.complete, report.left, report.total) == (PEOPLE, PEOPLE, 0, PEOPLE)
    assert report.calls == len(gateway.calls)
    assert [each.investors for each in seen] == list(range(PART, PEOPLE + PART, PART))
    times = sorted(call.started for call in gateway.calls if call.broker == "cyber")
    return (len(times) - BURST) / (times[-1] - times[0]) / RATE


def test_two_workers_keep_the_limits_by_two_percent_and_use_95_percent_of_them(
    client, gateway, people, tmp_path
):
    with pytest.raises(FileNotFoundError):  # a client that cannot be made
        dask.aggregate(
            client,
            loader(people),
            keys_of(gateway),
            sink=ParquetSink(tmp_path / "none"),
            make_client=functools.partial(open, tmp_path / "missing"),
        )
    assert gateway.calls == ()
    # What workers import at their first partition is no part of the measurement.
    first = {"sink": ParquetSink(tmp_path / "first"), "partition_size": 1, "make_client": FAST}
    dask.aggregate(client, loader(people), keys_of(gateway)[:2], **first)
    shares = []
    while len(shares) < TRIES and max(shares, default=0) < 0.95:
        shares.append(share_of_the_rate(client, gateway, people, tmp_path / str(len(shares))))
    print("\nof cyber's rate:", *(f"{share:.4f}" for share in shares))  # noqa: T201  # for -s
    assert 0.95 <= max(shares) <= 1.02


def test_a_killed_driver_and_a_killed_worker_lose_nothing_and_repeat_only_what_was_open(
    client, gateway, people, tmp_path
):
    for broker, fault in {
        "diamond": Fault("slow", delay=0.03),
        "cyber": Fault("slow", delay=0.03),
        "star": Fault("down", after=48, times=6),  # some wait for it, and are asked again at the end
    }.items():
        gateway.set_fault(broker, fault)
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
    assert report.skipped >= 2 * PART
    # Two partitions were open when the driver died, and one when the worker did.
    assert asked(gateway) <= PEOPLE + 3 * PART
    assert list(tmp_path.glob("part-*[13579]")), "those who waited have parts of their own"
    assert not [*tmp_path.glob(".*"), *tmp_path.glob("part-*/.*")]


def test_what_cannot_work_is_refused_before_anything_travels(tmp_path):
    def run(**options):
        given = {"sink": ParquetSink(tmp_path)} | options
        return dask.aggregate(None, list, ["a", "b"], **given)

    with pytest.raises(UsageError, match="MemorySink is no sink to which several processes write"):
        run(sink=MemorySink())
    for size in (0, True, 1.5):
        with pytest.raises(UsageError, match="partition_size must be a whole number"):
            run(partition_size=size)
    with pytest.raises(UsageError, match="attempts must be a whole number of at least 1"):
        run(attempts=0)


def test_a_client_from_the_environment_shares_limits_and_tokens(gateway, monkeypatch):
    for name in ("KOSCOM_REDIS", "KOSCOM_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in gateway.environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="KOSCOM_REDIS is missing"):
        dask.client_from_env()
    monkeypatch.setenv("KOSCOM_REDIS", "redis://127.0.0.1:1/0")
    assert repr(dask.client_from_env())


class Partition:
    """A future whose worker answers so."""

    def __init__(self, answer):
        self._answer = answer
        self.released = 0

    def done(self):
        return self._answer is not None

    def release(self):
        self.released += 1

    def __await__(self):
        if False:
            yield
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


class Scheduler:
    """A cluster of which only the answers matter, in the order of the partitions."""

    def __init__(self, *answers):
        self._answers = iter(answers)
        self.partitions = []
        self.plugins = []

    def sync(self, function, *arguments):
        return asyncio.run(function(*arguments))

    async def run_on_scheduler(self, _):
        return None

    async def register_plugin(self, plugin):
        self.plugins.append(plugin.name)

    async def unregister_worker_plugin(self, name):
        self.plugins.remove(name)

    async def nthreads(self):
        return {"tcp://a": 1, "tcp://b": 1}

    def submit(self, _, number=None, keys=None, *, again=None, pure):
        self.partitions.append(Partition(next(self._answers)))
        return self.partitions[-1]


def driven(monkeypatch, tmp_path, *answers, people=30, **options):
    """Return what a run over these answers returns, and its scheduler."""

    async def waited(futures, return_when):
        if not any(each.done() for each in futures):
            await asyncio.Event().wait()

    monkeypatch.setattr(dask, "_wait", waited)
    scheduler = Scheduler(*answers)
    keys = [f"customer {number}" for number in range(people)]
    try:
        return dask.aggregate(
            scheduler, list, keys, sink=ParquetSink(tmp_path), partition_size=10, **options
        ), scheduler
    except KoscomError as error:
        return error, scheduler


READ = BatchReport(investors=10, complete=10, accounts=30, read=30, calls=100, segments=1)


def test_a_partition_that_ends_every_worker_is_named_once_all_others_are_written(monkeypatch, tmp_path):
    worker = SimpleNamespace(address="tcp://a")
    waiting = evolve(READ, investors=7, complete=7, left=3)
    answers = (
        READ,
        KilledWorker("_work-1", worker, 10),
        READ,
        READ,
        READ,
        waiting,
        evolve(READ, investors=3),
    )
    error, scheduler = driven(monkeypatch, tmp_path, *answers, people=60)
    assert isinstance(error, UsageError)
    assert str(error).startswith("killed: partition 1 ended 11 workers. What to do: see the workers' logs")
    assert [each.released for each in scheduler.partitions] == [1] * len(answers)
    assert scheduler.plugins == []


def test_what_a_partition_raises_ends_the_run_once_those_that_are_open_have_ended(monkeypatch, tmp_path):
    error, scheduler = driven(monkeypatch, tmp_path, READ, SinkError("no room"), READ, READ, people=60)
    assert error == SinkError("no room")
    assert [each.released for each in scheduler.partitions] == [1, 1, 1, 1]
    assert scheduler.plugins == []


def test_a_cluster_that_is_silent_is_given_up(monkeypatch, tmp_path):
    error, scheduler = driven(monkeypatch, tmp_path, READ, None, None, timeout=0.01)
    assert isinstance(error, DeadlineExceededError)
    assert "no partition has ended for 0.01 s, of 2 that are with the workers" in str(error)
    assert scheduler.plugins == []


def test_at_a_spent_quota_no_more_partitions_are_begun(monkeypatch, tmp_path):
    tomorrow = datetime(2026, 11, 28, tzinfo=UTC)
    spent = evolve(READ, investors=4, complete=4, left=6, stopped="quota", resume_at=tomorrow)
    report, scheduler = driven(monkeypatch, tmp_path, READ, spent, READ, READ, people=100)
    # Four were begun at once: a partition for each worker's thread, and one more.
    assert len(scheduler.partitions) == 4
    assert (report.stopped, report.resume_at, report.left, report.investors, report.total) == (
        "quota", tomorrow, 6 + 60, 34, 100,
    )  # fmt: skip


def test_failures_are_summed_by_broker_and_reason(monkeypatch, tmp_path):
    failed = evolve(READ, failures=(BatchFailures(broker="star", reason="3600", count=2),))
    waiting = evolve(READ, investors=7, complete=7, left=3)
    last = evolve(failed, investors=3, complete=1, segments=1)
    report, _ = driven(monkeypatch, tmp_path, failed, waiting, failed, last, None)
    assert report.failures == (BatchFailures(broker="star", reason="3600", count=6),)
    assert (report.investors, report.left, report.segments, report.calls) == (30, 0, 4, 400)

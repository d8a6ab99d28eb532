"""Marked secrets: what travels to workers, what sinks write, what waits for the second round, and what is logged."""

import logging
import sqlite3
import zlib
from contextlib import closing
from functools import partial

import cloudpickle
import pytest
from attrs import evolve

from koscom_async import Koscom, Retry, Token
from koscom_async.batch import JsonLinesSink, ParquetSink, aggregate, aggregate_partition, dask
from koscom_async.sandbox import Ledger, SandboxGateway, crowd
from tests.batch.crowds import FAST, MemorySink, keyed
from tests.batch.workers import loader

CI = "CIMARK+" + "A" * 79 + "=="
NAME, ACCESS, REFRESH = "홍길순비밀", "TOKENMARK-0123456789", "REFRESHMARK-0123456789"
NUMBER = "770011112222330001"
SINKS = {
    "parquet": partial(ParquetSink, compression="none"),
    "jsonl": JsonLinesSink,
}


def marked():
    """One investor under secrets that can be recognised, with an account number of their own at `star`."""
    (person,) = crowd(1).people
    accounts = tuple(
        evolve(each, number=NUMBER) if each.broker == "star" else each for each in person.accounts
    )
    return Ledger((evolve(person, ci=CI, name=NAME, access_token=ACCESS, accounts=accounts),))


def texts(folder):
    """Everything that is written below a folder; what waits, as it is when it is unpacked."""
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            yield path.name, zlib.decompress(data) if path.name == ".waiting" else data


@pytest.mark.parametrize("kind", SINKS)
async def test_no_secret_is_written_or_logged_and_no_account_number_in_the_output(tmp_path, caplog, kind):
    caplog.set_level(logging.DEBUG)
    sink = SINKS[kind](tmp_path)
    async with SandboxGateway(in_process=True, ledger=marked(), faults={"cyber": "down"}) as gateway:
        settings = evolve(gateway.settings, limits=FAST)
        found = {
            key: evolve(investor, token=Token(access=ACCESS, refresh=REFRESH))
            for key, investor in keyed(gateway)
        }
        async with Koscom(settings, transport=gateway.transport) as koscom:
            for again in (False, True):
                report = await aggregate_partition(
                    koscom, 0, list(found), lambda _: found.items(), sink=sink, again=again, attempts=2
                )
                written = dict(texts(tmp_path))
                assert (".waiting" in written) is True
                for secret in (CI, NAME, ACCESS, REFRESH, settings.api_key, settings.api_secret):
                    for name, data in written.items():
                        assert secret.encode() not in data, name
                    assert secret not in caplog.text + repr((sink, report))
                assert [name for name, data in written.items() if NUMBER.encode() in data] == [".waiting"]
    assert report.investors == 1
    sink.sweep()
    assert NUMBER.encode() not in b"".join(dict(texts(tmp_path)).values())


async def test_a_checkpoint_holds_rows_and_numbers_of_who_waits_and_no_secret(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    checkpoint, shown = tmp_path / "journal", []
    async with SandboxGateway(in_process=True, ledger=marked(), quota={"account": 1}) as gateway:
        settings = evolve(gateway.settings, limits=FAST, retry=Retry(attempts=1))
        [(key, investor)] = keyed(gateway)
        async with Koscom(settings, transport=gateway.transport) as koscom:
            report = await aggregate(
                koscom, [(key, investor)], sink=MemorySink(), checkpoint=checkpoint, on_progress=shown.append
            )
    assert (report.stopped, report.left) == ("quota", 1)
    with closing(sqlite3.connect(checkpoint)) as database:
        [(packed,)] = database.execute("SELECT outcomes FROM parked")
    waiting = zlib.decompress(packed)
    assert NUMBER.encode() in waiting
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir()) + waiting
    assert b"customer 0" in written
    for secret in (CI, NAME, ACCESS, settings.api_key, settings.api_secret):
        assert secret.encode() not in written
        assert secret not in caplog.text + repr((report, shown))
    assert {oct(path.stat().st_mode)[-3:] for path in tmp_path.iterdir()} == {"600"}


def test_what_travels_to_a_worker_holds_keys_and_no_more(gateway_environment, tmp_path):
    work = partial(
        dask._work, load=loader(tmp_path / "investors.csv"), sink=ParquetSink(tmp_path), options={}
    )
    travelling = cloudpickle.dumps((work, 7, ("customer 1",), dask.KoscomPlugin(dask.client_from_env)))
    assert b"customer 1" in travelling
    assert len(travelling) < 1_000
    assert len(gateway_environment) == 4
    for secret in gateway_environment.values():
        assert secret.encode() not in travelling


@pytest.fixture
def gateway_environment(monkeypatch):
    """The variables from which a worker makes its client, set."""
    environment = SandboxGateway(in_process=True, ledger=marked()).environment
    secrets = {
        name: value
        for name, value in environment.items()
        if name.endswith(("_KEY", "SECRET", "_CI", "TOKEN"))
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return secrets

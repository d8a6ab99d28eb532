"""Runs whose process dies: what is in the output after the next one, and who is not asked any more."""

import json
import signal
import sys
from contextlib import suppress
from functools import partial

import anyio
import httpx
import pytest

from koscom_async.batch import aggregate
from koscom_async.batch._run import reading
from koscom_async.batch._run.journal import Journal
from tests.batch.crowds import MemorySink, check_whole, client_of, gateway_of, keyed
from tests.batch.killed_run import PEOPLE, SEGMENT, run
from tests.batch.test_journal import Crash, crashing, killed
from tests.source import HOME


def lines_of(folder):
    """The output's lines in order, without what differs from run to run."""
    lines = [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    return sorted((line | {"run": None} for line in lines), key=lambda line: line["key"])


async def test_killed_at_any_moment_a_run_goes_on_and_has_everyone_once(tmp_path):
    left_alone, folder = tmp_path / "alone", tmp_path / "killed"
    report = await run(left_alone)
    for when in ("30", "commit"):
        command = [sys.executable, "-m", "tests.batch.killed_run", str(folder), when]
        ended = await anyio.run_process(command, cwd=HOME, check=False)
        assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    last = await run(folder)
    assert lines_of(folder) == lines_of(left_alone)
    assert [line["key"] for line in lines_of(folder)] == [f"customer {number}" for number in range(PEOPLE)]
    assert last.skipped >= SEGMENT
    assert last.ok
    assert last.investors + last.skipped == report.investors == PEOPLE
    assert last.calls < report.calls


class Watching(httpx.AsyncBaseTransport):
    """Calls `strike` when an account is asked."""

    def __init__(self, transport, number, strike):
        self.transport = transport
        self.number = number.encode()
        self.strike = strike

    async def handle_async_request(self, request):
        if self.number in await request.aread():
            self.strike()
        return await self.transport.handle_async_request(request)


@pytest.mark.parametrize("where", ["reading", "writing"])
async def test_who_was_there_at_three_deaths_is_written_as_poison_and_no_one_else(
    where, tmp_path, monkeypatch
):
    """The one whose reading or writing kills the process is found among all who were there with them."""
    sink, deaths = MemorySink(), []

    class Dying(MemorySink):
        def commit(self, segment):
            if where == "writing" and any(e.key == "customer 2" and e.error is None for e in segment.entries):
                die()
                raise Crash
            sink.commit(segment)

        def has(self, segment):
            return sink.has(segment)

    def die():
        """Leave everything as a killed process leaves it."""
        deaths.append(where)
        patch.setattr(Journal, "close", killed)
        for name in ("begin", "begin_again", "commit", "park"):
            patch.setattr(Journal, name, crashing)
        if where == "reading":
            scope.cancel()

    async with gateway_of(4) as gateway:
        number = gateway.ledger.people[2].accounts[0].number
        for _ in range(4):
            with monkeypatch.context() as patch, anyio.CancelScope() as scope:
                watching = Watching(gateway.transport, number, die if where == "reading" else int)
                async with client_of(gateway, transport=watching) as koscom:
                    with suppress(BaseExceptionGroup):
                        await aggregate(
                            koscom,
                            keyed(gateway),
                            sink=Dying(),
                            checkpoint=tmp_path / "journal",
                            segment_size=2,
                        )
    assert deaths == [where] * 3
    assert sink.by_key.keys() == {f"customer {number}" for number in range(4)}
    assert {entry.key: entry.error.code for entry in sink.entries if entry.error} == {"customer 2": "poison"}
    assert "the process died 3 times" in str(sink.by_key["customer 2"].error)


async def test_kills_by_chance_make_no_one_poison(tmp_path, monkeypatch):
    """Whose turn it was at a death waits for those who were there at fewer."""
    sink, asked = MemorySink(), []
    async with gateway_of(5) as gateway:
        numbers = {person.accounts[0].number: place for place, person in enumerate(gateway.ledger.people)}
        for _ in range(6):
            with monkeypatch.context() as patch, anyio.CancelScope() as scope:

                def die(place, scope=scope, patch=patch):
                    asked.append(place)
                    patch.setattr(Journal, "close", killed)
                    patch.setattr(Journal, "commit", lambda *_: None)
                    scope.cancel()

                transport = gateway.transport
                for number, place in numbers.items():
                    transport = Watching(transport, number, partial(die, place))
                async with client_of(gateway, transport=transport) as koscom:
                    await aggregate(koscom, keyed(gateway), sink=sink, checkpoint=tmp_path / "journal")
        monkeypatch.setattr(reading, "REPORT_SECONDS", 0.001)
        waiting = []
        async with client_of(gateway) as koscom:
            await aggregate(
                koscom,
                keyed(gateway),
                sink=sink,
                checkpoint=tmp_path / "journal",
                on_progress=lambda progress: waiting.append(progress.suspects),
            )
        check_whole(sink, gateway)
    assert max(waiting) > waiting[-1] == 0, "progress says how many are to be asked one at a time"
    assert sorted(asked[-5:]) == [0, 1, 2, 3, 4], "one kill each, once all were there at the first"

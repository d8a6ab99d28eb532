"""`aggregate` without and with a checkpoint: everyone once, whole, whatever fails on the way."""

import asyncio
from contextlib import contextmanager
from datetime import UTC, datetime

import anyio
import anyio.to_thread
import pytest
from attrs import evolve

from koscom_async import (
    AuthenticationError,
    BrokerLimits,
    BrokerUnavailableError,
    ConnectionFailedError,
    Koscom,
    Limits,
    SinkError,
    UsageError,
)
from koscom_async._transport.breaker import Breakers
from koscom_async._transport.limits.limiter import ProcessLimiter
from koscom_async.batch import BatchFailures, aggregate
from koscom_async.batch._run import reading, writing
from koscom_async.batch._run.journal import Journal
from koscom_async.sandbox import Fault, SandboxGateway, crowd
from koscom_async.sandbox.ledger import Ledger
from tests.batch.crowds import FAST, MemorySink, balances, check_whole, client_of, gateway_of, keyed
from tests.hurry import hurrying

CALLS_A_PERSON = {"diamond": 1, "cyber": 4, "star": 4}


async def test_every_investor_is_written_once_and_whole_in_segments_of_the_size_that_was_asked_for():
    sink, seen = MemorySink(), []
    async with gateway_of(12) as gateway, client_of(gateway) as koscom:
        report = await aggregate(
            koscom, keyed(gateway), sink=sink, segment_size=5, accounts_open=30, on_progress=seen.append
        )
        check_whole(sink, gateway)
        assert balances(gateway) == {broker: 12 * calls for broker, calls in CALLS_A_PERSON.items()}
    assert [len(segment.entries) for segment in sink.segments.values()] == [5, 5, 2]
    assert {segment.run for segment in sink.segments.values()} == set(sink.runs)
    assert (report.investors, report.complete, report.accounts, report.read) == (12, 12, 36, 36)
    assert (report.segments, report.failures, report.stopped, report.left, report.ok) == (
        3,
        (),
        None,
        0,
        True,
    )
    assert report.calls == len(gateway.calls) == sum(entry.calls for entry in sink.entries)
    assert (seen[-1].investors, seen[-1].total, seen[-1].seconds_left, seen[-1].parked) == (12, 12, 0, 0)
    assert repr(report).startswith("<BatchReport: 12 investors of 12, 36 of 36 accounts read, ")


async def test_the_source_is_taken_as_there_is_room_and_may_be_asynchronous():
    taken = written = most_ahead = 0

    class Counting(MemorySink):
        def commit(self, segment):
            nonlocal written
            super().commit(segment)
            written += len(segment.entries)

    async def source():
        nonlocal taken, most_ahead
        for pair in keyed(gateway):
            taken += 1
            most_ahead = max(most_ahead, taken - written)
            yield pair

    sink = Counting()
    async with gateway_of(15) as gateway, client_of(gateway) as koscom:
        report = await aggregate(koscom, source(), sink=sink, segment_size=1, accounts_open=12, patience=60.0)
        check_whole(sink, gateway)
    assert (report.total, report.seconds_left) == (None, None)
    assert most_ahead <= 4 + 2, "a window of twelve accounts has room for four people"


@contextmanager
def standing_time():
    """A clock that jumps to the next timer where nothing but time is waited for; what runs in threads takes none."""

    async def inline(work, *arguments, **_):
        return work(*arguments)

    with (
        hurrying(asyncio.get_running_loop(), quiet_seconds=0) as clock,
        pytest.MonkeyPatch.context() as patch,
    ):
        for kind in (ProcessLimiter, Breakers):
            patch.setitem(kind.__init__.__kwdefaults__, "clock", clock)
        patch.setattr(anyio.to_thread, "run_sync", inline)
        yield clock


def of_brokers(gateway):
    """The brokers of all calls for a balance, in their order."""
    return [call.broker for call in gateway.calls if call.endpoint == "account.balance"]


async def test_investors_without_an_account_fill_the_window_as_others_do(monkeypatch):
    """They are open while their list is asked for and until they are written, and take memory as any."""
    monkeypatch.setattr(writing, "BUFFERED", 1)
    ledger = Ledger(tuple(evolve(person, accounts=()) for person in crowd(60).people))
    open_now = most_open = 0

    class Slow(MemorySink):
        def commit(self, segment):
            nonlocal open_now
            super().commit(segment)
            open_now -= len(segment.entries)

    def source():
        nonlocal open_now, most_open
        for pair in keyed(gateway):
            open_now += 1
            most_open = max(most_open, open_now)
            yield pair

    sink = Slow()
    async with SandboxGateway(in_process=True, ledger=ledger) as gateway, client_of(gateway) as koscom:
        report = await aggregate(koscom, source(), sink=sink, segment_size=1, accounts_open=6)
    assert (report.investors, report.complete, report.accounts) == (60, 60, 0)
    assert most_open <= 6 + 4, "the window, and who is handed over and written"


async def test_a_slow_broker_holds_up_no_other_and_is_never_idle():
    sink = MemorySink()
    limits = Limits(
        default=BrokerLimits(rate=40.0, burst=10), brokers={"star": BrokerLimits(rate=4.0, burst=1)}
    )
    with standing_time() as clock:
        async with gateway_of(20) as gateway, client_of(gateway, limits=limits) as koscom:
            began = clock()
            report = await aggregate(koscom, keyed(gateway), sink=sink, accounts_open=15)
            seconds = clock() - began
            check_whole(sink, gateway)
            calls = of_brokers(gateway)
    assert balances(gateway) == {broker: 20 * each for broker, each in CALLS_A_PERSON.items()}
    last_of_others = max(number for number, broker in enumerate(calls) if broker != "star")
    assert calls[:last_of_others].count("star") < 0.5 * calls.count("star")
    assert max(entry.passes for entry in sink.entries) > 1
    assert report.ok
    assert seconds < 1.15 * 20 * 4 / 4, "the slow broker's own limit decides"


async def test_an_investor_with_forty_accounts_delays_no_one():
    """Also where the window is smaller than that: the brokers' limits decide how long the run takes."""

    def at(broker, person):
        return next(account for account in person.accounts if account.broker == broker)

    many, *others = crowd(61).people
    many = evolve(many, accounts=tuple(at("diamond", person) for person in others[20:]))
    ledger = Ledger(people=(many, *(evolve(each, accounts=(at("cyber", each),)) for each in others[:20])))
    limits = Limits(
        default=BrokerLimits(rate=20.0, burst=1), brokers={"common": BrokerLimits(rate=200.0, burst=50)}
    )
    sink, pages = MemorySink(), {"diamond": 100, "cyber": 100}
    with standing_time() as clock:
        async with (
            SandboxGateway(in_process=True, ledger=ledger, page_sizes=pages) as gateway,
            client_of(gateway, limits=limits) as koscom,
        ):
            began = clock()
            report = await aggregate(koscom, keyed(gateway), sink=sink, accounts_open=15)
            seconds = clock() - began
            check_whole(sink, gateway)
            calls = balances(gateway)
    assert report.ok
    assert seconds < 1.1 * max(calls.values()) / 20


async def test_a_broker_that_is_down_holds_up_no_other_and_is_probed_until_it_answers():
    sink, limits = MemorySink(), Limits(default=BrokerLimits(rate=20.0, burst=1))
    with standing_time():
        async with (
            gateway_of(12, faults={"star": "down"}) as gateway,
            client_of(gateway, limits=limits, cool_down=3.0) as koscom,
            anyio.create_task_group() as group,
        ):

            async def repair():
                await anyio.sleep(30.0)
                assert set(of_brokers(gateway)[-5:]) == {"star"}, "the others were read meanwhile"
                gateway.clear_faults()

            group.start_soon(repair)
            await aggregate(koscom, keyed(gateway), sink=sink, accounts_open=15, attempts=20)
            check_whole(sink, gateway)
    asked = balances(gateway)
    assert (asked["diamond"], asked["cyber"]) == (12, 12 * 4)
    assert 5 <= asked["star"] - 12 * 4 < 12 * 4 + 4 * 30 / 3.0, "one account is asked each cool-down"


async def test_a_broker_that_is_down_in_the_middle_is_not_given_up_before_the_end():
    sink = MemorySink()

    async def source():
        for number, pair in enumerate(keyed(gateway)):
            if number == 6:
                gateway.clear_faults()
            await anyio.sleep(3.0)
            yield pair

    with standing_time():
        async with (
            gateway_of(8, faults={"star": "down"}) as gateway,
            client_of(gateway, cool_down=1.0) as koscom,
        ):
            await aggregate(koscom, source(), sink=sink, attempts=3)
            check_whole(sink, gateway)


async def test_what_fails_for_a_while_is_asked_again_and_only_that():
    sink = MemorySink()
    faults = {"star": Fault("down", times=10), "common": Fault("down", times=3)}
    async with gateway_of(12, faults=faults) as gateway, client_of(gateway) as koscom:
        await aggregate(koscom, keyed(gateway), sink=sink, attempts=9)
        check_whole(sink, gateway)
        asked = balances(gateway)
    assert asked["diamond"] == 12
    assert asked["cyber"] == 12 * 4
    assert 10 <= asked["star"] - 12 * 4 <= 10 * 4


async def test_what_fails_to_the_end_is_written_with_the_reason_after_so_many_attempts():
    sink = MemorySink()
    async with gateway_of(3, faults={"star": "down"}) as gateway, client_of(gateway) as koscom:
        report = await aggregate(koscom, keyed(gateway), sink=sink, attempts=2)
    assert [len(entry.holdings.failures) for entry in sink.by_key.values()] == [1, 1, 1]
    assert {2} <= {entry.passes for entry in sink.entries} <= {2, 3}, (
        "a pass in which no call was made is no attempt"
    )
    assert (report.complete, report.read, report.accounts, report.ok) == (0, 6, 9, False)
    assert [(each.broker, each.count) for each in report.failures] == [("star", 3)]


async def test_what_will_not_pass_is_written_at_once():
    sink = MemorySink()
    async with gateway_of(3, faults={"star": "4001"}) as gateway, client_of(gateway) as koscom:
        gateway.revoke_token(gateway.investors[1].token.access)
        report = await aggregate(koscom, keyed(gateway), sink=sink)
    assert {entry.passes for entry in sink.entries} == {1}
    assert BatchFailures(broker="star", reason="4001", count=2) in report.failures
    assert sum(each.count for each in report.failures) == 2 + 3, "without a token no account is read"


async def test_an_exception_that_is_none_of_the_library_is_an_outcome():
    class Odd(ProcessLimiter):
        async def acquire(self, broker, service, turn=None):
            if broker == "common" and turn.ticket.number % 2:
                raise ZeroDivisionError("odd")
            await super().acquire(broker, service, turn)

    sink = MemorySink()
    async with gateway_of(4) as gateway, client_of(gateway, limiter=Odd(FAST)) as koscom:
        report = await aggregate(koscom, keyed(gateway), sink=sink)
    errors = [entry.error for entry in sink.by_key.values() if entry.error is not None]
    assert [error.code for error in errors] == ["unforeseen"] * 2
    assert isinstance(errors[0].__cause__, ZeroDivisionError)
    assert report.failures == (BatchFailures(broker="list of accounts", reason="unforeseen", count=2),)


async def test_a_key_that_comes_twice_is_left_out_and_counted(caplog):
    sink = MemorySink()
    async with gateway_of(3) as gateway, client_of(gateway) as koscom:
        people = keyed(gateway)
        report = await aggregate(koscom, [*people, people[1]], sink=sink)
        check_whole(sink, gateway)
    assert (report.investors, report.repeated, report.ok) == (3, 1, False), "it may be another investor"
    assert "the key customer 1 came a second time" in caplog.text


async def test_bad_arguments_and_items_are_named_without_a_secret():
    async with gateway_of(2) as gateway, client_of(gateway) as koscom:
        [(key, investor), other] = keyed(gateway)
        for items, text in [
            ([(key, investor), other[1]], "item 2 of the investors is no pair of a key and an Investor"),
            ([(key, investor.ci)], "item 1 of the investors has no Investor but str"),
            ([(7, investor)], "item 1 of the investors has no key"),
            ([(f"x{investor.ci}", investor)], "the key of 1 of the investors holds a secret"),
            (7, "investors are no iterable but int"),
        ]:
            with pytest.raises(UsageError, match=text) as caught:
                await aggregate(koscom, items, sink=MemorySink())
            assert investor.ci not in repr(caught.value)
        for name, value in [
            ("accounts_open", 0), ("attempts", True), ("patience", -1.0), ("segment_size", 1.5), ("checkpoint", 7),
            ("checkpoint", "/"), ("checkpoint", "."), ("checkpoint", "a\0b"), ("patience", 1e308), ("patience", 10**400),
        ]:  # fmt: skip
            with pytest.raises(UsageError, match=name):
                await aggregate(koscom, [], sink=MemorySink(), **{name: value})
        assert (await aggregate(koscom, [], sink=MemorySink())).ok
        for sink in ("a folder", None, MemorySink, AsyncSink()):
            with pytest.raises(
                UsageError, match=r"the sink's (has|commit) is no function to call in a thread"
            ):
                await aggregate(koscom, [(key, investor)], sink=sink)
        windows = [await aggregate(koscom, [(key, investor)], sink=MemorySink(), accounts_open=10**30)]
        assert [report.read for report in windows] == [3], (
            "a wide window makes the patience no longer than a time is"
        )


class AsyncSink(MemorySink):
    async def commit(self, segment):
        raise AssertionError("what it returns is not awaited: nothing would be written")


async def test_what_an_earlier_process_could_not_read_is_not_called_whole_by_the_next(tmp_path):
    sink, checkpoint = MemorySink(), tmp_path / "run.journal"
    async with gateway_of(3) as gateway, client_of(gateway) as koscom:
        people = keyed(gateway)
        await aggregate(koscom, people[:1], sink=sink, checkpoint=checkpoint)
        gateway.set_fault("star", "4001")
        partial = await aggregate(koscom, people[:2], sink=sink, checkpoint=checkpoint)
        assert (partial.skipped, partial.skipped_incomplete, partial.ok) == (1, 0, False)
        gateway.clear_faults()
        for source, facts in [
            (people, (2, 1, 0, False)),
            (people[2:], (1, 0, 0, True)),
            ([*people[2:], *people], (3, 1, 1, False)),
        ]:
            report = await aggregate(koscom, source, sink=sink, checkpoint=checkpoint)
            assert (report.skipped, report.skipped_incomplete, report.repeated, report.ok) == facts


async def test_a_source_that_waits_keeps_nothing_from_being_read_and_ends_with_the_run():
    """What failed for a while is asked again meanwhile, and what ends the run is raised at once."""

    async def source():
        for pair in keyed(gateway)[:3]:
            yield pair
        waited.set()
        await (go_on.wait() if sink.failures == [] else anyio.sleep_forever())
        yield keyed(gateway)[3]

    class Watched(MemorySink):
        def commit(self, segment):
            super().commit(segment)
            if len(self.entries) == 3:
                anyio.from_thread.run_sync(go_on.set)

    sink, go_on, waited = Watched(), anyio.Event(), anyio.Event()
    async with (
        gateway_of(4, faults={"star": Fault("down", times=4)}) as gateway,
        client_of(gateway) as koscom,
    ):
        with anyio.fail_after(20):
            report = await aggregate(koscom, source(), sink=sink, segment_size=1, attempts=9)
            check_whole(sink, gateway)
            assert (report.investors, waited.is_set()) == (4, True)
            sink = MemorySink()
            sink.failures = [OSError(28, "No space left on device")] * 2
            with pytest.raises(SinkError):
                await aggregate(koscom, source(), sink=sink, segment_size=1)


async def test_a_source_that_raises_ends_the_run_after_what_was_read_is_written_and_the_next_goes_on(
    tmp_path,
):
    def failing():
        yield from people[:5]
        raise ZeroDivisionError

    sink, checkpoint = MemorySink(), tmp_path / "run.journal"
    async with gateway_of(8) as gateway, client_of(gateway) as koscom:
        people = keyed(gateway)
        with pytest.raises(UsageError, match="failed after 5 of them") as caught:
            await aggregate(koscom, failing(), sink=sink, checkpoint=checkpoint)
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
        assert len(sink.by_key) == 5
        report = await aggregate(koscom, people, sink=sink, checkpoint=checkpoint)
        check_whole(sink, gateway)
    assert (report.skipped, report.investors) == (5, 3)
    assert repr(report).startswith("<BatchReport: 3 investors of 8, 5 written before, ")
    assert balances(gateway)["diamond"] == 8


async def test_a_sink_that_fails_ends_the_run_and_the_next_goes_on(tmp_path):
    sink, checkpoint = MemorySink(), tmp_path / "run.journal"
    async with gateway_of(9) as gateway, client_of(gateway) as koscom:
        for number, failure in enumerate([OSError(28, "No space left on device"), ZeroDivisionError()]):
            sink.failures = [failure]
            with pytest.raises(SinkError, match=f"could not write segment {number}") as caught:
                await aggregate(koscom, keyed(gateway), sink=sink, checkpoint=checkpoint, segment_size=3)
            assert caught.value.__cause__ is failure
            # The next one gets as far as the first segment, and fails at the second.
            sink.failures = []
            if number == 0:
                with pytest.raises(UsageError):
                    await aggregate(koscom, iter([*keyed(gateway)[:3], 7]), sink=sink, checkpoint=checkpoint)
        await aggregate(koscom, keyed(gateway), sink=sink, checkpoint=checkpoint)
        check_whole(sink, gateway)


async def test_a_run_that_is_cancelled_keeps_what_was_read_and_the_next_goes_on(tmp_path):
    sink, checkpoint = MemorySink(), tmp_path / "run.journal"
    async with gateway_of(10) as gateway, client_of(gateway) as koscom:
        with anyio.CancelScope() as scope:

            def stop(progress):
                if len(gateway.calls) > 40:
                    scope.cancel()

            async def source():
                for pair in keyed(gateway):
                    stop(pair)
                    yield pair

            await aggregate(koscom, source(), sink=sink, checkpoint=checkpoint, accounts_open=15)
        assert scope.cancelled_caught
        assert 0 < len(sink.by_key) < 10
        await aggregate(koscom, keyed(gateway), sink=sink, checkpoint=checkpoint)
        check_whole(sink, gateway)


async def test_a_key_of_the_firm_that_is_refused_ends_the_run():
    sink = MemorySink()
    async with gateway_of(5) as gateway:
        settings = evolve(gateway.settings, api_key="wrong", limits=FAST)
        async with Koscom(settings, transport=gateway.transport) as koscom:
            with pytest.raises(AuthenticationError):
                await aggregate(koscom, keyed(gateway), sink=sink)
    assert sink.entries == []


async def test_a_platform_that_stays_silent_ends_the_run_after_some_probes(tmp_path):
    sink, checkpoint = MemorySink(), tmp_path / "run.journal"
    async with gateway_of(9, faults={"common": "reset"}) as gateway, client_of(gateway) as koscom:
        with pytest.raises((BrokerUnavailableError, ConnectionFailedError)):
            await aggregate(koscom, keyed(gateway), sink=sink, checkpoint=checkpoint, attempts=2)
        assert sink.entries == []
        assert len(gateway.calls) < 9 + 2 * 2
        gateway.clear_faults()
        await aggregate(koscom, keyed(gateway), sink=sink, checkpoint=checkpoint)
        check_whole(sink, gateway)


async def test_a_token_that_cannot_be_renewed_now_waits_alone():
    sink = MemorySink()
    async with gateway_of(4, faults={"auth": Fault("down", times=3)}) as gateway:
        people = keyed(gateway)
        expired = gateway.issue_token(1)
        gateway.revoke_token(expired.access)
        people[1] = (people[1][0], evolve(people[1][1], token=expired))
        async with client_of(gateway) as koscom:
            await aggregate(koscom, people, sink=sink, attempts=9)
        check_whole(sink, gateway)
    assert {key: entry.passes > 1 for key, entry in sink.by_key.items()} == {
        f"customer {number}": number == 1 for number in range(4)
    }


async def test_at_the_quota_the_run_stops_and_goes_on_the_next_day(tmp_path):
    sink, checkpoint = MemorySink(), tmp_path / "run.journal"
    async with gateway_of(10, quota={"account": 50}) as gateway:
        async with client_of(gateway) as koscom:
            report = await aggregate(
                koscom, keyed(gateway), sink=sink, checkpoint=checkpoint, accounts_open=9
            )
        written = len(sink.by_key)
        assert all(entry.complete for entry in sink.entries)
        assert report.stopped == "quota"
        assert report.resume_at > datetime.now(UTC)
        assert (report.resume_at.hour, report.left) == (0, 10 - written)
        assert 2 <= written <= 5
        assert "stopped at the quota, go on at" in repr(report)
    async with SandboxGateway(in_process=True, ledger=gateway.ledger) as tomorrow:
        settings = evolve(tomorrow.settings, limits=FAST)
        async with Koscom(settings, transport=tomorrow.transport) as koscom:
            report = await aggregate(koscom, keyed(tomorrow), sink=sink, checkpoint=checkpoint)
        check_whole(sink, tomorrow)
    assert (report.stopped, report.skipped, report.left) == (None, written, 0)


async def test_without_a_checkpoint_what_waits_at_the_quota_is_written_as_far_as_it_is_read():
    sink = MemorySink()
    async with gateway_of(12, quota={"account": 50}) as gateway, client_of(gateway) as koscom:
        report = await aggregate(koscom, keyed(gateway), sink=sink, accounts_open=9, patience=60.0)
    asked = {
        outcome.account.number
        for entry in sink.entries
        if entry.holdings
        for outcome in entry.holdings.outcomes
    }
    assert asked
    assert report.stopped == "quota"
    assert report.investors == len(sink.by_key) == 12 - report.left
    assert {each.reason for each in report.failures} == {"429"}


async def test_a_checkpoint_of_another_run_and_one_in_use_are_refused(tmp_path):
    checkpoint = tmp_path / "nights" / "run.journal"
    async with gateway_of(3) as gateway, client_of(gateway) as koscom:
        await aggregate(koscom, keyed(gateway), sink=MemorySink(), checkpoint=checkpoint)
        assert oct(checkpoint.stat().st_mode)[-3:] == "600"
        other = MemorySink()
        other.fingerprint = "memory 2"
        with pytest.raises(UsageError, match="was begun with another kind of output"):
            await aggregate(koscom, [], sink=other, checkpoint=checkpoint)
        async with Koscom(evolve(gateway.settings, srv_id="other")) as another:
            with pytest.raises(UsageError, match="was begun with other settings"):
                await aggregate(another, [], sink=MemorySink(), checkpoint=checkpoint)
        sink = MemorySink()
        sink.segments = {1: None}
        with pytest.raises(UsageError, match="the output has segment 1 already"):
            await aggregate(koscom, [], sink=sink, checkpoint=checkpoint)
        (tmp_path / "text").write_text("no database, but a text that is long enough for one" * 100)
        with pytest.raises(SinkError, match="file is not a database"):
            await aggregate(koscom, [], sink=MemorySink(), checkpoint=tmp_path / "text")

        async def source():
            with pytest.raises(UsageError, match=r"is in use: process \d+ on .* since 20"):
                await aggregate(koscom, [], sink=MemorySink(), checkpoint=tmp_path / "free")
            for pair in keyed(gateway):
                yield pair

        await aggregate(koscom, source(), sink=MemorySink(), checkpoint=tmp_path / "free")


async def test_progress_is_reported_at_times_also_while_everyone_waits(monkeypatch):
    monkeypatch.setattr(reading, "REPORT_SECONDS", 0.01)
    seen, reported = [], anyio.Event()

    async def source():
        yield keyed(gateway)[0]
        await reported.wait()
        yield keyed(gateway)[1]

    def show(progress):
        seen.append(progress.investors)
        if seen.count(1) == 3:
            reported.set()

    async with gateway_of(2) as gateway, client_of(gateway) as koscom:
        with anyio.fail_after(20):
            await aggregate(koscom, source(), sink=MemorySink(), on_progress=show)
    assert seen == sorted(seen)
    assert seen[-1] == 2


async def test_what_no_one_foresees_in_the_middle_of_a_run_ends_it_as_it_is(monkeypatch):
    """Such as a thread that cannot be started."""

    def park(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Journal, "park", park)
    async with gateway_of(4, faults={"star": "down"}) as gateway, client_of(gateway) as koscom:
        with pytest.raises(RuntimeError, match="can't start new thread"):
            await aggregate(koscom, keyed(gateway), sink=MemorySink())


async def test_what_on_progress_raises_ends_the_run():
    async with gateway_of(2) as gateway, client_of(gateway) as koscom:
        with pytest.raises(ZeroDivisionError):
            await aggregate(koscom, keyed(gateway), sink=MemorySink(), on_progress=lambda _: 1 / 0)

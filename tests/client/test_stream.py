"""`koscom.stream_holdings()`: each outcome when it is ready, and nothing left behind by a caller that leaves early."""

import asyncio

import anyio
import pytest

from koscom_async import DeadlineExceededError, KoscomError, SettingsError, UsageError
from koscom_async._transport.limits.limiter import ProcessLimiter
from koscom_async.settings import BrokerLimits, Limits
from tests.client.fake_gateway import FakeGateway, link

NARROW = Limits(default=BrokerLimits(rate=1e6, burst=1000, in_flight=4), in_flight=12)


@pytest.fixture
def gates(gateway):
    """Hold each broker's answers back until its gate is opened."""
    opened = {broker: anyio.Event() for broker in gateway.scripts}

    def held(broker, book):
        async def script(question):
            await opened[broker].wait()
            return book(question)

        return script

    gateway.scripts = {broker: held(broker, book) for broker, book in gateway.scripts.items()}
    return opened


async def test_outcomes_come_in_the_order_of_the_answers_and_not_of_the_accounts(gateway, investor, gates):
    arrived = []
    async with gateway.client() as koscom, koscom.stream_holdings(investor) as stream:
        assert [account.broker.short_name for account in stream.accounts] == ["diamond", "cyber", "star"]
        for broker in ("star", "diamond", "cyber"):
            gates[broker].set()
            arrived.append((await anext(stream.__aiter__())).account.broker.short_name)
        assert [outcome async for outcome in stream] == [], "after the last there is no other"
        holdings = stream.holdings
    assert arrived == ["star", "diamond", "cyber"]
    assert [each.account.broker.short_name for each in holdings.outcomes] == ["cyber", "diamond", "star"]
    assert holdings.positions[0].quantity == 6


async def test_who_waits_for_the_next_outcome_sleeps_until_it_is_there(gateway, investor, gates):
    seen = []

    async def listen(stream):
        seen.extend([outcome.account.broker.short_name async for outcome in stream])

    async with (
        gateway.client() as koscom,
        koscom.stream_holdings(investor) as stream,
        anyio.create_task_group() as group,
    ):
        group.start_soon(listen, stream)
        for broker in ("star", "diamond", "cyber"):
            gates[broker].set()
            with anyio.fail_after(5):  # one that keeps looking would never be found at rest
                await anyio.wait_all_tasks_blocked()
    assert seen == ["star", "diamond", "cyber"]


async def test_the_holdings_are_there_after_the_context_too_and_are_the_same(gateway, investor):
    async with gateway.client() as koscom:
        async with koscom.stream_holdings(investor) as stream:
            outcomes = [outcome async for outcome in stream]
        assert stream.holdings == stream.holdings == await stream.merged()
        assert set(stream.holdings.outcomes) == set(outcomes)


async def test_the_holdings_are_not_given_out_before_the_stream_was_read(gateway, investor, gates):
    async with gateway.client() as koscom, koscom.stream_holdings(investor) as stream:
        gates["diamond"].set()
        with pytest.raises(UsageError, match="only 0 of 3 outcomes were read"):
            await stream.merged()
        with pytest.raises(UsageError, match="only 0 of 3 outcomes were read"):
            _ = stream.holdings
        await anext(stream.__aiter__())
        with pytest.raises(UsageError, match="only 1 of 3 outcomes were read from the stream") as caught:
            _ = stream.holdings
        assert caught.value.advice == "read the stream to its end first, or use the call without `stream_`"


async def test_a_stream_whose_context_was_left_says_so(gateway, investor, gates):
    async with gateway.client() as koscom:
        async with koscom.stream_holdings(investor) as stream:
            pass
        with pytest.raises(UsageError, match="the stream's context was left"):
            await anext(stream.__aiter__())
        with pytest.raises(UsageError, match="only 0 of 3"):
            _ = stream.holdings


async def test_two_tasks_may_share_a_stream_and_none_waits_for_ever(gateway, investor, gates):
    seen = []

    async def listen(stream):
        seen.extend([outcome.account.broker.short_name async for outcome in stream])

    async with gateway.client() as koscom, koscom.stream_holdings(investor) as stream:
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(listen, stream)
            await anyio.wait_all_tasks_blocked()
            for gate in gates.values():
                gate.set()
        assert stream.holdings.complete is True
    assert sorted(seen) == ["cyber", "diamond", "star"]


@pytest.mark.parametrize("cancel_first", [True, False])
async def test_an_outcome_that_comes_in_the_moment_in_which_nobody_waits_any_more_is_not_lost(
    gateway, investor, gates, cancel_first
):
    async with gateway.client() as koscom, koscom.stream_holdings(investor) as stream:
        waiting = asyncio.ensure_future(anext(stream.__aiter__()))
        await asked(gateway, 9)
        for gate in gates.values():
            gate.set()
        if not cancel_first:
            while not stream._outcomes._outcomes:
                await anyio.lowlevel.checkpoint()
        await cancelled_natively(waiting)
        assert len([outcome async for outcome in stream]) == 3
        assert stream.holdings.complete is True


class OwnError(Exception):
    """The caller's."""


async def asked(gateway, calls):
    """Return when that many balance calls are waiting for their answer."""
    with anyio.fail_after(5):
        while len(gateway.questions) < calls:
            await anyio.lowlevel.checkpoint()


async def leave(*, by):
    if by is not None:
        raise by


@pytest.mark.parametrize(
    "by", [None, OwnError("mine"), KeyboardInterrupt("^C"), SystemExit(3), TimeoutError()]
)
async def test_leaving_early_cancels_the_rest_and_brings_the_callers_exception_out_bare(
    gateway, investor, gates, by
):
    limiter = ProcessLimiter(NARROW)
    async with gateway.client(limiter=limiter) as koscom:
        caught = None
        try:
            async with koscom.stream_holdings(investor) as stream:
                gates["diamond"].set()
                await anext(stream.__aiter__())
                await asked(gateway, 9)
                await leave(by=by)
        except BaseException as error:  # KeyboardInterrupt is one of them
            caught = error
        assert caught is by
        assert sorted(gateway.cancelled) == ["cyber"] * 4 + ["star"] * 4
        assert slots_taken(limiter) == 0
        for gate in gates.values():
            gate.set()
        with anyio.fail_after(5):
            assert (await koscom.holdings(investor)).complete is True


def slots_taken(limiter):
    brokers = ("common", "cyber", "diamond", "star")
    return limiter.bulkhead.in_flight() + sum(map(limiter.bulkhead.in_flight, brokers))


async def cancelled_natively(task):
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("turns", range(24))
async def test_cancelling_the_task_at_any_moment_leaves_no_task_and_no_limiter_place(
    gateway, investor, gates, turns
):
    limiter = ProcessLimiter(NARROW)
    before = asyncio.all_tasks()
    async with gateway.client(limiter=limiter) as koscom:
        task = asyncio.ensure_future(koscom.holdings(investor))
        for _ in range(turns):
            await anyio.lowlevel.checkpoint()
        await cancelled_natively(task)
        assert asyncio.all_tasks() == before
        assert len(gateway.cancelled) == len(gateway.questions)
        assert slots_taken(limiter) == 0
        for gate in gates.values():
            gate.set()
        with anyio.fail_after(5):
            assert (await koscom.holdings(investor)).complete is True


async def test_cancelling_the_task_while_all_accounts_are_asked_reaches_every_call(gateway, investor, gates):
    async with gateway.client() as koscom:
        task = asyncio.ensure_future(koscom.holdings(investor))
        await asked(gateway, 9)
        await cancelled_natively(task)
    assert sorted(gateway.cancelled) == ["cyber"] * 4 + ["diamond"] + ["star"] * 4


async def test_a_scope_of_the_caller_that_is_cancelled_ends_the_holdings_cleanly(gateway, investor, gates):
    limiter = ProcessLimiter(NARROW)
    async with gateway.client(limiter=limiter) as koscom:
        with anyio.CancelScope() as scope:
            async with koscom.stream_holdings(investor) as stream:
                await asked(gateway, 9)
                scope.cancel()
                await anext(stream.__aiter__())
        assert scope.cancelled_caught is True
    assert len(gateway.cancelled) == 9
    assert slots_taken(limiter) == 0


async def test_what_the_deadline_leaves_unanswered_is_an_outcome_that_names_broker_and_account(
    gateway, investor, gates, jump
):
    gates["diamond"].set()
    limiter = ProcessLimiter(NARROW)
    async with (
        gateway.client(limiter=limiter) as koscom,
        koscom.stream_holdings(investor, deadline=8) as stream,
    ):
        first = await anext(stream.__aiter__())
        await asked(gateway, 9)
        jump(9)
        late = [outcome async for outcome in stream]
        holdings = stream.holdings
    assert (first.account.broker.short_name, first.ok) == ("diamond", True)
    assert {type(outcome.error) for outcome in late} == {DeadlineExceededError}
    assert sorted((each.error.broker, each.error.account) for each in late if each.error) == [
        ("cyber", "1606…0099"),
        ("star", "1606…0099"),
    ]
    assert (holdings.complete, holdings.totals.cash, holdings.positions[0].quantity) == (False, 1000, 1)
    assert len(gateway.cancelled) == 8
    assert slots_taken(limiter) == 0


async def test_a_deadline_that_strikes_while_the_list_is_awaited_is_raised(gateway, investor, jump):
    async def consent(_):
        jump(9)
        await anyio.Event().wait()

    gateway.consent = consent
    async with gateway.client() as koscom:
        with pytest.raises(DeadlineExceededError) as caught:
            await koscom.holdings(investor, deadline=8)
    assert caught.value.endpoint == "member.consent"
    assert caught.value.message == "the deadline of 8 s passed before the list of accounts arrived"
    assert gateway.cancelled == ["common"]
    assert gateway.questions == []


async def test_a_deadline_that_is_not_reached_changes_nothing(gateway, investor):
    async with gateway.client() as koscom:
        assert (await koscom.holdings(investor, deadline=3600)).complete is True


async def test_an_impossible_deadline_is_named_before_the_context_is_entered(gateway, investor):
    async with gateway.client() as koscom:
        for deadline, kind in (("soon", SettingsError), (0, DeadlineExceededError)):
            with pytest.raises(kind, match="deadline"):
                async with koscom.stream_holdings(investor, deadline=deadline):
                    raise AssertionError("entered")
    assert gateway.requests == []


async def raise_first_failure(koscom, investor):
    async with koscom.stream_holdings(investor) as stream:
        async for outcome in stream:
            if outcome.error:
                raise outcome.error


async def test_an_error_of_the_callers_that_is_ours_comes_out_as_it_went_in(investor):
    gateway = FakeGateway({}, linked=[link("star", endpoint="https://evil.example/v1/star/account/")])
    async with gateway.client() as koscom:
        with pytest.raises(KoscomError, match="nothing was sent there") as caught:
            await raise_first_failure(koscom, investor)
    assert caught.value.account == "1606…0099"

"""Overload as a program meets it: what is refused costs no call, says when to ask again, and survives being kept."""

import anyio
from attrs import evolve

from koscom_async import (
    BrokerLimits,
    DeadlineExceededError,
    Holdings,
    Koscom,
    KoscomError,
    Limits,
    OverloadedError,
)
from koscom_async.sandbox import SandboxGateway, crowd

PEOPLE = 30


async def test_an_overloaded_client_refuses_holdings_before_a_call_is_made():
    async with SandboxGateway(ledger=crowd(PEOPLE), in_process=True) as gateway:
        limits = Limits(default=BrokerLimits(rate=40, burst=1))
        settings = evolve(gateway.settings, limits=limits)
        async with Koscom(settings, transport=gateway.transport) as koscom:
            investors = gateway.investors
            assert (await koscom.holdings(investors[0], deadline=20)).complete
            before, refused, answers = len(gateway.calls), [], []

            async def ask(investor):
                try:
                    answers.append(await koscom.holdings(investor, deadline=1.5))
                except KoscomError as error:
                    refused.append(error)

            async with anyio.create_task_group() as group:
                for investor in investors:
                    group.start_soon(ask, investor)

            # A call for the list of accounts is made for those alone who are not refused.
            lists = [call for call in gateway.calls[before:] if call.broker == "common"]
            assert len(refused) + len(answers) == PEOPLE
            assert len(lists) == len(answers)
            assert len(refused) >= PEOPLE / 2
            for error in refused:
                assert isinstance(error, OverloadedError)
                assert isinstance(error, DeadlineExceededError)
                assert error.retriable
                assert error.retry_after > 0
                assert (error.code, error.endpoint) == ("overloaded", "member.consent")
            common = koscom.statistics().of("common")
            assert (common.failures, common.calls_saved) == (0, len(refused))


async def test_an_answer_with_an_account_that_was_refused_is_kept_and_loaded():
    async with (
        SandboxGateway(in_process=True) as gateway,
        Koscom(gateway.settings, transport=gateway.transport, limiter=RefusesStar()) as koscom,
    ):
        holdings = await koscom.holdings(gateway.investor)
    (failure,) = holdings.failures
    assert (failure.error.broker, failure.error.retry_after) == ("star", 2.5)
    assert type(failure.error) is OverloadedError
    (loaded,) = Holdings.from_json(holdings.to_json()).failures
    assert type(loaded.error) is OverloadedError
    assert vars(loaded.error) == vars(failure.error)


class RefusesStar:
    """A limiter of a user's own, without turns and tickets."""

    async def acquire(self, broker, service):
        if broker == "star":
            raise OverloadedError("too many calls are queued", retry_after=2.5)

    def release(self, broker):
        pass

    async def record_quota(self, service, *, remaining, limit):
        pass

    def quotas(self):
        return ()

    async def aclose(self):
        pass

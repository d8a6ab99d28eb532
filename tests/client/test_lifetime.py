"""The client's own life: with and without a context, closed, and in one event loop only."""

import asyncio

import httpx
import pytest

from koscom_async import Koscom, UsageError
from tests.client.fake_gateway import settings_of


async def test_it_works_without_a_context_as_in_a_notebook(gateway, investor):
    koscom = gateway.client()
    assert (await koscom.holdings(investor)).complete is True
    await koscom.aclose()


async def test_once_closed_it_says_so_and_sends_nothing(gateway, investor):
    async with gateway.client() as koscom:
        pass
    with pytest.raises(UsageError, match="the client is closed") as caught:
        await koscom.holdings(investor)
    assert caught.value.advice == "make a new one, or close it later"
    with pytest.raises(UsageError, match="the client is closed"):
        await koscom.member.registration(investor)
    assert gateway.requests == []


async def test_it_may_be_closed_twice(gateway):
    koscom = gateway.client()
    await koscom.aclose()
    await koscom.aclose()


class CountingTransport(httpx.AsyncBaseTransport):
    """Counts how often it is closed."""

    closed = 0

    async def aclose(self) -> None:
        self.closed += 1


async def test_the_transport_that_was_given_is_closed_with_it_and_also_after_an_error():
    transport = CountingTransport()
    with pytest.raises(ZeroDivisionError):
        async with Koscom(settings_of(), transport=transport):
            raise ZeroDivisionError
    assert transport.closed == 1


def test_a_second_event_loop_is_refused_and_the_first_goes_on(gateway, investor):
    koscom = gateway.client()  # made outside of any loop, as at the top of a module
    with asyncio.Runner() as first, asyncio.Runner() as second:
        assert first.run(koscom.holdings(investor)).complete is True
        sent = len(gateway.requests)
        with pytest.raises(UsageError, match="the client belongs to another event loop") as caught:
            second.run(koscom.holdings(investor))
        assert caught.value.advice == "make one client for each event loop"
        assert len(gateway.requests) == sent
        assert first.run(koscom.holdings(investor)).complete is True
        first.run(koscom.aclose())


async def test_the_same_question_twice_is_asked_twice_since_nothing_is_cached(gateway, investor):
    async with gateway.client() as koscom:
        await koscom.holdings(investor)
        once = len(gateway.requests)
        await koscom.holdings(investor)
    assert len(gateway.requests) == 2 * once == 20

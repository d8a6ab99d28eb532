"""The client's own life: with and without a context, closed, and in one event loop only."""

import asyncio
import gc
import socket

import anyio
import httpx
import pytest
from attrs import evolve

from koscom_async import Koscom, UsageError
from koscom_async.sandbox import SandboxGateway
from koscom_async.settings import Backend
from tests.client.fake_gateway import investor_of, settings_of
from tests.fake_time import settled
from tests.leaks import assert_nothing_left, open_descriptors, other_tasks
from tests.loops import each

BACKENDS = (Backend.CORE, Backend.FAST, Backend.HTTPX)


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


@each("backend", BACKENDS)
def test_closing_in_another_event_loop_is_refused_at_once_and_leaves_the_client_as_it_was(backend):
    with asyncio.Runner() as first, asyncio.Runner() as second:
        first.run(settled())
        second.run(settled())
        before = open_descriptors()
        gateway = SandboxGateway()
        first.run(gateway.__aenter__())
        koscom = Koscom(evolve(gateway.settings, backend=backend))
        assert first.run(koscom.holdings(gateway.investor)).complete
        with pytest.raises(UsageError, match="belongs to another event loop") as caught:
            second.run(koscom.aclose())
        assert "close the client in that loop" in caught.value.advice
        assert first.run(koscom.holdings(gateway.investor)).complete
        first.run(koscom.aclose())
        second.run(koscom.aclose())  # nothing is left to be closed
        first.run(gateway.__aexit__(None, None, None))
        first.run(settled())
        assert open_descriptors() == before


@each("backend", BACKENDS)
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_closing_after_the_event_loop_has_ended_is_refused_too(backend):
    before = open_descriptors()
    koscom = None

    async def ask():
        nonlocal koscom
        async with SandboxGateway() as gateway:
            koscom = Koscom(evolve(gateway.settings, backend=backend))
            assert (await koscom.holdings(gateway.investor)).complete

    asyncio.run(ask())
    with pytest.raises(UsageError, match="belongs to another event loop"):
        asyncio.run(koscom.aclose())
    del koscom
    gc.collect()
    assert open_descriptors() == before


@each("backend", BACKENDS)
@each("is_closed", [True, False])
async def test_a_call_that_ends_in_the_tls_handshake_leaves_nothing_open(backend, is_closed):
    """The server takes the connection and is silent; then the client is closed, or the call is cancelled."""
    tasks, before = other_tasks(), open_descriptors()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        koscom = Koscom(settings_of(backend=backend, base_url=f"https://127.0.0.1:{server.getsockname()[1]}"))
        loop, failures = asyncio.get_running_loop(), []
        async with anyio.create_task_group() as group:

            async def ask():
                with anyio.CancelScope() as scope:
                    group.start_soon(end, scope)
                    try:
                        await koscom.member.registration(investor_of())
                    except UsageError as error:
                        failures.append((error.message, error.attempts))

            async def end(scope):
                taken, _ = await loop.sock_accept(server)
                with taken, anyio.fail_after(10):
                    assert await loop.sock_recv(taken, 1)  # the handshake has begun
                    await koscom.aclose() if is_closed else scope.cancel()
                    while await loop.sock_recv(taken, 4096):
                        pass  # what is left of it, and the end

            group.start_soon(ask)
        assert failures == ([("the client was closed", 1)] if is_closed else [])
        await koscom.aclose()
    await assert_nothing_left(koscom, tasks)
    assert open_descriptors() == before

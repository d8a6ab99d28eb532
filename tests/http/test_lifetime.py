"""Cancelled at any await, closed in the middle, used from another loop: nothing is left, and no answer goes astray."""

import asyncio
from traceback import TracebackException

import anyio
import httpx
import pytest

from koscom_async._http.connection import ClosedError
from tests.fake_time import settled
from tests.http.scripted import always, ask, ending, made, once, opened, scripted
from tests.http.test_reuse import OK, Gate, until
from tests.leaks import open_descriptors, other_tasks
from tests.test_cancellation import WAYS, cancelled_at


async def echo(wire):
    while True:
        body = (await wire.request()).partition(b"\r\n\r\n")[2]
        head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body)
        await wire.say(head, *(body[at : at + 1] for at in range(len(body))))


@pytest.mark.parametrize("way", WAYS)
async def test_a_call_can_be_cancelled_at_every_await(way):
    tasks = other_tasks()
    async with scripted(echo) as server, opened() as transport:
        served = other_tasks()
        at = 1
        while await cancelled_at(at, way, lambda: ask(transport, server.url, content=b"abcd")):
            await settled()
            assert transport.busy == 0
            assert len(transport._open) == len(transport._idle)
            assert not transport._dialler._under_way
            assert await ask(transport, server.url, content=b"other") == (200, b"other")
            for connection in tuple(transport._open):  # so that opening one is among the steps
                connection.abort()
            await settled()
            at += 1
        assert at > 3
    assert served >= tasks
    await settled()
    assert other_tasks() <= tasks


async def test_a_call_that_is_cancelled_as_its_answer_ends_does_not_touch_the_next_one():
    """The connection is free as soon as the answer is there, and its task may have its turn only after another's."""
    gate = Gate()
    async with scripted(gate.script) as server, opened() as transport:
        first = asyncio.get_running_loop().create_task(ask(transport, server.url))
        await until(lambda: gate.waiting == 1)
        (connection,) = transport._open
        connection.data_received(OK)  # the first task is woken, and will run in a later turn
        second = asyncio.get_running_loop().create_task(ask(transport, server.url))
        first.cancel()
        await asyncio.wait([first])
        assert first.cancelled()
        await settled()
        assert (connection.is_busy, connection.is_closed) == (True, False)
        connection.data_received(OK.replace(b"ok", b"no"))
        assert await second == (200, b"no")
        assert server.connections == 1


async def test_closing_ends_the_calls_that_are_under_way():
    gate = Gate()
    descriptors = open_descriptors()
    async with scripted(gate.script) as server:
        transport = made()
        failures = []

        async def failing():
            with pytest.raises(httpx.ReadError, match="closed") as caught:
                await ask(transport, server.url)
            failures.append(caught.value)

        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(failing)
            await until(lambda: gate.waiting == 3)
            await transport.aclose()
            assert not transport._open
        assert len(failures) == 3
        with pytest.raises(ClosedError, match="the transport is closed"):
            await ask(transport, server.url)
        await transport.aclose()
    await settled()
    assert open_descriptors() <= descriptors


async def test_closing_ends_what_is_being_opened(monkeypatch):
    loop = asyncio.get_running_loop()
    connecting = anyio.Event()

    async def never(*_, **__):
        connecting.set()
        await anyio.sleep_forever()

    monkeypatch.setattr(loop, "create_connection", never)
    transport = made()
    async with anyio.create_task_group() as group:

        async def failing():
            with pytest.raises(ClosedError, match="the transport was closed"):
                await ask(transport, "http://127.0.0.1:1/")

        group.start_soon(failing)
        await connecting.wait()
        await transport.aclose()
    assert not transport._dialler._under_way


async def test_a_body_of_a_closed_transport_fails_and_does_not_wait():
    async with scripted(once(OK[:-1])) as server:
        transport = made()
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        await transport.aclose()
        with pytest.raises(httpx.ReadError):
            await response.aread()


def test_another_event_loop_is_refused():
    transport = made()

    async def use():
        async with scripted(always(OK)) as server:
            return await ask(transport, server.url)

    with asyncio.Runner() as first, asyncio.Runner() as second:
        assert first.run(use()) == (200, b"ok")
        with pytest.raises(RuntimeError, match="another event loop"):
            second.run(use())
        first.run(transport.aclose())


async def test_closing_as_a_connection_has_just_been_made_leaves_none_open():
    """At whichever turn of the loop: the call fails, or has had its answer, and nothing stays open."""
    async with scripted(always(OK)) as server:
        for turns in range(20):
            transport = made()
            call = asyncio.get_running_loop().create_task(ask(transport, server.url))
            for _ in range(turns):
                await anyio.lowlevel.checkpoint()
            await transport.aclose()
            await asyncio.wait([call])
            failure = call.exception()
            assert failure is None or isinstance(failure, ClosedError | httpx.ReadError)
            assert not transport._open


async def test_no_frame_of_a_failure_shows_the_request():
    """Tools that record errors show the variables of each frame."""
    async with scripted(ending()) as server, opened() as transport:
        headers = {"Authorization": "Bearer TOKEN-MARK"}
        request = httpx.Request("POST", server.url, headers=headers, content=b"BODY-MARK")
        with pytest.raises(httpx.TransportError) as caught:
            await transport.handle_async_request(request)
    frames = TracebackException.from_exception(caught.value, capture_locals=True)
    shown = [
        frame.locals for frame in frames.stack if "_http" in frame.filename and "tests" not in frame.filename
    ]
    assert len(shown) >= 3
    assert "MARK" not in str(shown)

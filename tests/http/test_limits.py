"""How long is waited, how much is held, and what each failure is called."""

import asyncio
import socket

import anyio
import httpx
import pytest

from koscom_async._http.connection import MAX_UNREAD_BYTES, OverdueError
from koscom_async._http.h11_parser import MAX_EVENTS, H11Response
from koscom_async._transport.reading import read_body
from koscom_async.errors import ResponseTooLargeError
from tests.fake_time import settled
from tests.http.scripted import PARSER, always, ask, once, opened, scripted
from tests.http.test_reuse import until

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
SOON = 0.02


async def silent(wire):
    await wire.closed()


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\n", OK[:-1]], ids=["nothing", "head", "body"])
async def test_a_server_that_falls_silent_is_a_read_timeout(said):
    async with scripted(once(said), always(OK)) as server, opened() as transport:
        with pytest.raises(httpx.ReadTimeout, match="does not answer"):
            await ask(transport, server.url, timeouts={"read": SOON})
        assert await ask(transport, server.url) == (200, b"ok")
        assert server.connections == 2


async def test_the_read_timeout_is_between_pieces_and_not_for_the_whole():
    """The connection's one timer is armed for the first call; later ones move its end."""
    async with scripted(always(OK)) as server, opened() as transport:
        for _ in range(3):
            assert await ask(transport, server.url, timeouts={"read": 5.0}) == (200, b"ok")
        (connection,) = transport._open
        timer = connection._timer
        assert await ask(transport, server.url, timeouts={"read": 5.0}) == (200, b"ok")
        assert connection._timer is timer
        assert await ask(transport, server.url, timeouts={"read": None}) == (200, b"ok")


@pytest.mark.parametrize(
    ("begun", "drop"),
    [(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"), (b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n", b".")],
    ids=["head", "body"],
)
async def test_a_server_that_drips_is_waited_for_no_longer_than_an_attempt_may_take(begun, drop, jump):
    async def drip(wire):
        await wire.answer(begun)
        while not wire.writer.is_closing():
            jump(1.0)
            await wire.say(drop)

    async with scripted(drip, always(OK)) as server, opened(attempt=30.0) as transport:
        with pytest.raises(OverdueError, match="not whole in time"):
            await ask(transport, server.url, timeouts={"read": 5.0})
        assert await ask(transport, server.url) == (200, b"ok")
        assert server.connections == 2


@pytest.mark.parametrize(
    "begun", [b"HTTP/1.1 200 OK\r\nx: ", OK.replace(b": 2", b": 999999")], ids=["head", "body"]
)
async def test_something_in_every_turn_of_the_loop_does_not_outlast_the_attempt(begun, jump):
    """The bytes are there before the timer has its turn, each time."""
    async with scripted(once(begun)) as server, opened(attempt=30.0) as transport:
        loop = asyncio.get_running_loop()
        call = loop.create_task(ask(transport, server.url))
        await until(lambda: any(connection.was_answered for connection in transport._open))
        (connection,) = transport._open
        jump(31.0)
        turns = 0
        while not call.done() and turns < 100:
            if connection.is_busy:
                connection.data_received(b".")
            turns += 1
            await anyio.lowlevel.checkpoint()
        assert turns < 100
        assert isinstance(call.exception(), OverdueError)


async def test_the_time_of_an_attempt_ends_with_its_answer(jump):
    async with scripted(always(OK)) as server, opened(attempt=10.0, keep_alive=60.0) as transport:
        for _ in range(3):
            assert await ask(transport, server.url) == (200, b"ok")
            jump(9.0)
        assert server.connections == 1


async def test_a_timer_that_fires_early_is_set_again():
    async with scripted(always(OK)) as server, opened() as transport:
        assert await ask(transport, server.url) == (200, b"ok")
        (connection,) = transport._open
        connection._on_timer()
        assert not connection.is_closed
        assert connection._wakes_at == connection._due_at
        assert await ask(transport, server.url) == (200, b"ok")


async def test_a_server_that_reads_nothing_is_a_write_timeout():
    stop = anyio.Event()

    async def deaf(wire):
        wire.writer.transport.pause_reading()
        await stop.wait()

    async with scripted(deaf) as server, opened() as transport:
        with pytest.raises(httpx.WriteTimeout):
            await ask(transport, server.url, content=b"x" * 2**24, timeouts={"write": SOON})
        stop.set()


async def test_a_large_request_is_sent_whole_and_then_the_answer_is_waited_for():
    async with scripted(always(OK)) as server, opened() as transport:
        content = b"x" * 2**22
        assert await ask(transport, server.url, content=content) == (200, b"ok")
        assert server.requests[0].endswith(b"\r\n\r\n" + content)
        assert await ask(transport, server.url) == (200, b"ok")
        assert server.connections == 1


async def test_without_bounds_it_waits_for_the_answer():
    unbounded = {"connect": None, "read": None, "write": None}
    async with scripted(always(OK)) as server, opened() as transport:
        assert await ask(transport, server.url, timeouts=unbounded) == (200, b"ok")


async def test_a_refusal_is_read_although_the_request_was_not():
    async def refusing(wire):
        await wire.reader.readexactly(1)
        await wire.say(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno")
        wire.writer.write_eof()
        await wire.closed()

    async with scripted(refusing) as server, opened() as transport:
        assert await ask(transport, server.url) == (413, b"no")
        await settled()
        assert not transport._open


async def test_a_reset_is_an_error_of_reading():
    async def resetting(wire):
        await wire.reader.readexactly(1)
        wire.reset()

    async with scripted(resetting) as server, opened() as transport:
        with pytest.raises((httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)):
            await ask(transport, server.url, content=b"x" * 2**20)
        await settled()
        assert not transport._open


async def test_nobody_at_the_port_is_a_connect_error():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with opened() as transport:
        with pytest.raises(httpx.ConnectError):
            await ask(transport, f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".invalid"])
async def test_a_name_without_an_address_is_a_connect_error(host):
    async with opened() as transport:
        with pytest.raises(httpx.ConnectError):
            await ask(transport, f"http://{host}/")


async def test_a_name_is_looked_up():
    async with scripted(always(OK)) as server, opened() as transport:
        assert await ask(transport, server.url.replace("127.0.0.1", "localhost")) == (200, b"ok")


@pytest.mark.parametrize(("connect", "attempt"), [(SOON, 10.0), (10.0, SOON), (None, SOON)])
async def test_a_connection_that_is_not_made_in_time_is_a_connect_timeout(connect, attempt):
    """Nobody accepts, and the queue of those who wait to be accepted is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        with socket.create_connection(listener.getsockname()), socket.socket() as another:
            another.setblocking(False)  # the socket module's own
            another.connect_ex(listener.getsockname())
            async with opened(attempt=attempt) as transport:
                url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
                with pytest.raises(httpx.ConnectTimeout):
                    await ask(transport, url, timeouts={"connect": connect})


async def test_only_http_is_spoken():
    async with opened() as transport:
        with pytest.raises(httpx.UnsupportedProtocol):
            await ask(transport, "ftp://127.0.0.1/")


async def test_a_body_that_nobody_reads_is_not_let_in():
    size = 2**25
    sent = 0

    async def generous(wire):
        nonlocal sent
        await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        while sent < size:
            await wire.say(b"x" * 2**16)
            sent += 2**16

    async with scripted(generous) as server, opened() as transport:
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        (connection,) = transport._open
        await until(lambda: connection._is_read_paused)
        await settled()
        assert MAX_UNREAD_BYTES < response.stream._response.unread_bytes <= MAX_UNREAD_BYTES + 2**18
        assert len(await response.aread()) == size
        assert transport.busy == 0


TINY = b"1\r\nx\r\n" * (2**18 // 6)


def test_what_came_is_read_in_slices_that_do_not_hold_the_loop():
    response = H11Response(wants_body=True)
    response.feed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + TINY + b"0\r\n\r\n")
    slices = []
    while response.has_more:
        slices.append(len(response.take()))
        response.feed(b"")
    slices.append(len(response.take()))
    assert (sum(slices), response.is_complete, response.keeps_alive) == (2**18 // 6, True, True)
    assert max(slices) <= MAX_EVENTS

    for more in range(-4, 2):  # a response that ends with the last event of a slice, or near it
        response = H11Response(wants_body=True)
        chunks = b"1\r\nx\r\n" * (MAX_EVENTS + more)
        response.feed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\nx")
        while response.has_more:
            response.feed(b"")
        assert (response.is_complete, response.keeps_alive) == (True, False)
        response.on_eof()

    response = H11Response(wants_body=True)
    response.feed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + TINY)
    response.on_eof()
    assert (response.has_more, len(response.take())) == (False, 2**18 // 6)
    assert response.failure is not None


@pytest.mark.parametrize("last", [b"0\r\n\r\n", b""], ids=["whole", "cut off"])
async def test_a_body_in_tiny_chunks_is_read_whole_while_others_have_their_turn(last):
    turns, done = 0, False

    async def others():
        nonlocal turns
        while not done:
            await anyio.lowlevel.checkpoint()
            turns += 1

    async def tiny(wire):
        await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + TINY + last)
        if last:
            await wire.answer(OK)

    async with scripted(tiny, always(OK)) as server, opened() as transport:
        async with anyio.create_task_group() as group:
            group.start_soon(others)
            try:
                if last:
                    assert await ask(transport, server.url) == (200, b"x" * (2**18 // 6))
                else:
                    with pytest.raises(httpx.RemoteProtocolError, match="in the middle"):
                        await ask(transport, server.url)
            finally:
                done = True
        assert turns > (30 if [H11Response] == PARSER else 0)
        assert await ask(transport, server.url) == (200, b"ok")
        assert server.connections == (1 if last else 2)


async def test_an_answer_that_is_too_large_is_not_read_to_its_end():
    async def endless(wire):
        await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            await wire.say(b"10000\r\n" + b"x" * 2**16 + b"\r\n")

    async with scripted(endless) as server, opened() as transport:
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        with pytest.raises(ResponseTooLargeError, match="larger than"):
            await read_body(response, max_bytes=2**20)
        await response.aclose()
        await settled()
        assert not transport._open

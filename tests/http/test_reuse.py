"""Which connection a call is given: the one used last, and none that is closed, has sent something, or is too old."""

import asyncio
import socket

import anyio
import httpx
import pytest

from koscom_async._http.transport import QUIET_SECONDS, Reuse
from tests.fake_time import settled
from tests.http.scripted import always, ask, ending, once, opened, scripted

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Gate:
    """A script that answers when it is let, and says how many wait."""

    def __init__(self):
        self.may_answer = anyio.Event()
        self.waiting = 0

    async def script(self, wire):
        while True:
            await wire.request()
            self.waiting += 1
            await self.may_answer.wait()
            await wire.say(OK)


async def until(condition):
    for _ in range(10_000):
        if condition():
            return
        await anyio.lowlevel.checkpoint()
    raise AssertionError("it never came to that")


async def test_as_many_connections_as_calls_are_opened_and_then_used_again():
    gate = Gate()
    async with scripted(gate.script) as server, opened(keep=25) as transport:
        async with anyio.create_task_group() as group:
            for _ in range(25):
                group.start_soon(ask, transport, server.url)
            await until(lambda: gate.waiting == 25)
            assert transport.busy == 25
            gate.may_answer.set()
        assert (transport.busy, len(transport._idle)) == (0, 25)
        for _ in range(50):
            await ask(transport, server.url)
        assert server.connections == 25


async def test_no_more_are_kept_than_wanted():
    gate = Gate()
    async with scripted(gate.script) as server, opened(keep=2) as transport:
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(ask, transport, server.url)
            await until(lambda: gate.waiting == 5)
            gate.may_answer.set()
        await settled()
        assert (len(transport._open), len(transport._idle)) == (2, 2)


async def test_each_call_gets_its_own_answer_however_they_cross():
    async def echo(wire):
        while True:
            body = (await wire.request()).partition(b"\r\n\r\n")[2]
            await wire.say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body), body)

    async with scripted(echo) as server, opened(keep=50) as transport:
        answers = {}

        async def worker(name):
            for number in range(20):
                sent = f"{name}-{number}".encode()
                answers[sent] = await ask(transport, server.url, content=sent)

        async with anyio.create_task_group() as group:
            for name in range(20):
                group.start_soon(worker, name)
    assert len(answers) == 400
    assert all(got == (200, sent) for sent, got in answers.items())


async def test_a_connection_that_the_server_closed_is_not_used():
    async with scripted(ending(OK)) as server, opened() as transport:
        for _ in range(3):
            assert await ask(transport, server.url) == (200, b"ok")
            await until(lambda: not transport._open)
        assert server.connections == 3


async def test_one_that_said_something_unasked_is_not_used():
    async def talkative(wire):
        await wire.answer(OK)
        await may_talk.wait()
        await wire.say(OK)
        await wire.closed()

    may_talk = anyio.Event()
    async with scripted(talkative, always(OK)) as server, opened() as transport:
        assert await ask(transport, server.url) == (200, b"ok")
        assert len(transport._idle) == 1
        may_talk.set()
        await until(lambda: not transport._open)
        assert await ask(transport, server.url) == (200, b"ok")
        assert server.connections == 2


@pytest.mark.parametrize("last_words", [b"", OK], ids=["closed", "talked"])
async def test_what_the_loop_has_not_seen_yet_is_looked_up(last_words):
    """Other work held the loop, so that the connection has not noticed."""
    wires = []

    async def script(wire):
        wires.append(wire)
        await wire.answer(OK)
        await wire.closed()

    async with scripted(script, always(OK)) as server, opened() as transport:
        assert await ask(transport, server.url) == (200, b"ok")
        peer = wires[0].writer.get_extra_info("socket")
        if last_words:
            wires[0].writer.write(last_words)
        else:
            peer.shutdown(socket.SHUT_WR)
        assert await ask(transport, server.url) == (200, b"ok")
        assert server.connections == 2


LAST_WORDS = {
    "reset": None,
    "closed": b"",
    "after a byte": b"H",
    "after an interim response": b"HTTP/1.1 100 \r\n\r\n",
}


def dying(words, *, at=2):
    """A script that answers, and ends the connection at the n-th request, which it has read."""

    async def script(wire):
        for _ in range(at - 1):
            await wire.answer(OK)
        await wire.request()
        if words is None:
            wire.reset()
        elif words:
            await wire.say(words)

    return script


async def test_what_must_not_come_twice_takes_no_kept_connection_and_is_sent_once():
    """Whether a kept one is dead shows only when the request may have arrived."""
    for words in LAST_WORDS.values():
        async with scripted(dying(words), always(OK), dying(words, at=1)) as server, opened() as transport:
            assert await ask(transport, server.url) == (200, b"ok")
            assert await ask(transport, server.url, content=b"order", reuse=Reuse.NONE) == (200, b"ok")
            assert server.connections == 2
            with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
                await ask(transport, server.url, content=b"another", reuse=Reuse.NONE)
            assert [request.partition(b"\r\n\r\n")[2] for request in server.requests] == [
                b"{}",
                b"order",
                b"another",
            ]


async def test_a_request_that_does_not_say_so_takes_no_kept_connection():
    async with scripted(always(OK)) as server, opened() as transport:
        for _ in range(2):
            response = await transport.handle_async_request(httpx.Request("GET", server.url))
            assert await response.aread() == b"ok"
        assert server.connections == 2


async def test_one_dead_connection_empties_those_that_were_idle_for_longer_and_no_others():
    gate, words = Gate(), []

    async def script(wire):
        await gate.script(wire) if server.connections <= 4 else await always(OK)(wire)

    async with scripted(script) as server, opened(keep=10) as transport:
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(ask, transport, server.url)
            await until(lambda: gate.waiting == 4)
            gate.may_answer.set()
        (idle,) = transport._idle._by_origin.values()
        connections = sorted(idle, key=lambda each: each.idle_since)
        connections[3].idle_since += 1.0  # it became idle while the call below was under way
        words += connections
        (origin,) = transport._idle._by_origin
        transport._idle.close_older(origin, connections[2].idle_since)
        assert list(idle) == [connections[3]]
        assert [each.is_closed for each in connections] == [True, True, True, False]
        assert len(transport._idle) == 1


async def test_however_many_connections_a_balancer_forgot_no_call_fails_and_each_is_sent_twice_at_most():
    for idle in (1, 40):
        for at_once in (1, idle):
            gate = Gate()

            async def first(wire, gate=gate):
                await wire.request()
                gate.waiting += 1
                await gate.may_answer.wait()
                await wire.say(OK)
                await wire.request()
                wire.reset()

            scripts = [first] * idle + [always(OK)]
            async with scripted(*scripts) as server, opened(keep=40) as transport:
                async with anyio.create_task_group() as group:
                    for _ in range(idle):
                        group.start_soon(ask, transport, server.url)
                    await until(lambda gate=gate, idle=idle: gate.waiting == idle)
                    gate.may_answer.set()
                assert len(transport._idle) == idle
                async with anyio.create_task_group() as group:
                    for _ in range(at_once):
                        group.start_soon(ask, transport, server.url)
                assert len(server.requests) == idle + 2 * at_once
                for _ in range(3):  # and then nothing is left of what was forgotten
                    assert await ask(transport, server.url) == (200, b"ok")
                assert len(server.requests) == idle + 2 * at_once + 3
                assert server.connections <= idle + at_once


async def test_a_server_that_closes_behind_each_response_without_a_word_fails_no_call():
    async with scripted(ending(OK)) as server, opened() as transport:
        for _ in range(50):
            assert await ask(transport, server.url) == (200, b"ok")
        assert server.connections >= 50


FOREIGN = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nforeign"


def doubling(delay, *, status=b"200 OK"):
    """A script that sends back what it was asked, and a while later a whole second response."""

    async def script(wire):
        while True:
            body = (await wire.request()).partition(b"\r\n\r\n")[2]
            wire.writer.write(b"HTTP/1.1 %b\r\ncontent-length: %d\r\n\r\n%b" % (status, len(body), body))
            asyncio.get_running_loop().call_later(delay, wire.writer.write, FOREIGN)

    return script


@pytest.mark.parametrize("delay", [0.0, 0.001, 0.005])
async def test_a_whole_second_response_behind_the_first_reaches_no_call(delay, standing_clock):
    for status, reuse in ((b"200 OK", Reuse.QUIET), (b"404 Not Found", Reuse.ANY), (b"200 OK", Reuse.NONE)):
        async with scripted(doubling(delay, status=status)) as server, opened(keep=100) as transport:
            for pause in (0.0, 0.0005, 0.001, 0.004, 0.006, 0.06) * 3:
                sent = b"%f" % pause
                _, body = await ask(transport, server.url, content=sent, reuse=reuse)
                assert body == sent
                standing_clock.now += pause
                if pause > delay:
                    await settled()  # the server is another process


async def test_a_call_whose_response_says_not_whose_it_is_takes_the_quiet_connection_used_last(
    standing_clock,
):
    async with scripted(always(OK)) as server, opened() as transport:
        for _ in range(3):  # a connection that is quiet enough costs nothing
            assert await ask(transport, server.url, reuse=Reuse.QUIET) == (200, b"ok")
            standing_clock.now += QUIET_SECONDS
        assert server.connections == 1
        await ask(transport, server.url)
        await ask(transport, server.url, reuse=Reuse.QUIET)  # behind another call at once: a new one
        assert server.connections == 2
        for _ in range(5):  # whoever can tell takes the one used last
            await ask(transport, server.url)
        standing_clock.now += QUIET_SECONDS / 2
        await ask(transport, server.url, reuse=Reuse.QUIET)
        assert server.connections == 3
        standing_clock.now += QUIET_SECONDS / 2
        await ask(transport, server.url, reuse=Reuse.QUIET)
        assert server.connections == 3


@pytest.mark.parametrize("words", [None, b""], ids=["reset", "closed"])
async def test_one_that_dies_before_the_first_byte_costs_a_repeatable_call_nothing(words):
    async with scripted(dying(words), always(OK)) as server, opened() as transport:
        for _ in range(3):
            assert await ask(transport, server.url) == (200, b"ok")
        assert (server.connections, len(server.requests)) == (2, 4)


@pytest.mark.parametrize("words", [b"H", b"HTTP/1.1 100 \r\n\r\n", OK[:-1]])
async def test_a_call_of_whose_answer_a_byte_came_is_not_repeated(words):
    async with scripted(dying(words), always(OK)) as server, opened() as transport:
        assert await ask(transport, server.url) == (200, b"ok")
        with pytest.raises(httpx.RemoteProtocolError, match="in the middle of"):
            await ask(transport, server.url)
        assert len(server.requests) == 2


@pytest.mark.parametrize("words", [None, b""], ids=["reset", "closed"])
async def test_a_call_over_a_new_connection_is_not_repeated(words):
    async with scripted(dying(words, at=1)) as server, opened() as transport:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await ask(transport, server.url)
        assert (server.connections, len(server.requests)) == (1, 1)


async def test_a_call_is_repeated_once():
    async with scripted(dying(None), dying(None, at=1)) as server, opened() as transport:
        assert await ask(transport, server.url) == (200, b"ok")
        with pytest.raises(httpx.ReadError):
            await ask(transport, server.url)
        assert (server.connections, len(server.requests)) == (2, 3)


async def test_a_call_that_is_answered_late_is_not_repeated():
    async with scripted(once(OK), always(OK)) as server, opened() as transport:
        assert await ask(transport, server.url) == (200, b"ok")
        with pytest.raises(httpx.ReadTimeout):
            await ask(transport, server.url, timeouts={"read": 0.02})
        assert server.connections == 1


async def test_closing_a_response_twice_gives_its_connection_back_once():
    async with scripted(always(OK)) as server, opened() as transport:
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        assert await response.aread() == b"ok"
        await response.aclose()
        await response.stream.aclose()
        assert (len(transport._open), len(transport._idle)) == (1, 1)


async def test_head_and_body_of_a_request_leave_in_one_piece():
    pieces = []

    async def keeping(wire):
        pieces.append(await wire.reader.read(2**16))
        await wire.say(OK)

    async with scripted(keeping) as server, opened() as transport:
        assert await ask(transport, server.url, content=b'{"a": 1}') == (200, b"ok")
    (piece,) = pieces
    assert piece.startswith(b"POST / HTTP/1.1\r\n")
    assert piece.endswith(b'\r\n\r\n{"a": 1}')


async def test_an_idle_connection_closes_when_its_time_is_over():
    async with scripted(once(OK)) as server, opened(keep_alive=0.01) as transport:
        assert await ask(transport, server.url) == (200, b"ok")
        transport._all_closed = anyio.Event()
        await transport._all_closed.wait()
        assert len(transport._idle) == 0


async def test_the_one_used_last_is_used_next():
    gate = Gate()
    async with scripted(gate.script) as server, opened() as transport:
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(ask, transport, server.url)
            await until(lambda: gate.waiting == 3)
            gate.may_answer.set()
        last = list(next(iter(transport._idle._by_origin.values())))[-1]
        for _ in range(3):
            await ask(transport, server.url)
            assert list(next(iter(transport._idle._by_origin.values())))[-1] is last


async def test_two_servers_do_not_share_connections():
    async with scripted(always(OK)) as one, scripted(always(OK)) as other, opened() as transport:
        for _ in range(2):
            assert await ask(transport, one.url) == (200, b"ok")
            assert await ask(transport, other.url) == (200, b"ok")
        assert (one.connections, other.connections) == (1, 1)


async def test_an_answer_before_the_end_of_its_question_ends_the_connection():
    async def hasty(wire):
        await wire.reader.readuntil(b"\r\n\r\n")
        await wire.say(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
        await closed.wait()

    closed = anyio.Event()
    async with scripted(hasty) as server, opened() as transport:
        assert await ask(transport, server.url, content=b"x" * 2**24) == (413, b"")
        await settled()
        assert not transport._open
        closed.set()

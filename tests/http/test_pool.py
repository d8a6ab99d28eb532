"""The connections: as many as calls are in flight, kept alive, used again, and given back however a call ends."""

import asyncio
import ssl
from contextlib import suppress

import anyio
import anyio.abc
import anyio.lowlevel
import httpcore
import httpx
import pytest
from anyio.abc import SocketStream
from hypothesis import given
from hypothesis import strategies as st

from koscom_async._http.pool import KEEP_ALIVE_SECONDS, ConnectionStack, OwnTransport
from tests.fake_time import settled

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
LAST_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"
HALF = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nok"


class Server:
    """Counts connections, and answers when it is let; hangs up after so many answers on one."""

    def __init__(self, *, hangs_up_after=10**6):
        self.connections = 0
        self.waiting = 0
        self.may_answer = anyio.Event()
        self.everybody_waits = anyio.Event()
        self.expected = 0
        self.hangs_up_after = hangs_up_after
        self.hung_up = anyio.Event()

    async def serve(self, stream: SocketStream) -> None:
        self.connections += 1
        async with stream:
            for _ in range(self.hangs_up_after):
                try:
                    request = b""
                    while b"\r\n\r\n" not in request:
                        request += await stream.receive()
                except (anyio.EndOfStream, anyio.BrokenResourceError):
                    return
                self.waiting += 1
                if self.waiting >= self.expected:
                    self.everybody_waits.set()
                await self.may_answer.wait()
                await stream.send(ANSWER)
        self.hung_up.set()


async def use(server, transport, scenario):
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610  # anyio's, not Django's
    async with anyio.create_task_group() as group:
        group.start_soon(listener.serve, server.serve)
        try:
            await scenario(f"http://127.0.0.1:{port}/")
        finally:
            await transport.aclose()
            group.cancel_scope.cancel()
    await listener.aclose()


async def fetch(transport, url):
    response = await transport.handle_async_request(httpx.Request("GET", url))
    try:
        return await response.aread()
    finally:
        await response.aclose()


async def test_each_call_that_is_out_has_a_connection_and_they_are_used_again():
    server, transport = Server(), OwnTransport(use_tls=False)
    server.expected = 25

    async def scenario(url):
        async with anyio.create_task_group() as group:
            for _ in range(25):
                group.start_soon(fetch, transport, url)
            await server.everybody_waits.wait()
            assert transport._pool.lent == 25
            server.may_answer.set()
        assert transport._pool.lent == 0
        for _ in range(50):
            assert await fetch(transport, url) == b"ok"

    await use(server, transport, scenario)
    assert server.connections == 25


async def test_a_cancelled_call_leaves_no_connection_behind():
    server, transport = Server(), OwnTransport(use_tls=False)
    server.expected = 1

    async def scenario(url):
        async with anyio.create_task_group() as group:
            group.start_soon(fetch, transport, url)
            await server.everybody_waits.wait()
            group.cancel_scope.cancel()
        assert (transport._pool.lent, transport._pool.connections) == (0, [])
        server.may_answer.set()
        assert await fetch(transport, url) == b"ok"

    await use(server, transport, scenario)
    assert server.connections == 2


async def test_a_connection_that_the_server_closed_while_it_was_idle_fails_no_call():
    server, transport = Server(hangs_up_after=1), OwnTransport(use_tls=False)
    server.may_answer.set()

    async def scenario(url):
        for _ in range(3):
            assert await fetch(transport, url) == b"ok"
            await server.hung_up.wait()
            await settled()
            server.hung_up = anyio.Event()

    await use(server, transport, scenario)
    assert server.connections == 3


async def test_there_is_one_tls_context_and_none_for_plain_loopback():
    secure, plain = OwnTransport(use_tls=True), OwnTransport(use_tls=False)
    origin = httpcore.Origin(b"https", b"gateway.example", 443)
    made = [secure._pool.create_connection(origin)._ssl_context for _ in range(2)]
    assert isinstance(made[0], ssl.SSLContext)
    assert made[0] is made[1]
    assert plain._pool.create_connection(origin)._ssl_context is None
    await secure.aclose()
    await plain.aclose()


class Line(httpcore.AsyncNetworkStream):
    """One connection of a network without sockets; says what it is told to say."""

    def __init__(self):
        self.is_open = True
        self.is_gone = False
        self.uses = 0
        self.said: bytes | Exception | None = None
        self.speaks = anyio.Event()

    async def write(self, buffer, timeout=None):  # noqa: ASYNC109  # httpcore's
        self.uses += buffer.startswith(b"GET")

    async def read(self, max_bytes, timeout=None):  # noqa: ASYNC109  # httpcore's
        await self.speaks.wait()
        self.speaks = anyio.Event()
        if isinstance(self.said, Exception):
            raise self.said
        return self.said

    def say(self, said):
        self.said = said
        self.speaks.set()

    async def aclose(self):
        self.is_open = False
        await anyio.lowlevel.checkpoint()

    def get_extra_info(self, info):
        return self.is_gone if info == "is_readable" else None


class Network(httpcore.AsyncNetworkBackend):
    def __init__(self):
        self.lines = []
        self.is_down = False

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):  # noqa: ASYNC109  # httpcore's
        await anyio.lowlevel.checkpoint()
        if self.is_down:
            raise httpcore.ConnectError
        self.lines.append(Line())
        return self.lines[-1]

    @property
    def open(self):
        return [line for line in self.lines if line.is_open]

    @property
    def asked(self):
        return [line for line in self.open if line.speaks.statistics().tasks_waiting]


def request_to(host):
    return httpcore.Request("GET", f"http://{host}/", headers={"Host": host})


async def ask(stack):
    response = await stack.handle_async_request(request_to("gateway.example"))
    try:
        return await response.aread()
    finally:
        await response.aclose()


async def gathered(stack, network, count):
    """Send so many calls at once, and answer them one after the other; return who was asked."""
    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(ask, stack)
        await settled()
        asked = network.asked
        for line in asked:
            line.say(ANSWER)
            await settled()
    return asked


async def test_the_connection_that_was_used_last_is_used_next():
    network = Network()
    stack = ConnectionStack(None, backend=network)
    await gathered(stack, network, 3)
    for _ in range(4):
        async with anyio.create_task_group() as group:
            group.start_soon(ask, stack)
            await settled()
            (asked,) = network.asked
            asked.say(ANSWER)
    assert [line.uses for line in network.lines] == [1, 1, 5]
    await stack.aclose()
    assert network.open == []


async def test_connections_that_nobody_needs_grow_old_and_are_closed():
    network, now = Network(), [0.0]
    stack = ConnectionStack(None, backend=network, clock=lambda: now[0])
    await gathered(stack, network, 3)
    now[0] = KEEP_ALIVE_SECONDS
    await gathered(stack, network, 1)
    assert [line.is_open for line in network.lines] == [True, True, True]
    now[0] += 0.1
    await gathered(stack, network, 1)
    assert [line.is_open for line in network.lines] == [False, False, True]
    await stack.aclose()


async def test_a_connection_is_never_used_for_another_origin():
    network = Network()
    stack = ConnectionStack(None, backend=network)
    await gathered(stack, network, 1)
    async with anyio.create_task_group() as group:
        group.start_soon(stack.handle_async_request, request_to("other.example"))
        await settled()
        assert [(line.uses, line.is_open) for line in network.lines] == [(1, False), (1, True)]
        group.cancel_scope.cancel()
    await stack.aclose()
    assert network.open == []


async def test_an_answer_that_is_closed_twice_gives_its_connection_back_once():
    network = Network()
    stack = ConnectionStack(None, backend=network)
    async with anyio.create_task_group() as group:

        async def ask_and_close_twice():
            response = await stack.handle_async_request(request_to("gateway.example"))
            await response.aread()
            await response.aclose()
            await response.aclose()

        group.start_soon(ask_and_close_twice)
        await settled()
        network.lines[0].say(ANSWER)
    assert len(stack.connections) == 1
    assert len(await gathered(stack, network, 2)) == 2
    await stack.aclose()


async def test_a_connection_that_is_being_made_while_the_client_closes_is_closed_after_its_call():
    network = Network()
    stack = ConnectionStack(None, backend=network)
    async with anyio.create_task_group() as group:
        group.start_soon(ask, stack)
        while not stack.lent:
            await anyio.lowlevel.checkpoint()
        assert network.lines == []
        await stack.aclose()
        await settled()
        network.lines[0].say(ANSWER)
    assert (stack.connections, network.open) == ([], [])


async def test_what_comes_after_an_answer_is_never_another_call_s_answer():
    network = Network()
    stack = ConnectionStack(None, backend=network)
    async with anyio.create_task_group() as group:
        group.start_soon(ask, stack)
        await settled()
        network.lines[0].say(ANSWER + ANSWER)
    assert [line.is_open for line in network.lines] == [False]
    await gathered(stack, network, 1)
    assert [line.uses for line in network.lines] == [1, 1]
    await stack.aclose()


async def test_closing_ends_the_calls_that_are_out_and_keeps_nothing_that_comes_back():
    network = Network()
    stack = ConnectionStack(None, backend=network)
    caught = []

    async def asking():
        with pytest.raises(httpcore.ReadError) as error:
            await ask(stack)
        caught.append(error)

    async with anyio.create_task_group() as group:
        group.start_soon(asking)
        await settled()
        await stack.aclose()
        assert network.open == []
        network.lines[0].say(httpcore.ReadError())
    assert len(caught) == 1
    assert stack.connections == []


STEPS = (
    *("call", "call", "answer", "answer", "answer last", "answer half", "reset", "hang up"),
    *("cancel scope", "cancel task", "lose an idle one", "network goes", "network comes"),
)
SAID = {
    "answer": ANSWER,
    "answer last": LAST_ANSWER,
    "answer half": HALF,
    "reset": httpcore.ReadError(),
    "hang up": b"",
}


class Run:
    """Takes steps, and after each looks at what is open."""

    def __init__(self):
        self.network = Network()
        self.stack = ConnectionStack(None, backend=self.network)
        self.calls = []
        self.most = 0

    async def call(self, scope):
        with scope, suppress(httpcore.NetworkError, httpcore.RemoteProtocolError):
            assert await ask(self.stack) in {b"ok", b"okHT"}  # the other half may be anything

    async def take(self, step, index):
        out = [call for call in self.calls if not call[0].done()]
        asked = self.network.asked
        idle = [line for line in self.network.open if line not in asked]
        if step == "call":
            scope = anyio.CancelScope()
            self.calls.append((asyncio.get_running_loop().create_task(self.call(scope)), scope))
        elif step in SAID and asked:
            asked[index % len(asked)].say(SAID[step])
        elif step == "cancel scope" and out:
            out[index % len(out)][1].cancel()
        elif step == "cancel task" and out:
            out[index % len(out)][0].cancel()
        elif step == "lose an idle one" and idle:
            idle[index % len(idle)].is_gone = True
        elif step.startswith("network"):
            self.network.is_down = step == "network goes"
        await settled()

    def look(self):
        out = sum(not task.done() for task, _ in self.calls)
        self.most = max(self.most, out)
        assert self.stack.lent == out
        assert len(self.stack.connections) == len(self.network.open) <= self.most


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 9)), max_size=25))
def test_whatever_happens_no_connection_is_leaked_or_opened_in_vain(steps):
    async def scenario():
        run = Run()
        for step, index in steps:
            await run.take(step, index)
            run.look()
        for task, _ in run.calls:
            task.cancel()
        await settled()
        run.look()
        assert run.stack.lent == 0
        await run.stack.aclose()
        assert run.network.open == []
        assert [task for task, _ in run.calls if not task.cancelled() and task.exception()] == []

    asyncio.run(scenario())

"""The pools: as many connections as calls may be in flight, kept alive, and given back however a call ends."""

import anyio
import anyio.abc
import httpx
import pytest
from anyio.abc import SocketStream

from koscom_async._transport.pool import PooledTransport

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Server:
    """Counts connections, and answers when it is let."""

    def __init__(self):
        self.connections = 0
        self.waiting = 0
        self.may_answer = anyio.Event()
        self.everybody_waits = anyio.Event()
        self.expected = 0

    async def serve(self, stream: SocketStream) -> None:
        self.connections += 1
        async with stream:
            while True:
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


@pytest.fixture
async def server():
    """Run in the test's own task, so that the task group is left where it was entered."""
    return Server()


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
    return await response.aread()


async def test_as_many_calls_as_connections_are_out_at_once_and_the_connections_are_used_again(server):
    transport = PooledTransport(25, use_tls=False)
    server.expected = 25

    async def scenario(url):
        async with anyio.create_task_group() as group:
            for _ in range(25):
                group.start_soon(fetch, transport, url)
            await server.everybody_waits.wait()
            assert [pool.busy for pool in transport._pools] == [10, 10, 5]
            server.may_answer.set()
        assert [pool.busy for pool in transport._pools] == [0, 0, 0]
        for _ in range(50):
            assert await fetch(transport, url) == b"ok"

    await use(server, transport, scenario)
    assert server.connections == 25


async def test_a_cancelled_call_gives_its_place_back(server):
    transport = PooledTransport(1, use_tls=False)
    server.expected = 1

    async def scenario(url):
        async with anyio.create_task_group() as group:
            group.start_soon(fetch, transport, url)
            await server.everybody_waits.wait()
            group.cancel_scope.cancel()
        assert [pool.busy for pool in transport._pools] == [0]
        server.may_answer.set()
        assert await fetch(transport, url) == b"ok"

    await use(server, transport, scenario)


@pytest.mark.parametrize(("connections", "sizes"), [(1, 1), (10, 1), (11, 2), (40, 4)])
async def test_there_are_pools_for_every_connection(connections, sizes):
    transport = PooledTransport(connections, use_tls=True)
    assert len(transport._pools) == sizes
    await transport.aclose()

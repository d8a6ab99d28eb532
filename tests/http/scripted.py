"""A server that says what a test tells it to, byte by byte, and remembers what it was sent."""

import asyncio
import socket
import struct
from contextlib import asynccontextmanager, suppress

import httpx

from koscom_async._http.transport import REUSE, PooledTransport, Reuse

PARSER = []
"""The one that reads the responses now; the fixture `parser` sets it."""

TIMEOUTS = {"connect": 10.0, "read": 10.0, "write": 30.0, "pool": 30.0}


class Wire:
    """One accepted connection, as a script sees it."""

    def __init__(self, reader, writer, requests):
        self.reader = reader
        self.writer = writer
        self._requests = requests

    async def request(self):
        """Read one request, head and body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        size = int(lengths[0].split(b":")[1]) if lengths else 0
        whole = head + await self.reader.readexactly(size)
        self._requests.append(whole)
        return whole

    async def say(self, *pieces):
        """Send pieces, each in a turn of its own."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0)

    async def answer(self, *pieces):
        """Read a request and send an answer."""
        await self.request()
        await self.say(*pieces)

    def reset(self):
        """End without a goodbye, as a firewall or a crash does."""
        run_now = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, run_now)
        self.writer.transport.abort()

    async def closed(self):
        """Return when the other side has closed."""
        with suppress(ConnectionError):
            while await self.reader.read(2**16):
                pass


class Scripted:
    def __init__(self, port, scheme):
        self.url = f"{scheme}://127.0.0.1:{port}/"
        self.connections = 0
        self.requests = []


@asynccontextmanager
async def scripted(*scripts, context=None):
    """Run a server whose n-th connection follows the n-th script, and all further ones the last."""
    writers, tasks = [], set()

    async def serve(reader, writer):
        writers.append(writer)
        tasks.add(asyncio.current_task())
        number = server.connections
        server.connections += 1
        # Cancelled at the end of the test: a stream's server would report that as an error.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await scripts[min(number, len(scripts) - 1)](Wire(reader, writer, server.requests))
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context, backlog=1024)
    server = Scripted(listener.sockets[0].getsockname()[1], "https" if context else "http")
    try:
        yield server
    finally:
        listener.close()
        for writer in writers:
            writer.transport.abort()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.wait_closed()


def always(answer):
    """A script that gives the same answer to each request."""

    async def script(wire):
        while True:
            await wire.answer(answer)

    return script


def once(*pieces):
    """A script that answers one request, and then waits for the client to close."""

    async def script(wire):
        await wire.answer(*pieces)
        await wire.closed()

    return script


def ending(*pieces):
    """A script that answers one request and closes."""

    async def script(wire):
        await wire.answer(*pieces)

    return script


def made(**options):
    """A transport, to be closed by the test."""
    return PooledTransport(*PARSER, **{"keep": 10} | options)


@asynccontextmanager
async def opened(**options):
    """A transport that is closed at the end, and by then carries nothing."""
    transport = made(**options)
    try:
        yield transport
        assert transport.busy == 0
    finally:
        await transport.aclose()
        assert not transport._open


async def ask(transport, url, *, method="POST", content=b"{}", timeouts=None, reuse=Reuse.ANY, **options):
    """Return status and body."""
    request = httpx.Request(
        method,
        url,
        content=content if method == "POST" else None,
        extensions={"timeout": TIMEOUTS | (timeouts or {}), REUSE: reuse},
        **options,
    )
    response = await transport.handle_async_request(request)
    try:
        return response.status_code, await response.aread()
    finally:
        await response.aclose()

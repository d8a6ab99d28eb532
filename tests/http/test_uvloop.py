"""The same connections in another event loop: its transports are its own."""

import sys

import anyio
import httpx
import pytest

from tests.http.scripted import always, ask, opened, scripted
from tests.http.test_answers import CHUNKED, OK

if sys.platform != "win32":
    import uvloop

    def test_calls_answers_and_failures_are_the_same_under_uvloop():
        async def use():
            async with scripted(always(OK)) as server, opened() as transport:
                async with anyio.create_task_group() as group:
                    for _ in range(20):
                        group.start_soon(ask, transport, server.url)
                for _ in range(5):
                    assert await ask(transport, server.url, content=b"x" * 2**20) == (200, b"ok")
                assert await ask(transport, server.url.replace("127.0.0.1", "localhost")) == (200, b"ok")
                assert server.connections <= 21
            chunks = b"".join(b"1000\r\n" + b"x" * 2**12 + b"\r\n" for _ in range(1000))
            async with (
                scripted(always(CHUNKED + chunks + b"0\r\n\r\n")) as server,
                opened() as transport,
            ):
                assert await ask(transport, server.url) == (200, b"x" * 2**12 * 1000)

            async def silent(wire):
                await wire.closed()

            async with scripted(silent) as server, opened() as transport:
                with pytest.raises(httpx.ReadTimeout):
                    await ask(transport, server.url, timeouts={"read": 0.02})

        uvloop.run(use())

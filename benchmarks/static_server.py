"""A server that answers every request with the same bytes, in a process of its own: faster than any client here."""

import asyncio
import subprocess
import sys
from types import TracebackType
from typing import Self

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


class _Static(asyncio.Protocol):
    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._pending = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # what a TCP server is given
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while (end := self._pending.find(HEAD_END)) >= 0:
            head = self._pending[:end].lower()
            at = head.find(LENGTH)
            size = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            whole = end + len(HEAD_END) + size
            if len(self._pending) < whole or self._transport is None:
                return
            self._pending = self._pending[whole:]
            self._transport.write(self._answer)


async def _serve(size: int) -> None:
    body = sys.stdin.buffer.read(size)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    answer = head.encode() + body
    server = await asyncio.get_running_loop().create_server(lambda: _Static(answer), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class StaticServer:
    """Runs the server while the context is open; `url` is where."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.url = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603  # this very file
            [sys.executable, __file__, str(len(self._body))], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None  # noqa: S101  # they were asked for
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write(self._body)
        self._process.stdin.close()
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))

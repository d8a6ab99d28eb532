"""The gateway of fixed answers in Python, for machines without a C compiler; arguments and input as `server.c`."""

import asyncio
import random
import sys
from collections.abc import Sequence
from typing import BinaryIO

from responder import Answer, Responder

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


class StaticServer(Responder):
    """One answer to everything, at once."""

    def __init__(self, body: bytes) -> None:
        super().__init__([Answer(body)])


class _Static(asyncio.Protocol):
    def __init__(
        self, answers: Sequence[Answer], latency: tuple[float, float], chance: random.Random
    ) -> None:
        self._answers = answers
        self._latency = latency
        self._chance = chance
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
            if len(self._pending) < whole:
                return
            self._answer(self._pending[:whole])
            self._pending = self._pending[whole:]

    def _answer(self, request: bytes) -> None:
        assert self._transport is not None  # noqa: S101  # data come over a connection
        body = next((answer.body for answer in self._answers if answer.needle in request), None)
        if body is None:
            self._transport.close()
            return
        delay = self._chance.uniform(*self._latency) / 1000
        if delay:
            asyncio.get_running_loop().call_later(delay, self._transport.write, body)
        else:
            self._transport.write(body)


def _read_answers(source: BinaryIO) -> list[Answer]:
    answers = []
    while line := source.readline():
        needle, body = (source.read(int(length)) for length in line.split())
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        answers.append(Answer(head.encode() + body, needle))
    return answers


async def _serve(low: float, high: float, seed: int) -> None:
    answers = _read_answers(sys.stdin.buffer)
    chance = random.Random(seed)  # noqa: S311  # chosen to repeat, and guards nothing
    server = await asyncio.get_running_loop().create_server(
        lambda: _Static(answers, (low, high), chance), "127.0.0.1", 0, backlog=4096
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))

"""Whatever happens to any number of calls, in any order: no connection is leaked, opened in vain, or used for two."""

import asyncio
import socket
import struct
from contextlib import suppress

import anyio
import httpx
from hypothesis import given
from hypothesis import strategies as st

from koscom_async._http.transport import PooledTransport
from tests.fake_time import settled
from tests.http.scripted import ask

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
STEPS = (
    *("call", "call", "answer", "answer", "answer twice", "answer last", "answer half", "reset", "hang up"),
    *(
        "cancel scope",
        "cancel task",
        "lose an idle one",
        "talk to an idle one",
        "network goes",
        "network comes",
    ),
)
SAID = {
    "answer": ANSWER,
    "answer twice": ANSWER + ANSWER,
    "answer last": ANSWER.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"),
    "answer half": ANSWER.replace(b": 2", b": 4"),
    "reset": None,
    "hang up": b"",
}


class Line:
    """The server's end of one connection."""

    def __init__(self, connection, peer):
        self.connection = connection
        self._peer = peer
        self.requests = 0
        self.answered = 0

    @property
    def is_open(self):
        return not self.connection.is_closed

    @property
    def is_asked(self):
        return self.is_open and self.requests > self.answered

    def listen(self):
        """Count the requests that came."""
        with suppress(OSError):  # nothing came, or it is closed
            self.requests += self._peer.recv(2**16).count(b"POST / HTTP/1.1\r\n")

    def say(self, said):
        self.answered = self.requests
        with suppress(OSError):
            if said:
                self._peer.sendall(said)
            else:
                self.close(is_reset=said is None)

    def close(self, *, is_reset=False):
        with suppress(OSError):  # closed already
            self._peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", is_reset, 0))
        self._peer.close()


class Network:
    """Connects to itself, and waits for nothing."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.lines = []
        self.is_down = False

    async def connect(self, connection, origin, *, seconds):
        await anyio.lowlevel.checkpoint()
        if self.is_down:
            raise httpx.ConnectError("the network is down")
        ours = socket.create_connection(self._listener.getsockname())
        theirs, _ = self._listener.accept()
        theirs.setblocking(False)  # the socket module's own
        self.lines.append(Line(connection, theirs))
        await asyncio.get_running_loop().create_connection(lambda: connection, sock=ours)

    def close(self):
        self._listener.close()
        for line in self.lines:
            line.close()

    def listen(self):
        for line in self.lines:
            line.listen()

    @property
    def open(self):
        return [line for line in self.lines if line.is_open]


class Run:
    """Takes steps, and after each looks at what is open."""

    def __init__(self, parser):
        self.network = Network()
        self.transport = PooledTransport(parser, keep=10)
        self.transport._dialler = self.network
        self.calls = []
        self.most = 0

    async def call(self, scope):
        with scope, suppress(httpx.NetworkError, httpx.RemoteProtocolError):
            status, body = await ask(self.transport, "http://gateway.example/")
            assert (status, body) in {(200, b"ok"), (200, b"okHT")}  # the other half may be anything

    async def take(self, step, index):
        self.network.listen()
        out = [call for call in self.calls if not call[0].done()]
        asked = [line for line in self.network.open if line.is_asked]
        idle = [line for line in self.network.open if not line.is_asked]
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
            idle[index % len(idle)].close()
        elif step == "talk to an idle one" and idle:
            idle[index % len(idle)].say(ANSWER)
        elif step.startswith("network"):
            self.network.is_down = step == "network goes"
        await settled()

    def look(self):
        out = sum(not task.done() for task, _ in self.calls)
        self.most = max(self.most, out)
        assert self.transport.busy == out
        assert len(self.transport._open) == len(self.network.open) <= self.most
        assert len(self.transport._open) - len(self.transport._idle) == out


@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 9)), max_size=25))
def test_whatever_happens_no_connection_is_leaked_or_opened_in_vain(parser, steps):
    async def scenario():
        run = Run(parser)
        for step, index in steps:
            await run.take(step, index)
            run.look()
        for task, _ in run.calls:
            task.cancel()
        await settled()
        run.look()
        assert run.transport.busy == 0
        await run.transport.aclose()
        assert run.network.open == []
        run.network.close()
        assert [task for task, _ in run.calls if not task.cancelled() and task.exception()] == []

    asyncio.run(scenario())

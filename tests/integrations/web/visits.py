"""Requests over ASGI in this process, as a server makes them: with the lifespan's state, and a client that may leave."""

import json
from contextlib import asynccontextmanager, suppress

import anyio
import httpx
from attrs import define, field


@define
class Visit:
    """One GET: what was sent so far, and a client that leaves when it is told to."""

    path: str
    query: str = ""
    spec: str = "2.3"
    headers: dict = field(factory=dict)
    messages: list = field(factory=list)
    left: anyio.Event = field(factory=anyio.Event)
    begun: anyio.Event = field(factory=anyio.Event)
    is_asked: bool = False

    async def __call__(self, app, state=None):
        with suppress(OSError):  # the server's own, of which it thinks nothing
            await app(self.scope(state), self.receive, self.send)

    def scope(self, state=None):
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": self.spec},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in self.headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
            "state": dict(state or {}),
        }

    async def receive(self):
        if not self.is_asked:
            self.is_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if self.left.is_set() and self.spec >= "2.4":
            raise OSError("the client is gone")
        self.messages.append(message)
        if message.get("body"):
            self.begun.set()

    @property
    def status(self):
        return self.messages[0]["status"]

    @property
    def text(self):
        return b"".join(message.get("body", b"") for message in self.messages).decode()

    @property
    def events(self):
        return read_events(self.text)


@asynccontextmanager
async def browser(app):
    """A client of an application, which runs from its start to its end."""
    async with app.router.lifespan_context(app) as state:

        async def served(scope, receive, send):
            await app(scope | {"state": dict(state or {})}, receive, send)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://shop") as client:
            yield client


def read_events(text):
    """The events of a stream, each as its name, its id and its data."""
    found = []
    for block in text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append((fields["event"], fields.get("id"), json.loads(fields["data"])))
    return found

"""A headless Chromium: pictures of pages, and what a page's own measurements say. One browser, asked over its pipe."""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import Factory, define, frozen

FLAGS = (
    "--headless",
    "--no-sandbox",  # CI runs as root, and the pages are our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--remote-debugging-pipe",
)
COMMANDS, ANSWERS = 3, 4
"""The descriptors at which the browser reads and writes."""


@frozen
class Chromium:
    """A browser that runs, and a folder for its pages."""

    pipe: "Pipe"
    home: Path

    def screenshot(
        self, html: str, name: str, *, width: int, height: int, dark: bool = False, scale: float = 1
    ) -> Path:
        """Picture a page at a size, with so many dots for each pixel."""
        with self._page(html, name, width=width, height=height, dark=dark, scale=scale) as session:
            return self.picture(session, name)

    def measured(self, html: str, name: str, *, width: int = 1500, dark: bool = False) -> object:
        """Return what the page's script left as JSON in the element `#measured`."""
        with self._page(html, name, width=width, height=2000, dark=dark) as session:
            found = self.value_of("document.querySelector('#measured').textContent", session)
        return json.loads(found)

    def value_of(self, script: str, session: str) -> Any:
        """Return what a script in a tab comes out at, as plain data; a promise is waited for."""
        found = self.pipe.ask(
            "Runtime.evaluate", session=session, expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]["exception"]["description"]
        return found["result"].get("value")

    def resize(self, session: str, *, width: int, height: int, scale: float = 1) -> None:
        """Give a tab a size, with so many dots for each pixel."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.pipe.ask("Emulation.setDeviceMetricsOverride", session=session, **size)

    def picture(self, session: str, name: str) -> Path:
        """Picture what a tab shows."""
        path = self.home / f"{name}.png"
        shown = self.pipe.ask("Page.captureScreenshot", session=session, format="png")
        path.write_bytes(base64.b64decode(shown["data"]))
        return path

    @contextmanager
    def _page(
        self, html: str, name: str, *, width: int, height: int, dark: bool, scale: float = 1
    ) -> Iterator[str]:
        page = self.home / f"{name}.html"
        page.write_text(html, encoding="utf-8")
        with self.opened(page.as_uri(), width=width, height=height, dark=dark, scale=scale) as session:
            yield session

    @contextmanager
    def opened(
        self, address: str, *, width: int, height: int, dark: bool = False, scale: float = 1
    ) -> Iterator[str]:
        """Open an address in a tab of its own, which is closed behind it."""
        target = self.pipe.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.pipe.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.resize(session, width=width, height=height, scale=scale)
        self.pipe.ask("Emulation.setEmulatedMedia", session=session, features=[scheme])
        self.pipe.ask("Page.enable", session=session)
        self.pipe.ask("Page.navigate", session=session, url=address)
        self.pipe.wait_for("Page.loadEventFired", session=session)
        try:
            yield session
        finally:
            self.pipe.ask("Target.closeTarget", targetId=target)


@define
class Pipe:
    """Commands to a browser, one at a time, and its answers."""

    writer: int
    reader: int
    _number: int = 0
    _rest: bytes = b""
    _events: list[dict] = Factory(list)

    def ask(self, method: str, *, session: str | None = None, **parameters: object) -> dict:
        """Send a command, and return its result."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        command |= {} if session is None else {"sessionId": session}
        _write_all(self.writer, json.dumps(command).encode() + b"\0")
        self._events.clear()
        while (answer := self._read()).get("id") != self._number:
            self._events.append(answer)
        assert "result" in answer, answer
        return answer["result"]

    def wait_for(self, event: str, *, session: str) -> None:
        """Return when an event has come, during the last command or behind it."""
        heard = self._events.copy()
        while not any(each.get("method") == event and each["sessionId"] == session for each in heard):
            heard = [self._read()]

    def _read(self) -> dict:
        while b"\0" not in self._rest:
            chunk = os.read(self.reader, 2**16)
            assert chunk, "the browser has ended"
            self._rest += chunk
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


@contextmanager
def running(binary: str, home: Path) -> Iterator[Chromium]:
    """Start a browser with a home of its own, and end it."""
    to_read, writer = os.pipe()
    reader, to_write = os.pipe()
    browser = os.posix_spawn(
        binary,
        [binary, *FLAGS, f"--user-data-dir={home / 'profile'}"],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, to_read, COMMANDS),
            (os.POSIX_SPAWN_DUP2, to_write, ANSWERS),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ],
    )
    os.close(to_read)
    os.close(to_write)
    try:
        yield Chromium(Pipe(writer, reader), home)
    finally:
        os.close(writer)  # which ends it
        os.waitpid(browser, 0)
        os.close(reader)

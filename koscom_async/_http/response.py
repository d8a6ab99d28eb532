"""One response as it arrives: its head, the pieces of its body, its end, and whether the connection may be used again.

Every decision is made here. The subclasses in `h11_parser` and `llhttp_parser` only report what their parser finds, so
that it makes no difference which of them does. Knows nothing of sockets and of waiting, and raises nothing: a fault is
kept.
"""

from typing import Any

import httpx

MAX_HEAD_BYTES = 2**16
"""Of all that is not body: heads, interim responses, trailers, and what stands between two pieces of the body.

What comes in one read with the end of a piece is not counted: it adds at most that read.
"""
MAX_HEADERS = 256
_VERSIONS = frozenset({"1.0", "1.1"})


class IncomingResponse:
    """What has come of one response; after each `feed`, `is_complete` and `failure` are to be looked at.

    A new one is made for each response, so that nothing that a parser keeps back can reach the next one: httptools
    delivers the last trailer of one response as the first header of the next.
    """

    __slots__ = (
        "_bytes_without_body",
        "_header_count",
        "_is_framed",
        "_wants_body",
        "failure",
        "has_head",
        "headers",
        "is_complete",
        "keeps_alive",
        "parser",
        "pieces",
        "status",
        "unread_bytes",
    )

    def __init__(self, *, wants_body: bool) -> None:
        self.parser: Any = None
        """The library's object; dropped at the end, as it may refer back to this object."""
        self._wants_body = wants_body
        self._is_framed = False
        self._header_count = 0
        self._bytes_without_body = 0
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.pieces: list[bytes] = []
        self.unread_bytes = 0
        self.has_head = False
        self.is_complete = False
        self.keeps_alive = False
        self.failure: httpx.TransportError | None = None

    def feed(self, data: bytes) -> None:
        """Read what has come, unless the response has ended or failed already."""
        if self.parser is None:
            return
        if not self._bytes_without_body and not self.has_head and data[:1] not in {b"H", b""}:
            self.refuse("the response is not HTTP")  # llhttp skips empty lines before it
            return
        # Set to zero by each piece of the body: so it counts heads and trailers that never end.
        self._bytes_without_body += len(data)
        self.read(data)
        if self._bytes_without_body > MAX_HEAD_BYTES:
            self.refuse("the response's head is too large")
        if self.is_complete:
            self.parser = None

    def on_eof(self) -> None:
        """Record that the connection has ended; a body without a length ends with it."""
        if self.has_head and not self._is_framed and self.failure is None:
            self.is_complete = True
            self.parser = None
        else:
            begun = "in the middle of" if self._bytes_without_body or self.has_head else "without"
            self.fail(httpx.RemoteProtocolError(f"the connection ended {begun} a response"))

    def fail(self, failure: httpx.TransportError) -> None:
        """Give up on the response, unless it is whole already."""
        if not self.is_complete and self.failure is None:
            self.failure = failure
            self.parser = None

    def take(self) -> bytes:
        """Return what came of the body since the last time."""
        taken = self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)
        self.pieces.clear()
        self.unread_bytes = 0
        return taken

    # What follows is between this class and its two subclasses. `read` reports by the `on_` methods, which are named
    # as httptools calls them, in the order of the wire; they may be called after a failure or behind the end, too.

    def read(self, data: bytes) -> None:
        raise NotImplementedError

    def refuse(self, why: str) -> None:
        """Fail the response. One that is whole stays as it is, and its connection is not used again."""
        self.keeps_alive = False
        self.fail(httpx.RemoteProtocolError(why))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, or drop a trailer; both count."""
        self._header_count += 1
        if self._header_count > MAX_HEADERS:
            self.refuse("the response's head is too large")
        elif not self.has_head:
            self.headers.append((name, value))

    def on_head(self, status: int, version: str) -> None:
        """See the end of a head: of the response, or of an interim one before it."""
        if self.is_complete or self.failure is not None:
            return
        if version not in _VERSIONS:  # each parser knows others
            self.refuse("the response is not HTTP/1")
        elif status == 101:
            self.refuse("the server changed to a protocol that was not asked for")
        elif status < 100:  # h11 refuses it by itself
            self.refuse("the response is not HTTP (its status is none)")
        elif status < 200:
            self.headers.clear()
        elif self._bytes_without_body > MAX_HEAD_BYTES and self._head_bytes() > MAX_HEAD_BYTES:
            # The head itself is measured only here: the read that ended it may hold a part of the body, too.
            self.refuse("the response's head is too large")
        else:
            self.status = status
            self.has_head = True
            self._choose_framing(is_http_1_1=version == "1.1")

    def on_body(self, piece: bytes) -> None:
        """Keep a piece of the body."""
        if self.is_complete or not self.has_head or self.failure is not None:
            return
        self._bytes_without_body = 0
        self.pieces.append(piece)
        self.unread_bytes += len(piece)

    def on_message_complete(self) -> None:
        """See the end of the response, unless it is an interim one's."""
        if self.has_head and self.failure is None:
            self.is_complete = True

    def _head_bytes(self) -> int:
        return sum(len(name) + len(value) for name, value in self.headers)

    def _choose_framing(self, *, is_http_1_1: bool) -> None:
        names = {name.lower() for name, _ in self.headers}
        has_length, is_chunked = b"content-length" in names, b"transfer-encoding" in names
        self._is_framed = has_length or is_chunked
        # HTTP/1.1 stays open unless it says otherwise, HTTP/1.0 the other way round.
        is_kept = is_http_1_1
        if b"connection" in names:
            options = self._options(b"connection")
            is_kept = b"close" not in options and (is_kept or b"keep-alive" in options)
        self.keeps_alive = is_kept and (self._is_framed or self.status in {204, 304})
        if is_chunked and (has_length or self._options(b"transfer-encoding") != [b"chunked"]):
            self.refuse("the response is not HTTP (its length or its coding is wrong)")
        elif not self._wants_body:
            # llhttp does not know that no body follows, so what comes next could not be read.
            self.is_complete = True
            self.keeps_alive = False

    def _options(self, wanted: bytes) -> list[bytes]:
        lists = (value for name, value in self.headers if name.lower() == wanted)
        return [option.strip().lower() for options in lists for option in options.split(b",")]

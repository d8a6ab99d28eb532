"""One response as it arrives: its head, the pieces of its body, its end, and whether the connection may be used again.

Every decision is made here. The subclasses in `h11_parser` and `llhttp_parser` only report what their parser finds, so
that it makes no difference which of them does. What a head may look like, and how it frames its body, is read from the
bytes themselves, as each parser is lenient in its own way. Knows nothing of sockets and of waiting, and raises nothing:
a fault is kept.
"""

import re
from typing import Any

import httpx

MAX_HEAD_BYTES = 2**16
"""Of all that is not body: heads, interim responses, trailers, and what stands between two pieces of the body.

What comes in one read with the end of a piece is not counted: it adds at most that read.
"""
MAX_HEADERS = 256

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
FIELD_LINE = TOKEN + rb":[\t -~\x80-\xff]*\r\n"
_HEAD = re.compile(
    rb"HTTP/1\.(?P<minor>[01]) (?P<status>[1-9]\d\d)(?: [\t -~\x80-\xff]*)?\r\n(?:" + FIELD_LINE + rb")*\r\n"
)
"""RFC 9112 without its indulgence: no folded line, no LF alone, no control character, no blank before a colon."""

_FRAMING = re.compile(rb"(?i)\n(content-length|transfer-encoding):([^\r]*)")
_FRAMING_NAMES = frozenset({b"content-length", b"transfer-encoding"})
MAX_LENGTH_DIGITS = 18


class IncomingResponse:
    """What has come of one response; after each `feed`, `is_complete` and `failure` are to be looked at.

    A new one is made for each response, so that nothing that a parser keeps back can reach the next one: httptools
    delivers the last trailer of one response as the first header of the next.
    """

    __slots__ = (
        "_bytes_without_body",
        "_head",
        "_header_count",
        "_is_framed",
        "_wants_body",
        "failure",
        "has_head",
        "has_more",
        "headers",
        "is_chunked",
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
        self._head = b""
        self._header_count = 0
        self._bytes_without_body = 0
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.pieces: list[bytes] = []
        self.unread_bytes = 0
        self.has_head = False
        self.has_more = False
        self.is_chunked = False
        self.is_complete = False
        self.keeps_alive = False
        self.failure: httpx.TransportError | None = None

    def feed(self, data: bytes) -> None:
        """Read what has come, unless the response has ended or failed already.

        Where `has_more` is true afterwards, it has stopped, so as not to hold the event loop: feed it `b""`.
        """
        if self.parser is None:
            return
        if not self.has_head:
            self._head += data
            # llhttp would skip empty lines before it, h11 wait for the head's end.
            if not b"HTTP/".startswith(self._head[:5]):
                self.refuse("the response is not HTTP")
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
        while self.has_more:
            self.feed(b"")
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
            self.has_more = False

    def error(self) -> httpx.TransportError:
        """Return its failure, to be raised. It stays here: with the frames of its reader it would be a cycle."""
        failure = self.failure or httpx.ReadError("the response failed")
        return type(failure)(str(failure))

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
        elif name.lower() in _FRAMING_NAMES:
            self.refuse("the response is not HTTP (a length behind the body)")

    def on_head(self) -> None:
        """See the end of a head: of the response, or of an interim one before it."""
        if self.is_complete or self.failure is not None:
            return
        head = _HEAD.match(self._head)
        if head is None:
            self.refuse("the response is not HTTP (its head is not plain HTTP/1)")
            return
        status = int(head["status"])
        framing = _FRAMING.findall(head[0])
        if status == 101:
            self.refuse("the server changed to a protocol that was not asked for")
        elif head.end() > MAX_HEAD_BYTES:
            # Measured here, too: the read that ended it may hold the body, which does not count.
            self.refuse("the response's head is too large")
        elif status >= 200:
            self.status = status
            self.has_head = True
            self._head = b""
            self._choose_framing(framing, is_http_1_1=head["minor"] == b"1")
        elif framing:
            self.refuse("the response is not HTTP (an interim one with a body)")
        else:
            self.headers.clear()
            self._head = self._head[head.end() :]

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

    def _choose_framing(self, framing: list[tuple[bytes, bytes]], *, is_http_1_1: bool) -> None:
        self._is_framed = bool(framing)
        has_coding = self._is_framed and framing[0][0].lower() == b"transfer-encoding"
        has_no_body = self.status in {204, 304}  # whatever its head announces
        self.is_chunked = has_coding and not has_no_body
        # HTTP/1.1 stays open unless it says otherwise, HTTP/1.0, which has no chunks, the other way round.
        options = self._connection_options()
        self.keeps_alive = (
            b"close" not in options
            and (is_http_1_1 or (b"keep-alive" in options and not has_coding))
            and (self._is_framed or has_no_body)
            and not (has_no_body and has_coding)
        )
        if len(framing) > 1 or not all(_is_plain(*each) for each in framing):
            self.refuse("the response is not HTTP (its length or its coding is wrong)")
        elif not self._wants_body:
            # llhttp does not know that no body follows, so what comes next could not be read.
            self.is_complete = True
            self.keeps_alive = False

    def _connection_options(self) -> set[bytes]:
        lists = (value for name, value in self.headers if name.lower() == b"connection")
        return {option.strip().lower() for options in lists for option in options.split(b",")}


def _is_plain(name: bytes, value: bytes) -> bool:
    """Whether a length is one number, or the coding is `chunked` and nothing else."""
    value = value.strip(b" ")
    if name.lower() == b"transfer-encoding":
        return value.lower() == b"chunked"
    return value.isdigit() and len(value) <= MAX_LENGTH_DIGITS

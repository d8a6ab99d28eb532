"""One answer as it comes in, read by llhttp: head, pieces of the body, and whether it is whole.

The only place that knows llhttp's callbacks. Knows nothing of sockets and of waiting.
"""

import httpx
from httptools import HttpParserError, HttpResponseParser

MAX_HEAD_BYTES = 2**16
"""Of all that is not body: head, interim answers, trailers, and what stands between two pieces of the body.

What comes in one read with the end of a piece is not counted: it adds at most that read.
"""
MAX_HEADERS = 256

_FRAMED_BY = {b"content-length", b"transfer-encoding"}


class Answer:
    """What came so far; whoever feeds it looks at `is_whole` and `failure` afterwards.

    A parser is made for each answer, which costs half a microsecond: httptools keeps the last trailer of one message
    back and would deliver it as a header of the next, which is another customer's.
    """

    __slots__ = (
        "_bare_bytes",
        "_head_bytes",
        "_header_count",
        "_is_interim",
        "_parser",
        "_wants_body",
        "failure",
        "has_head",
        "headers",
        "is_whole",
        "keeps_alive",
        "pieces",
        "status",
        "unread_bytes",
    )

    def __init__(self, *, wants_body: bool) -> None:
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._wants_body = wants_body
        self._is_interim = False
        self._header_count = 0
        self._head_bytes = 0
        self._bare_bytes = 0
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.pieces: list[bytes] = []
        self.unread_bytes = 0
        self.has_head = False
        self.is_whole = False
        self.keeps_alive = False
        self.failure: httpx.TransportError | None = None

    def feed(self, data: bytes) -> None:
        """Read what has come."""
        if self._parser is None:
            return
        # Reset by `on_body`: so it counts heads and trailers that never end, and chunks that never begin.
        self._bare_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            # llhttp's texts name its rules and quote nothing of what came.
            self._refuse(f"the answer is not HTTP ({error})")
        if self._bare_bytes > MAX_HEAD_BYTES:
            self._refuse("the answer's head is too large")
        if self.is_whole:
            self._parser = None

    def end(self) -> None:
        """Take note that the connection has ended; a body without a length ends with it."""
        if self.has_head and not any(name.lower() in _FRAMED_BY for name, _ in self.headers):
            self.is_whole = True
            self._parser = None
        else:
            begun = "in the middle of" if self._bare_bytes or self.has_head else "without"
            self.fail(httpx.RemoteProtocolError(f"the connection ended {begun} an answer"))

    def fail(self, failure: httpx.TransportError) -> None:
        """Give up on the answer, unless it is there already."""
        if not self.is_whole and self.failure is None:
            self.failure = failure
            self._parser = None

    def take(self) -> bytes:
        """Return what came of the body since the last time."""
        taken = self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)
        self.pieces.clear()
        self.unread_bytes = 0
        return taken

    def _refuse(self, why: str) -> None:
        # What is odd after the end does not touch the answer, but the connection is not used again.
        self.keeps_alive = False
        self.fail(httpx.RemoteProtocolError(why))

    # What follows is called by httptools, in the middle of `feed`. Nothing is raised through it: a fault is noted, and
    # what comes after the end of the answer, or of anybody's patience, is left where it is.

    def on_message_begin(self) -> None:
        """Note an answer to nothing."""
        if self.is_whole:
            self.keeps_alive = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, or drop a trailer; both count."""
        self._header_count += 1
        self._head_bytes += len(name) + len(value)
        if self._header_count > MAX_HEADERS or self._head_bytes > MAX_HEAD_BYTES:
            self._refuse("the answer's head is too large")
        elif not self.has_head:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Tell the answer from what is said before it."""
        parser = self._parser
        if parser is None or self.is_whole or self.failure is not None:
            return
        status = parser.get_status_code()
        if status < 200:
            self._is_interim = True
            self.headers.clear()
            if status == 101:
                self._refuse("the server changed to a protocol that was not asked for")
            return
        self.status = status
        self.has_head = True
        self.keeps_alive = parser.should_keep_alive()
        if not self._wants_body:
            # The parser cannot be told that no body follows, so it is of no use for what comes next.
            self.is_whole = True
            self.keeps_alive = False

    def on_body(self, piece: bytes) -> None:
        """Keep a piece of the body."""
        if self.is_whole or self._is_interim or self.failure is not None:
            return
        self._bare_bytes = 0
        self.pieces.append(piece)
        self.unread_bytes += len(piece)

    def on_message_complete(self) -> None:
        """See the end, if it is the answer's own."""
        if self._is_interim:
            self._is_interim = False
        elif self.has_head and self.failure is None:
            self.is_whole = True

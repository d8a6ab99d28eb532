"""Responses read by h11, which httpx brings along: the core's parser. Decides nothing.

Only h11's public interface is used. Its errors quote what came, and are never repeated.
"""

import re

import h11

from koscom_async._http.response import FIELD_LINE, TOKEN, IncomingResponse

NO_LIMIT = 2**62
"""`IncomingResponse` has the limits."""

ASKED = h11.Request(
    method="POST", target="/", headers=[("Host", "-"), ("Connection", "upgrade"), ("Upgrade", "-")]
)
"""h11 reads an interim response only after a request. To declare one costs as much as to read a response, so it is done
when an interim response comes. It offers an upgrade, so that h11 reports a 101 and does not fail.
"""

_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_EXTENSIONS = rb"(?:;" + TOKEN + rb"(?:=(?:" + TOKEN + rb"|" + _QUOTED + rb"))?)*"
_CHUNK = re.compile(rb"(?:\r\n)?[0-9A-Fa-f]+" + _EXTENSIONS + rb"\r\n")
_LAST_CHUNK = re.compile(rb"(?:\r\n)?0+" + _EXTENSIONS + rb"\r\n(?:" + FIELD_LINE + rb")*\r\n")
"""What stands before, between and behind the data of chunks. h11 lets much more pass than llhttp does."""


MAX_EVENTS = 1000
"""So many are read in one go, in 15 ms: 256 KB may be 43,000 chunks of one byte."""


class H11Response(IncomingResponse):
    """One response."""

    __slots__ = ("_chunked", "_has_asked", "_is_in_chunk")

    def __init__(self, *, wants_body: bool) -> None:
        super().__init__(wants_body=wants_body)
        self.parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=NO_LIMIT)
        self._has_asked = False
        self._chunked: bytearray | None = None
        """Of a body in chunks, what h11 has not reported yet."""
        self._is_in_chunk = False

    def read(self, data: bytes) -> None:
        parser = self.parser
        if data:  # to h11, no bytes are the connection's end
            parser.receive_data(data)
            if self._chunked is not None:
                self._chunked += data
        self.has_more = self._read_events(parser)
        if self.is_complete and parser.trailing_data[0]:
            self.keeps_alive = False

    def _read_events(self, parser: h11.Connection) -> bool:
        """Return whether there may be more."""
        try:
            for _ in range(MAX_EVENTS):
                # A status of 1xx, after "HTTP/1.1 ".
                if not (self._has_asked or self.has_head) and self._head[9:10] == b"1":
                    self._has_asked = True
                    parser.send(ASKED)
                event = parser.next_event()
                if event is h11.NEED_DATA:
                    return False
                self._report(event, parser)
                if self.failure is not None or self.is_complete:
                    return False
        except h11.RemoteProtocolError:
            self.refuse("the response is not HTTP")
            return False
        return True

    def _report(self, event: object, parser: h11.Connection) -> None:
        if isinstance(event, h11.Data):
            if self._chunked is not None:
                if not self._is_in_chunk:  # `chunk_start` is lost where no data came with the chunk's size
                    self._check(self._chunked, _CHUNK)
                self._is_in_chunk = not event.chunk_end
                del self._chunked[: len(event.data)]
            self.on_body(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            if self._chunked is not None:
                self._check(self._chunked, _LAST_CHUNK)
            self._report_headers(event.headers.raw_items())
            self.on_message_complete()
        elif isinstance(event, h11.Response | h11.InformationalResponse):
            self._report_headers(event.headers.raw_items())
            self.on_head()
            if self.is_chunked:
                self._chunked = bytearray(parser.trailing_data[0])

    def _report_headers(self, headers: list[tuple[bytes, bytes]]) -> None:
        for name, value in headers:
            self.on_header(name, value)

    def _check(self, chunked: bytearray, pattern: re.Pattern[bytes]) -> None:
        match = pattern.match(chunked)
        if match is None:
            self.refuse("the response is not HTTP (its chunks)")
        else:
            del chunked[: match.end()]

"""Responses read by h11, which httpx brings along: the core's parser. Decides nothing.

Only h11's public interface is used. Its errors quote what came, and are never repeated.
"""

import h11

from koscom_async._http.response import IncomingResponse

NO_LIMIT = 2**62
"""`IncomingResponse` has the limits."""

ASKED = h11.Request(
    method="POST", target="/", headers=[("Host", "-"), ("Connection", "upgrade"), ("Upgrade", "-")]
)
"""h11 reads an interim response only after a request. To declare one costs as much as to read a response, so it is done
when an interim response comes. It offers an upgrade, so that h11 reports a 101 and does not fail.
"""


class H11Response(IncomingResponse):
    """One response."""

    __slots__ = ("_has_asked", "_head")

    def __init__(self, *, wants_body: bool) -> None:
        super().__init__(wants_body=wants_body)
        self.parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=NO_LIMIT)
        self._has_asked = False
        self._head = b""

    def read(self, data: bytes) -> None:
        if not data:  # to h11 it would be the connection's end
            return
        parser = self.parser
        if not self.has_head:
            self._head += data
            if not b"HTTP/".startswith(self._head[:5]):  # h11 would wait for the head's end
                self.refuse("the response is not HTTP")
                return
        parser.receive_data(data)
        try:
            while self.failure is None and not self.is_complete:
                # A status of 1xx, after "HTTP/1.1 ".
                if not (self._has_asked or self.has_head) and self._head[9:10] == b"1":
                    self._has_asked = True
                    parser.send(ASKED)
                event = parser.next_event()
                if event is h11.NEED_DATA:
                    return
                self._report(event, parser)
        except h11.RemoteProtocolError:
            self.refuse("the response is not HTTP")
        if self.is_complete and parser.trailing_data[0]:
            self.keeps_alive = False

    def _report(self, event: object, parser: h11.Connection) -> None:
        if isinstance(event, h11.Data):
            self.on_body(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            self._report_headers(event.headers.raw_items())
            self.on_message_complete()
        elif isinstance(event, h11.Response | h11.InformationalResponse):
            if not _has_plain_lines(self._take_head(parser)):
                self.refuse("the response is not HTTP (a header is folded, or a line ends without CR)")
            self._report_headers(event.headers.raw_items())
            self.on_head(event.status_code, event.http_version.decode("ascii"))

    def _report_headers(self, headers: list[tuple[bytes, bytes]]) -> None:
        for name, value in headers:
            self.on_header(name, value)

    def _take_head(self, parser: h11.Connection) -> bytes:
        """Return the head that h11 has read; keep what follows an interim one."""
        length = len(self._head) - len(parser.trailing_data[0])
        head, self._head = self._head[:length], self._head[length:]
        return head


def _has_plain_lines(head: bytes) -> bool:
    # h11 joins folded lines, which are long forbidden, and lets lines end with LF alone; llhttp refuses both.
    return b"\n " not in head and b"\n\t" not in head and head.count(b"\n") == head.count(b"\r\n")

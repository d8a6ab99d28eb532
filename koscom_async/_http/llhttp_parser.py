"""Responses read by llhttp, the parser of Node.js, which the extra `fast` installs. Decides nothing.

httptools calls the methods below, and those of `IncomingResponse`, in the middle of `feed_data`. Nothing is raised
through it.
"""

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from koscom_async._http.response import IncomingResponse

_LINE_ENDS = (b"\r", b"\n")


class LlhttpResponse(IncomingResponse):
    """One response."""

    __slots__ = ()

    def __init__(self, *, wants_body: bool) -> None:
        super().__init__(wants_body=wants_body)
        self.parser = HttpResponseParser(self)  # half a microsecond

    def read(self, data: bytes) -> None:
        if not data.endswith(_LINE_ENDS):
            self._feed(data)
            return
        # llhttp skips empty lines behind a response without a word: what is whole before the last byte is too long.
        self._feed(data[:-1])
        if self.is_complete:
            self.keeps_alive = False
        elif self.failure is None:
            self._feed(data[-1:])

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except HttpParserError as error:
            # llhttp's texts name its rules and quote nothing of what came.
            self.refuse(f"the response is not HTTP ({error})")
        except HttpParserUpgrade:
            # It is no HttpParserError. A 101 that `on_head` has refused, or one behind the end.
            self.keeps_alive = False

    def on_message_begin(self) -> None:
        """Refuse a response to nothing."""
        if self.is_complete:
            self.keeps_alive = False

    def on_headers_complete(self) -> None:
        self.on_head()

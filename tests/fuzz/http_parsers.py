"""The two parsers of HTTP, given the same bytes: the same response, or both refuse.

What decides whose answer it is must not depend on which parser is installed: status, body, where the response ends, and
whether the connection may be used again.
"""

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import strategies as st

from koscom_async._http.h11_parser import H11Response
from koscom_async._http.llhttp_parser import LlhttpResponse

HEADS = (
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 204 No Content\r\n", b"HTTP/1.1 500\r\n",
    b"HTTP/1.1 304 Not Modified\r\n", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
)  # fmt: skip
FIELDS = (
    b"content-length: 5\r\n", b"Content-Length: 0\r\n", b"content-length: 5, 5\r\n", b"content-length: +5\r\n",
    b"transfer-encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"transfer-encoding: identity\r\n",
    b"connection: close\r\n", b"connection: keep-alive\r\n", b"connection: upgrade\r\nupgrade: h2c\r\n", b"x-a: 1\r\n", b"x-b:\r\n",
    b"transfer-encoding:\tchunked\t\r\n", b"x-c: \t a \r\n", b"x-d: \xec\x9e\x94\r\n", b"content-type: text/html\r\n",
)  # fmt: skip
BODIES = (
    b"hello", b"hello", b"", b"5\r\nhello\r\n0\r\n\r\n", b"5;e=1\r\nhello\r\n0\r\nx-late: 1\r\n\r\n", b"005\r\nhello\r\n0\r\n\r\n",
    b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"hello world",
)  # fmt: skip
PIECES = (
    b"", b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b",", b";", b"0", b"5", b"-1", b"x", b"\0", b"\xff", b"HTTP/1.1 200 OK\r\n",
    b"\r\n ", b"content-length: 6\r\n", b"transfer-encoding: chunked\r\n", b"0\r\n\r\n", b"f" * 17, b'"', b"\x0b", b"\x1b", b"RTSP/1.0 200 OK\r\n", b"\r\n\r\n", b"HTTP/1.1 101 X\r\n\r\n",
)  # fmt: skip


@dataclass
class Stream:
    """Bytes in pieces, and whether the connection ends behind them."""

    data: bytes
    places: list
    wants_body: bool

    @property
    def pieces(self):
        edges = [0, *sorted(place * len(self.data) // 100 for place in self.places), len(self.data)]
        return [self.data[begin:end] for begin, end in pairwise(edges)]


@st.composite
def streams(draw):
    """A response as servers send it, with some bytes changed, cut anywhere."""
    data = draw(st.sampled_from(HEADS)) + b"".join(draw(st.lists(st.sampled_from(FIELDS), max_size=4)))
    data += b"\r\n" + draw(st.sampled_from(BODIES))
    for at, piece, gone in draw(st.lists(changes, max_size=3)):
        place = at * len(data) // 200
        data = data[:place] + piece + data[place + gone :]
    return Stream(
        data, draw(st.lists(st.integers(0, 100), max_size=3)), draw(st.sampled_from((True, True, False)))
    )


changes = st.tuples(st.integers(0, 200), st.sampled_from(PIECES), st.integers(0, 2))


@dataclass
class Outcome:
    """What a parser makes of the bytes; a response that is not whole at their end is refused, too."""

    refusal: str
    response: tuple | None = None
    is_kept: bool = False
    ended: int = 0
    """How many bytes had come when it was whole"""


def judge_parsers(stream):
    """Hold one parser against the other."""
    h11, llhttp = (outcome(kind, stream) for kind in (H11Response, LlhttpResponse))
    if (h11.refusal and llhttp.refusal) or h11 == llhttp:
        return
    if h11.refusal or llhttp.refusal:
        differ = f"h11 {h11.refusal or 'reads'}; llhttp {llhttp.refusal or 'reads'}"
    else:
        differ = (
            "they differ in the response" if h11.response != llhttp.response else "they differ in its end"
        )
    # A kind of finding ends at the first bracket.
    raise AssertionError(f"{differ.replace('(', ': ')}\n{h11}\n{llhttp}")


def outcome(kind, stream):
    """Feed the bytes to a parser."""
    response = kind(wants_body=stream.wants_body)
    body, place, ended = b"", 0, 0
    for piece in stream.pieces:
        response.feed(piece)
        body += response.take()
        place += len(piece)
        if response.is_complete and not ended:
            ended = place
    response.on_eof()
    if response.failure is not None:
        return Outcome(str(response.failure))
    headers = sorted((name.lower(), value.strip()) for name, value in response.headers)
    return Outcome("", (response.status, headers, body), response.keeps_alive, ended)

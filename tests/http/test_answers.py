"""Every way to say an answer, and what becomes of the connection afterwards: over real sockets."""

import httpx
import pytest

from koscom_async._http.transport import REUSE, Reuse
from tests.http.scripted import always, ask, ending, once, opened, scripted

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\nx-early: 1\r\n\r\n"
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"

REUSED, THROWN_AWAY = 1, 2
"""Connections that two calls take."""

WAYS = {
    "content-length": ((OK,), 200, b"ok", REUSED),
    "empty": ((b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",), 200, b"", REUSED),
    "one byte at a time": (tuple(OK[at : at + 1] for at in range(len(OK))), 200, b"ok", REUSED),
    "chunked": ((CHUNKED + b"1\r\no\r\n1\r\nk\r\n0\r\n\r\n",), 200, b"ok", REUSED),
    "chunked with extensions": ((CHUNKED + b'2;a=b;c="d"\r\nok\r\n0;e\r\n\r\n',), 200, b"ok", REUSED),
    "chunked with trailers": ((CHUNKED + b"2\r\nok\r\n0\r\nx-a: 1\r\nx-b: 2\r\n\r\n",), 200, b"ok", REUSED),
    "chunked, byte by byte": (
        tuple(bytes([each]) for each in CHUNKED + b"2;a\r\nok\r\n0\r\nx-a: 1\r\n\r\n"),
        200,
        b"ok",
        REUSED,
    ),
    "204": ((b"HTTP/1.1 204 No Content\r\n\r\n",), 204, b"", REUSED),
    "304 with the length of what it spares": (
        (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n",),
        304,
        b"",
        REUSED,
    ),
    "after 103": ((EARLY + OK,), 200, b"ok", REUSED),
    "after 100 and 103, apart": ((GO_ON, EARLY, OK), 200, b"ok", REUSED),
    "without a reason": ((b"HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok",), 200, b"ok", REUSED),
    "HTTP/1.0": ((b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",), 200, b"ok", THROWN_AWAY),
    "HTTP/1.0 that is kept": (
        (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok",),
        200,
        b"ok",
        REUSED,
    ),
    "connection: close": (
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",),
        200,
        b"ok",
        THROWN_AWAY,
    ),
    "another answer behind it": ((OK + OK,), 200, b"ok", THROWN_AWAY),
    "garbage behind it": ((OK + b"junk",), 200, b"ok", THROWN_AWAY),
    "the beginning of an answer behind it": ((OK + b"HT",), 200, b"ok", THROWN_AWAY),
    "a body behind 204": ((b"HTTP/1.1 204 No Content\r\n\r\nbody",), 204, b"", THROWN_AWAY),
    "more than its length": ((b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nok",), 200, b"o", THROWN_AWAY),
    "behind close": (
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok" + OK,),
        200,
        b"ok",
        THROWN_AWAY,
    ),
}


@pytest.mark.parametrize(("pieces", "status", "body", "connections"), WAYS.values(), ids=WAYS)
async def test_an_answer_is_read_to_its_end_and_the_connection_used_again_only_if_nothing_was_odd(
    pieces, status, body, connections
):
    async def first(wire):
        await wire.answer(*pieces)
        await always(OK)(wire)

    async with scripted(first, always(OK)) as server, opened() as transport:
        assert await ask(transport, server.url) == (status, body)
        assert await ask(transport, server.url) == (200, b"ok")
        assert server.connections == connections


async def test_a_body_without_a_length_ends_with_the_connection():
    async with scripted(ending(b"HTTP/1.1 200 OK\r\n\r\n", b"o", b"k")) as server, opened() as transport:
        assert await ask(transport, server.url) == (200, b"ok")
        assert await ask(transport, server.url) == (200, b"ok")
        assert server.connections == 2


async def test_an_answer_to_head_has_no_body_and_its_connection_is_not_used_again():
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n"
    async with scripted(once(head)) as server, opened() as transport:
        assert await ask(transport, server.url, method="HEAD") == (200, b"")
        assert await ask(transport, server.url, method="HEAD") == (200, b"")
        assert server.connections == 2


async def test_headers_come_as_they_were_sent_without_those_of_interim_answers_or_trailers():
    said = (
        EARLY
        + CHUNKED.replace(b"\r\n\r\n", b"\r\nX-Empty:\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\n")
        + b"0\r\nx-trailer: 1\r\n\r\n"
    )
    async with scripted(always(said)) as server, opened() as transport:
        for _ in range(2):
            request = httpx.Request("GET", server.url, extensions={REUSE: Reuse.ANY})
            response = await transport.handle_async_request(request)
            assert await response.aread() == b""
            assert response.headers.raw == [
                (b"transfer-encoding", b"chunked"),
                (b"X-Empty", b""),
                (b"Set-Cookie", b"a"),
                (b"set-cookie", b"b"),
            ]
        assert server.connections == 1


REFUSED = {
    "a changed protocol": (
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        "protocol",
    ),
    "a status below 100": (b"HTTP/1.1 099 OK\r\ncontent-length: 2\r\n\r\nok", "not HTTP"),
    "lines that end with a bare LF": (OK.replace(b"\r\n", b"\n"), "not HTTP"),
    "one line that ends with a bare LF": (OK.replace(b"OK\r\n", b"OK\r\na: b\n"), "not HTTP"),
    "garbage": (b"SSH-2.0-OpenSSH\r\n", "not HTTP"),
    "two lengths": (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok", "not HTTP"),
    "length and chunks": (
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n",
        "not HTTP",
    ),
    "a length that is none": (b"HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\nok", "not HTTP"),
    "a folded header": (b"HTTP/1.1 200 OK\r\na: b\r\n c\r\ncontent-length: 0\r\n\r\n", "not HTTP"),
    "a space before the colon": (b"HTTP/1.1 200 OK\r\ncontent-length : 2\r\n\r\nok", "not HTTP"),
    "packed in an unknown way": (b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nok", "not HTTP"),
    "a chunk without its end": (CHUNKED + b"2\r\nokxx0\r\n\r\n", "not HTTP"),
    "broken chunks": (CHUNKED + b"zz\r\nok\r\n", "not HTTP"),
    "one long header": (b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000, "too large"),
    "one long header, ended": (
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000 + b"\r\ncontent-length: 2\r\n\r\nok",
        "too large",
    ),
    "many headers": (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 300 + b"\r\n", "too large"),
    "interim answers without end": (EARLY * 2000, "too large"),
    "a trailer without end": (CHUNKED + b"2\r\nok\r\n0\r\nx: " + b"y" * 2**20, "too large"),
    "an extension without end": (CHUNKED + b"2;x=" + b"y" * 2**20, "too large"),
}


@pytest.mark.parametrize(("said", "why"), REFUSED.values(), ids=REFUSED)
async def test_what_is_not_an_answer_is_refused_and_ends_the_connection(said, why):
    async with scripted(once(said), always(OK)) as server, opened() as transport:
        with pytest.raises(httpx.RemoteProtocolError, match=why) as caught:
            await ask(transport, server.url)
        assert "bbb" not in str(caught.value)
        assert "yyy" not in str(caught.value)
        assert await ask(transport, server.url) == (200, b"ok")
        assert server.connections == 2


CUT = {
    "nothing": b"",
    "in the head": OK[:20],
    "in the body": OK[:-1],
    "in a chunk": CHUNKED + b"2\r\no",
    "between chunks": CHUNKED + b"2\r\nok\r\n",
    "in the trailers": CHUNKED + b"2\r\nok\r\n0\r\nx: y\r\n",
    "after an interim answer": EARLY,
}


@pytest.mark.parametrize("said", CUT.values(), ids=CUT)
async def test_an_answer_that_is_cut_off_is_none(said):
    async with scripted(ending(said)) as server, opened() as transport:
        with pytest.raises(httpx.RemoteProtocolError, match="ended"):
            await ask(transport, server.url)


async def test_a_reset_in_the_middle_is_told_as_such():
    async def script(wire):
        await wire.answer(OK[:-1])
        wire.reset()

    async with scripted(script) as server, opened() as transport:
        with pytest.raises(httpx.ReadError, match="ConnectionResetError"):
            await ask(transport, server.url)

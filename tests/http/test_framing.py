"""One table of what is a response, the same for both parsers: whatever is ambiguous closes the connection."""

import pytest

from tests.http.scripted import always, ask, opened, scripted

KEPT, CLOSED, REFUSED = "kept", "closed", "refused"
"""The response is good and so is its connection; it is good, and its connection is not used again; it is none."""

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"


def headed(*lines, body=b"ok", status=b"HTTP/1.1 200 OK"):
    return b"".join(each + b"\r\n" for each in (status, *lines, b"")) + body


def chunked(body, *, header=b"transfer-encoding: chunked"):
    return headed(header, body=body)


TWO = b"content-length: 2"
CHUNKS = b"2\r\nok\r\n0\r\n\r\n"

TABLE = (
    ("as it should be", KEPT, OK),
    ("an upper-case name", KEPT, headed(b"CONTENT-LENGTH: 2")),
    ("no blank behind the colon", KEPT, headed(b"content-length:2")),
    ("a length with a zero before it", KEPT, headed(b"content-length: 02")),
    ("the same length twice", REFUSED, headed(TWO, TWO)),
    ("the same length twice in one line", REFUSED, headed(b"content-length: 2, 2")),
    ("two lengths", REFUSED, headed(TWO, b"content-length: 3")),
    ("no length behind the name", REFUSED, headed(b"content-length:")),
    ("a signed length", REFUSED, headed(b"content-length: +2")),
    ("a negative length", REFUSED, headed(b"content-length: -2")),
    ("a length in hex", REFUSED, headed(b"content-length: 0x2")),
    ("a length behind a tab", REFUSED, headed(b"content-length:\t2")),
    ("a length that no machine holds", REFUSED, headed(b"content-length: " + b"9" * 30)),
    ("a blank before the colon", REFUSED, headed(b"content-length : 2")),
    ("no length", CLOSED, headed()),
    ("chunks", KEPT, chunked(CHUNKS)),
    ("chunks in upper case", KEPT, chunked(CHUNKS, header=b"Transfer-Encoding: CHUNKED")),
    ("chunks between tabs", REFUSED, chunked(CHUNKS, header=b"transfer-encoding:\tchunked\t")),
    ("chunks and a length", REFUSED, headed(TWO, b"transfer-encoding: chunked", body=CHUNKS)),
    ("a length and chunks", REFUSED, headed(b"transfer-encoding: chunked", TWO, body=CHUNKS)),
    ("chunks twice", REFUSED, chunked(CHUNKS, header=b"transfer-encoding: chunked\r\ntransfer-encoding: chunked")),
    ("chunks twice in one line", REFUSED, chunked(CHUNKS, header=b"transfer-encoding: chunked, chunked")),
    ("packed chunks", REFUSED, chunked(CHUNKS, header=b"transfer-encoding: gzip, chunked")),
    ("chunks, packed", REFUSED, chunked(CHUNKS, header=b"transfer-encoding: chunked, gzip")),
    ("an empty coding behind the chunks", REFUSED, chunked(CHUNKS, header=b"transfer-encoding: chunked,")),
    ("a coding that is none", REFUSED, chunked(b"ok", header=b"transfer-encoding: identity")),
    ("an unknown coding", REFUSED, chunked(b"ok", header=b"transfer-encoding: xchunked")),
    ("no coding behind the name", REFUSED, chunked(b"ok", header=b"transfer-encoding:")),
    ("HTTP/1.0 with chunks", CLOSED, chunked(CHUNKS).replace(b"1.1", b"1.0")),
    (
        "HTTP/1.0 with chunks, kept",
        CLOSED,
        chunked(CHUNKS, header=b"transfer-encoding: chunked\r\nconnection: keep-alive").replace(b"1.1", b"1.0"),
    ),
    ("a size with zeros before it", KEPT, chunked(b"002\r\nok\r\n000\r\n\r\n")),
    ("a size with a blank behind it", REFUSED, chunked(b"2 \r\nok\r\n0\r\n\r\n")),
    ("a size with a tab behind it", REFUSED, chunked(b"2\t\r\nok\r\n0\r\n\r\n")),
    ("a size with a blank before it", REFUSED, chunked(b" 2\r\nok\r\n0\r\n\r\n")),
    ("the last size with a blank behind it", REFUSED, chunked(b"2\r\nok\r\n0 \r\n\r\n")),
    ("a size like a number in a program", REFUSED, chunked(b"0x2\r\nok\r\n0\r\n\r\n")),
    ("a size with an underscore", REFUSED, chunked(b"0_2\r\nok\r\n0\r\n\r\n")),
    ("a signed size", REFUSED, chunked(b"+2\r\nok\r\n0\r\n\r\n")),
    ("a negative size", REFUSED, chunked(b"-2\r\nok\r\n0\r\n\r\n")),
    ("no size", REFUSED, chunked(b"\r\nok\r\n0\r\n\r\n")),
    ("a size that no machine holds", REFUSED, chunked(b"f" * 17 + b"\r\nok")),
    ("a size that ends with LF", REFUSED, chunked(b"2\nok\r\n0\r\n\r\n")),
    ("a chunk that ends with LF", REFUSED, chunked(b"2\r\nok\n0\r\n\r\n")),
    ("a chunk without its end", REFUSED, chunked(b"2\r\nok0\r\n\r\n")),
    ("chunks that end with LF", REFUSED, chunked(b"2\r\nok\r\n0\r\n\n")),
    ("an extension", KEPT, chunked(b'2;a;b=c;d="e;\\"f"\r\nok\r\n0;g\r\n\r\n')),
    ("an extension without a name", REFUSED, chunked(b"2;\r\nok\r\n0\r\n\r\n")),
    ("an extension with CR", REFUSED, chunked(b"2;a\rb\r\nok\r\n0\r\n\r\n")),
    ("an extension with LF", REFUSED, chunked(b"2;a\nb\r\nok\r\n0\r\n\r\n")),
    ("an extension with NUL", REFUSED, chunked(b"2;a\0\r\nok\r\n0\r\n\r\n")),
    ("an extension without its second quote", REFUSED, chunked(b'2;a="b\r\nok\r\n0\r\n\r\n')),
    ("an extension of the last chunk with CR", REFUSED, chunked(b"2\r\nok\r\n0;a\rb\r\n\r\n")),
    ("a trailer", KEPT, chunked(b"2\r\nok\r\n0\r\nx: y\r\n\r\n")),
    ("a trailer that is folded", REFUSED, chunked(b"2\r\nok\r\n0\r\nx: y\r\n z\r\n\r\n")),
    ("a trailer that ends with LF", REFUSED, chunked(b"2\r\nok\r\n0\r\nx: y\n\r\n")),
    ("a trailer without a colon", REFUSED, chunked(b"2\r\nok\r\n0\r\nx\r\n\r\n")),
    ("a length as a trailer", REFUSED, chunked(b"2\r\nok\r\n0\r\ncontent-length: 5\r\n\r\n")),
    ("a coding as a trailer", REFUSED, chunked(b"2\r\nok\r\n0\r\ntransfer-encoding: chunked\r\n\r\n")),
    ("a header that is folded", REFUSED, headed(b"x: a", b" b", TWO)),
    ("a header that is folded with a tab", REFUSED, headed(b"x: a", b"\tb", TWO)),
    ("the first header folded", REFUSED, headed(b" x: a", TWO)),
    ("lines that end with LF", REFUSED, OK.replace(b"\r\n", b"\n")),
    ("one line that ends with LF", REFUSED, headed(b"x: a\ny: b", TWO)),
    ("a head that ends with LF", REFUSED, OK.replace(b"\r\n\r\n", b"\r\n\n")),
    ("CR in a value", REFUSED, headed(b"x: a\rb", TWO)),
    ("NUL in a value", REFUSED, headed(b"x: a\0b", TWO)),
    ("a control character in a value", REFUSED, headed(b"x: a\x01b", TWO)),
    ("Korean in a value", KEPT, headed("x: 잔고".encode(), TWO)),
    ("no name", REFUSED, headed(b": a", TWO)),
    ("no colon", REFUSED, headed(b"x", TWO)),
    ("a blank in a name", REFUSED, headed(b"x y: a", TWO)),
    ("Korean in a name", REFUSED, headed("잔고: a".encode(), TWO)),
    ("no reason", KEPT, OK.replace(b" OK", b"")),
    ("a Korean reason", KEPT, OK.replace(b"OK", "정상".encode())),
    ("NUL in a reason", REFUSED, OK.replace(b"OK", b"O\0K")),
    ("an escape in a reason", REFUSED, OK.replace(b"OK", b"O\x1b[2JK")),
    ("CR in a reason", REFUSED, OK.replace(b"OK", b"O\rK")),
    ("a reason without a blank before it", REFUSED, OK.replace(b" OK", b"OK")),
    ("two blanks before the status", REFUSED, OK.replace(b" 200", b"  200")),
    ("a status of two digits", REFUSED, OK.replace(b"200", b"20")),
    ("a status of four digits", REFUSED, OK.replace(b"200", b"2000")),
    ("a status below 100", REFUSED, OK.replace(b"200", b"099")),
    ("HTTP/0.9", REFUSED, OK.replace(b"1.1", b"0.9")),
    ("HTTP/1.2", REFUSED, OK.replace(b"1.1", b"1.2")),
    ("HTTP/2.0", REFUSED, OK.replace(b"1.1", b"2.0")),
    ("RTSP/1.0", REFUSED, OK.replace(b"HTTP/1.1", b"RTSP/1.0")),
    ("RTSP/1.0 behind an interim response", REFUSED, GO_ON + OK.replace(b"HTTP/1.1", b"RTSP/1.0")),
    ("ICE/1.0 behind an interim response", REFUSED, GO_ON + OK.replace(b"HTTP/1.1", b"ICE/1.0")),
    ("an empty line before it", REFUSED, b"\r\n" + OK),
    ("an empty line behind an interim response", REFUSED, GO_ON + b"\r\n" + OK),
    ("interim responses", KEPT, GO_ON + HINTS + OK),
    ("an interim response with a length", REFUSED, headed(TWO, body=OK, status=b"HTTP/1.1 103 -")),
    ("an interim response in chunks", REFUSED, headed(b"transfer-encoding: chunked", body=OK, status=b"HTTP/1.1 103 -")),
    ("a flood of interim responses", REFUSED, HINTS * 3000 + OK),
    ("another protocol", REFUSED, b"HTTP/1.1 101 -\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
    ("another protocol that nothing names", REFUSED, b"HTTP/1.1 101 -\r\n\r\n" + OK),
    ("204", KEPT, b"HTTP/1.1 204 -\r\n\r\n"),
    ("204 in chunks", CLOSED, headed(b"transfer-encoding: chunked", body=b"", status=b"HTTP/1.1 204 -")),
    ("304 in chunks", CLOSED, headed(b"transfer-encoding: chunked", body=b"", status=b"HTTP/1.1 304 -")),
    ("close among other options", CLOSED, headed(TWO, b"connection: x, close")),
    ("close and keep-alive", CLOSED, headed(TWO, b"connection: keep-alive, close")),
    ("keep-alive, and close in another line", CLOSED, headed(TWO, b"connection: keep-alive", b"connection: close")),
)  # fmt: skip

BEHIND = (
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\0",
    b"H",
    OK,
    b"HTTP/1.1 101 -\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
)


def verdict(parser, said, size):
    """Feed the bytes in pieces of a size; say what becomes of the response and its connection."""
    response = parser(wants_body=True)
    body = b""
    for at in range(0, len(said), size):
        assert not response.is_complete, "it was whole too early"
        response.feed(said[at : at + size])
        body += response.take()
    response.on_eof()
    if response.failure is not None:
        return REFUSED
    assert (response.is_complete, body) == (True, b"" if response.status in {204, 304} else b"ok")
    return KEPT if response.keeps_alive else CLOSED


@pytest.mark.parametrize("size", [2**18, 1, 5])
def test_both_parsers_come_to_the_verdicts_of_the_table(parser, size):
    wrong = [
        (name, expected, found)
        for name, expected, said in TABLE
        if (size > 1 or len(said) < 1000) and (found := verdict(parser, said, size)) != expected
    ]
    assert wrong == []


def test_whatever_comes_with_a_response_and_behind_it_closes_the_connection(parser):
    for said in (OK, chunked(CHUNKS), chunked(b"2\r\nok\r\n0\r\nx: y\r\n\r\n"), b"HTTP/1.1 204 -\r\n\r\n"):
        for behind in BEHIND:
            for size in range(len(said) - 4, len(said) + 1):  # the last read begins anywhere near the end
                response = parser(wants_body=True)
                response.feed(said[:size])
                if response.is_complete:
                    continue
                response.feed(said[size:] + behind)
                assert (response.is_complete, response.keeps_alive) == (True, False), (said, behind, size)


async def test_an_empty_line_behind_a_response_costs_its_connection_and_no_call(parser):
    async with scripted(always(OK + b"\r\n")) as server, opened() as transport:
        for _ in range(3):
            assert await ask(transport, server.url) == (200, b"ok")
        assert server.connections == 3

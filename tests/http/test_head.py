"""What leaves: one head, one body, and nothing that could be taken for another request."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async._http.transport import request_bytes

URL = "http://127.0.0.1:8000/a/b?c=d"


def test_a_request_is_written_with_its_headers_in_order_and_its_body_behind():
    request = httpx.Request("POST", URL, headers={"X-B": "1", "X-a": "가".encode()}, content=b"{}")
    assert request_bytes(request) == (
        b"POST /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nX-B: 1\r\nX-a: \xea\xb0\x80\r\n"
        b"Content-Length: 2\r\n\r\n{}"
    )


def test_a_question_without_a_body_has_no_length():
    assert request_bytes(httpx.Request("GET", URL)).endswith(b"Host: 127.0.0.1:8000\r\n\r\n")


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\rb", "a\0b", "a\r\n\r\nGET / HTTP/1.1"])
@pytest.mark.parametrize("place", ["name", "value"])
def test_a_line_break_in_a_header_is_refused_and_not_repeated(value, place):
    headers = {value: "x"} if place == "name" else {"x": value}
    with pytest.raises(httpx.LocalProtocolError, match="line break") as caught:
        request_bytes(httpx.Request("POST", URL, headers=headers))
    assert value not in str(caught.value)


@pytest.mark.parametrize("method", ["GET /x", "", "G\tT", "G:", "GÉT"])
def test_a_method_that_is_none_is_refused(method):
    with pytest.raises(httpx.LocalProtocolError):
        request_bytes(httpx.Request(method, URL))


@pytest.mark.parametrize("length", ["1", "3", "02", "-2", "two", ""])
def test_a_length_that_is_not_the_body_s_is_refused(length):
    request = httpx.Request("POST", URL, headers={"Content-Length": length}, content=b"{}")
    with pytest.raises(httpx.LocalProtocolError, match="Content-Length"):
        request_bytes(request)


def test_a_body_that_is_only_coming_is_refused():
    async def pieces():
        yield b"x"

    with pytest.raises(httpx.LocalProtocolError, match="whole"):
        request_bytes(httpx.Request("POST", URL, content=pieces()))


@given(value=st.text(alphabet=st.characters(max_codepoint=255), max_size=20), body=st.binary(max_size=50))
def test_whatever_is_sent_is_one_request_of_that_length(value, body):
    request = httpx.Request("POST", URL, headers={"x": value.encode("latin-1")}, content=body)
    try:
        sent = request_bytes(request)
    except httpx.LocalProtocolError:
        assert set(value) & set("\r\n\0")
        return
    head, _, rest = sent.partition(b"\r\n\r\n")
    assert rest == body
    assert len(head.split(b"\r\n")) == len(head.splitlines()) == 1 + len(request.headers.raw)

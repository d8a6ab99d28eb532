"""The parsers alone, without sockets: however it is cut into pieces, and whatever comes in its place."""

from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async._http.response import MAX_HEAD_BYTES

PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\nx-a: 1\r\n\r\nhello world"
CHUNKED = (
    b"HTTP/1.1 103 Early Hints\r\nx-early: 1\r\n\r\n"
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx-a: 1\r\n\r\n"
    b"5;e=1\r\nhello\r\n6\r\n world\r\n0\r\nx-late: 1\r\n\r\n"
)


def cut(data, places):
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges)]


@given(said=st.sampled_from([PLAIN, CHUNKED]), places=st.lists(st.integers(0, 1000), max_size=30))
def test_an_answer_is_the_same_however_it_is_cut(parser, said, places):
    answer = parser(wants_body=True)
    for piece in cut(said, places):
        assert not answer.is_complete or not piece
        answer.feed(piece)
    assert (answer.is_complete, answer.keeps_alive, answer.failure) == (True, True, None)
    assert (answer.status, answer.headers[-1], answer.take()) == (200, (b"x-a", b"1"), b"hello world")
    assert (answer.pieces, answer.unread_bytes) == ([], 0)


@given(said=st.sampled_from([PLAIN, CHUNKED]), size=st.integers(0, 200))
def test_the_beginning_of_an_answer_is_never_a_whole_one(parser, said, size):
    answer = parser(wants_body=True)
    answer.feed(said[: min(size, len(said) - 1)])
    assert not answer.is_complete
    answer.on_eof()
    assert not answer.is_complete
    assert isinstance(answer.failure, httpx.RemoteProtocolError)


@given(
    before=st.sampled_from([b"", PLAIN[:20], PLAIN[:45], CHUNKED[:-20]]),
    pieces=st.lists(st.binary(max_size=200), max_size=10),
)
def test_whatever_comes_nothing_is_raised_and_a_failure_is_final(parser, before, pieces):
    answer = parser(wants_body=True)
    answer.feed(before)
    for piece in pieces:
        failed = answer.failure
        answer.feed(piece)
        assert failed is None or answer.failure is failed
        assert not (answer.is_complete and answer.failure)
    answer.on_eof()
    assert answer.is_complete is (answer.failure is None)


@given(after=st.binary(min_size=1, max_size=100).filter(lambda data: data.strip(b"\r\n")))
def test_whatever_follows_an_answer_leaves_it_as_it_is_and_its_connection_unusable(parser, after):
    answer = parser(wants_body=True)
    answer.feed(PLAIN + after)
    assert (answer.is_complete, answer.keeps_alive, answer.failure) == (True, False, None)
    assert (answer.status, answer.take()) == (200, b"hello world")


@given(pieces=st.lists(st.integers(1, 2**14), min_size=1, max_size=40))
def test_what_is_not_body_is_held_within_its_bound(parser, pieces):
    answer = parser(wants_body=True)
    answer.feed(b"HTTP/1.1 200 OK\r\nx: ")
    fed = len(b"HTTP/1.1 200 OK\r\nx: ")
    for size in pieces:
        answer.feed(b"y" * size)
        fed += size
        if answer.failure is not None:
            break
    assert (answer.failure is not None) is (fed > MAX_HEAD_BYTES)


@pytest.mark.parametrize("where", ["alone", "behind an interim response"])
def test_what_one_parser_alone_would_read_is_refused_by_both(parser, where):
    before = b"" if where == "alone" else b"HTTP/1.1 100 Continue\r\n\r\n"
    for head in (
        b"HTTP/0.1 200 OK",
        b"HTTP/0.9 200 OK",
        b"HTTP/2.0 200 OK",
        b"\r\nHTTP/1.1 200 OK",
        b"\nHTTP/1.1 200 OK",
    ):
        if before and head.startswith((b"\r", b"\n")):
            continue
        answer = parser(wants_body=True)
        answer.feed(before + head + b"\r\ncontent-length: 2\r\n\r\nok")
        assert isinstance(answer.failure, httpx.RemoteProtocolError), head
        assert (answer.is_complete, answer.keeps_alive) == (False, False), head


CHANGED = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"


@given(
    before=st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n"]),
    after=st.binary(max_size=20),
    places=st.lists(st.integers(0, 200), max_size=3),
)
def test_a_changed_protocol_is_a_failure_and_raises_nothing_whatever_follows(parser, before, after, places):
    answer = parser(wants_body=True)
    for piece in cut(before + CHANGED + after, places):
        answer.feed(piece)
    assert isinstance(answer.failure, httpx.RemoteProtocolError)
    assert "protocol" in str(answer.failure)


def test_a_changed_protocol_behind_an_answer_leaves_it_as_it_is(parser):
    answer = parser(wants_body=True)
    answer.feed(PLAIN + CHANGED + b"x")
    assert (answer.is_complete, answer.keeps_alive, answer.take()) == (True, False, b"hello world")

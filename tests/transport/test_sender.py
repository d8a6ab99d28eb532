"""How much of an answer is read: all of it, or no more than is allowed, however it is packed."""

import gzip
import tracemalloc
import zlib

import httpx
import pytest

from koscom_async import MalformedResponseError, ResponseTooLargeError
from koscom_async._transport.reading import read_body
from koscom_async.sandbox.fault_kinds import find_kind
from koscom_async.sandbox.reply import Reply

TEXT = b'{"a": 1}' * 1000


class Stream(httpx.AsyncByteStream):
    def __init__(self, *pieces):
        self.pieces = iter(pieces)

    async def __aiter__(self):
        for piece in self.pieces:
            yield piece


def answer(*pieces, **headers):
    return httpx.Response(
        200,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        stream=Stream(*pieces),
    )


def cut(packed, size=7):
    return [packed[at : at + size] for at in range(0, len(packed), size)]


@pytest.mark.parametrize(
    ("coding", "pieces"),
    [
        ("identity", cut(TEXT)),
        ("", [TEXT]),
        ("gzip", cut(gzip.compress(TEXT))),
        ("GZIP", [gzip.compress(TEXT)]),
        ("deflate", cut(zlib.compress(TEXT))),
        ("gzip", [gzip.compress(TEXT), b""]),
    ],
)
async def test_a_body_is_read_whole_however_it_is_packed(coding, pieces):
    assert await read_body(answer(*pieces, content_encoding=coding), max_bytes=len(TEXT)) == TEXT


@pytest.mark.parametrize(
    ("pieces", "headers"),
    [
        ([TEXT], {}),
        ([TEXT[:-1], b"x", b"y"], {}),
        ([], {"content_length": str(len(TEXT))}),
        ([gzip.compress(TEXT)], {"content_encoding": "gzip"}),
    ],
)
async def test_a_body_that_is_too_large_is_refused(pieces, headers):
    with pytest.raises(ResponseTooLargeError, match=f"larger than {len(TEXT) - 1} bytes") as caught:
        await read_body(answer(*pieces, **headers), max_bytes=len(TEXT) - 1)
    assert (caught.value.code, caught.value.retriable) == ("too-large", False)


async def test_what_a_transport_has_read_already_is_bounded_too():
    assert await read_body(httpx.Response(200, content=TEXT), max_bytes=len(TEXT)) == TEXT
    with pytest.raises(ResponseTooLargeError, match="larger"):
        await read_body(httpx.Response(200, content=TEXT), max_bytes=10)


@pytest.mark.parametrize(
    ("coding", "message"),
    [("gzip", "compression is broken"), ("br", "content coding"), ("gzip, gzip", "content coding")],
)
async def test_a_packing_that_cannot_be_undone_is_a_malformed_answer(coding, message):
    with pytest.raises(MalformedResponseError, match=message) as caught:
        await read_body(answer(b"not packed at all", content_encoding=coding), max_bytes=100)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


async def test_what_is_packed_ends_with_its_checksum_and_nothing_follows():
    packed = gzip.compress(TEXT)
    for pieces in (
        [packed[:-1]],
        [packed[:-8]],
        [packed[:-9]],
        [packed + b"x"],
        [packed, b"x"],
        [packed + b"\0"],
        [packed + packed],
        [packed, packed, b""],
        [zlib.compress(TEXT)[:-4]],
    ):
        with pytest.raises(MalformedResponseError, match="compression is broken"):
            await read_body(answer(*pieces, content_encoding="gzip"), max_bytes=2 * len(TEXT))
    assert await read_body(answer(content_encoding="gzip"), max_bytes=1) == b""


async def test_a_bomb_takes_no_more_memory_than_is_allowed():
    _, first, *_ = steps = list(find_kind("gzip-bomb:512").steps(Reply()))
    packed = b"".join(step for step in steps if isinstance(step, bytes)).partition(b"\r\n\r\n")[2]
    assert len(packed) > len(first)
    tracemalloc.start()
    try:
        with pytest.raises(ResponseTooLargeError, match="larger"):
            await read_body(answer(*cut(packed, 2**16), content_encoding="gzip"), max_bytes=2**20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 2**20

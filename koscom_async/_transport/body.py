"""Reads an answer's body: never more than is allowed, however long it is and however small it was packed.

httpx unpacks each piece as a whole, so that 64 KB from the wire may become 64 MB before anybody can count them.
Here packing is undone in pieces of a bounded size. Only gzip and deflate are: nothing else is asked for, and what
was not asked for need not be understood.
"""

import zlib
from collections.abc import AsyncIterable, Callable, Iterator

import anyio.lowlevel
import httpx

from koscom_async.errors import MalformedResponseError

PIECE_BYTES = 2**18
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32

Unpack = Callable[[bytes], Iterator[bytes]]


async def read_body(response: httpx.Response, *, most: int) -> bytes:
    """Return the whole body, unpacked; raise `MalformedResponseError` for more than `most` bytes."""
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > most:
        raise _too_large(most)
    unpack = _unpacker(response.headers.get("Content-Encoding", "identity"))
    body = bytearray()
    if response.is_stream_consumed:  # by the transport that was given
        return _bounded(response.content, most)
    assert isinstance(response.stream, AsyncIterable)  # noqa: S101  # httpx types it for sync, too
    async for packed in response.stream:
        for number, piece in enumerate(unpack(packed)):
            if number:  # a bomb must not hold the loop
                await anyio.lowlevel.checkpoint()
            body += piece
            if len(body) > most:
                raise _too_large(most)
    return bytes(body)


def _bounded(body: bytes, most: int) -> bytes:
    if len(body) > most:
        raise _too_large(most)
    return body


def _unpacker(coding: str) -> Unpack:
    coding = coding.strip().lower()
    if coding in {"", "identity"}:
        return lambda packed: iter((packed,))
    if coding in {"gzip", "x-gzip", "deflate"}:
        return _unzipper()
    raise MalformedResponseError("the answer is packed in a way that was not asked for")


def _unzipper() -> Unpack:
    unzip = zlib.decompressobj(_GZIP_OR_ZLIB)

    def unpack(packed: bytes) -> Iterator[bytes]:
        try:
            while packed and not unzip.eof:
                yield unzip.decompress(packed, PIECE_BYTES)
                packed = unzip.unconsumed_tail
        except zlib.error:
            raise MalformedResponseError("the answer's compression is broken") from None

    return unpack


def _too_large(most: int) -> MalformedResponseError:
    return MalformedResponseError(
        f"the answer is larger than {most} bytes",
        code="too-large",
        advice="raise Settings(max_response_bytes=…) if answers of that size are to be expected",
    )

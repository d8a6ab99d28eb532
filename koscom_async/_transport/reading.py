"""Reads an answer's body: its bytes, unpacked, then the JSON, then what the call makes of it.

Between slices of a large one, other tasks run. What the JSON and its rows mean is not decided here.
"""

import re
import zlib
from codecs import getincrementaldecoder
from collections.abc import AsyncIterable, Iterator, Sequence
from typing import TypeVar, cast

import anyio.lowlevel
import httpx

from koscom_async._cooperative import SLICE_LENGTH, run_cooperatively, steps_of
from koscom_async._transport.backend import json_of
from koscom_async._transport.memory import ReadingBudget
from koscom_async._wire.endpoints import Call
from koscom_async._wire.envelope import find_refusal
from koscom_async._wire.failures import failure, read_page
from koscom_async.errors import KoscomError, MalformedResponseError, ResponseError, ResponseTooLargeError
from koscom_async.settings import Backend

Answer = TypeVar("Answer")

PIECE_BYTES = 2**18
"""A body is unpacked, and decoded, in pieces of this size."""
_NO_CODINGS = frozenset({"utf-8", "utf8"})
"""What some send for a character set: the body is not packed."""
_KOREAN = re.compile(r"charset\s*=\s*[\"']?(?:euc-?kr|cp949|ms949|uhc|ks_c_5601)", re.IGNORECASE)
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


async def read_body(response: httpx.Response, *, max_bytes: int) -> bytes:
    """Return the whole body, unpacked; raise `ResponseTooLargeError` for more than `max_bytes` bytes.

    httpx unpacks each piece as a whole, so that 64 KB from the wire may become 64 MB before they can be counted.
    Here a body is unpacked in pieces of a bounded size: gzip and deflate only, as no other coding is asked for.
    """
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise _too_large(max_bytes)
    unzipper = _unzipper(response.headers.get("Content-Encoding", "identity"))
    body = bytearray()
    if response.is_stream_consumed:  # by the transport that was given
        if len(response.content) > max_bytes:
            raise _too_large(max_bytes)
        return await _in_utf8(response, response.content)
    # httpx types the stream for both of its clients.
    async for packed in cast("AsyncIterable[bytes]", response.stream):
        for number, piece in enumerate(unzipper.unpack(packed) if unzipper else (packed,)):
            if number:  # a zip bomb must not hold the event loop
                await anyio.lowlevel.checkpoint()
            body += piece
            if len(body) > max_bytes:
                raise _too_large(max_bytes)
    if unzipper:
        unzipper.check_end()
    return await _in_utf8(response, bytes(body))


async def _in_utf8(response: httpx.Response, body: bytes) -> bytes:
    """Return a body in UTF-8 that its header says to be in a Korean code page, unless it is in none."""
    if _KOREAN.search(response.headers.get("Content-Type", "")) is None:
        return body
    decoder, text = getincrementaldecoder("cp949")(), bytearray()
    try:
        for place in range(0, len(body), PIECE_BYTES):
            if place:
                await anyio.lowlevel.checkpoint()
            text += decoder.decode(body[place : place + PIECE_BYTES]).encode()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return body
    return bytes(text)


def _unzipper(coding: str) -> "_Unzipper | None":
    coding = coding.strip().lower()
    if coding in {"", "identity", *_NO_CODINGS}:
        return None
    if coding in {"gzip", "x-gzip", "deflate"}:
        return _Unzipper()
    raise MalformedResponseError("the answer has a content coding that was not asked for")


class _Unzipper:
    """Unpacks one body, which is one member with its checksum, and nothing behind it."""

    def __init__(self) -> None:
        self._unzip = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._has_begun = self._is_longer = False

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        self._has_begun = self._has_begun or bool(packed)
        self._is_longer = self._is_longer or (self._unzip.eof and bool(packed))
        try:
            while packed and not self._unzip.eof:
                yield self._unzip.decompress(packed, PIECE_BYTES)
                packed = self._unzip.unconsumed_tail
        except zlib.error:
            raise _broken() from None

    def check_end(self) -> None:
        """Raise where the end is missing, or where something stands behind it: a second member is no JSON either."""
        if self._has_begun and (not self._unzip.eof or self._unzip.unused_data or self._is_longer):
            raise _broken()


def _broken() -> MalformedResponseError:
    return MalformedResponseError("the answer's compression is broken")


def _too_large(max_bytes: int) -> ResponseTooLargeError:
    return ResponseTooLargeError(
        f"the answer is larger than {max_bytes} bytes (max_response_bytes)", budget="max_response_bytes"
    )


class BodyReader:
    """Reads the bodies of answers."""

    def __init__(self, backend: Backend, *, max_reading_bytes: int) -> None:
        self.json = json_of(backend)
        self._budget = ReadingBudget(max_reading_bytes)

    async def read_answer(self, call: Call[Answer], body: bytes, *, secrets: Sequence[str] = ()) -> Answer:
        """Return what a call makes of a successful answer, or raise a `KoscomError`."""
        if call.charge is not None:
            call.charge(len(body))
        if len(body) <= SLICE_LENGTH:
            return await self._read(call, body, secrets)
        async with self._budget.room_for(body):
            return await self._read(call, body, secrets)

    async def _read(self, call: Call[Answer], body: bytes, secrets: Sequence[str]) -> Answer:
        document = await self._answered(body, secrets)
        try:
            if len(body) <= SLICE_LENGTH:
                return call.read(document)
            return await run_cooperatively(steps_of(call.read, document), hold=0.0)
        except KoscomError:
            raise
        except Exception as error:  # the last net: an answer, however odd, raises a `KoscomError`
            raise MalformedResponseError(f"the answer could not be read ({type(error).__name__})") from None

    async def read_refusal(self, body: bytes) -> object:
        """Return the JSON of a refusal, or what a page of HTML says; `None` where that is nothing."""
        try:
            async with self._budget.room_for(body):
                return await self._document(body)
        except ResponseError:
            return read_page(body)

    async def _answered(self, body: bytes, secrets: Sequence[str]) -> object:
        """Return the JSON of an answer; raise what it refuses, and a page that stands in its place, as they are."""
        try:
            document = await self._document(body)
        except MalformedResponseError:
            page = read_page(body)
            if page is None:
                raise
            raise failure(status=200, document=page) from None
        refusal = find_refusal(document, secrets)
        if refusal is not None:
            raise refusal
        return document

    async def _document(self, body: bytes) -> object:
        if len(body) <= SLICE_LENGTH:
            return self.json.read_json(body)
        return await run_cooperatively(self.json.json_steps(body), hold=0.0)

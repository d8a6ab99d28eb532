"""One HTTP exchange: a signed request out, a whole answer back. The only place where httpx's exceptions are seen.

Owns the connections and the time that one try may take. What an answer means is not its work.
"""

import zlib
from collections.abc import AsyncIterable, Callable, Iterator
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import httpx
from attrs import field, frozen

from koscom_async._http.connection import OverdueError
from koscom_async._transport.connections import keeps_time, open_transport, prepare
from koscom_async._transport.isolation import isolated
from koscom_async._transport.request import RequestWriter
from koscom_async._wire.endpoints import Call
from koscom_async.errors import ConnectionFailedError, KoscomError, MalformedResponseError
from koscom_async.settings import Settings

# Reads an answer's body: never more than is allowed, however long it is and however small it was packed.
#
# httpx unpacks each piece as a whole, so that 64 KB from the wire may become 64 MB before anybody can count them.
# Here packing is undone in pieces of a bounded size. Only gzip and deflate are: nothing else is asked for, and what
# was not asked for need not be understood.

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


@frozen(kw_only=True)
class Reply:
    """An answer as it came: status, headers, and the whole body."""

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)


class Exchange:
    """Sends calls over one transport: the caller's, or its own, made when the first call leaves."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._settings = settings
        self._transport = transport
        self._is_given = transport is not None
        self._keeps_time = False
        self._opening = anyio.Lock()
        self._writer = RequestWriter(settings)
        # Asked here, so that a missing extra is told where the client is made.
        self._may_be_fast = prepare(settings.backend)

    async def send(self, call: Call[Any]) -> Reply:
        """Return the answer to a call, whatever it says; raise `ConnectionFailedError` where none came whole."""
        request = self._writer.write(call)
        seconds = self._settings.timeouts.attempt
        try:
            transport = self._transport or await self._opened()
            if self._keeps_time:
                return await self._received(transport, request)
            # httpx bounds each read, not the call: a server that drips would be waited for without end.
            with anyio.CancelScope(deadline=anyio.current_time() + seconds):
                if self._is_given:
                    return await isolated(partial(self._received, transport, request))
                return await self._received(transport, request)
        except OverdueError:
            pass
        except httpx.TimeoutException as error:
            raise ConnectionFailedError(f"timed out ({type(error).__name__})", retriable=True) from error
        except KoscomError:
            raise
        # Any transport may be given, and each has its own way to fail; nothing foreign goes up.
        except Exception as error:
            raise ConnectionFailedError(
                f"the connection failed ({type(error).__name__})",
                retriable=isinstance(error, httpx.TransportError | OSError),
            ) from error
        raise ConnectionFailedError(f"no whole answer within {seconds:g} s", retriable=True)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._transport is not None:
            await self._transport.aclose()

    async def _received(self, transport: httpx.AsyncBaseTransport, request: httpx.Request) -> Reply:
        # The transport itself, not a client around it: no cookies that one investor's answer could leave
        # for another's question, no redirects to follow with a token, and a fraction of the work.
        response = await transport.handle_async_request(request)
        try:
            body = await read_body(response, most=self._settings.max_response_bytes)
        finally:
            await response.aclose()
        return Reply(status=response.status_code, headers=response.headers, body=body)

    async def _opened(self) -> httpx.AsyncBaseTransport:
        async with self._opening:
            if self._transport is None:
                self._transport = await open_transport(self._settings, may_be_fast=self._may_be_fast)
                self._keeps_time = keeps_time(self._transport)
            return self._transport

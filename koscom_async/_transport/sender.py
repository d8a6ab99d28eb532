"""One HTTP call: a signed request out, a whole response of bounded size in. Only here httpx's exceptions are seen.

Owns the connections and the time that one attempt may take. What a response means is not decided here.
"""

import zlib
from collections.abc import AsyncIterable, Callable, Iterator
from functools import partial
from typing import Any, cast

import anyio
import anyio.lowlevel
import httpx
from attrs import field, frozen

from koscom_async._http.connection import ClosedError, OverdueError
from koscom_async._http.transport import StackTransport
from koscom_async._transport.connections import choose_parser, open_transport
from koscom_async._transport.isolation import isolated
from koscom_async._transport.request import RequestWriter
from koscom_async._wire.endpoints import Call
from koscom_async.errors import ConnectionFailedError, KoscomError, MalformedResponseError, UsageError
from koscom_async.models.investor import Token
from koscom_async.settings import Settings

PIECE_BYTES = 2**18
"""A body is unpacked in pieces of this size."""
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32

Unpack = Callable[[bytes], Iterator[bytes]]


@frozen(kw_only=True)
class Response:
    """A response as it came: status, headers, and the whole body, unpacked."""

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)


class Sender:
    """Sends calls over one transport: the one that was given, or its own, opened with the first call."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._settings = settings
        self.transport = transport
        self._opening = anyio.Lock()
        self._writer = RequestWriter(settings)
        # Here, so that a missing extra is reported where the client is made.
        self._parser = choose_parser(settings.backend)

    async def send(self, call: Call[Any], token: Token | None) -> Response:
        """Return the response to a call, whatever it says; raise `ConnectionFailedError` if none came whole."""
        request = self._writer.write(call, token)
        seconds = self._settings.timeouts.attempt
        try:
            transport = self.transport or await self._opened()
            if isinstance(transport, StackTransport):
                return await self._received(transport, request)
            # httpx's transports limit the time of each read, not of the call, and leak where `task.cancel()` strikes.
            received = partial(self._received, transport, request)
            end = anyio.current_time() + seconds
            # Where the operation's scope ends it first, another would only cost 15 us.
            if anyio.current_effective_deadline() <= end:
                return await isolated(received)
            with anyio.CancelScope(deadline=end):
                return await isolated(received)
        except OverdueError:
            pass
        except ClosedError as error:
            raise UsageError("the client was closed", advice="close it when its calls have ended") from error
        except httpx.TimeoutException as error:
            raise ConnectionFailedError(f"timed out ({type(error).__name__})", retriable=True) from error
        except KoscomError:
            raise
        # A transport that was given may raise anything.
        except Exception as error:
            raise ConnectionFailedError(
                f"the connection failed ({type(error).__name__})",
                retriable=isinstance(error, httpx.TransportError | OSError),
            ) from error
        raise ConnectionFailedError(f"no whole answer within {seconds:g} s", retriable=True)

    async def aclose(self) -> None:
        """Close the connections."""
        if self.transport is not None:
            await self.transport.aclose()

    async def _received(self, transport: httpx.AsyncBaseTransport, request: httpx.Request) -> Response:
        # Not through an httpx.AsyncClient: no cookies that one investor's response could leave for another's
        # request, no redirects that take a token elsewhere, and a fraction of the work.
        response = await transport.handle_async_request(request)
        try:
            body = await read_body(response, most=self._settings.max_response_bytes)
        finally:
            await response.aclose()
        return Response(status=response.status_code, headers=response.headers, body=body)

    async def _opened(self) -> httpx.AsyncBaseTransport:
        async with self._opening:
            if self.transport is None:
                self.transport = await open_transport(self._settings, self._parser)
            return self.transport


async def read_body(response: httpx.Response, *, most: int) -> bytes:
    """Return the whole body, unpacked; raise `MalformedResponseError` for more than `most` bytes.

    httpx unpacks each piece as a whole, so that 64 KB from the wire may become 64 MB before they can be counted.
    Here a body is unpacked in pieces of a bounded size: gzip and deflate only, as no other coding is asked for.
    """
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > most:
        raise _too_large(most)
    unpack = _unpacker(response.headers.get("Content-Encoding", "identity"))
    body = bytearray()
    if response.is_stream_consumed:  # by the transport that was given
        if len(response.content) > most:
            raise _too_large(most)
        return response.content
    # httpx types the stream for both of its clients.
    async for packed in cast("AsyncIterable[bytes]", response.stream):
        for number, piece in enumerate(unpack(packed)):
            if number:  # a zip bomb must not hold the event loop
                await anyio.lowlevel.checkpoint()
            body += piece
            if len(body) > most:
                raise _too_large(most)
    return bytes(body)


def _unpacker(coding: str) -> Unpack:
    coding = coding.strip().lower()
    if coding in {"", "identity"}:
        return lambda packed: iter((packed,))
    if coding in {"gzip", "x-gzip", "deflate"}:
        return _unzipper()
    raise MalformedResponseError("the answer has a content coding that was not asked for")


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
        advice="raise Settings(max_response_bytes=…) if answers of that size are expected",
    )

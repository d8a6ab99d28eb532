"""What the setting `backend` decides: the libraries that read JSON, and the connections that carry a client's calls.

The connections are those of `_http`, with one of its two parsers, or httpx's own. What is installed, the event loop,
and what else takes part count, too.
"""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from functools import cache, partial
from importlib.util import find_spec
from types import FunctionType
from typing import Any, Protocol, cast

import anyio
import httpx
from attrs import frozen

from koscom_async._cooperative import Cooperative
from koscom_async._hints import missing
from koscom_async._http.response import IncomingResponse
from koscom_async._http.transport import KEEP_ALIVE_SECONDS, REUSE, PooledTransport, Reuse
from koscom_async._transport.certificates import load_context
from koscom_async._wire.json import core as core_json
from koscom_async.errors import UsageError
from koscom_async.settings import Backend, Settings

LIBRARIES = ("httptools", "msgspec")
"""What the extra `fast` installs."""


def is_fast(backend: Backend) -> bool:
    """Whether the fast libraries are to be used; raise an `ImportError` where they must be and are missing."""
    if backend is Backend.CORE:
        return False
    lacking = _missing()
    if lacking and backend is Backend.FAST:
        raise missing(f"backend='fast' needs {' and '.join(lacking)}", extra="fast", name=lacking[0])
    return not lacking


@cache
def _missing() -> tuple[str, ...]:
    return tuple(name for name in LIBRARIES if find_spec(name) is None)


class Json(Protocol):
    """Reads and writes JSON with exact numbers; `core` and `fast` differ in nothing but speed."""

    def write_json(self, document: object) -> bytes:
        """Return the bytes of a document that JSON can hold."""

    def read_json(self, body: bytes) -> object:
        """Return the document in a body, or raise a `MalformedResponseError`."""

    def json_steps(self, body: bytes) -> Cooperative[object]:
        """Read it in steps, with stops between the slices of a large one."""


def json_of(backend: Backend) -> Json:
    """Return the reader and writer for a backend, as the settings and what is installed decide."""
    if not is_fast(backend):
        return core_json
    from koscom_async._wire.json import fast as fast_json

    return fast_json


def load_event_loop() -> None:
    """Load anyio's half for asyncio, which takes 20 ms, if asyncio runs: no call waits for the import."""
    if asyncio_loop() is not None:
        anyio.current_time()


def choose_response_type(backend: Backend) -> type[IncomingResponse]:
    """Return what reads responses, with its parser loaded."""
    if is_fast(backend):
        from koscom_async._http.llhttp_parser import LlhttpResponse

        return LlhttpResponse
    from koscom_async._http.h11_parser import H11Response

    return H11Response


async def open_transport(
    settings: Settings, response_type: type[IncomingResponse]
) -> httpx.AsyncBaseTransport:
    """Return a transport for the settings."""
    is_encrypted = any(url.startswith("https:") for url in (settings.base_url, settings.market_url))
    context = await load_context() if is_encrypted else None
    in_flight = settings.limits.in_flight + settings.limits.in_flight_of_platform
    if not _uses_own_transport(settings.backend):
        return HttpxPools(in_flight=in_flight, context=context)
    return PooledTransport(response_type, keep=in_flight, context=context, attempt=settings.timeouts.attempt)


def _uses_own_transport(backend: Backend) -> bool:
    """Whether the connections of `_http` can carry the calls, and are to."""
    if backend is Backend.HTTPX:
        return False
    if asyncio_loop() is None:
        if backend is Backend.FAST:
            raise UsageError(
                "backend='fast' works in asyncio's event loops only",
                advice="use backend='auto' or 'httpx' under trio",
            )
        return False
    return backend is Backend.FAST or not _is_httpx_patched()


def _is_httpx_patched() -> bool:
    """Whether httpx's transport was replaced, as tracing and mocks do: they mean every request of the process."""
    if not _is_original(httpx.AsyncHTTPTransport.handle_async_request, "httpx."):
        return True
    # Not imported for this: a program that has not imported it has not patched it.
    httpcore = sys.modules.get("httpcore")
    return httpcore is not None and not _is_original(
        httpcore.AsyncConnectionPool.handle_async_request, "httpcore."
    )


def _is_original(function: object, package: str) -> bool:
    # Not `isinstance`: wrapt's proxies, which tracing uses, claim to be what they wrap.
    return type(function) is FunctionType and function.__module__.startswith(package)


POOL_SIZE = 10
"""Connections of one pool of httpx's, which looks through all of them twice a call: ten cost next to nothing."""


class HttpxPools(httpx.AsyncBaseTransport):
    """httpx's own transports, the least busy one first: as many as it takes for `in_flight` calls to wait for none.

    How long a connection has been quiet cannot be asked, so that what may not take any kept one gets a new one.
    """

    def __init__(self, *, in_flight: int, context: ssl.SSLContext | None) -> None:
        limits = httpx.Limits(
            max_connections=POOL_SIZE,
            max_keepalive_connections=POOL_SIZE,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
        )
        open_pool = partial(httpx.AsyncHTTPTransport, verify=context or False, trust_env=False)
        self._pools = [open_pool(limits=limits) for _ in range(-(-in_flight // POOL_SIZE))]
        self._new = open_pool(limits=httpx.Limits(max_connections=None, max_keepalive_connections=0))
        self._calls = dict.fromkeys((*self._pools, self._new), 0)

    @property
    def busy(self) -> int:
        """How many calls are under way."""
        return sum(self._calls.values())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; where a kept connection fails before the head of a response, once more over a new one."""
        steps = _Steps()
        request.extensions.setdefault("trace", steps)  # of a user who traces, nothing is sent twice
        if request.extensions.get(REUSE, Reuse.NONE) is not Reuse.ANY:
            return await self._send(request, self._new, steps)
        try:
            return await self._send(request, min(self._pools, key=self._calls.__getitem__), steps)
        except (httpx.NetworkError, httpx.RemoteProtocolError):
            if not steps.took_kept_connection:
                raise
        return await self._send(request, self._new, steps)

    async def _send(
        self, request: httpx.Request, pool: httpx.AsyncHTTPTransport, steps: "_Steps"
    ) -> httpx.Response:
        """Send it over one of them, which counts as busy until the response is closed."""
        self._calls[pool] += 1
        try:
            response = await pool.handle_async_request(request)
        except BaseException:
            self._release(pool)
            await steps.close_half_open()
            raise
        if response.is_closed:  # a mock's
            self._release(pool)
        else:
            stream = cast("httpx.AsyncByteStream", response.stream)
            response.stream = _ReleasingStream(stream, partial(self._release, pool))
        return response

    async def aclose(self) -> None:
        """Close every connection."""
        for transport in self._calls:
            await transport.aclose()

    def _release(self, transport: httpx.AsyncHTTPTransport) -> None:
        self._calls[transport] -= 1


class _Steps:
    """Hears from httpcore what it does for a request, by the extension `trace`."""

    took_kept_connection = False
    _has_connected = False
    _half_open: Any = None  # connected, and before the end of the TLS handshake

    async def __call__(self, step: str, info: Mapping[str, Any]) -> None:
        if step == "http11.send_request_headers.started":
            self.took_kept_connection = not self._has_connected
            self._half_open = None
        elif step.startswith("connection."):
            self._has_connected = True
            if step == "connection.connect_tcp.complete":
                self._half_open = info["return_value"]

    async def close_half_open(self) -> None:
        """Close what httpcore (1.0) leaves open where a call is cancelled in the TLS handshake."""
        if self._half_open is not None:
            with anyio.CancelScope(shield=True):
                await self._half_open.aclose()


@frozen(eq=False)
class _ReleasingStream(httpx.AsyncByteStream):
    _stream: httpx.AsyncByteStream
    _release: Callable[[], None]

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        self._release()
        await self._stream.aclose()


def asyncio_loop() -> asyncio.AbstractEventLoop | None:
    """Return asyncio's loop, or `None` where another one runs."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None

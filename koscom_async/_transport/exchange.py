"""One HTTP exchange: a signed request out, a whole answer back. The only place where httpx's exceptions are seen.

Owns the connections and the time that one try may take. What an answer means is not its work.
"""

import json
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import anyio
import httpx
from attrs import field, frozen

from koscom_async._transport.auth import auth_for
from koscom_async._transport.body import read_body
from koscom_async._transport.connections import open_transport, prepare
from koscom_async._wire.call import Call
from koscom_async._wire.endpoints import Content
from koscom_async.errors import ConnectionFailedError, KoscomError
from koscom_async.settings import Settings, Timeouts

_MEDIA_TYPES = {
    Content.JSON: "application/json; charset=utf-8",
    Content.FORM: "application/x-www-form-urlencoded",
}


@frozen(kw_only=True)
class Reply:
    """An answer as it came: status, headers, and the whole body."""

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)


class Exchange:
    """Sends calls over one transport: the caller's, or its own pools, made when the first call leaves."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._settings = settings
        self._transport = transport
        self._opening = anyio.Lock()
        # Asked here, so that a missing extra is told where the client is made.
        self._may_be_fast = prepare(settings.backend)
        self._timeout = _httpx_timeout(settings.timeouts)

    async def send(self, call: Call[Any]) -> Reply:
        """Return the answer to a call, whatever it says; raise `ConnectionFailedError` where none came whole."""
        request = httpx.Request(
            call.method,
            _parsed(self._settings.base_url + call.path),
            params=call.params or None,
            headers={"Content-Type": _MEDIA_TYPES[call.endpoint.content], "Accept": "application/json"},
            content=_encoded(call),
            extensions={"timeout": self._timeout},
        )
        auth = auth_for(call.endpoint.scheme, self._settings, call.token)
        seconds = self._settings.timeouts.attempt
        try:
            # httpx bounds each read, not the call: a server that drips would be waited for without end.
            with anyio.fail_after(seconds):
                return await self._received(next(auth.sync_auth_flow(request)))
        except TimeoutError:
            raise ConnectionFailedError(f"no whole answer within {seconds:g} s", retriable=True) from None
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

    async def aclose(self) -> None:
        """Close the connections."""
        if self._transport is not None:
            await self._transport.aclose()

    async def _received(self, request: httpx.Request) -> Reply:
        transport = self._transport or await self._opened()
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
            return self._transport


@lru_cache(maxsize=1024)
def _parsed(url: str) -> httpx.URL:
    # There are as many as endpoints times brokers, and parsing one is a tenth of a call.
    return httpx.URL(url)


def _encoded(call: Call[Any]) -> bytes | None:
    if call.body is None:
        return None
    if call.endpoint.content is Content.FORM:
        return urlencode(call.body).encode()
    return json.dumps(call.body, ensure_ascii=False).encode()


def _httpx_timeout(timeouts: Timeouts) -> dict[str, float | None]:
    # Nothing waits in the pool: the limiter lets no more out than there are connections.
    return httpx.Timeout(
        connect=timeouts.connect, read=timeouts.read, write=timeouts.write, pool=timeouts.connect
    ).as_dict()

"""One HTTP call: written with the caller's credentials, sent, and its response of bounded size received to the end.

Owns URL, headers (with the caller's credentials) and body of a request, the connections, and the time that one attempt
may take. Only here httpx's exceptions are seen. What a response means is not decided here.
"""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import anyio
import httpx
from attrs import field, frozen

from koscom_async._http.connection import ClosedError, OverdueError
from koscom_async._http.transport import REUSE, PooledTransport, Reuse
from koscom_async._masking import with_note_of_frames
from koscom_async._transport.backend import choose_response_type, json_of, load_event_loop, open_transport
from koscom_async._transport.certificates import distrust, untrusted
from koscom_async._transport.isolation import isolated
from koscom_async._transport.reading import read_body
from koscom_async._wire.endpoints import AuthScheme, Call, Content, Endpoint, Site
from koscom_async.errors import ConnectionFailedError, KoscomError, MalformedResponseError, UsageError
from koscom_async.models.investor import Token
from koscom_async.settings import Settings, Timeouts


@frozen(kw_only=True, eq=False, repr=False)
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
        self._is_closed = False
        self._under_way: set[anyio.CancelScope] = set()
        self._writer = RequestWriter(settings)
        # Here, so that a missing extra is reported where the client is made, and that no call waits for an import.
        load_event_loop()
        self._response_type = choose_response_type(settings.backend)

    async def send(self, call: Call[Any], token: Token | None) -> Response:
        """Return the response to a call, whatever it says; raise `ConnectionFailedError` if none came whole."""
        if self._is_closed:  # while the call waited for its turn
            raise _was_closed()
        request = self._written(call, token)
        cause: Exception | None = None
        try:
            transport = self.transport or await self._opened()
            if isinstance(transport, PooledTransport):  # it limits the attempt's time itself
                return await self._receive(transport, request)
            return await self._within_attempt(partial(self._receive, transport, request))
        except OverdueError:  # before its base class, TimeoutException
            reason = f"no whole answer within {self._settings.timeouts.attempt:g} s"
        except httpx.RemoteProtocolError as error:
            reason = f"the connection failed ({type(error).__name__})"
            # httpx's own quotes what came, and a server may echo secrets.
            cause = error if isinstance(self.transport, PooledTransport) else None
        except ClosedError as error:
            raise _was_closed() from error
        except httpx.TimeoutException as error:
            raise ConnectionFailedError(
                f"timed out ({type(error).__name__})",
                retriable=True,
                was_sent=not isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout),
            ) from error
        except KoscomError:
            raise
        # A transport that was given may raise anything.
        except Exception as error:
            if (distrusted := distrust(error)) is not None:
                raise untrusted(f"the server's certificate is not trusted: {distrusted}") from error
            may_pass = isinstance(error, httpx.TransportError | OSError)
            raise ConnectionFailedError(
                f"the connection failed ({type(error).__name__})",
                retriable=may_pass,
                was_sent=not isinstance(error, httpx.ConnectError),
                advice=None if may_pass else "see the error's cause, and check the transport that was given",
            ) from (error if may_pass else with_note_of_frames(error))
        raise ConnectionFailedError(reason, retriable=True) from cause

    def _written(self, call: Call[Any], token: Token | None) -> httpx.Request:
        try:
            return self._writer.write(call, token)
        except KoscomError:
            raise
        except Exception as error:  # half a surrogate pair, a URL too long
            kind = type(error).__name__
        # Out here, since a UnicodeError holds all that it could not encode.
        raise UsageError(
            f"the request cannot be written ({kind})",
            advice="check the texts and the path that it is made of",
        )

    async def _within_attempt(self, receive: Callable[[], Awaitable[Response]]) -> Response:
        """Limit an attempt for httpx's transports: they time each read only, and leak where `task.cancel()` strikes."""
        with anyio.CancelScope(deadline=anyio.current_time() + self._settings.timeouts.attempt) as scope:
            self._under_way.add(scope)
            try:
                return await isolated(receive)
            finally:
                self._under_way.discard(scope)
        if self._is_closed:
            raise ClosedError("the client was closed")
        raise OverdueError("the response is not whole in time")

    async def aclose(self) -> None:
        """Close the connections; the calls that are under way fail."""
        self._is_closed = True
        # httpx's transports close what is open, and let what is only being opened go on.
        for scope in self._under_way:
            scope.cancel()
        if self.transport is not None:
            await self.transport.aclose()

    async def _receive(self, transport: httpx.AsyncBaseTransport, request: httpx.Request) -> Response:
        # Not through an httpx.AsyncClient: no cookies that one investor's response could leave for another's
        # request, no redirects that take a token elsewhere, and a fraction of the work.
        try:
            response = await transport.handle_async_request(request)
            try:
                body = await read_body(response, max_bytes=self._settings.max_response_bytes)
            except MalformedResponseError:
                if response.status_code < 400:
                    raise
                body = b""  # what refuses a call in a coding that nothing reads refuses it all the same
            finally:
                await response.aclose()
        except httpx.TransportError as error:
            if self._is_closed:
                raise ClosedError("the client was closed") from error
            raise
        return Response(status=response.status_code, headers=response.headers, body=body)

    async def _opened(self) -> httpx.AsyncBaseTransport:
        async with self._opening:
            if self.transport is None:
                self.transport = await open_transport(self._settings, self._response_type)
            if self._is_closed:  # meanwhile; it has no connections yet
                raise ClosedError("the client was closed")
            return self.transport


def _was_closed() -> UsageError:
    return UsageError("the client was closed", advice="close it when its calls have ended")


_MEDIA_TYPES = {
    Content.JSON: (b"Content-Type", b"application/json; charset=utf-8"),
    Content.FORM: (b"Content-Type", b"application/x-www-form-urlencoded"),
}
_ACCEPT = (b"Accept", b"application/json")
_HAVE_A_BODY = {"POST", "PUT", "PATCH"}


class RequestWriter:
    """Writes the requests of one client, with its address, credentials and timeouts."""

    def __init__(self, settings: Settings) -> None:
        self._json = json_of(settings.backend)
        self._gateway, self._market = _Host(settings.base_url), _Host(settings.market_url)
        self._credentials = Credentials(settings)
        timeout = _httpx_timeout(settings.timeouts)
        self._extensions = {reuse: {"timeout": timeout, REUSE: reuse} for reuse in Reuse}

    def write(self, call: Call[Any], token: Token | None) -> httpx.Request:
        """Return the request of a call; raise `UsageError` where it lacks a token."""
        body = self._encoded(call)
        host = self._market if call.endpoint.site is Site.MARKET else self._gateway
        headers = [
            host.header,
            _MEDIA_TYPES[call.endpoint.content],
            _ACCEPT,
            *self._credentials.headers(call.endpoint.scheme, token),
        ]
        if body or call.method in _HAVE_A_BODY:
            headers.append((b"Content-Length", b"%d" % len(body)))
        # Complete headers and a stream: what httpx makes of `content=` costs three times as much.
        request = httpx.Request(
            call.method,
            host.url(call.path, call.params),
            headers=headers,
            stream=httpx.ByteStream(body),
            extensions=self._extensions[_reuse_by(call.endpoint)],
        )
        request.read()  # from memory; a transport that was given may look at `content`
        return request

    def _encoded(self, call: Call[Any]) -> bytes:
        if call.body is None:
            return b""
        if call.endpoint.content is Content.FORM:
            return urlencode(call.body).encode()
        return self._json.write_json(call.body)


class _Host:
    """One of the configured hosts, and the URLs on it."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self.header = (b"Host", httpx.URL(base_url).netloc)
        # By path: as many as endpoints times brokers. To parse one costs a twentieth of a call.
        self._urls: dict[str, httpx.URL] = {}

    def url(self, path: str, params: Mapping[str, str | None]) -> httpx.URL:
        """Return the URL of a path with a query, in which a name may stand alone."""
        url = self._urls.get(path)
        if url is None:
            url = httpx.URL(self._base_url + path)
            if len(self._urls) < _MOST_URLS:
                self._urls[path] = url
        if not params:
            return url
        if None not in params.values():
            return httpx.URL(url, params=params)
        parts = (quote(name) if value is None else urlencode({name: value}) for name, value in params.items())
        return url.copy_with(query="&".join(parts).encode())


def _reuse_by(endpoint: Endpoint) -> Reuse:
    if not endpoint.repeatable:
        return Reuse.NONE
    return Reuse.ANY if endpoint.is_echoed else Reuse.QUIET


_MOST_URLS = 1024
"""The paths of `koscom.call` are the caller's, and their number is unbounded."""


def _httpx_timeout(timeouts: Timeouts) -> dict[str, float | None]:
    # Nothing waits in the pool: the limiter lets no more calls leave than there are connections.
    return httpx.Timeout(
        connect=timeouts.connect, read=timeouts.read, write=timeouts.write, pool=timeouts.connect
    ).as_dict()


Headers = tuple[tuple[bytes, bytes], ...]

API_KEY_HEADER = b"apikey"
COMPANY_HEADER = b"comId"
AUTHORIZATION_HEADER = b"Authorization"


class Credentials:
    """The headers that say who asks: the firm, always the same, or an investor, with an access token.

    They travel in headers, and never in a URL.
    """

    def __init__(self, settings: Settings) -> None:
        key, secret = settings.api_key, settings.api_secret
        basic = (AUTHORIZATION_HEADER, b"Basic " + b64encode(f"{key}:{secret}".encode()))
        self._key = (API_KEY_HEADER, key.encode())
        self._of_firm: dict[AuthScheme, Headers] = {
            # The key alone: member service.
            AuthScheme.API_KEY: (self._key,),
            # Key and secret, and the firm's code beside them: discretionary service.
            AuthScheme.BASIC: ((COMPANY_HEADER, settings.com_id.encode()), basic),
            AuthScheme.CLIENT: (basic,),
        }

    def headers(self, scheme: AuthScheme, token: Token | None) -> Headers:
        """Return the headers that an endpoint's scheme demands."""
        if scheme is not AuthScheme.BEARER:
            return self._of_firm[scheme]
        if token is None:
            raise UsageError("this endpoint is asked on behalf of an investor: give one")
        # The token, and the key beside it, as clients in production send it: account service.
        return (self._key, (AUTHORIZATION_HEADER, f"Bearer {token.access}".encode()))

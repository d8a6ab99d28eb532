"""Writes a call as an httpx request, whose constant parts are made once.

Owns the URL, the headers (with the caller's credentials) and the body's bytes. Does not send.
"""

from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import httpx

from koscom_async._http.transport import REPEATABLE
from koscom_async._transport.reading import json_of
from koscom_async._wire.endpoints import AuthScheme, Call, Content
from koscom_async.errors import UsageError
from koscom_async.models.investor import Token
from koscom_async.settings import Settings, Timeouts

# Every secret travels in a header, and never in a URL.
Headers = tuple[tuple[bytes, bytes], ...]

API_KEY_HEADER = b"apikey"
COMPANY_HEADER = b"comId"
AUTHORIZATION_HEADER = b"Authorization"


class Signature:
    """The headers that say who asks: the firm, always the same, or an investor, with an access token."""

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


_MEDIA_TYPES = {
    Content.JSON: (b"Content-Type", b"application/json; charset=utf-8"),
    Content.FORM: (b"Content-Type", b"application/x-www-form-urlencoded"),
}
_ACCEPT = (b"Accept", b"application/json")
_HAVE_A_BODY = {"POST", "PUT", "PATCH"}


class RequestWriter:
    """Writes the requests of one client."""

    def __init__(self, settings: Settings) -> None:
        self._base_url = settings.base_url
        self._json = json_of(settings.backend)
        self._host = (b"Host", httpx.URL(settings.base_url).netloc)
        self._signature = Signature(settings)
        timeout = _httpx_timeout(settings.timeouts)
        self._extensions = {
            repeatable: {"timeout": timeout, REPEATABLE: repeatable} for repeatable in (True, False)
        }
        # By path: as many as endpoints times brokers. To parse one costs a twentieth of a call.
        self._urls: dict[str, httpx.URL] = {}

    def write(self, call: Call[Any], token: Token | None) -> httpx.Request:
        """Return the request of a call; raise `UsageError` where it lacks a token."""
        body = self._encoded(call)
        headers = [
            self._host,
            _MEDIA_TYPES[call.endpoint.content],
            _ACCEPT,
            *self._signature.headers(call.endpoint.scheme, token),
        ]
        if body or call.method in _HAVE_A_BODY:
            headers.append((b"Content-Length", b"%d" % len(body)))
        # Complete headers and a stream: what httpx makes of `content=` costs three times as much.
        request = httpx.Request(
            call.method,
            self._url(call),
            headers=headers,
            stream=httpx.ByteStream(body),
            extensions=self._extensions[call.endpoint.repeatable],
        )
        request.read()  # from memory; a transport that was given may look at `content`
        return request

    def _encoded(self, call: Call[Any]) -> bytes:
        if call.body is None:
            return b""
        if call.endpoint.content is Content.FORM:
            return urlencode(call.body).encode()
        return self._json.write_json(call.body)

    def _url(self, call: Call[Any]) -> httpx.URL:
        url = self._urls.get(call.path)
        if url is None:
            url = httpx.URL(self._base_url + call.path)
            if len(self._urls) < _MOST_URLS:
                self._urls[call.path] = url
        return httpx.URL(url, params=call.params) if call.params else url


_MOST_URLS = 1024
"""The paths of `koscom.call` are the caller's, and their number is unbounded."""


def _httpx_timeout(timeouts: Timeouts) -> dict[str, float | None]:
    # Nothing waits in the pool: the limiter lets no more calls leave than there are connections.
    return httpx.Timeout(
        connect=timeouts.connect, read=timeouts.read, write=timeouts.write, pool=timeouts.connect
    ).as_dict()

"""The gateway's ways to recognise a caller, as httpx auth. Every secret travels in a header, never in a URL."""

from collections.abc import Generator

import httpx

from koscom_async._wire.endpoints import AuthScheme
from koscom_async.errors import UsageError
from koscom_async.models.investor import Token
from koscom_async.settings import Settings

API_KEY_HEADER = "apikey"
COMPANY_HEADER = "comId"


class ApiKeyAuth(httpx.Auth):
    """The key alone: member service."""

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request."""
        request.headers[API_KEY_HEADER] = self._api_key
        yield request


class CompanyAuth(httpx.BasicAuth):
    """Key and secret as Basic, and the firm's code beside them: discretionary service."""

    def __init__(self, api_key: str, api_secret: str, com_id: str) -> None:
        super().__init__(api_key, api_secret)
        self._com_id = com_id

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request."""
        request.headers[COMPANY_HEADER] = self._com_id
        yield from super().auth_flow(request)


class BearerAuth(httpx.Auth):
    """The investor's access token, and the key beside it as clients in production send it: account service."""

    def __init__(self, api_key: str, token: Token) -> None:
        self._api_key = api_key
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request."""
        request.headers[API_KEY_HEADER] = self._api_key
        request.headers["Authorization"] = f"Bearer {self._token.access}"
        yield request


def auth_for(scheme: AuthScheme, settings: Settings, token: Token | None) -> httpx.Auth:
    """Return the auth that an endpoint asks for."""
    if scheme is AuthScheme.API_KEY:
        return ApiKeyAuth(settings.api_key)
    if scheme is AuthScheme.BASIC:
        return CompanyAuth(settings.api_key, settings.api_secret, settings.com_id)
    if scheme is AuthScheme.CLIENT:
        return httpx.BasicAuth(settings.api_key, settings.api_secret)
    if token is None:
        raise UsageError("this endpoint is asked on behalf of an investor: give one")
    return BearerAuth(settings.api_key, token)

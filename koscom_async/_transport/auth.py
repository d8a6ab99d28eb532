"""The gateway's ways to recognise a caller, as headers. Every secret travels in one, and never in a URL."""

from base64 import b64encode

from koscom_async._wire.endpoints import AuthScheme
from koscom_async.errors import UsageError
from koscom_async.models.investor import Token
from koscom_async.settings import Settings

Headers = tuple[tuple[bytes, bytes], ...]

API_KEY_HEADER = b"apikey"
COMPANY_HEADER = b"comId"
AUTHORIZATION_HEADER = b"Authorization"


class Signature:
    """Who asks: the firm, whose headers are always the same, or an investor by an access token."""

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
        """Return the headers that an endpoint asks for."""
        if scheme is not AuthScheme.BEARER:
            return self._of_firm[scheme]
        if token is None:
            raise UsageError("this endpoint is asked on behalf of an investor: give one")
        # The token, and the key beside it as clients in production send it: account service.
        return (self._key, (AUTHORIZATION_HEADER, f"Bearer {token.access}".encode()))

"""The messages of the authorization-code flow: what is asked, as oauthlib writes it, and what comes back.

Owns parameters and answers.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from oauthlib.oauth2 import WebApplicationClient

from koscom_async._wire.endpoints import AUTHORIZE_PATH
from koscom_async._wire.envelope import read_document
from koscom_async._wire.failures import raise_for_oauth_error
from koscom_async._wire.scalars import ScalarError, read_number, read_text
from koscom_async._wire.shapes import read_field
from koscom_async.errors import MalformedResponseError, ResponseMismatchError, SettingsError
from koscom_async.models.investor import Token

REVOKED = "revoked"
TokenKind = Literal["access_token", "refresh_token"]
ACCESS_TOKEN: TokenKind = "access_token"  # noqa: S105  # the name of a field
REFRESH_TOKEN: TokenKind = "refresh_token"  # noqa: S105  # as above

# oauthlib refuses plain http, which the settings allow on loopback: it is shown an address in the place of the
# gateway's, and only its parameters are used.
_PLACEHOLDER = "https://gateway.invalid"


def authorize_address(base_url: str, client_id: str, *, redirect_uri: str, scope: str, state: str) -> str:
    """Return where an investor's browser is sent to authorise."""
    uri = WebApplicationClient(client_id).prepare_request_uri(
        _PLACEHOLDER, redirect_uri=redirect_uri, scope=scope, state=state
    )
    return f"{base_url}{AUTHORIZE_PATH}?{urlsplit(uri).query}"


def exchange_form(client_id: str, *, code: str, redirect_uri: str) -> Mapping[str, str]:
    """Return the question for the token that a code stands for."""
    body = WebApplicationClient(client_id).prepare_request_body(
        code=code, redirect_uri=redirect_uri, include_client_id=False
    )
    return dict(parse_qsl(body))


def refresh_form(client_id: str, *, refresh_token: str) -> Mapping[str, str]:
    """Return the question for a new token; without a scope, which leaves it as it was granted."""
    return dict(parse_qsl(WebApplicationClient(client_id).prepare_refresh_body(refresh_token=refresh_token)))


def revoke_form(client_id: str, *, token: str, kind: TokenKind) -> Mapping[str, str]:
    """Return the request that ends a token's life; `kind` is which of the two it is."""
    _, _, body = WebApplicationClient(client_id).prepare_token_revocation_request(_PLACEHOLDER, token, kind)
    return dict(parse_qsl(body))


def read_token(document: object, *, now: Callable[[], datetime], refresh: str | None = None) -> Token:
    """Return the token of an answer; one that brings no refresh token leaves the old one (`refresh`) in force."""
    answer = read_document(document)
    kind = read_field(answer, "token_type", read_text, "$")
    if kind is not None and kind.lower() != "bearer":
        raise MalformedResponseError("$.token_type: expected Bearer")
    access = read_field(answer, ACCESS_TOKEN, read_text, "$")
    if access is None:
        raise MalformedResponseError("$.access_token: the token is missing")
    renewal = read_field(answer, REFRESH_TOKEN, read_text, "$")
    expires_at = _expiry(answer.get("expires_in"), now())
    try:
        return Token(access=access, refresh=renewal or refresh, expires_at=expires_at)
    except SettingsError as error:
        complaint = f"the answer is no token that could travel in a header ({error.setting})"
    raise MalformedResponseError(complaint)


def _expiry(lifetime: object, now: datetime) -> datetime | None:
    # A lifetime that cannot be read is one that is not known: the token in the same answer must not be lost for
    # it. Nor is one dead on arrival believed, which would have it renewed at every call.
    try:
        seconds = read_number(lifetime)
        return now + timedelta(seconds=float(seconds)) if seconds and seconds > 0 else None
    except (ScalarError, OverflowError):
        return None


def read_revocation(document: object) -> None:
    """Check that a token was revoked."""
    if read_field(read_document(document), "result", read_text, "$") != REVOKED:
        raise MalformedResponseError(f"$.result: expected {REVOKED}")


def read_callback(address: str, *, state: str) -> str:
    """Return the code in the address at which the investor's browser came back."""
    parameters = parse_qsl(urlsplit(address).query)
    values = dict(parameters)
    if len(values) != len(parameters):
        raise MalformedResponseError("the callback says the same thing twice")
    # Before anything else is believed: without it, somebody else may have sent the browser here.
    if not state or values.get("state") != state:
        raise ResponseMismatchError(
            "the callback does not carry the state that was sent",
            advice="begin again with a new authorize URL; do not exchange this code",
        )
    error = values.get("error")
    if error is not None:
        raise_for_oauth_error(error, values.get("error_description"), secrets=(state, values.get("code", "")))
    code = values.get("code")
    if not code:
        raise MalformedResponseError("the callback carries no code")
    return code

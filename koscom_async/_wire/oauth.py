"""The messages of the authorization-code flow (RFC 6749, 4.1 and 6; RFC 7009): forms out, tokens and callbacks in.

Sends nothing, and keeps no token. The forms have two to four fixed fields, so that no library is needed to write them.
The client's name and secret travel in a header (RFC 6749, 2.3.1), and are not repeated in a form.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from koscom_async._wire.endpoints import AUTHORIZE_PATH
from koscom_async._wire.envelope import read_document
from koscom_async._wire.failures import raise_for_oauth_error
from koscom_async._wire.values import ScalarError, read_field, read_number, read_text
from koscom_async.errors import MalformedResponseError, ResponseMismatchError, SettingsError
from koscom_async.models.investor import Token

REVOKED = "revoked"
TokenKind = Literal["access_token", "refresh_token"]
ACCESS_TOKEN: TokenKind = "access_token"
REFRESH_TOKEN: TokenKind = "refresh_token"


def authorize_address(base_url: str, client_id: str, *, redirect_uri: str, scope: str, state: str) -> str:
    """Return where an investor's browser is sent to authorise."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": state,
    }
    return f"{base_url}{AUTHORIZE_PATH}?{urlencode(query)}"


def exchange_form(*, code: str, redirect_uri: str) -> Mapping[str, str]:
    """Return the request for the token that a code stands for."""
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}


def refresh_form(refresh_token: str) -> Mapping[str, str]:
    """Return the request for a new token; without a scope, which keeps the scope that was granted."""
    return {"grant_type": "refresh_token", "refresh_token": refresh_token}


def revoke_form(token: str, *, kind: TokenKind) -> Mapping[str, str]:
    """Return the request that ends a token's life."""
    return {"token": token, "token_type_hint": kind}


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
    # A lifetime that cannot be read is unknown: the token in the same answer must not be lost for it. Zero is not
    # believed either, or the token would be renewed at every call.
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
        raise MalformedResponseError("the callback carries one parameter twice")
    # Checked before anything else: without the state, another site may have sent the browser here.
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

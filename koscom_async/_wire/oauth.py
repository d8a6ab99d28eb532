"""The messages of the authorization-code flow (RFC 6749, 7009, 7636, 9207): forms out, tokens and callbacks in.

Sends nothing, and keeps no token. The forms have two to four fixed fields, so that no library is needed to write them.
The client's name and secret travel in a header (RFC 6749, 2.3.1), and are not repeated in a form.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from koscom_async._wire.endpoints import AUTHORIZE_PATH
from koscom_async._wire.envelope import read_document
from koscom_async._wire.failures import raise_for_oauth_error
from koscom_async._wire.values import ScalarError, read_field, read_number, read_text
from koscom_async.errors import MalformedResponseError, ResponseMismatchError, SettingsError
from koscom_async.models.investor import YEARS, Token
from koscom_async.settings.addresses import check_scope

REVOKED = "revoked"
LONGEST_SCOPE = 200
TokenKind = Literal["access_token", "refresh_token"]
ACCESS_TOKEN: TokenKind = "access_token"
REFRESH_TOKEN: TokenKind = "refresh_token"


def authorize_address(
    base_url: str, client_id: str, *, redirect_uri: str, scope: str, state: str, verifier: str | None = None
) -> str:
    """Return where an investor's browser is sent to authorise; the verifier itself stays at home."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": state,
    }
    if verifier is not None:
        query |= {"code_challenge": _challenge(verifier), "code_challenge_method": "S256"}
    return f"{base_url}{AUTHORIZE_PATH}?{urlencode(query)}"


def _challenge(verifier: str) -> str:
    """Return what a server checks a verifier against, and from which it cannot be computed (RFC 7636, 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def exchange_form(*, code: str, redirect_uri: str, verifier: str | None = None) -> Mapping[str, str]:
    """Return the request for the token that a code stands for."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return form if verifier is None else form | {"code_verifier": verifier}


def refresh_form(refresh_token: str) -> Mapping[str, str]:
    """Return the request for a new token; without a scope, which keeps the scope that was granted."""
    return {"grant_type": "refresh_token", "refresh_token": refresh_token}


def revoke_form(token: str, *, kind: TokenKind) -> Mapping[str, str]:
    """Return the request that ends a token's life."""
    return {"token": token, "token_type_hint": kind}


def read_token(
    document: object, *, now: Callable[[], datetime], refresh: str | None = None, scope: str | None = None
) -> Token:
    """Return the token of an answer.

    One that brings no refresh token leaves the old one (`refresh`) in force, and one that names no scope grants what
    was asked for (`scope`; RFC 6749, 5.1).
    """
    answer = read_document(document)
    kind = read_field(answer, "token_type", read_text, "$")
    if kind is not None and kind.lower() != "bearer":
        raise MalformedResponseError("$.token_type: expected Bearer")
    access = read_field(answer, ACCESS_TOKEN, read_text, "$")
    if access is None:
        raise MalformedResponseError("$.access_token: the token is missing")
    renewal = read_field(answer, REFRESH_TOKEN, read_text, "$")
    issued_at = now()
    try:
        return Token(
            access=access,
            refresh=renewal or refresh,
            expires_at=_expiry(answer.get("expires_in"), issued_at),
            issued_at=issued_at,
            scope=_granted(answer, scope),
        )
    except SettingsError as error:
        complaint = f"the answer is no token that could travel in a header ({error.setting})"
    raise MalformedResponseError(complaint)


def _expiry(lifetime: object, now: datetime) -> datetime | None:
    # A lifetime that cannot be read is unknown: the token in the same answer must not be lost for it. Zero is not
    # believed either, or the token would be renewed at every call; nor are centuries.
    try:
        seconds = read_number(lifetime)
        expires_at = now + timedelta(seconds=float(seconds)) if seconds and seconds > 0 else None
    except (ScalarError, OverflowError):
        return None
    return expires_at if expires_at is not None and expires_at.year in YEARS else None


def _granted(answer: Mapping[str, Any], asked: str | None) -> str | None:
    # As with the lifetime: what cannot be read is unknown.
    try:
        granted = read_field(answer, "scope", read_text, "$")
        if granted is not None:
            check_scope(granted[: LONGEST_SCOPE + 1])
            return granted if len(granted) <= LONGEST_SCOPE else None
    except (MalformedResponseError, SettingsError):
        return None
    return asked


def read_revocation(document: object) -> None:
    """Check that a token was revoked."""
    if read_field(read_document(document), "result", read_text, "$") != REVOKED:
        raise MalformedResponseError(f"$.result: expected {REVOKED}")


def read_callback(address: str, *, state: str, issuer: str) -> str:
    """Return the code in the address at which the browser came back, which `issuer` (a base URL) must have sent."""
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
    if "iss" in values and _origin(values["iss"]) != _origin(issuer):
        raise ResponseMismatchError(
            "the callback was sent by another authorization server (iss)",
            advice="begin again with a new authorize URL; do not exchange this code",
        )
    error = values.get("error")
    if error is not None:
        raise_for_oauth_error(error, values.get("error_description"), secrets=(state, values.get("code", "")))
    code = values.get("code")
    if not code:
        raise MalformedResponseError("the callback carries no code")
    return code


def _origin(address: str) -> tuple[str, str | None, int | None] | None:
    """Return scheme, host and port: the platform names no path for its issuer (RFC 9207)."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port or _PORTS.get(parts.scheme))


_PORTS = {"https": 443, "http": 80}

"""Who may ask: the firm's key and secret, the investors' access tokens, and the guards of the three schemes.

Owns 401 and its relatives. Whether a token's owner may see an account is the account service's question.
"""

import hmac
import math
import time
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping

from attrs import field, frozen

from koscom_async.sandbox.ledger import Person
from koscom_async.sandbox.reply import Refused, refused, refused_by_gateway, refused_token

__all__ = ["Firm", "Tokens", "check_api_key", "check_basic", "check_bearer", "check_client", "dead_token"]

NO_KEY = "No API key found in request"
WRONG_CREDENTIALS = "Invalid authentication credentials"


@frozen(kw_only=True)
class Firm:
    """The firm and service that are registered with the sandbox; the codes are the documents' own."""

    api_key: str = field(default="sandbox-api-key", repr=False)
    api_secret: str = field(default="sandbox-api-secret", repr=False)
    com_id: str = "F0995"
    srv_id: str = "297"


class Tokens:
    """The access tokens that are alive, and whose they are."""

    def __init__(self, people: tuple[Person, ...], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._owners = {person.access_token: (person, math.inf) for person in people}

    def add(self, token: str, person: Person, *, seconds: float) -> None:
        """Let a token live for so long."""
        self._owners[token] = (person, self._clock() + seconds)

    def owner(self, token: str) -> Person | None:
        """Return who gave this token, if it is alive."""
        person, dies_at = self._owners.get(token, (None, 0.0))
        return person if self._clock() < dies_at else None

    def revoke(self, token: str) -> None:
        """End a token's life; one that is not alive stays so."""
        self._owners.pop(token, None)

    def revoke_all(self, person: Person) -> None:
        """End the lives of all tokens that a person gave; refresh tokens are not among them."""
        for token in [token for token, (owner, _) in self._owners.items() if owner is person]:
            self.revoke(token)


def check_api_key(headers: Mapping[str, str], firm: Firm, *, required: bool = True) -> None:
    """Refuse a call without the firm's API key; where it may be left out, one that is there must be right."""
    key = headers.get("apikey")
    if key is None and required:
        raise refused_by_gateway(401, NO_KEY)
    if key is not None and not _same(key, firm.api_key):
        raise refused_by_gateway(401, WRONG_CREDENTIALS)


def check_bearer(headers: Mapping[str, str], tokens: Tokens, *, dead_token_status: int) -> Person:
    """Return the owner of the access token, or refuse it with the status that the broker's gateway uses."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise refused_token("invalid_request", "The access token is missing")
    owner = tokens.owner(token.strip())
    if owner is None:
        raise dead_token(dead_token_status)
    return owner


def dead_token(status: int) -> Refused:
    """Refuse an access token that has expired, was revoked or never was."""
    error = "invalid_token" if status == 401 else "invalid_request"
    return refused_token(error, "The access token does not exist or has expired", status=status)


def check_basic(headers: Mapping[str, str], firm: Firm) -> None:
    """Refuse a call without the firm's key and secret, or without its code in the header `comId`."""
    given = _basic_pair(headers)
    if given is None:
        raise refused_by_gateway(401, "Unauthorized")
    if not _same(given, f"{firm.api_key}:{firm.api_secret}"):
        raise refused_by_gateway(401, WRONG_CREDENTIALS)
    if "comid" not in headers:
        raise refused("3003", description="header comId")
    if not _same(headers["comid"], firm.com_id):
        raise refused("2100", description="header comId")


def check_client(headers: Mapping[str, str], firm: Firm) -> None:
    """Refuse an OAuth client that is not the firm."""
    if not _same(_basic_pair(headers) or "", f"{firm.api_key}:{firm.api_secret}"):
        raise refused_token("invalid_client", "The client is unknown, or its secret is wrong")


def _basic_pair(headers: Mapping[str, str]) -> str | None:
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic" or not encoded:
        return None
    try:
        return b64decode(encoded.strip(), validate=True).decode()
    except (Base64Error, UnicodeDecodeError):
        return ""


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())

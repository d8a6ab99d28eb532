"""Who may ask: the firm's key and secret, what investors have granted, and the guards of the platform's schemes.

Owns 401 and its relatives, and which code or token is alive. Whether a token's owner may see an account is the account
service's question; how grants are asked for over HTTP is `endpoints.oauth`'s.
"""

import hmac
import math
import time
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from hashlib import sha256
from random import Random

from attrs import field, frozen

from koscom_async.sandbox.ledger import Person
from koscom_async.sandbox.reply import Refused, refused, refused_by_gateway, refused_token

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


SCOPES = {"account": 2592000, "profile": 600}
"""Each scope, with the seconds that its access tokens live, as the documents have it."""

CODE_SECONDS = 60.0
_SECRET_BITS = 160


@frozen(kw_only=True)
class Issued:
    """Tokens as they are handed out; `refresh` is `None` where the firm gets none."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    scope: str
    seconds: float


@frozen(kw_only=True)
class _Code:
    person: Person
    redirect_uri: str
    scope: str
    challenge: str | None
    expires_at: float

    def is_met(self, verifier: str | None) -> bool:
        """Return whether who brings the code is who asked for it (RFC 7636, 4.6; without challenge no verifier)."""
        if self.challenge is None or verifier is None:
            return self.challenge is verifier
        digest = sha256(verifier.encode()).digest()
        return _same(urlsafe_b64encode(digest).decode().rstrip("="), self.challenge)


@frozen(kw_only=True)
class _Refresh:
    person: Person
    scope: str
    access: str = field(repr=False)


class Grants:
    """The authorization server's memory. Codes are good once; a refresh token is replaced at each use."""

    def __init__(
        self,
        tokens: Tokens,
        random: Random,
        *,
        lifetime: float | None = None,
        refresh_tokens: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tokens = tokens
        self._random = random
        self._lifetime = lifetime
        self._gives_refresh_tokens = refresh_tokens
        self._clock = clock
        self._codes: dict[str, _Code] = {}
        self._refreshes: dict[str, _Refresh] = {}

    def code(self, person: Person, *, redirect_uri: str, scope: str, challenge: str | None = None) -> str:
        """Return a code for what a person has agreed to."""
        code = self._secret("code")
        self._codes[code] = _Code(
            person=person,
            redirect_uri=redirect_uri,
            scope=scope,
            challenge=challenge,
            expires_at=self._clock() + CODE_SECONDS,
        )
        return code

    def redeem(self, code: str, *, redirect_uri: str, verifier: str | None = None) -> Issued | None:
        """Return the tokens that a code stands for, or `None`; a code that was tried is used up."""
        known = self._codes.pop(code, None)
        if known is None or known.redirect_uri != redirect_uri or self._clock() >= known.expires_at:
            return None
        return self.issue(known.person, known.scope) if known.is_met(verifier) else None

    def renew(self, refresh: str, *, repeats: bool = False) -> Issued | None:
        """Return new tokens for a refresh token, which dies with its access token; or `None`.

        A server that `repeats` returns the access token as it is, alive or dead.
        """
        known = self._refreshes.pop(refresh, None)
        if known is None:
            return None
        if repeats:
            self._refreshes[refresh] = known
            return Issued(access=known.access, refresh=refresh, scope=known.scope, seconds=SCOPES["account"])
        self._tokens.revoke(known.access)
        return self.issue(known.person, known.scope)

    def issue(self, person: Person, scope: str = "account") -> Issued:
        """Return new tokens of a person."""
        lives = min(SCOPES[word] for word in scope.split())
        seconds = lives if self._lifetime is None else self._lifetime
        access = self._secret("access")
        self._tokens.add(access, person, seconds=seconds)
        refresh = self._secret("refresh") if self._gives_refresh_tokens else None
        if refresh is not None:
            self._refreshes[refresh] = _Refresh(person=person, scope=scope, access=access)
        return Issued(access=access, refresh=refresh, scope=scope, seconds=seconds)

    def revoke(self, token: str) -> None:
        """End the life of a token of either kind; a refresh token takes its access token along."""
        known = self._refreshes.pop(token, None)
        self._tokens.revoke(token if known is None else known.access)

    def _secret(self, kind: str) -> str:
        return f"sandbox-{kind}-{self._random.getrandbits(_SECRET_BITS):040x}"

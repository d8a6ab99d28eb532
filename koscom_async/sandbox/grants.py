"""What investors have granted: authorization codes, access tokens and refresh tokens, each until it dies.

Owns which of them is alive. How they are asked for over HTTP is `endpoints.oauth`'s work.
"""

import time
from collections.abc import Callable
from random import Random

from attrs import field, frozen

from koscom_async.sandbox.credentials import Tokens
from koscom_async.sandbox.ledger import Person

__all__ = ["CODE_SECONDS", "SCOPES", "Grants", "Issued"]

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
    expires_at: float


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

    def code(self, person: Person, *, redirect_uri: str, scope: str) -> str:
        """Return a code for what a person has agreed to."""
        code = self._secret("code")
        self._codes[code] = _Code(
            person=person, redirect_uri=redirect_uri, scope=scope, expires_at=self._clock() + CODE_SECONDS
        )
        return code

    def redeem(self, code: str, *, redirect_uri: str) -> Issued | None:
        """Return the tokens that a code stands for, or `None`; a code that was tried is used up."""
        known = self._codes.pop(code, None)
        if known is None or known.redirect_uri != redirect_uri or self._clock() >= known.expires_at:
            return None
        return self.issue(known.person, known.scope)

    def renew(self, refresh: str) -> Issued | None:
        """Return new tokens for a refresh token, which dies with its access token; or `None`."""
        known = self._refreshes.pop(refresh, None)
        if known is None:
            return None
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

"""Access tokens: which one a call carries, and what becomes of a dead one: renewed once, and the call repeated once.

Owns the choice between the store's token and the investor's, and that one caller renews a token while all others wait
for the same one. The gateway asks for the renewal; the store keeps the tokens.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from copy import copy
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any

import anyio
from attrs import define, field

from koscom_async._clock import utc_now
from koscom_async._masking import without_frames
from koscom_async._transport.statistics import TraceBuilder, logger
from koscom_async._wire.endpoints import AUTH, REFRESH, AuthScheme, Call
from koscom_async._wire.oauth import authorize_address, read_token, refresh_form
from koscom_async.errors import AuthenticationError, KoscomError, ReauthorizationRequiredError
from koscom_async.models.investor import Investor, Token
from koscom_async.settings import Settings
from koscom_async.tokens import LockingTokenStore, TokenStore, token_key
from koscom_async.tokens.store import store_failed

_REPEATED = "the access token is dead, and its renewal returned the same one"

Keep = Callable[[Token], Awaitable[None]]
Renew = Callable[[Token, Keep, TraceBuilder], Awaitable[Token]]

STATE_BYTES = 32
VERIFIER_BYTES = 32
RENEWED_BEFORE = timedelta(seconds=60)
"""A token is renewed this long before it expires: a call may wait in a queue, and clocks differ."""
RENEWED_SHARE = 4
"""But one that lives less than minutes, only in the last quarter of its life: else each call would renew it."""
REPEATED_FOR = timedelta(seconds=60)
"""How long a renewal that returned the same dead token stands for further ones."""


def new_state() -> str:
    """Return a state that cannot be guessed."""
    return secrets.token_urlsafe(STATE_BYTES)


def new_verifier() -> str:
    """Return a verifier for PKCE (RFC 7636, 4.1): 43 characters that cannot be guessed."""
    return secrets.token_urlsafe(VERIFIER_BYTES)


def notice_scope(asked: str | None, token: Token, trace: TraceBuilder) -> None:
    """Warn where a token grants another scope than was asked for; what it lacks shows when a call is refused."""
    if asked is not None and token.scope is not None and set(token.scope.split()) != set(asked.split()):
        words = f"the authorization server granted the scope {token.scope!r} where {asked!r} was asked for"
        trace.note(words)
        logger.warning("%s", words)


def refresh_call(token: Token, keep: Keep | None) -> Call[Token]:
    """Return the call for the token that replaces this one; `keep` saves it before the caller sees it."""
    return Call(
        endpoint=REFRESH,
        path=REFRESH.path,
        broker=AUTH,
        body=refresh_form(token.refresh or ""),
        read=partial(read_token, now=utc_now, refresh=token.refresh, scope=token.scope),
        secrets=token.secrets,
        keep=keep,
    )


def attach_authorize_url(error: KoscomError, settings: Settings) -> None:
    """Add the authorize URL where the investor must log in again, if the settings have a `redirect_uri`."""
    if isinstance(error, ReauthorizationRequiredError) and error.url is None and settings.redirect_uri:
        state = new_state()
        url = authorize_address(
            settings.base_url,
            settings.api_key,
            redirect_uri=settings.redirect_uri,
            scope=settings.scope,
            state=state,
        )
        error.attach_authorize_url(url, state)


@define(eq=False, repr=False)
class TokenSession:
    """The token of one call, over all its attempts. Enter it around an attempt, and get the `token` inside.

    The first refusal of a dead token ends the block without an error, so that the attempt is made again; `token` then
    renews it. A further refusal is the caller's.
    """

    _manager: "TokenManager"
    _call: Call[Any]
    _trace: TraceBuilder
    _used: Token | None = None
    _rejected: Token | None = None

    async def token(self) -> Token | None:
        """Return the investor's token, if the endpoint asks for one."""
        self._used = None  # an error below is not this token's
        investor = self._call.investor
        if investor is None or self._call.endpoint.scheme is not AuthScheme.BEARER:
            return None
        if self._rejected is None:
            self._used = await self._manager.current(investor, self._trace)
        else:
            self._used = await self._manager.renewed(investor, self._rejected, self._trace)
            self._trace.note("the access token was dead; it was renewed")
        return self._used

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if self._used is None or self._rejected is not None:
            return False
        if not isinstance(error, AuthenticationError) or not error.token_is_dead:
            return False
        self._rejected = self._used
        return True


@define(eq=False)
class _Renewal:
    """One renewal under way. Both `None` at its end if the task that was refreshing was cancelled."""

    done: anyio.Event = field(factory=anyio.Event)
    token: Token | None = None
    error: KoscomError | None = None


class TokenManager:
    """The tokens of all investors of a client. `renew` asks the gateway, and awaits `keep` before it returns."""

    def __init__(
        self,
        settings: Settings,
        store: TokenStore,
        *,
        renew: Renew,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._settings = settings
        self._store = store
        self._renew = renew
        self._now = now
        # All are keyed as the store is, and change only while a token is renewed or kept.
        self._renewals: dict[str, _Renewal] = {}
        self._refused: dict[str, str] = {}
        # The access token that a renewal returned although it was the one to be renewed, and when.
        self._repeated: dict[str, tuple[str, datetime]] = {}
        # The investor's own token that a renewal replaced: an investor who still carries it has not authorised again.
        self._superseded: dict[str, str] = {}

    def session(self, call: Call[Any], trace: TraceBuilder) -> TokenSession:
        return TokenSession(self, call, trace)

    async def current(self, investor: Investor, trace: TraceBuilder) -> Token:
        """Return the token to call with, renewed if it is about to expire; raise if there is none."""
        token = await self._chosen(token_key(self._settings, investor), investor)
        if token is None:
            raise ReauthorizationRequiredError("there is no access token for this investor")
        if token.refresh is None or not self._expires_soon(token):
            return token
        try:
            return await self.renewed(investor, token, trace, is_dead=False)
        except KoscomError:
            # It is still alive: the next call tries to renew it again.
            if token.expires_at is not None and self._now() < token.expires_at:
                return token
            raise

    async def renewed(
        self, investor: Investor, old: Token, trace: TraceBuilder, *, is_dead: bool = True
    ) -> Token:
        """Return the token that replaces an old one. Callers in between get the same token, or the same error.

        An old one that is not dead yet may live on: some servers only prolong its life.
        """
        key = token_key(self._settings, investor)
        while (renewal := self._renewals.get(key)) is not None:
            await renewal.done.wait()
            if renewal.error is not None:
                # A copy, since each call completes its own error.
                raise copy(renewal.error)
            if renewal.token is not None and (renewal.token.access != old.access or not is_dead):
                return renewal.token
        renewal = self._renewals[key] = _Renewal()
        try:
            renewal.token = await self._renew_alone(key, investor, old, trace, is_dead=is_dead)
        except KoscomError as error:
            renewal.error = copy(error)
            raise
        finally:
            del self._renewals[key]
            renewal.done.set()
        return renewal.token

    async def keep(self, investor: Investor, token: Token) -> None:
        """Keep a token that did not come from a renewal."""
        await self._save(token_key(self._settings, investor), token)

    async def _renew_alone(
        self, key: str, investor: Investor, old: Token, trace: TraceBuilder, *, is_dead: bool
    ) -> Token:
        async with self._locked(key):
            token = await self._chosen(key, investor) or old
            if token.access != old.access or not (is_dead or self._expires_soon(token)):
                return token  # another process was faster, or the caller has a newer one
            try:
                renewed = await self._refresh_once(key, token, trace, is_dead=is_dead)
            except ReauthorizationRequiredError:
                # The store's token cannot be renewed any more. The investor's own can, if they authorised again.
                if investor.token is None or investor.token.access in {old.access, self._superseded.get(key)}:
                    raise
                await self._save(key, investor.token)
                return investor.token
            if investor.token is not None:
                self._superseded[key] = investor.token.access
            return renewed

    async def _refresh_once(self, key: str, token: Token, trace: TraceBuilder, *, is_dead: bool) -> Token:
        if token.refresh is None:
            raise ReauthorizationRequiredError("the access token is dead, and there is no refresh token")
        # A refresh token that was refused once is not sent again.
        if self._refused.get(key) == token.refresh:
            raise ReauthorizationRequiredError("the refresh token was refused before")
        if is_dead and self._was_repeated(key, token):
            raise ReauthorizationRequiredError(_REPEATED)
        try:
            renewed = await self._renew(token, partial(self._save, key), trace)
        except ReauthorizationRequiredError:
            self._refused[key] = token.refresh
            raise
        notice_scope(token.scope, renewed, trace)
        if renewed.access == token.access:
            self._repeated[key] = (token.access, self._now())
            if is_dead:
                raise ReauthorizationRequiredError(_REPEATED)
        return renewed

    def _was_repeated(self, key: str, token: Token) -> bool:
        access, at = self._repeated.get(key, ("", self._now()))
        return access == token.access and self._now() - at < REPEATED_FOR

    def _expires_soon(self, token: Token) -> bool:
        if token.expires_at is None:
            return False
        ahead = RENEWED_BEFORE
        if token.issued_at is not None:
            ahead = min(ahead, (token.expires_at - token.issued_at) / RENEWED_SHARE)
        return token.expires_at <= self._now() + ahead

    async def _chosen(self, key: str, investor: Investor) -> Token | None:
        stored, given = await self._load(key), investor.token
        # What a renewal replaced may have been meant to live longer than what replaced it.
        if stored is not None and given is not None and given.access == self._superseded.get(key):
            return stored
        return self._newer(stored, given)

    @staticmethod
    def _newer(stored: Token | None, given: Token | None) -> Token | None:
        """Return the one that expires later; the store's, if that is not known."""
        if stored is None or given is None:
            return stored or given
        if (
            stored.expires_at is not None
            and given.expires_at is not None
            and given.expires_at > stored.expires_at
        ):
            return given
        return stored

    async def _load(self, key: str) -> Token | None:
        try:
            return await self._store.load(key)
        except KoscomError:
            raise
        except Exception as error:
            raise _failed_to("load", error) from without_frames(error)

    async def _save(self, key: str, token: Token) -> None:
        try:
            await self._store.save(key, token)
        except KoscomError:
            raise
        except Exception as error:
            raise _failed_to("save", error) from without_frames(error)
        self._refused.pop(key, None)
        self._repeated.pop(key, None)

    @asynccontextmanager
    async def _locked(self, key: str) -> AsyncIterator[None]:
        if not isinstance(self._store, LockingTokenStore):
            yield  # one process, where `renewed` keeps callers apart
            return
        try:
            async with self._store.lock(key):
                yield
        except KoscomError:
            raise
        except Exception as error:
            raise _failed_to("lock", error) from without_frames(error)


def _failed_to(what: str, error: Exception) -> KoscomError:
    return store_failed(
        f"the token store could not {what} ({type(error).__name__})",
        advice="see the error's cause, and check the token store",
    )

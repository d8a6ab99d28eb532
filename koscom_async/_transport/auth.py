"""Which access token a call carries, and what becomes of one that is dead: renewed once, and the call repeated once.

Owns the choice between the store's token and the investor's, and that a token is renewed by one caller at a time
while all others wait for the same one. How a renewal is asked for is the gateway's work, and keeping tokens the
store's.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from copy import copy
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import anyio
from attrs import define, field

from koscom_async._clock import utc_now
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.endpoints import AUTH, REFRESH, AuthScheme, Call
from koscom_async._wire.oauth import authorize_address, read_token, refresh_form
from koscom_async.errors import (
    AuthenticationError,
    ConnectionFailedError,
    KoscomError,
    ReauthorizationRequiredError,
)
from koscom_async.models.investor import Investor, Token
from koscom_async.settings import Settings
from koscom_async.tokens import LockingTokenStore, TokenStore, token_key

# The question for a new token, and the invitation of an investor who has to authorise again.

STATE_BYTES = 32


def new_state() -> str:
    """Return a state that nobody can guess."""
    return secrets.token_urlsafe(STATE_BYTES)


def refresh_call(token: Token) -> Call[Token]:
    """Return the question for the token that takes this one's place."""
    return Call(
        endpoint=REFRESH,
        path=REFRESH.path,
        broker=AUTH,
        body=refresh_form(token.refresh or ""),
        read=partial(read_token, now=utc_now, refresh=token.refresh),
        secrets=token.secrets,
    )


def attach_authorize_url(error: KoscomError, settings: Settings) -> None:
    """Put on an error that only the investor can mend where to send them, if the callback is known."""
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


Answer = TypeVar("Answer")
Send = Callable[[Call[Any]], Awaitable[Answer]]
Keep = Callable[[Token], Awaitable[None]]
Renew = Callable[[Token, Keep, TraceBuilder], Awaitable[Token]]

RENEWED_BEFORE = timedelta(seconds=60)
"""So long before its end a token is renewed already: a call may wait for its turn, and clocks differ."""


@define(eq=False)
class _Renewal:
    """One renewal on its way, for all who wait for it. Neither token nor error: who led it was cancelled."""

    done: anyio.Event = field(factory=anyio.Event)
    token: Token | None = None
    error: KoscomError | None = None


class TokenManager:
    """The tokens of all investors of a client. `renew` asks the gateway, and calls `keep` before it returns."""

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
        # All are keyed as the store is, and only changed while a token is renewed or kept.
        self._renewals: dict[str, _Renewal] = {}
        self._refused: dict[str, str] = {}
        # The investor's token in whose place another stands: whoever still carries it has not authorised anew.
        self._outlived: dict[str, str] = {}

    async def current(self, investor: Investor, log: TraceBuilder) -> Token:
        """Return the token to call with, renewed if it is about to die; raise where there is none at all."""
        token = self._newer(await self._load(token_key(self._settings, investor)), investor.token)
        if token is None:
            raise ReauthorizationRequiredError("there is no access token for this investor")
        if token.refresh is None or not self._is_dying(token):
            return token
        try:
            return await self.renewed(investor, token, log)
        except KoscomError:
            # Too early to give up: it is renewed again, or called dead by the gateway, when it is.
            if token.expires_at is not None and self._now() < token.expires_at:
                return token
            raise

    async def renewed(self, investor: Investor, dead: Token, log: TraceBuilder) -> Token:
        """Return the token that takes a dead one's place; whoever asks meanwhile gets the same, or the same error."""
        key = token_key(self._settings, investor)
        while (renewal := self._renewals.get(key)) is not None:
            await renewal.done.wait()
            if renewal.error is not None:
                # A copy, since each call writes on its error where it happened.
                raise copy(renewal.error)
            if renewal.token is not None and renewal.token.access != dead.access:
                return renewal.token
        renewal = self._renewals[key] = _Renewal()
        try:
            renewal.token = await self._renewed_alone(key, investor, dead, log)
        except KoscomError as error:
            renewal.error = copy(error)
            raise
        finally:
            del self._renewals[key]
            renewal.done.set()
        return renewal.token

    async def keep(self, investor: Investor, token: Token) -> None:
        """Keep a token that was got in another way than by renewal."""
        await self._save(token_key(self._settings, investor), token)

    async def _renewed_alone(self, key: str, investor: Investor, dead: Token, log: TraceBuilder) -> Token:
        async with self._locked(key):
            stored = await self._load(key)
            token = self._newer(stored, investor.token) or dead
            if token.access != dead.access:
                return token  # another process was faster, or the caller has a newer one
            try:
                renewed = await self._asked_for(key, token, log)
            except ReauthorizationRequiredError:
                # The store's line of tokens has ended. If the investor has authorised anew, that begins another.
                if investor.token is None or investor.token.access in {dead.access, self._outlived.get(key)}:
                    raise
            else:
                if investor.token is not None:
                    self._outlived[key] = investor.token.access
                return renewed
            await self._save(key, investor.token)
            return investor.token

    async def _asked_for(self, key: str, token: Token, log: TraceBuilder) -> Token:
        if token.refresh is None:
            raise ReauthorizationRequiredError("the access token is dead, and there is no refresh token")
        if self._refused.get(key) == token.refresh:
            raise ReauthorizationRequiredError("the refresh token was refused before")
        try:
            return await self._renew(token, partial(self._save, key), log)
        except ReauthorizationRequiredError:
            self._refused[key] = token.refresh
            raise

    def _is_dying(self, token: Token) -> bool:
        return token.expires_at is not None and token.expires_at - RENEWED_BEFORE <= self._now()

    @staticmethod
    def _newer(stored: Token | None, given: Token | None) -> Token | None:
        """Return the one that dies later; the store's, where that is not known."""
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
        except Exception as error:  # a store that was given may raise anything
            raise _store_failed("load", error) from error

    async def _save(self, key: str, token: Token) -> None:
        try:
            await self._store.save(key, token)
        except Exception as error:  # as above
            raise _store_failed("save", error) from error
        self._refused.pop(key, None)

    @asynccontextmanager
    async def _locked(self, key: str) -> AsyncIterator[None]:
        if not isinstance(self._store, LockingTokenStore):
            yield  # one process, where `renewed` sees to it
            return
        try:
            async with self._store.lock(key):
                yield
        except KoscomError:
            raise
        except Exception as error:
            raise _store_failed("lock", error) from error


def _store_failed(what: str, error: Exception) -> ConnectionFailedError:
    return ConnectionFailedError(
        f"the token store could not {what} ({type(error).__name__})",
        code="token-store",
        advice="see the error's cause, and to the store",
    )


@define(eq=False)
class Bearer:
    """One call and its tries. Remembers a token that died, so that no try is spent on it again."""

    keeper: TokenManager
    call: Call[Any]
    log: TraceBuilder
    dead: Token | None = None

    async def send(self, send: Send[Answer]) -> Answer:
        """Send the call as the investor, and once more if its token turns out to be dead."""
        investor = self.call.investor
        if investor is None or self.call.endpoint.scheme is not AuthScheme.BEARER:
            return await send(self.call)
        if self.dead is None:
            token = await self.keeper.current(investor, self.log)
            try:
                return await send(self.call.signed(token))
            except AuthenticationError as error:
                if not error.token_is_dead:
                    raise
                self.dead = token
            self.log.note("the access token was dead; it was renewed")
        return await send(self.call.signed(await self.keeper.renewed(investor, self.dead, self.log)))

"""The authorization-code flow (OAuth 2.0): from sending an investor to authorise, to revoking the token."""

import re
from collections.abc import Awaitable, Callable
from copy import copy
from functools import partial

from koscom_async._clock import utc_now
from koscom_async._services.operation import Deadline, deadline_at, new_trace, operation, until
from koscom_async._services.resolve import expect, expect_investor
from koscom_async._transport.auth import new_state, new_verifier, notice_scope
from koscom_async._transport.gateway import Gateway
from koscom_async._wire.endpoints import AUTH, REFRESH, REVOKE, TOKEN, Call
from koscom_async._wire.oauth import (
    ACCESS_TOKEN,
    REFRESH_TOKEN,
    TokenKind,
    authorize_address,
    exchange_form,
    read_callback,
    read_revocation,
    read_token,
    revoke_form,
)
from koscom_async.errors import KoscomError, SettingsError
from koscom_async.models.investor import Investor, Token
from koscom_async.settings import Settings
from koscom_async.settings.addresses import check_redirect_uri, check_scope

_GIVE_TOKEN = "pass the investor's Token(access=…, refresh=…)"  # noqa: S105  # an advice


class OAuthService:
    """Gets, refreshes and revokes investors' tokens. Calls refresh a dead token by themselves."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self._gateway = gateway
        self._settings = settings

    def new_state(self) -> str:
        """Return a state that cannot be guessed, to be kept with the investor's session until the code comes back."""
        return new_state()

    def new_verifier(self) -> str:
        """Return a verifier for PKCE (RFC 7636), to be kept with the state, and as secret as a password."""
        return new_verifier()

    def authorize_url(
        self,
        *,
        state: str,
        redirect_uri: str | None = None,
        scope: str | None = None,
        verifier: str | None = None,
    ) -> str:
        """Return where to send the investor's browser; it comes back to `redirect_uri` with a code and `state`.

        `redirect_uri` and `scope` are the settings' unless given. With `verifier` (see `new_verifier()`) a code that
        is stolen on its way is worth nothing: give the same one to `exchange`. The platform's documents do not
        mention PKCE, so leave it out if the platform refuses it. The URL holds the API key as `client_id`, as
        OAuth wants it: do not log it. Raises `SettingsError` where an argument is missing or impossible.
        Manual: Authorization Code Grant, "Authorization Code 요청".
        """
        if (
            not expect(str, state, "state", advice="see new_state()")
            or not state.isascii()
            or not state.isprintable()
        ):
            raise SettingsError("state must be printable ASCII: see new_state()", setting="state")
        return authorize_address(
            self._settings.base_url,
            self._settings.api_key,
            redirect_uri=self._callback(redirect_uri),
            scope=self._scope(scope),
            state=state,
            verifier=_checked_verifier(verifier),
        )

    def read_callback(self, url: str, *, state: str) -> str:
        """Return the code in the URL at which the browser came back.

        Raises `ResponseMismatchError` where it does not carry the state that was sent (another site may have sent
        the browser) or names another server as its issuer (`iss`, RFC 9207), `AccessDeniedError` where the investor
        refused, `MalformedResponseError` where there is no code.
        """
        return read_callback(url, state=state, issuer=self._settings.base_url)

    async def exchange(
        self,
        code: str,
        *,
        redirect_uri: str | None = None,
        scope: str | None = None,
        verifier: str | None = None,
        investor: Investor | None = None,
        deadline: float | None = None,
    ) -> Token:
        """Exchange a code for its token; each code is good once, and for a short time.

        `redirect_uri`, `scope` and `verifier` must be those with which the investor was sent. The token's `scope` is
        what was granted; where that is another one, a warning is logged. With `investor` the token is also kept in
        the client's token store, where calls find it. Not every firm is given refresh tokens. The call is never
        retried. Raises `ReauthorizationRequiredError` where the code is not accepted, otherwise what any call raises.
        Manual: Authorization Code Grant, "Access Token 요청".
        """
        asked, verifier = self._scope(scope), _checked_verifier(verifier)
        call = Call(
            endpoint=TOKEN,
            path=TOKEN.path,
            broker=AUTH,
            body=exchange_form(code=code, redirect_uri=self._callback(redirect_uri), verifier=verifier),
            read=partial(read_token, now=utc_now, scope=asked),
            secrets=(code, verifier or ""),
            keep=self._keeper(investor),
        )
        code = verifier = ""  # an error reporter may send this frame's variables
        with operation(self._gateway, TOKEN, deadline=deadline_at(deadline)) as trace:
            token = await self._gateway.ask(call, trace)
            notice_scope(asked, token, trace)
            return token

    async def refresh(
        self, token: Token, *, investor: Investor | None = None, deadline: float | None = None
    ) -> Token:
        """Return the token that replaces this one (Access Token 갱신); the old refresh token may be dead then.

        With `investor` the new one is also kept in the client's token store. Calls do this by themselves, one at
        a time for each investor; most programs never need it.
        Raises `SettingsError` where the token has no refresh token, `ReauthorizationRequiredError` where that is not
        accepted, otherwise what any call raises.
        Manual: Authorization Code Grant, "Access Token 갱신".
        """
        expect(Token, token, "token", advice=_GIVE_TOKEN)
        if token.refresh is None:
            raise SettingsError("the token has no refresh token: authorise again", setting="token")
        with operation(self._gateway, REFRESH, deadline=deadline_at(deadline)) as trace:
            renewed = await self._gateway.refresh(token, self._keeper(investor), trace)
            notice_scope(token.scope, renewed, trace)
            return renewed

    async def revoke(self, token: Token, *, deadline: float | None = None) -> None:
        """Revoke a token: its refresh token first, so that nothing can renew it meanwhile.

        Both are asked for, even if the first is refused; then the first failure is raised, which is what any call
        raises. A token that is dead already counts as revoked (RFC 7009).
        Manual: Authorization Code Grant, "Token Revocation".
        """
        expect(Token, token, "token", advice=_GIVE_TOKEN)
        due = deadline_at(deadline)
        kinds = (ACCESS_TOKEN,) if token.refresh is None else (REFRESH_TOKEN, ACCESS_TOKEN)
        failures = [await self._failed_to_revoke(token, kind, due) for kind in kinds]
        for failure in filter(None, failures):
            raise copy(failure)  # an error in a variable of its own frame is a cycle

    async def _failed_to_revoke(self, token: Token, kind: TokenKind, due: Deadline) -> KoscomError | None:
        """Revoke one of the two, and return why it could not be."""
        call = Call(
            endpoint=REVOKE,
            path=REVOKE.path,
            broker=AUTH,
            body=revoke_form((token.refresh if kind is REFRESH_TOKEN else None) or token.access, kind=kind),
            read=read_revocation,
            secrets=token.secrets,
        )
        try:
            with operation(self._gateway, REVOKE, deadline=due) as trace:
                await self._gateway.ask(call, trace)
        except KoscomError as error:
            return error
        return None

    async def authorize(self, investor: Investor, *, deadline: Deadline) -> None:
        """Check that the investor has an access token; raises `ReauthorizationRequiredError` where there is none."""
        expect_investor(investor)
        with until(deadline, "an access token"):
            await self._gateway.authorize(investor, new_trace())

    def _keeper(self, investor: Investor | None) -> Callable[[Token], Awaitable[None]] | None:
        """Return what keeps a token in the client's token store, for an investor who is given."""
        if investor is None:
            return None
        return partial(self._gateway.tokens.keep, expect_investor(investor))

    def _scope(self, scope: str | None) -> str:
        scope = self._settings.scope if scope is None else scope
        check_scope(scope)
        return scope

    def _callback(self, redirect_uri: str | None) -> str:
        callback = self._settings.redirect_uri if redirect_uri is None else redirect_uri
        if callback is None:
            raise SettingsError(
                "redirect_uri is missing: pass redirect_uri= or set KOSCOM_REDIRECT_URI",
                setting="redirect_uri",
            )
        check_redirect_uri(callback)
        return callback


# Kept as text and compiled on first use, to keep imports cheap.
_VERIFIER = r"[A-Za-z0-9._~-]{43,128}"


def _checked_verifier(verifier: str | None) -> str | None:
    if verifier is not None and not re.fullmatch(_VERIFIER, str(verifier)):
        verifier = None  # an error reporter may print this frame
        raise SettingsError(
            "verifier must be 43 to 128 letters, digits or any of - . _ ~: see new_verifier()",
            setting="verifier",
        )
    return verifier

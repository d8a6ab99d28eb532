"""The authorization-code flow (OAuth 2.0): from sending an investor to authorise, to revoking the token."""

from collections.abc import Awaitable, Callable
from functools import partial

from koscom_async._clock import utc_now
from koscom_async._services.operation import Deadline, deadline_at, new_trace, operation, until
from koscom_async._services.resolve import expect, expect_investor
from koscom_async._transport.auth import new_state
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
from koscom_async.errors import SettingsError
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

    def authorize_url(self, *, state: str, redirect_uri: str | None = None, scope: str | None = None) -> str:
        """Return where to send the investor's browser; it comes back to `redirect_uri` with a code and `state`.

        `redirect_uri` and `scope` are the settings' unless given. The URL holds the API key as `client_id`, as
        OAuth wants it: do not log it. Raises `SettingsError` where an argument is missing or impossible.
        Manual: Authorization Code Grant, "Authorization Code 요청".
        """
        if (
            not expect(str, state, "state", advice="see new_state()")
            or not state.isascii()
            or not state.isprintable()
        ):
            raise SettingsError("state must be printable ASCII: see new_state()", setting="state")
        scope = self._settings.scope if scope is None else scope
        check_scope(scope)
        return authorize_address(
            self._settings.base_url,
            self._settings.api_key,
            redirect_uri=self._callback(redirect_uri),
            scope=scope,
            state=state,
        )

    def read_callback(self, url: str, *, state: str) -> str:
        """Return the code in the URL at which the browser came back.

        Raises `ResponseMismatchError` where it does not carry the state that was sent (another site may have sent
        the browser), `AccessDeniedError` where the investor refused, `MalformedResponseError` where there is no code.
        """
        return read_callback(url, state=state)

    async def exchange(
        self,
        code: str,
        *,
        redirect_uri: str | None = None,
        investor: Investor | None = None,
        deadline: float | None = None,
    ) -> Token:
        """Exchange a code for its token; each code is good once, and for a short time.

        `redirect_uri` must be the one with which the investor was sent. With `investor` the token is also kept in
        the client's token store, where calls find it. Not every firm is given refresh tokens. The call is never
        retried. Raises `ReauthorizationRequiredError` where the code is not accepted, otherwise what any call raises.
        Manual: Authorization Code Grant, "Access Token 요청".
        """
        form = exchange_form(code=code, redirect_uri=self._callback(redirect_uri))
        call = Call(
            endpoint=TOKEN,
            path=TOKEN.path,
            broker=AUTH,
            body=form,
            read=partial(read_token, now=utc_now),
            secrets=(code,),
            keep=self._keeper(investor),
        )
        with operation(self._gateway, TOKEN, deadline=deadline_at(deadline)) as trace:
            return await self._gateway.ask(call, trace)

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
            return await self._gateway.refresh(token, self._keeper(investor), trace)

    async def revoke(self, token: Token, *, deadline: float | None = None) -> None:
        """Revoke a token: its refresh token first, so that nothing can renew it meanwhile.

        Raises what any call raises; a token that is dead already counts as revoked (RFC 7009).
        Manual: Authorization Code Grant, "Token Revocation".
        """
        expect(Token, token, "token", advice=_GIVE_TOKEN)
        given: tuple[tuple[TokenKind, str | None], ...] = (
            (REFRESH_TOKEN, token.refresh),
            (ACCESS_TOKEN, token.access),
        )
        due = deadline_at(deadline)
        for kind, text in given:
            if text is not None:
                call = Call(
                    endpoint=REVOKE,
                    path=REVOKE.path,
                    broker=AUTH,
                    body=revoke_form(text, kind=kind),
                    read=read_revocation,
                    secrets=token.secrets,
                )
                with operation(self._gateway, REVOKE, deadline=due) as trace:
                    await self._gateway.ask(call, trace)

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

    def _callback(self, redirect_uri: str | None) -> str:
        callback = self._settings.redirect_uri if redirect_uri is None else redirect_uri
        if callback is None:
            raise SettingsError(
                "redirect_uri is missing: pass redirect_uri= or set KOSCOM_REDIRECT_URI",
                setting="redirect_uri",
            )
        check_redirect_uri(callback)
        return callback

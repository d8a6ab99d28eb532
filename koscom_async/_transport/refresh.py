"""The question for a new token, and the invitation of an investor who has to authorise again."""

import secrets
from functools import partial

from koscom_async._transport.quota import utc_now
from koscom_async._wire.call import Call
from koscom_async._wire.endpoints import AUTH, REFRESH
from koscom_async._wire.oauth import authorize_address, read_token, refresh_form
from koscom_async.errors import KoscomError, ReauthorizationRequiredError
from koscom_async.models.investor import Token
from koscom_async.settings import Settings

STATE_BYTES = 32


def new_state() -> str:
    """Return a state that nobody can guess."""
    return secrets.token_urlsafe(STATE_BYTES)


def refresh_call(settings: Settings, token: Token) -> Call[Token]:
    """Return the question for the token that takes this one's place."""
    return Call(
        endpoint=REFRESH,
        path=REFRESH.path,
        broker=AUTH,
        body=refresh_form(settings.api_key, refresh_token=token.refresh or ""),
        read=partial(read_token, now=utc_now, refresh=token.refresh),
        secrets=token.secrets,
    )


def invite(error: KoscomError, settings: Settings) -> None:
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
        error.invite(url, state)

"""One login, from the authorize URL to the saved token: it judges what the browser brings back.

Does not read options or the environment; the server brings the callbacks, and `koscom.oauth` does the flow.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from attrs import define, frozen

from koscom_async.cli.login.callback import LOOPBACK, PATH, Page, listening
from koscom_async.client import Koscom
from koscom_async.errors import KoscomError, ResponseMismatchError, SettingsError
from koscom_async.models.investor import Investor, Token

ALLOWED = Page(
    title="Done · 완료", text="The token is saved. You can close this window and go back to the terminal."
)
STRANGER = Page(
    title="Not this login",
    text="This page does not belong to the login that is waiting. Use the address in the terminal.",
    status=HTTPStatus.BAD_REQUEST,
)
_SCHEME_PORT = 80


@frozen(kw_only=True)
class Place:
    """Where the browser comes back; port 0 is any that is free."""

    host: str = LOOPBACK
    port: int = 0
    path: str = PATH

    @classmethod
    def of(cls, redirect_uri: str) -> "Place":
        """Return the place that a callback names; `SettingsError` unless it is on this computer."""
        parts = urlsplit(redirect_uri)
        if parts.scheme != "http" or parts.hostname not in {"localhost", LOOPBACK} or parts.query:
            raise SettingsError(
                "redirect_uri is not a callback on this computer: register "
                f"http://{LOOPBACK}:PORT{PATH} for the API key, and give it or --port",
                setting="redirect_uri",
            )
        return cls(host=parts.hostname, port=parts.port or _SCHEME_PORT, path=parts.path or "/")

    def address(self, port: int) -> str:
        """Return the callback, once the port is known."""
        return f"http://{self.host}:{port}{self.path}"


@define(eq=False)
class Login:
    """One investor's login; `run` waits for the browser. `strangers` counts callbacks of another login."""

    koscom: Koscom
    investor: Investor
    place: Place
    strangers: int = 0

    async def run(self, show: Callable[[str], Awaitable[None]]) -> Token:
        """Hand the authorize URL to `show`, and return the token that is saved in the client's store.

        Raises what the flow raises: `AccessDeniedError` where the investor refused, `OSError` where the port is taken.
        """
        oauth, place, state = self.koscom.oauth, self.place, self.koscom.oauth.new_state()
        async with listening(host=place.host, port=place.port, path=place.path) as server:
            redirect_uri = place.address(server.port)
            await show(oauth.authorize_url(state=state, redirect_uri=redirect_uri))
            # One callback at a time: a browser that asks twice must not exchange the code twice.
            while True:
                callback = await server.next_callback()
                try:
                    code = oauth.read_callback(callback.target, state=state)
                    token = await oauth.exchange(code, redirect_uri=redirect_uri, investor=self.investor)
                except ResponseMismatchError:
                    # Any page can send the browser here: the login that waits goes on.
                    self.strangers += 1
                    await callback.answer(STRANGER)
                except KoscomError as error:
                    await callback.answer(Page(title="The login failed", text=error.message))
                    raise
                else:
                    await callback.answer(ALLOWED)
                    return token

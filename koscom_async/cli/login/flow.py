"""One login, from the authorize URL to the saved token: what the browser brings back is judged here.

Knows nothing of options and environment; the listener brings the callbacks, `koscom.oauth` does the flow.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import anyio
from attrs import define, field, frozen

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
    status="400 Bad Request",
)
OVER = Page(title="Already done", text="This login has ended.", status="409 Conflict")
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
                "redirect_uri is not a callback on this computer, where the login could wait for it: have "
                f"http://{LOOPBACK}:PORT{PATH} registered, and give it, or --port",
                setting="redirect_uri",
            )
        return cls(host=parts.hostname, port=parts.port or _SCHEME_PORT, path=parts.path or "/")

    def address(self, port: int) -> str:
        """Return the callback, once the port is known."""
        return f"http://{self.host}:{port}{self.path}"


@define(eq=False)
class Login:
    """One investor's login; `run` waits for the browser."""

    koscom: Koscom
    investor: Investor
    place: Place
    state: str = field(init=False, repr=False)
    strangers: int = 0
    _redirect_uri: str = ""
    _token: Token | None = field(default=None, repr=False)
    _error: KoscomError | None = None
    _over: anyio.Event = field(factory=anyio.Event)
    _judging: anyio.Lock = field(factory=anyio.Lock)

    def __attrs_post_init__(self) -> None:
        self.state = self.koscom.oauth.new_state()

    async def run(self, show: Callable[[str], Awaitable[None]]) -> Token:
        """Hand the authorize URL to `show`, and return the token that is saved in the client's store.

        Raises what the flow raises: `AccessDeniedError` where the investor said no, `OSError` where the port is taken.
        """
        place = self.place
        async with listening(self._judged, host=place.host, port=place.port, path=place.path) as port:
            self._redirect_uri = place.address(port)
            await show(self.koscom.oauth.authorize_url(state=self.state, redirect_uri=self._redirect_uri))
            await self._over.wait()
        if self._error is not None:
            raise self._error
        if self._token is None:
            raise RuntimeError("a login ends with a token or with an error")
        return self._token

    async def _judged(self, target: str) -> Page:
        # One at a time: a browser that asks twice must not exchange the code twice.
        async with self._judging:
            if self._over.is_set():
                return OVER
            try:
                code = self.koscom.oauth.read_callback(target, state=self.state)
                self._token = await self.koscom.oauth.exchange(
                    code, redirect_uri=self._redirect_uri, investor=self.investor
                )
            except ResponseMismatchError:
                # Anybody can send the browser here: the login of the one who waits goes on.
                self.strangers += 1
                return STRANGER
            except KoscomError as error:
                self._error = error
                return Page(title="It did not work", text=error.message)
            finally:
                if self._token is not None or self._error is not None:
                    self._over.set()
            return ALLOWED

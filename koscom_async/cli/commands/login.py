"""`koscom login`: has the investor authorise in a browser, and saves the token for the other commands.

The login judges what the browser brings back. The callback server and `koscom.oauth` do the rest.
"""

import asyncio
import webbrowser
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
import click
from attrs import define, frozen

from koscom_async.cli.access import GatewayOptions, open_client, token_file
from koscom_async.cli.callback import LOOPBACK, PATH, Page, listening
from koscom_async.cli.main import Failed, exit_codes
from koscom_async.cli.options import HIGHEST_PORT, above_zero, gateway_options
from koscom_async.cli.output import write_stderr, write_stdout
from koscom_async.client import Koscom
from koscom_async.errors import KoscomError, ResponseMismatchError, SettingsError
from koscom_async.export.texts import counted
from koscom_async.models.investor import Investor, Token
from koscom_async.settings import Settings
from koscom_async.tokens import FileTokenStore

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
    with_verifier: bool = True
    strangers: int = 0

    async def run(self, show: Callable[[str], Awaitable[None]]) -> Token:
        """Hand the authorize URL to `show`, and return the token that is saved in the client's store.

        Raises what the flow raises: `AccessDeniedError` where the investor refused, `OSError` where the port is taken.
        """
        oauth, place, state = self.koscom.oauth, self.place, self.koscom.oauth.new_state()
        verifier = oauth.new_verifier() if self.with_verifier else None
        async with listening(host=place.host, port=place.port, path=place.path) as server:
            redirect_uri = place.address(server.port)
            await show(oauth.authorize_url(state=state, redirect_uri=redirect_uri, verifier=verifier))
            # One callback at a time: a browser that asks twice must not exchange the code twice.
            while True:
                callback = await server.next_callback()
                try:
                    code = oauth.read_callback(callback.target, state=state)
                    token = await oauth.exchange(
                        code, redirect_uri=redirect_uri, verifier=verifier, investor=self.investor
                    )
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


@click.command(
    name="login", epilog=exit_codes("the token is saved", "an error: no token was saved", partial=None)
)
@click.option(
    "--port",
    type=click.IntRange(1, HIGHEST_PORT),
    metavar="PORT",
    help="Wait at http://127.0.0.1:PORT/callback.  [default: KOSCOM_REDIRECT_URI, or a free port]",
)
@click.option("--browser", is_flag=True, help="Open the address in a browser.")
@click.option(
    "--timeout",
    type=float,
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    callback=above_zero,
    help="Wait for the browser at most this long.",
)
@click.option("--keyring", is_flag=True, help="Encrypt the token file, with a key in the system's keyring.")
@click.option(
    "--pkce/--no-pkce",
    default=True,
    help="Bind the code to this login (PKCE, S256); --no-pkce where the platform refuses that.",
)
@gateway_options
def login_command(
    *, port: int | None, browser: bool, timeout: float, keyring: bool, pkce: bool, gateway: GatewayOptions
) -> None:
    """Have the investor authorise in a browser, and save the token where the other commands find it.

    The token goes to KOSCOM_TOKEN_FILE, or to koscom/tokens.json in your configuration directory, in a file that only
    you can read; with --keyring it is encrypted, and stays so. The callback must be registered for your API key. With
    --sandbox it is a rehearsal: the embedded gateway ends with the command, and its tokens with it.
    """
    asyncio.run(_log_in(gateway, port=port, browser=browser, seconds=timeout, keyring=keyring, pkce=pkce))


async def _log_in(
    gateway: GatewayOptions, *, port: int | None, browser: bool, seconds: float, keyring: bool, pkce: bool
) -> None:
    store = await token_file(keyring=keyring)
    async with open_client(gateway, tokens=store) as access:
        login = Login(access.koscom, access.investor, _place(access.settings, port), pkce)
        try:
            with anyio.fail_after(seconds):
                token = await login.run(lambda url: _show(url, browser=browser))
        except TimeoutError:
            raise Failed(_gave_up(seconds, login.strangers)) from None
        except OSError as error:
            raise Failed(f"cannot listen on port {login.place.port}: {error.strerror or error}") from error
    write_stdout(_saved(token, store))
    if token.scope is not None and set(token.scope.split()) != set(access.settings.scope.split()):
        write_stderr(
            f"koscom: the scope {token.scope} was granted, where {access.settings.scope} was asked for"
        )


def _place(settings: Settings, port: int | None) -> Place:
    if port is not None:
        return Place(port=port)
    return Place() if settings.redirect_uri is None else Place.of(settings.redirect_uri)


async def _show(url: str, *, browser: bool) -> None:
    write_stdout(f"Open this address in a browser, and allow access:\n\n{url}\n")
    if browser and not await anyio.to_thread.run_sync(webbrowser.open, url):
        write_stderr("no browser could be opened: copy the address")


def _gave_up(seconds: float, strangers: int) -> str:
    text = f"no authorisation within {seconds:g} seconds, no token was saved: run the command again"
    if strangers:
        callbacks = counted(strangers, "callback")
        return f"{text}. Ignored: {callbacks} without the state of this login"
    return text


def _saved(token: Token, store: FileTokenStore) -> str:
    until = f"until {token.expires_at:%Y-%m-%d %H:%M} UTC" if token.expires_at else "for an unknown time"
    renewal = "and is renewed automatically" if token.refresh else "and cannot be renewed: log in again then"
    return f"The token is saved in {store.path}. It is valid {until}, {renewal}."

"""`koscom login`: has the investor authorise in a browser, and saves the token for the other commands."""

import asyncio
import webbrowser

import anyio
import anyio.to_thread
import click

from koscom_async.cli.gateway import Gateway, gateway_options, opened
from koscom_async.cli.login.flow import Login, Place
from koscom_async.cli.main import Failed, exit_codes
from koscom_async.cli.options import HIGHEST_PORT, above_zero
from koscom_async.cli.output import write_stderr, write_stdout
from koscom_async.export.texts import counted
from koscom_async.models.investor import Token
from koscom_async.settings import Settings
from koscom_async.tokens import FileTokenStore


@click.command(
    name="login", epilog=exit_codes("the token is saved", "an error: no token was saved", is_partial=False)
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
@gateway_options
def login_command(*, port: int | None, browser: bool, timeout: float, gateway: Gateway) -> None:
    """Have the investor authorise in a browser, and save the token where the other commands find it.

    The token goes to KOSCOM_TOKEN_FILE, or to koscom/tokens.json in your configuration directory, in a file that only
    you can read. The callback must be registered for your API key. With --sandbox it is a rehearsal: the embedded
    gateway ends with the command, and its tokens with it.
    """
    asyncio.run(_log_in(gateway, port=port, browser=browser, seconds=timeout))


async def _log_in(gateway: Gateway, *, port: int | None, browser: bool, seconds: float) -> None:
    store = FileTokenStore()
    async with opened(gateway, tokens=store) as access:
        login = Login(access.koscom, access.investor, _place(access.settings, port))
        try:
            with anyio.fail_after(seconds):
                token = await login.run(lambda url: _show(url, browser=browser))
        except TimeoutError:
            raise Failed(_gave_up(seconds, login.strangers)) from None
        except OSError as error:
            raise Failed(f"cannot listen on port {login.place.port}: {error.strerror or error}") from error
    write_stdout(_saved(token, store))


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

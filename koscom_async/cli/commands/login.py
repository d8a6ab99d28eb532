"""`koscom login`: has the investor authorise in a browser, and keeps the token for the other commands."""

import asyncio
import webbrowser
from collections.abc import Sequence

import anyio
import anyio.to_thread
import click

from koscom_async.cli.login.flow import Login, Place
from koscom_async.cli.main import EXIT_CODES_HELP, Failed
from koscom_async.cli.options import above_zero, gateway_options, opened
from koscom_async.cli.output import give, say
from koscom_async.client import Koscom
from koscom_async.models.investor import Token
from koscom_async.settings import Settings
from koscom_async.tokens import FileTokenStore

HIGHEST_PORT = 65535


@click.command(name="login", epilog=EXIT_CODES_HELP)
@click.option(
    "--port",
    type=click.IntRange(1, HIGHEST_PORT),
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
def login_command(
    *,
    port: int | None,
    browser: bool,
    timeout: float,
    sandbox: bool,
    faults: Sequence[str],
    latency: float | None,
) -> None:
    """Have the investor authorise in a browser, and save the token where the other commands find it.

    The token goes to KOSCOM_TOKEN_FILE, or to koscom/tokens.json in your configuration directory, readable for you
    alone. The callback must be registered for your API key. With --sandbox it is a rehearsal: the embedded gateway
    ends with the command, and its tokens with it.
    """
    asyncio.run(
        _log_in(port=port, browser=browser, timeout=timeout, sandbox=sandbox, faults=faults, latency=latency)
    )


async def _log_in(
    *,
    port: int | None,
    browser: bool,
    timeout: float,  # noqa: ASYNC109  # an option of the command
    sandbox: bool,
    faults: Sequence[str],
    latency: float | None,
) -> None:
    store = FileTokenStore()
    async with (
        opened(sandbox=sandbox, faults=faults, latency=latency) as access,
        Koscom(access.settings, tokens=store) as koscom,
    ):
        login = Login(koscom, access.investor, _place(access.settings, port))
        try:
            with anyio.fail_after(timeout):
                token = await login.run(lambda url: _show(url, browser=browser))
        except TimeoutError:
            raise Failed(_gave_up(timeout, login.strangers)) from None
        except OSError as error:
            raise Failed(f"cannot wait at port {login.place.port}: {error.strerror or error}") from error
    give(_told(token, store))


def _place(settings: Settings, port: int | None) -> Place:
    if port is not None:
        return Place(port=port)
    return Place() if settings.redirect_uri is None else Place.of(settings.redirect_uri)


async def _show(url: str, *, browser: bool) -> None:
    give(f"Open this address in a browser, and allow access:\n\n{url}\n")
    if browser and not await anyio.to_thread.run_sync(webbrowser.open, url):
        say("no browser could be opened: copy the address")


def _gave_up(seconds: float, strangers: int) -> str:
    said = f"nobody authorised within {seconds:g} seconds, and no token was saved: run the command again"
    if strangers:
        return f"{said}. The browser came back {strangers} times without the state of this login, which was ignored"
    return said


def _told(token: Token, store: FileTokenStore) -> str:
    until = f"until {token.expires_at:%Y-%m-%d %H:%M} UTC" if token.expires_at else "for an unknown time"
    renewal = "and is renewed by itself" if token.refresh else "and cannot be renewed: then log in again"
    return f"The token is saved in {store.path}. It lives {until}, {renewal}."

"""`koscom demo`: a page in the browser that shows the sandbox's holdings as they arrive."""

import anyio
import click

from koscom_async._hints import missing
from koscom_async.cli.main import Failed, exit_codes
from koscom_async.cli.options import PORT
from koscom_async.cli.output import write_stdout


@click.command(name="demo", epilog=exit_codes("it was stopped", "an error: it cannot serve", partial=None))
@PORT
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
def demo_command(*, port: int, no_browser: bool) -> None:
    """Serve a page that shows holdings as they arrive, until Ctrl-C.

    The page is on this computer only, and so is what it asks: the sandbox, whose three brokers it can let fail. It
    serves / (the page), /holdings (JSON) and /holdings/events (server-sent events). All data are made up.
    """
    try:
        from koscom_async.cli.demo.server import serve
    except ImportError as error:
        raise Failed(str(missing(f"koscom demo needs {error.name}", extra="web"))) from error

    def show(url: str) -> None:
        write_stdout(f"The page is at {url} until Ctrl-C.")

    async def run() -> None:
        await serve(port=port, open_browser=not no_browser, on_ready=show)

    try:
        anyio.run(run)
    except OSError as error:
        raise Failed(f"port {port} cannot be used: {error.strerror or error}") from error

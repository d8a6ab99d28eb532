"""The command `koscom` as a whole: its subcommands, and how it ends."""

from typing import Any

import click

from koscom_async import __version__
from koscom_async.cli.accounts_command import accounts_command
from koscom_async.cli.brokers_command import brokers_command
from koscom_async.cli.call_command import call_command
from koscom_async.cli.discretionary_command import discretionary_group
from koscom_async.cli.encodings import make_lenient
from koscom_async.cli.errors_command import errors_command
from koscom_async.cli.exits import EXIT_CODES_HELP, INTERRUPTED, failed
from koscom_async.cli.holdings_command import holdings_command
from koscom_async.cli.login_command import login_command
from koscom_async.cli.portfolio_command import portfolio_command
from koscom_async.cli.sandbox_command import sandbox_group
from koscom_async.cli.transactions_command import transactions_command
from koscom_async.cli.watchlist_command import watchlist_command
from koscom_async.errors import KoscomError


class _Command(click.Group):
    """A group in which an error of ours is one line, and Ctrl-C is quiet."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KoscomError as error:
            raise failed(error) from error
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)


@click.group(name="koscom", cls=_Command, epilog=EXIT_CODES_HELP)
@click.version_option(__version__, prog_name="koscom")
def koscom_command() -> None:
    """Show what an investor owns at every Korean broker, through Koscom's Open API platform.

    Credentials come from the environment: KOSCOM_ENVIRONMENT (production or sandbox) or KOSCOM_BASE_URL,
    KOSCOM_API_KEY, KOSCOM_API_SECRET, KOSCOM_COM_ID, KOSCOM_SRV_ID; and the investor's KOSCOM_CI, KOSCOM_NAME,
    KOSCOM_DEVICE_IP, KOSCOM_DEVICE_MAC. The access token is the one that `koscom login` saved, or
    KOSCOM_ACCESS_TOKEN. None is needed with --sandbox.
    """


for _command in (
    holdings_command,
    accounts_command,
    login_command,
    discretionary_group,
    portfolio_command,
    transactions_command,
    watchlist_command,
    brokers_command,
    errors_command,
    call_command,
    sandbox_group,
):
    koscom_command.add_command(_command)


def run() -> int:
    """Run the command with the arguments of the process, and return its exit code."""
    make_lenient()
    try:
        koscom_command.main(prog_name="koscom")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0

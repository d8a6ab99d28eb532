"""The command `koscom` as a whole: its subcommands, and how it ends."""

from importlib import import_module
from typing import Any

import click

from koscom_async import __version__
from koscom_async.cli.command_list import ENTRIES
from koscom_async.cli.encodings import make_lenient
from koscom_async.cli.exits import EXIT_CODES_HELP, INTERRUPTED, failed


class _Command(click.Group):
    """A group that loads the subcommand that is run, in which an error of ours is one line, and Ctrl-C is quiet."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return sorted(ENTRIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # as above
        if cmd_name not in ENTRIES:
            return None
        entry = ENTRIES[cmd_name]
        command: click.Command = getattr(import_module(f"koscom_async.cli.{entry.module}"), entry.command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # click asks each command for its first sentence: here one that has nothing else stands for it.
        named = [click.Command(name, help=entry.words) for name, entry in ENTRIES.items()]
        click.Group(commands=named).format_commands(ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        from koscom_async.errors import KoscomError  # noqa: PLC0415  # whoever asks for help need not wait for it

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


def run() -> int:
    """Run the command with the arguments of the process, and return its exit code."""
    make_lenient()
    try:
        koscom_command.main(prog_name="koscom")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0

"""The subcommands of `koscom`: where each is, and what is said of it in the list of them all.

A table, so that `koscom --help` loads none of them; a test holds its words against each command's own.
"""

import codecs
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import click

from koscom_async import __version__

# What stands for a mark that the terminal's encoding lacks, so that a minus sign never turns into something else.

_STAND_INS = {
    "−": "-",
    "—": "-",
    "₩": "W",
    "≥": ">",
    "…": ".",
    "→": ">",
    "•": "*",
    "·": ".",
    "└": "-",
    "✓": "v",
    "✗": "x",
    "█": "#",
    "▌": "#",
}


def make_lenient() -> None:
    """Let stdout and stderr write what their encoding has, and stand-ins for the rest."""
    codecs.register_error("koscom_async.stand_in", _stand_in)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="koscom_async.stand_in")


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_STAND_INS.get(letter, "?") for letter in lacking), error.end


# The exit codes of the command, and the one line that it says where it cannot go on.

if TYPE_CHECKING:
    from koscom_async.errors import KoscomError

WHOLE = 0
FAILED = 1
USAGE = 2  # click's own
PARTIAL = 3
INTERRUPTED = 130

EXIT_CODES_HELP = """\b
Exit codes:
  0    every account was read
  1    an error: nothing could be read
  2    the command line is wrong
  3    partial: some accounts could not be read
  130  interrupted (Ctrl-C)"""


class Failed(click.ClickException):
    """Something went wrong that one line can tell."""

    exit_code = FAILED

    def show(self, file: object = None) -> None:
        """Say it on stderr."""
        from koscom_async.export.texts import clean

        click.echo(f"koscom: {clean(self.message)}", err=True)


def failed(error: "KoscomError") -> Failed:
    """Return what the command says of an error."""
    return Failed(str(error))


class Answered(Protocol):
    """Anything that was asked of several accounts."""

    @property
    def complete(self) -> bool: ...
    @property
    def failures(self) -> Sequence[object]: ...
    @property
    def outcomes(self) -> Sequence[object]: ...


def code_of(answer: Answered) -> int:
    """Return the exit code that tells whole, partial and nothing apart."""
    if answer.complete:
        return WHOLE
    return FAILED if len(answer.failures) == len(answer.outcomes) else PARTIAL


# The command `koscom` as a whole: its subcommands, and how it ends.


class _Command(click.Group):
    """A group that loads the subcommand that is run, in which an error of ours is one line, and Ctrl-C is quiet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(ENTRIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ENTRIES:
            return None
        entry = ENTRIES[cmd_name]
        command: click.Command = getattr(
            import_module(f"koscom_async.cli.commands.{entry.module}"), entry.command
        )
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # click asks each command for its first sentence: here one that has nothing else stands for it.
        named = [click.Command(name, help=entry.words) for name, entry in ENTRIES.items()]
        click.Group(commands=named).format_commands(ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        from koscom_async.errors import KoscomError

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


class Entry(NamedTuple):
    """One subcommand: its module below `koscom_async.cli.commands`, the command in it, and its first sentence."""

    module: str
    command: str
    words: str


ENTRIES: Mapping[str, Entry] = {
    "holdings": Entry(
        "holdings",
        "holdings_command",
        "Show what the investor owns at every linked broker, merged.",
    ),
    "accounts": Entry(
        "accounts",
        "accounts_command",
        "List the accounts that the investor has linked.",
    ),
    "login": Entry(
        "login",
        "login_command",
        "Have the investor authorise in a browser, and save the token where the other commands find it.",
    ),
    "discretionary": Entry(
        "discretionary",
        "discretionary_group",
        "Show the accounts under discretionary contract (일임매매) with the firm, at all of its brokers.",
    ),
    "portfolio": Entry(
        "portfolio",
        "portfolio_command",
        "Show what each linked account is made of, with each number as what it is: shares are never added up.",
    ),
    "transactions": Entry(
        "transactions",
        "transactions_command",
        "Show what moved in every linked account, the earliest first; --csv writes rows as they come.",
    ),
    "watchlist": Entry(
        "watchlist",
        "watchlist_command",
        "Show every symbol that the investor watches, and at which brokers, in which groups.",
    ),
    "brokers": Entry(
        "brokers",
        "brokers_command",
        "List the brokers that the library knows; others are learned about when they are asked.",
    ),
    "errors": Entry(
        "errors",
        "errors_command",
        "Explain an error code, or list them all.",
    ),
    "call": Entry(
        "call",
        "call_command",
        "Ask an endpoint that has no command of its own, such as: koscom call GET /v3/market/… --scheme apikey.",
    ),
    "sandbox": Entry(
        "sandbox",
        "sandbox_group",
        "Run the sandbox gateway: three brokers with made-up accounts, on this computer.",
    ),
}

"""The command `koscom` as a whole: its subcommands, how it reports an error, and its exit codes.

Does not import a subcommand before it is run, so that `koscom --help` and completion are quick.
"""

import codecs
import sys
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

import click

from koscom_async import __version__
from koscom_async._hints import near
from koscom_async.cli import INTERRUPTED

WHOLE = 0
FAILED = 1
USAGE = 2  # click's own
PARTIAL = 3
STOPPED = 75  # EX_TEMPFAIL: run it again later


def run() -> int:
    """Run the command with the arguments of the process, and return its exit code."""
    _make_lenient()
    try:
        koscom_command.main(prog_name="koscom")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    return 0


def exit_codes(
    whole: str = "every account was read",
    failed: str = "an error: no account was read",
    *,
    partial: str | None = "partial: some accounts could not be read",
    others: Mapping[int, str] = MappingProxyType({}),
) -> str:
    """Return the epilogue of a command's help; without `partial` for what is there whole or not at all."""
    lines = {WHOLE: whole, FAILED: failed, USAGE: "the command line is wrong"}
    if partial:
        lines[PARTIAL] = partial
    lines |= others
    lines[INTERRUPTED] = "interrupted (Ctrl-C)"
    return "\n".join(("\b", "Exit codes:", *(f"  {code:<3}  {meaning}" for code, meaning in lines.items())))


LISTED = exit_codes("the list is on stdout", "an error: no entry has that name", partial=None)
"""The epilogue of a command that lists what the library knows."""


class Failed(click.ClickException):
    """An error that one line on stderr explains."""

    exit_code = FAILED

    def show(self, file: object = None) -> None:
        from koscom_async.export.texts import clean

        click.echo(f"koscom: {clean(self.message)}", err=True)


class Entry(NamedTuple):
    """One subcommand: its module below `koscom_async.cli.commands`, the command in it, and its short help."""

    module: str
    command: str
    short_help: str


ENTRIES: Mapping[str, Entry] = {
    "accounts": Entry("accounts", "accounts_command", "List the linked accounts."),
    "ask": Entry("operations", "ask_command", "Ask any operation by its name."),
    "batch": Entry("batch", "batch_command", "Holdings of many investors, into files."),
    "brokers": Entry("reference", "brokers_command", "List the known brokers."),
    "call": Entry("call", "call_command", "Call any endpoint."),
    "columns": Entry("reference", "columns_command", "List the columns of data frames."),
    "demo": Entry("demo", "demo_command", "Show holdings as they arrive, in a browser."),
    "discretionary": Entry(
        "discretionary", "discretionary_group", "Contract accounts (일임매매) of the firm."
    ),
    "errors": Entry("errors", "errors_command", "Explain an error code, or list them all."),
    "fields": Entry("reference", "fields_command", "List the wire fields behind the attributes."),
    "holdings": Entry("holdings", "holdings_command", "Holdings at all linked brokers, merged."),
    "login": Entry("login", "login_command", "Log in and save a token."),
    "market": Entry("market", "market_group", "Market data: quotes, bars, order books."),
    "operations": Entry("operations", "operations_command", "List the platform's operations."),
    "portfolio": Entry("portfolio", "portfolio_command", "Portfolio of each account."),
    "sandbox": Entry("sandbox", "sandbox_group", "Run the sandbox gateway."),
    "transactions": Entry("transactions", "transactions_command", "Transactions, oldest first."),
    "watchlist": Entry("watchlist", "watchlist_command", "Watched symbols."),
}
"""The subcommands in alphabetical order. Each summary is at most 50 characters, so that it is never cut."""


class CommandGroup(click.Group):
    """A group that answers a misspelled command with the one that may be meant."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Return the command that is named, or fail."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            meant = near(name, self.list_commands(ctx))
            ctx.fail(f"No such command {name!r}{f'; {meant}' if meant else '.'}")
        return super().resolve_command(ctx, args)


class _Command(CommandGroup):
    """A group that loads the subcommand that is run, reports an error in one line, and is quiet on Ctrl-C."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(ENTRIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ENTRIES:
            return None
        entry = ENTRIES[cmd_name]
        module = import_module(f"koscom_async.cli.commands.{entry.module}")
        command: click.Command = getattr(module, entry.command)
        command.short_help = entry.short_help
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # click would load each command for its summary: here one that has nothing else stands for it.
        named = [click.Command(name, short_help=entry.short_help) for name, entry in ENTRIES.items()]
        click.Group(commands=named).format_commands(ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        from koscom_async.errors import KoscomError, UsageError

        try:
            return super().invoke(ctx)
        except UsageError as error:
            raise click.UsageError(": ".join(filter(None, (error.message, error.advice)))) from error
        except KoscomError as error:
            raise Failed(str(error)) from error
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)


_EPILOGUE = f"""{exit_codes()}

\b
JSON: an object with "version". An answer has "complete", "as_of", "outcomes"
and "failures", and a table its "rows". Decimals are text.

\b
Completion: eval "$(_KOSCOM_COMPLETE=bash_source koscom)" in ~/.bashrc, or
zsh_source in ~/.zshrc; _KOSCOM_COMPLETE=fish_source koscom | source for fish."""


@click.group(
    name="koscom", cls=_Command, epilog=_EPILOGUE, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="koscom")
def koscom_command() -> None:
    """Show what an investor owns at every Korean broker, through Koscom's Open API platform.

    To try it without credentials: koscom holdings --sandbox

    Credentials come from the environment: KOSCOM_ENVIRONMENT (production or sandbox) or KOSCOM_BASE_URL,
    KOSCOM_API_KEY, KOSCOM_API_SECRET, KOSCOM_COM_ID, KOSCOM_SRV_ID; and the investor's KOSCOM_CI, KOSCOM_NAME,
    KOSCOM_DEVICE_IP, KOSCOM_DEVICE_MAC. The access token is the one that `koscom login` saved, or
    KOSCOM_ACCESS_TOKEN.
    """


# What stands for a sign that the terminal's encoding lacks, so that a minus sign never turns into something else.
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


def _make_lenient() -> None:
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

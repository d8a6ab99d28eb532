"""The exit codes of the command, and the one line that it says where it cannot go on."""

import click

from koscom_async.errors import KoscomError
from koscom_async.export.texts import clean
from koscom_async.models.holdings import Holdings

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

    def show(self, file: object = None) -> None:  # noqa: ARG002  # click's signature
        """Say it on stderr."""
        click.echo(f"koscom: {clean(self.message)}", err=True)


def failed(error: KoscomError) -> Failed:
    """Return what the command says of an error."""
    return Failed(str(error))


def code_of(holdings: Holdings) -> int:
    """Return the exit code that tells whole, partial and nothing apart."""
    if holdings.complete:
        return WHOLE
    return FAILED if len(holdings.failures) == len(holdings.outcomes) else PARTIAL

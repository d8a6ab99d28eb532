"""The exit codes of the command, and the one line that it says where it cannot go on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import click

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

    def show(self, file: object = None) -> None:  # noqa: ARG002  # click's signature
        """Say it on stderr."""
        from koscom_async.export.texts import clean  # noqa: PLC0415  # whoever asks for help need not wait for it

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

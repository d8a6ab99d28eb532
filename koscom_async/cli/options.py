"""Options that every command shares which asks several accounts: format, deadline, quiet, gateway.

Does not know the options of a single command.
"""

from collections.abc import Callable
from functools import wraps
from math import isfinite
from typing import Any, Literal

import click
from attrs import frozen

from koscom_async.cli.gateway import Command, gateway_options

JSON_HELP = "Write everything as JSON, decimals as text."
DAY: dict[str, Any] = {"type": click.DateTime(formats=["%Y-%m-%d"]), "metavar": "YYYY-MM-DD"}
HIGHEST_PORT = 65535


@frozen(kw_only=True)
class Form:
    """How an answer is read and written; `quiet` leaves out the progress, never what is missing."""

    format: Literal["table", "json", "csv"]
    deadline: float | None
    quiet: bool


def above_zero(_: click.Context, __: click.Parameter, seconds: float | None) -> float | None:
    """Accept a number of seconds above 0."""
    if seconds is not None and not (isfinite(seconds) and seconds > 0):
        raise click.BadParameter(f"must be above 0 seconds, got {seconds:g}")
    return seconds


DEADLINE = click.option(
    "--deadline",
    type=float,
    metavar="SECONDS",
    callback=above_zero,
    help="Stop after this many seconds, with what was read by then.",
)
QUIET = click.option("-q", "--quiet", is_flag=True, help="Show no progress on stderr.")
_JSON = click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
_CSV = click.option("--csv", "as_csv", is_flag=True, help="Write rows as CSV.")


def add_options(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    """Add options, which the help shows in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def answer_options(command: Command) -> Command:
    """Add what every answer of several accounts can be asked with; the command gets `form` and `gateway`."""

    @wraps(command)
    def collected(
        *arguments: Any, as_json: bool, as_csv: bool, deadline: Any, quiet: bool, **others: Any
    ) -> Any:
        if as_json and as_csv:
            raise click.UsageError("--json and --csv exclude each other")
        form = Form(
            format="json" if as_json else "csv" if as_csv else "table", deadline=deadline, quiet=quiet
        )
        return command(*arguments, form=form, **others)

    return add_options(collected, (_JSON, _CSV, DEADLINE, QUIET, gateway_options))

"""The options that commands share, made once for all of them: which gateway, which format and file, how long.

A command names the formats that it has, and gets what was chosen as `output` and `gateway`. Does not ask, and does
not write.
"""

import re
import sys
from collections.abc import Callable, Sequence
from datetime import date
from functools import wraps
from math import isfinite
from pathlib import Path
from typing import Any, Literal, cast

import click
from attrs import frozen

from koscom_async._hints import near
from koscom_async.cli.access import GatewayOptions
from koscom_async.cli.files import writable

Command = Callable[..., Any]
Format = Literal["table", "json", "csv", "parquet", "xlsx", "html"]

ROWS: tuple[Format, ...] = ("table", "json", "csv", "parquet", "xlsx")
"""What rows of one kind can be written as."""
LISTS: tuple[Format, ...] = ("table", "json", "csv")
"""What a list that is part of the library can be written as."""
BINARY = frozenset({"parquet", "xlsx"})

HIGHEST_PORT = 65535
PORT = click.option(
    "--port",
    type=click.IntRange(0, HIGHEST_PORT),
    metavar="PORT",
    default=0,
    help="The port to listen on.  [default: a free one]",
)

_SUFFIXES: dict[str, Format] = {
    ".txt": "table",
    ".json": "json",
    ".csv": "csv",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".html": "html",
    ".htm": "html",
}
_STDOUT = Path("-")


class Word(click.Choice[str]):
    """One of some words, in any case; a misspelled one is answered with the word that it may stand for."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(words, case_sensitive=False)

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return what is wrong with a word, and which one may be meant."""
        wrong, meant = super().get_invalid_choice_message(value, ctx), near(str(value), self.choices)
        return f"{wrong.rstrip('.')}; {meant}" if meant else wrong


class Day(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A day, as 2024-01-31 or 20240131."""

    name = "day"
    _SPELLED = re.compile(r"\A(\d{4})(-?)(\d{2})\2(\d{2})\Z", re.ASCII)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return what help shows in its place."""
        return "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day, or say how a day is written."""
        if isinstance(value, date):
            return value
        spelled = self._SPELLED.match(str(value))
        if spelled is None:
            self.fail(f"{value!r} is no day: write it as 2024-01-31 or 20240131", param, ctx)
        try:
            return date(*(int(spelled[part]) for part in (1, 3, 4)))
        except ValueError:
            self.fail(f"{value!r} is not in the calendar", param, ctx)


DAY = Day()


def in_order(since: date, until: date) -> None:
    """Refuse a first day after the last, before a call is spent."""
    if since > until:
        raise click.BadParameter(f"{since} is after {until}", param_hint="--since")


def finite(_: click.Context, __: click.Parameter, seconds: float | None) -> float | None:
    """Accept a number of seconds; a deadline of 0 or less has passed."""
    if seconds is not None and not isfinite(seconds):
        raise click.BadParameter(f"must be a number of seconds, got {seconds:g}")
    return seconds


def above_zero(_: click.Context, __: click.Parameter, seconds: float | None) -> float | None:
    """Accept a number of seconds above 0."""
    if seconds is not None and not (isfinite(seconds) and seconds > 0):
        raise click.BadParameter(f"must be above 0 seconds, got {seconds:g}")
    return seconds


def _from_zero(_: click.Context, __: click.Parameter, seconds: float | None) -> float | None:
    if seconds is not None and not (isfinite(seconds) and seconds >= 0):
        raise click.BadParameter(f"must be 0 or more seconds, got {seconds:g}")
    return seconds


def add_options(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    """Add options, which the help shows in this order."""
    for option in reversed(options):
        command = option(command)
    return command


@frozen(kw_only=True)
class OutputOptions:
    """How an answer is asked and written; `quiet` leaves out the progress, never what is missing."""

    format: Format
    file: Path | None = None
    deadline: float | None = None
    quiet: bool = False


def output_options(*formats: Format) -> Callable[[Command], Command]:
    """Add in which of these formats an answer is written, and where; the command gets `output`."""

    def added(command: Command) -> Command:
        @wraps(command)
        def collected(
            *arguments: Any, output: Path | None, format_: str | None, as_json: bool = False, as_csv: bool = False,
            deadline: float | None = None, quiet: bool = False, **others: Any,
        ) -> Any:  # fmt: skip
            file = None if output == _STDOUT else output
            given = {f"--format {format_}": format_, "--json": as_json and "json", "--csv": as_csv and "csv"}
            named = {option: cast("Format", name) for option, name in given.items() if name}
            chosen = _chosen(named, file, default=formats[0])
            refuse_other(chosen, formats, click.get_current_context().command_path)
            if chosen in BINARY and file is None and sys.stdout.isatty():
                raise click.UsageError(f"{chosen} is not for a terminal: add --output FILE, or redirect it")
            options = OutputOptions(format=chosen, file=file, deadline=deadline, quiet=quiet)
            return command(*arguments, output=options, **others)

        return add_options(collected, tuple(_format_options(formats)))

    return added


def _format_options(formats: Sequence[Format]) -> list[Callable[[Command], Command]]:
    by_suffix = click.option(
        "--format",
        "format_",
        type=Word(formats),
        help=f"Output format.  [default: by the suffix of --output, or {formats[0]}]",
    )
    short = [
        click.option(f"--{name}", f"as_{name}", is_flag=True, help=f"Short for --format {name}.")
        for name in ("json", "csv")
        if name in formats
    ]
    file = click.option(
        "--output",
        type=click.Path(path_type=Path),
        callback=writable,
        metavar="FILE",
        help="Write to FILE instead of stdout.",
    )
    return [by_suffix, *short, file]


def _chosen(given: dict[str, Format], file: Path | None, *, default: Format) -> Format:
    if len(set(given.values())) > 1:
        raise click.UsageError(f"{' and '.join(given)} exclude each other")
    if given:
        return next(iter(given.values()))
    suffix = file.suffix.lower() if file else ""
    if suffix and suffix not in _SUFFIXES:
        raise click.BadParameter(
            f"the suffix {suffix!r} names no format: add --format, or use one of {', '.join(_SUFFIXES)}",
            param_hint="--output",
        )
    return _SUFFIXES.get(suffix, default)


def refuse_other(chosen: Format, formats: Sequence[Format], name: str) -> None:
    """Refuse a format that an answer does not have."""
    if chosen not in formats:
        *others, last = formats
        known = f"{', '.join(others)} or {last}" if others else last
        raise click.UsageError(f"{name} cannot be written as {chosen}, only as {known}")


DEADLINE = click.option(
    "--deadline",
    type=float,
    metavar="SECONDS",
    callback=finite,
    help="Stop after this many seconds, with what was read by then.",
)
QUIET = click.option("-q", "--quiet", is_flag=True, help="Show no progress on stderr.")


def answer_options(*formats: Format) -> Callable[[Command], Command]:
    """Add what every question to a gateway can be asked with; the command gets `output` and `gateway`."""

    def added(command: Command) -> Command:
        return add_options(command, (output_options(*formats), DEADLINE, QUIET, gateway_options))

    return added


def gateway_options(command: Command) -> Command:
    """Add the choice of the gateway, which the command gets as `gateway`."""

    @wraps(command)
    def collected(
        *arguments: Any, sandbox: bool, documents: bool, faults: Any, latency: Any, **others: Any
    ) -> Any:
        chosen = GatewayOptions(sandbox=sandbox, documents=documents, faults=faults, latency=latency)
        return command(*arguments, gateway=chosen, **others)

    sandbox = click.option(
        "--sandbox", is_flag=True, help="Ask the embedded sandbox gateway: no credentials needed."
    )
    documents = click.option(
        "--documents", is_flag=True, help="With --sandbox: ask as the person of the platform's documents."
    )
    return sandbox(documents(_fault_options(collected, "With --sandbox: let", "With --sandbox: seconds")))


def rates_by_broker(_: click.Context, __: click.Parameter, texts: Sequence[str]) -> dict[str, float]:
    """Return calls a second by broker, of a repeated `--rate`; one without a broker is under an empty name."""
    return dict(map(_rate, texts))


def _rate(text: str) -> tuple[str, float]:
    broker, _, number = text.rpartition("=")
    try:
        rate = float(number)
    except ValueError:
        rate = 0.0
    if not (isfinite(rate) and rate > 0):
        raise click.BadParameter(f"{text!r} is no number of calls above 0, such as 50 or star=2.5")
    return broker, rate


def fault_options(command: Command) -> Command:
    """Add what a sandbox gateway can do badly."""
    return _fault_options(command, "Let", "Seconds")


def _fault_options(command: Command, let: str, seconds: str) -> Command:
    latency = click.option(
        "--latency",
        type=float,
        metavar="SECONDS",
        callback=_from_zero,
        help=f"{seconds} before each answer.",
    )
    fault = click.option(
        "--fault",
        "faults",
        metavar="BROKER=KIND",
        multiple=True,
        help=f"{let} a broker fail (star=down, cyber=slow, diamond=4001, …: `koscom sandbox faults`). Repeatable.",
    )
    return fault(latency(command))

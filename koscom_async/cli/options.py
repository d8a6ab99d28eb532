"""What `koscom holdings` can be asked for, and which wishes make no sense together."""

import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import click
from attrs import frozen

from koscom_async.cli.main import Failed
from koscom_async.cli.output import savable, writable
from koscom_async.cli.views.groups import HEADINGS
from koscom_async.errors import SettingsError
from koscom_async.models.breakdown import GroupBy
from koscom_async.models.investor import Investor
from koscom_async.settings import Settings
from koscom_async.tokens import FileTokenStore, TokenStore

# Which gateway is asked, and for whom: the platform by the environment's variables, or the embedded sandbox.

if TYPE_CHECKING:
    from koscom_async.sandbox import SandboxGateway

_F = TypeVar("_F", bound=Callable[..., Any])

_HINT = "To see it work without credentials, add --sandbox"


@frozen(kw_only=True)
class Access:
    """Whom to ask and for whom, with the tokens of earlier logins; `sandbox_url` where it is the embedded gateway."""

    settings: Settings
    investor: Investor
    tokens: TokenStore | None = None
    sandbox_url: str | None = None


def from_zero(_: click.Context, __: click.Parameter, seconds: float | None) -> float | None:
    """Accept a number of seconds that may be 0, but must pass some day."""
    if seconds is not None and not (isfinite(seconds) and seconds >= 0):
        raise click.BadParameter(f"must be 0 or more seconds, got {seconds:g}")
    return seconds


def above_zero(_: click.Context, __: click.Parameter, seconds: float | None) -> float | None:
    """Accept a number of seconds above 0."""
    if seconds is not None and not (isfinite(seconds) and seconds > 0):
        raise click.BadParameter(f"must be above 0 seconds, got {seconds:g}")
    return seconds


def misbehaviour_options(command: _F) -> _F:
    """Add what a sandbox gateway can be told to do badly."""
    for option in (
        click.option(
            "--latency",
            type=float,
            metavar="SECONDS",
            callback=from_zero,
            help="With the sandbox: seconds before each answer.",
        ),
        click.option(
            "--fault",
            "faults",
            metavar="BROKER=KIND",
            multiple=True,
            help="With the sandbox: let a broker go wrong (star=down, cyber=slow, diamond=4001, …). Repeatable.",
        ),
    ):
        command = option(command)
    return command


def gateway_options(command: _F) -> _F:
    """Add the choice of the embedded sandbox gateway."""
    sandbox = click.option(
        "--sandbox", is_flag=True, help="Ask the embedded sandbox gateway: no credentials needed."
    )
    return sandbox(misbehaviour_options(command))


@asynccontextmanager
async def opened(*, sandbox: bool, faults: Sequence[str], latency: float | None) -> AsyncIterator[Access]:
    """Yield the access that the options ask for, while the gateway that it needs is running."""
    if not sandbox:
        yield access_from_environment(faults=faults, latency=latency)
        return
    async with embedded_gateway(faults=faults, latency=latency) as gateway:
        yield Access(settings=gateway.settings, investor=gateway.investor, sandbox_url=gateway.url)


@asynccontextmanager
async def opened_settings(
    *, sandbox: bool, faults: Sequence[str], latency: float | None
) -> AsyncIterator[Settings]:
    """Yield the settings alone, for what a firm asks without an investor."""
    if not sandbox:
        _refuse_misbehaviour(faults=faults, latency=latency)
        yield _settings()
        return
    async with embedded_gateway(faults=faults, latency=latency) as gateway:
        yield gateway.settings


def _refuse_misbehaviour(*, faults: Sequence[str], latency: float | None) -> None:
    if faults or latency is not None:
        option = "--fault" if faults else "--latency"
        raise click.UsageError(f"{option} needs --sandbox: only the embedded gateway goes wrong on demand")


def access_from_environment(*, faults: Sequence[str], latency: float | None) -> Access:
    """Return the access that the variables of the environment describe."""
    _refuse_misbehaviour(faults=faults, latency=latency)
    return Access(settings=_settings(), investor=_investor(), tokens=FileTokenStore())


def _settings() -> Settings:
    try:
        return Settings.from_env()
    except SettingsError as error:
        # The error names the argument, and not always the variable.
        variable = f"KOSCOM_{error.setting.upper()}"
        said = f"{variable}: {error}" if os.environ.get(variable) else f"{variable} is not set"
        raise Failed(f"{said}. {_HINT}") from error


def _investor() -> Investor:
    try:
        return Investor.from_env()
    except SettingsError as error:
        raise Failed(f"{error}. {_HINT}") from error


def embedded_gateway(*, faults: Sequence[str], latency: float | None, port: int = 0) -> "SandboxGateway":
    """Return a sandbox gateway that goes wrong as told; a usage error names what it knows."""
    try:
        from koscom_async.sandbox import SandboxGateway  # an extra of its own
    except ImportError as error:
        raise Failed(str(error)) from error
    try:
        return SandboxGateway(port=port, faults=_by_broker(faults), latency=latency or 0.0)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--fault") from error


def _by_broker(faults: Sequence[str]) -> dict[str, str]:
    by_broker: dict[str, str] = {}
    for fault in faults:
        broker, equals, kind = fault.partition("=")
        if not equals or not kind:
            raise click.BadParameter(f"{fault!r} is not BROKER=KIND, such as star=down", param_hint="--fault")
        if broker in by_broker:
            raise click.BadParameter(f"{broker} has two faults: give one", param_hint="--fault")
        by_broker[broker] = kind
    return by_broker


View = Literal["whole", "by", "diff", "explain", "watch"]
Format = Literal["table", "json", "csv", "parquet", "html"]

FORMATS: Mapping[View, tuple[Format, ...]] = {
    "whole": ("table", "json", "csv", "parquet", "html"),
    "by": ("table", "json", "csv"),
    "diff": ("table", "json"),
    "explain": ("table", "json"),
    "watch": ("table",),
}
"""What each view can be given as."""

WATCH_SECONDS = 60.0
LEAST_WATCH_SECONDS = 10.0
"""A portfolio is several calls each time, and a day has 50,000."""

_SUFFIXES: Mapping[str, Format] = {
    ".json": "json",
    ".csv": "csv",
    ".parquet": "parquet",
    ".html": "html",
    ".htm": "html",
}
_STDOUT = Path("-")


@frozen(kw_only=True)
class Wish:
    """What is wanted: a view in a format, where to, and what else is done."""

    view: View
    format: Format
    by: GroupBy | None
    earlier: Path | None
    term: str | None
    with_lots: bool
    output: Path | None
    save: Path | None
    interval: float | None
    deadline: float | None


def _interval(_: click.Context, __: click.Parameter, seconds: float | None) -> float | None:
    if seconds is not None and not LEAST_WATCH_SECONDS <= seconds < float("inf"):
        raise click.BadParameter(
            f"must be {LEAST_WATCH_SECONDS:g} seconds or more, so that brokers are not hammered; got {seconds:g}"
        )
    return seconds


_FILE = click.Path(path_type=Path)

_OPTIONS = (
    click.option(
        "--by",
        type=click.Choice(tuple(HEADINGS)),
        help="Show sums by asset class, product, broker, account or currency.",
    ),
    click.option(
        "--lots", "with_lots", is_flag=True, help="Show the lots of each position: one a row of an account."
    ),
    click.option(
        "--explain",
        "term",
        metavar="CODE_OR_NAME",
        help="Show why a position's numbers are what they are, down to the brokers' rows.",
    ),
    click.option(
        "--diff",
        "earlier",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Show what changed since the holdings that --save wrote to FILE.",
    ),
    click.option(
        "--save",
        type=_FILE,
        callback=savable,
        metavar="FILE",
        help="Also keep the holdings for a later --diff, in a file that only you can read.",
    ),
    click.option(
        "--watch",
        "interval",
        type=float,
        is_flag=False,
        flag_value=WATCH_SECONDS,
        metavar="[SECONDS]",
        callback=_interval,
        help="Ask again and again until Ctrl-C, and show what changes; every "
        f"{WATCH_SECONDS:g} seconds, or so many (at least {LEAST_WATCH_SECONDS:g}).",
    ),
    click.option(
        "--format",
        "format_",
        type=click.Choice(FORMATS["whole"]),
        help="How to write it.  [default: by the name of --output, or table]",
    ),
    click.option("--json", "as_json", is_flag=True, help="Short for --format json."),
    click.option("--csv", "as_csv", is_flag=True, help="Short for --format csv."),
    click.option(
        "--output",
        type=_FILE,
        callback=writable,
        metavar="FILE",
        help="Write it to FILE and not to stdout.",
    ),
    click.option(
        "--deadline",
        type=float,
        metavar="SECONDS",
        callback=above_zero,
        help="Stop after this many seconds, with what was read by then.",
    ),
)


def holdings_options(command: _F) -> _F:
    """Add everything that can be asked for."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def wish_of(
    *,
    by: str | None,
    earlier: Path | None,
    term: str | None,
    format_: str | None,
    as_json: bool,
    as_csv: bool,
    output: Path | None,
    interval: float | None,
    **others: Any,
) -> Wish:
    """Return what the options ask for, or say which of them exclude each other."""
    output = None if output == _STDOUT else output
    wish = Wish(
        view=_view(by=by, earlier=earlier, term=term, interval=interval),
        format=_format(format_, as_json=as_json, as_csv=as_csv, output=output),
        by=cast("GroupBy | None", by),
        earlier=earlier,
        term=term,
        output=output,
        interval=interval,
        **others,
    )
    _check(wish)
    return wish


def _view(*, by: str | None, earlier: Path | None, term: str | None, interval: float | None) -> View:
    given: dict[str, object] = {"--by": by, "--diff": earlier, "--explain": term}
    asked = [option for option, value in given.items() if value is not None]
    if interval is not None:
        # Groups can be watched; what is compared or explained once cannot.
        asked = [*(option for option in asked if option != "--by"), "--watch"]
    if len(asked) > 1:
        raise click.UsageError(f"{asked[0]} and {asked[1]} exclude each other")
    return cast("View", asked[0].removeprefix("--")) if asked else "whole"


def _format(format_: str | None, *, as_json: bool, as_csv: bool, output: Path | None) -> Format:
    given = {f"--format {format_}": format_} if format_ else {}
    given |= ({"--json": "json"} if as_json else {}) | ({"--csv": "csv"} if as_csv else {})
    if len(set(given.values())) > 1:
        raise click.UsageError(f"{' and '.join(given)} exclude each other")
    if given:
        return cast("Format", next(iter(given.values())))
    return _SUFFIXES.get(output.suffix.lower(), "table") if output else "table"


def _check(wish: Wish) -> None:
    name = "koscom holdings" if wish.view == "whole" else f"--{wish.view}"
    if wish.format not in FORMATS[wish.view]:
        *others, last = FORMATS[wish.view]
        known = f"{', '.join(others)} or {last}" if others else last
        raise click.UsageError(f"{name} cannot be given as {wish.format}: only as {known}")
    if wish.with_lots and (wish.view in {"diff", "explain"} or wish.by is not None):
        shown = "--by" if wish.by is not None else name
        raise click.UsageError(f"--lots and {shown} exclude each other: lots stand below positions")
    if wish.interval is not None and (wish.save or wish.output):
        option = "--save" if wish.save else "--output"
        raise click.UsageError(f"--watch and {option} exclude each other: there is no last answer to write")
    if wish.format == "parquet" and wish.output is None and sys.stdout.isatty():
        raise click.UsageError("parquet is not for a terminal: add --output FILE, or redirect it")

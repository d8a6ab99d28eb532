"""Options that several commands share: the gateway to ask, the format, the deadline, and whether progress is shown.

Makes the client and finds the investor, from the environment or from the embedded sandbox. Does not ask anything, and
does not know the options of a single command.
"""

import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import wraps
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

import anyio.to_thread
import click
from attrs import frozen

from koscom_async.cli.main import Failed
from koscom_async.cli.output import write_stderr
from koscom_async.client import Koscom
from koscom_async.errors import KoscomError, SettingsError
from koscom_async.export.texts import clean
from koscom_async.models.investor import Investor
from koscom_async.settings import Settings
from koscom_async.tokens import FileTokenStore, KeyringSeal, TokenStore

if TYPE_CHECKING:
    from koscom_async.sandbox import SandboxGateway

Command = Callable[..., Any]

_HINT = "To try it without credentials, add --sandbox"


@frozen(kw_only=True)
class GatewayOptions:
    """The gateway that the options name; faults and latency are the sandbox's."""

    sandbox: bool
    faults: Sequence[str]
    latency: float | None


@frozen(kw_only=True)
class Access:
    """A client of the gateway; `sandbox_url` is the address of the embedded one."""

    koscom: Koscom
    settings: Settings
    sandbox_url: str | None = None
    sandbox_investor: Investor | None = None

    @property
    def investor(self) -> Investor:
        """The investor of the sandbox or of the environment; commands of the firm need none."""
        return self.sandbox_investor or _investor()


@asynccontextmanager
async def open_client(gateway: GatewayOptions, *, tokens: TokenStore | None = None) -> AsyncIterator[Access]:
    """Yield a client of the gateway, while the embedded one runs if it is needed.

    Without `tokens`, those of the sandbox are kept in memory, and the platform's in the file of `koscom login`.
    """
    if not gateway.sandbox:
        _refuse_faults(gateway)
        settings = _settings()
        tokens = tokens or await token_file()
        async with Koscom(settings, tokens=tokens) as koscom:
            yield Access(koscom=koscom, settings=settings)
        return
    async with (
        embedded_gateway(faults=gateway.faults, latency=gateway.latency) as sandbox,
        Koscom(sandbox.settings, tokens=tokens) as koscom,
    ):
        yield Access(
            koscom=koscom,
            settings=sandbox.settings,
            sandbox_url=sandbox.url,
            sandbox_investor=sandbox.investor,
        )


async def token_file(*, keyring: bool = False) -> FileTokenStore:
    """Return the file of `koscom login`: with the keyring's seal where that is asked for, or where the file is sealed.

    What the file's own checks warn of is written to stderr.
    """
    logging.getLogger("koscom_async.tokens").addHandler(_TO_STDERR)
    store = FileTokenStore()
    if not keyring and not await anyio.to_thread.run_sync(_is_sealed, store):
        return store
    try:
        seal = KeyringSeal()
    except ImportError as error:
        raise Failed(str(error)) from error
    if keyring:
        # Before the browser is sent anywhere: a token that cannot be sealed would be lost.
        await anyio.to_thread.run_sync(seal.seal, b"")
    return FileTokenStore(seal=seal)


def _is_sealed(store: FileTokenStore) -> bool:
    # What is wrong with the file is for those who need a token from it.
    with suppress(KoscomError, OSError):
        return store.is_sealed
    return False


class _ToStderr(logging.Handler):
    """Writes warnings as the command writes its own."""

    def emit(self, record: logging.LogRecord) -> None:
        write_stderr(f"koscom: {clean(record.getMessage())}")


_TO_STDERR = _ToStderr(logging.WARNING)


def embedded_gateway(*, faults: Sequence[str], latency: float | None, **others: Any) -> "SandboxGateway":
    """Return a sandbox gateway with these faults; a usage error lists the brokers and kinds that it has.

    `others` are what else a gateway takes.
    """
    try:
        from koscom_async.sandbox import SandboxGateway
    except ImportError as error:
        raise Failed(str(error)) from error
    try:
        return SandboxGateway(faults=_by_broker(faults), latency=latency or 0.0, **others)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--fault") from error


def gateway_options(command: Command) -> Command:
    """Add the choice of the gateway, which the command gets as `gateway`."""

    @wraps(command)
    def collected(*arguments: Any, sandbox: bool, faults: Any, latency: Any, **others: Any) -> Any:
        chosen = GatewayOptions(sandbox=sandbox, faults=faults, latency=latency)
        return command(*arguments, gateway=chosen, **others)

    sandbox = click.option(
        "--sandbox", is_flag=True, help="Ask the embedded sandbox gateway: no credentials needed."
    )
    return sandbox(_fault_options(collected, "With --sandbox: let", "With --sandbox: seconds"))


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


def _from_zero(_: click.Context, __: click.Parameter, seconds: float | None) -> float | None:
    if seconds is not None and not (isfinite(seconds) and seconds >= 0):
        raise click.BadParameter(f"must be 0 or more seconds, got {seconds:g}")
    return seconds


def _refuse_faults(gateway: GatewayOptions) -> None:
    if gateway.faults or gateway.latency is not None:
        option = "--fault" if gateway.faults else "--latency"
        raise click.UsageError(f"{option} needs --sandbox: only the embedded gateway fails on demand")


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


def _settings() -> Settings:
    try:
        return Settings.from_env()
    except SettingsError as error:
        # The error names the argument, and not always the variable.
        variable = f"KOSCOM_{error.setting.upper()}"
        reason = f"{variable}: {error}" if os.environ.get(variable) else f"{variable} is not set"
        raise Failed(f"{reason}. {_HINT}") from error


def _investor() -> Investor:
    try:
        return Investor.from_env()
    except SettingsError as error:
        raise Failed(f"{error}. {_HINT}") from error


JSON_HELP = "Write everything as JSON, decimals as text."
DAY: dict[str, Any] = {"type": click.DateTime(formats=["%Y-%m-%d"]), "metavar": "YYYY-MM-DD"}
HIGHEST_PORT = 65535


@frozen(kw_only=True)
class OutputOptions:
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
    """Add what every answer of several accounts can be asked with; the command gets `output` and `gateway`."""

    @wraps(command)
    def collected(
        *arguments: Any, as_json: bool, as_csv: bool, deadline: Any, quiet: bool, **others: Any
    ) -> Any:
        if as_json and as_csv:
            raise click.UsageError("--json and --csv exclude each other")
        output = OutputOptions(
            format="json" if as_json else "csv" if as_csv else "table", deadline=deadline, quiet=quiet
        )
        return command(*arguments, output=output, **others)

    return add_options(collected, (_JSON, _CSV, DEADLINE, QUIET, gateway_options))

"""Which gateway is asked, and for whom: the platform by the environment's variables, or the embedded sandbox."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import frozen

from koscom_async.cli.exits import Failed
from koscom_async.errors import SettingsError
from koscom_async.models.investor import Investor
from koscom_async.settings import Settings
from koscom_async.tokens import FileTokenStore, TokenStore

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
        from koscom_async.sandbox import SandboxGateway  # noqa: PLC0415  # an extra of its own
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

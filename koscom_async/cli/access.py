"""The client that a command asks with, and its investor: of the environment, or of the embedded sandbox.

Does not ask anything, and does not know the options of a single command.
"""

import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import click
from attrs import evolve, frozen

from koscom_async.cli.main import Failed
from koscom_async.cli.output import write_stderr
from koscom_async.client import Koscom
from koscom_async.errors import KoscomError, SettingsError
from koscom_async.export.texts import clean
from koscom_async.models.investor import Investor
from koscom_async.settings import BrokerOverrides, Limits, Settings
from koscom_async.tokens import FileTokenStore, KeyringSeal, TokenStore

if TYPE_CHECKING:
    from koscom_async.sandbox import SandboxGateway

_HINT = "To try it without credentials, add --sandbox"


@frozen(kw_only=True)
class GatewayOptions:
    """The gateway that the options name; faults, latency and the documents' person are the sandbox's."""

    sandbox: bool
    documents: bool = False
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
        return self.sandbox_investor or Investor.from_env()


@asynccontextmanager
async def open_client(
    gateway: GatewayOptions,
    *,
    tokens: TokenStore | None = None,
    for_investor: bool = True,
    limits: Limits | None = None,
) -> AsyncIterator[Access]:
    """Yield a client of the gateway, while the embedded one runs if it is needed.

    Without `tokens`, those of the sandbox are kept in memory, and the platform's in the file of `koscom login`.
    """
    if not gateway.sandbox:
        _refuse_sandbox_options(gateway)
        settings = _settings(for_investor=for_investor)
        settings = settings if limits is None else evolve(settings, limits=limits)
        tokens = tokens or await token_file()
        async with Koscom(settings, tokens=tokens) as koscom:
            yield Access(koscom=koscom, settings=settings)
        return
    async with embedded_gateway(
        faults=gateway.faults, latency=gateway.latency, documents=gateway.documents
    ) as sandbox:
        # The documents leave rows out that their answers announce.
        abridged = {each.broker: BrokerOverrides(trust_totals=False) for each in sandbox.ledger.accounts}
        settings = evolve(sandbox.settings, brokers=abridged if gateway.documents else {})
        async with Koscom(settings, tokens=tokens) as koscom:
            yield Access(
                koscom=koscom,
                settings=settings,
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


def embedded_gateway(
    *, faults: Sequence[str], latency: float | None, documents: bool = False, **others: Any
) -> "SandboxGateway":
    """Return a sandbox gateway with these faults; a usage error lists the brokers and kinds that it has.

    With `documents` it has the person of the platform's documents; `others` are what else a gateway takes.
    """
    try:
        from koscom_async.sandbox import SandboxGateway, documents_ledger
    except ImportError as error:
        raise Failed(str(error)) from error
    if documents:
        others["ledger"] = documents_ledger()
    try:
        return SandboxGateway(faults=_by_broker(faults), latency=latency or 0.0, **others)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--fault") from error


def _refuse_sandbox_options(gateway: GatewayOptions) -> None:
    if gateway.documents:
        raise click.UsageError("--documents needs --sandbox: only the embedded gateway has their person")
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


def _settings(*, for_investor: bool) -> Settings:
    """Read the environment; everything that it lacks is named at once."""
    wrong = []
    for read in (Settings.from_env, *((Investor.from_env,) if for_investor else ())):
        try:
            read()
        except SettingsError as error:
            wrong.append(_named(error))
    if wrong:
        raise Failed(f"{'; '.join(wrong)}. {_HINT}")
    return Settings.from_env()


def _named(error: SettingsError) -> str:
    # The error names the argument, and not always the variable.
    variable = f"KOSCOM_{(error.setting or '').upper()}"
    return f"{variable}: {error}" if os.environ.get(variable) and variable not in str(error) else str(error)

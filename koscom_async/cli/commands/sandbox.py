"""`koscom sandbox`: the sandbox gateway in a process of its own, and the faults that it has."""

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from koscom_async._files import OWNERS_FILE
from koscom_async._record import counted
from koscom_async.cli.access import embedded_gateway
from koscom_async.cli.ending import write_list
from koscom_async.cli.files import savable, writable, write_file
from koscom_async.cli.main import LISTED, CommandGroup, Failed, exit_codes
from koscom_async.cli.options import (
    LISTS,
    PORT,
    OutputOptions,
    fault_options,
    output_options,
    rates_by_broker,
)
from koscom_async.cli.output import encode, write_stdout
from koscom_async.cli.views.layout import FAINT, Column, Grid, Row, fitting
from koscom_async.export.texts import clean

if TYPE_CHECKING:
    from koscom_async.sandbox import RateLimit, SandboxGateway

MOST_PEOPLE = 100_000
_FILE = click.Path(path_type=Path)


@click.group(name="sandbox", cls=CommandGroup)
def sandbox_group() -> None:
    """Run the sandbox gateway: three brokers with made-up accounts, on this computer."""


@sandbox_group.command(
    name="serve",
    short_help="Serve until Ctrl-C.",
    epilog=exit_codes("it was stopped", "an error: it cannot serve", partial=None),
)
@PORT
@click.option(
    "--people",
    type=click.IntRange(1, MOST_PEOPLE),
    metavar="N",
    help="Serve N investors who each hold something else, in the place of the example.",
)
@click.option(
    "--documents",
    is_flag=True,
    help="Serve the person of the platform's documents, whose answers are theirs word for word.",
)
@click.option("--seed", type=int, metavar="SEED", help="With --people: draw other people.")
@click.option(
    "--quota", type=click.IntRange(0), metavar="N", help="Calls a day to each service.  [default: 50000]"
)
@click.option(
    "--rate",
    "rates",
    metavar="[BROKER=]N",
    multiple=True,
    callback=rates_by_broker,
    help="Calls a second to a broker, or to each (50, star=2.5, common=20). Repeatable.",
)
@click.option(
    "--env",
    "env_file",
    type=_FILE,
    callback=writable,
    metavar="FILE",
    help="Write the variables to FILE, and not to stdout.",
)
@click.option(
    "--investors",
    "investors_file",
    type=_FILE,
    callback=savable,
    metavar="FILE",
    help="Write all investors, with their tokens, to a .csv or .parquet file.",
)
@fault_options
def serve_command(
    *,
    env_file: Path | None,
    investors_file: Path | None,
    faults: Sequence[str],
    latency: float | None,
    people: int | None,
    documents: bool,
    seed: int | None,
    quota: int | None,
    rates: Mapping[str, float],
    port: int,
) -> None:
    """Serve until Ctrl-C, and print what another terminal needs.

    What it prints is shell: comments, and lines that set the variables. The files are written for you alone, as files
    with tokens are, though all in them is made up.
    """
    if seed is not None and people is None:
        raise click.UsageError("--seed needs --people: only they are drawn")
    if documents and people is not None:
        raise click.UsageError("--documents and --people exclude each other")
    gateway = embedded_gateway(
        faults=faults,
        latency=latency,
        documents=documents,
        port=port,
        **_options(people, seed, quota=quota, rates=rates),
    )

    def on_ready(ready: "SandboxGateway") -> None:
        _write_files(ready, env_file, investors_file)
        write_stdout("\n".join(instructions(ready, env_file, investors_file)))

    try:
        gateway.serve_forever(on_ready=on_ready)
    except OSError as error:
        raise Failed(f"port {port} cannot be used: {error.strerror or error}") from error


def _options(
    people: int | None, seed: int | None, *, quota: int | None, rates: Mapping[str, float]
) -> dict[str, Any]:
    """Return what a gateway takes, without what was not asked for."""
    given = {
        "ledger": None if people is None else _sandbox().crowd(people, seed=seed or 0),
        "quota": quota,
        "rate_limits": _rate_limits(rates) if rates else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _sandbox() -> ModuleType:
    try:
        return import_module("koscom_async.sandbox")
    except ImportError as error:
        raise Failed(str(error)) from error


def _rate_limits(rates: Mapping[str, float]) -> "Mapping[str, RateLimit]":
    """Return the limits by broker; one without a broker holds for those that are not named."""
    gateway = _sandbox().gateway
    # As the client's own limits are by default: a second's calls may come at once.
    named = {broker: gateway.RateLimit(rate, burst=max(1, math.ceil(rate))) for broker, rate in rates.items()}
    others = dict.fromkeys(gateway.NAMES, named.pop("")) if "" in named else {}
    try:
        return {**others, **gateway.known(named)}
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--rate") from error


def _write_files(gateway: "SandboxGateway", env_file: Path | None, investors_file: Path | None) -> None:
    if env_file is not None:
        write_file(env_file, encode("\n".join(assignments(gateway))), mode=OWNERS_FILE)
    if investors_file is not None:
        from koscom_async.batch import write_investors

        named = ((f"sandbox-{number:06}", each) for number, each in enumerate(gateway.investors, 1))
        try:
            write_investors(investors_file, named)
        except ImportError as error:  # an extra
            raise Failed(str(error)) from error


def assignments(gateway: "SandboxGateway") -> Iterator[str]:
    """Yield the gateway's variables as a shell and a reader of .env files take them; its credentials are made up."""
    for variable, value in gateway.environment.items():
        yield f"{variable}={shlex.quote(value)}"


def instructions(
    gateway: "SandboxGateway", env_file: Path | None = None, investors_file: Path | None = None
) -> Iterator[str]:
    """Yield how to use the gateway from another terminal, as lines that a shell can run."""
    yield f"# The sandbox gateway answers at {gateway.url} until Ctrl-C. In another terminal:"
    if env_file is None:
        yield from (f"export {line}" for line in assignments(gateway))
    else:
        yield f"set -a; . {shlex.quote(str(env_file.absolute()))}; set +a"
    if any(account.recorded for account in gateway.ledger.accounts):
        yield "# The documents' answers are abridged (20 rows of 157), so `koscom holdings` cannot read them all."
    if investors_file is not None:
        read = f"koscom batch {shlex.quote(clean(str(investors_file)))} --output night"
        yield f"# {counted(len(gateway.investors), 'investor')}: {read}"
    yield "# and then, for example: koscom holdings"


@sandbox_group.command(name="faults", short_help="List the faults that --fault takes.", epilog=LISTED)
@output_options(*LISTS)
def faults_command(*, output: OutputOptions) -> None:
    """List the faults that --fault takes: `koscom holdings --sandbox --fault star=doubled-row`.

    A platform error code is a fault, too (star=3600); `koscom errors` lists them. An argument follows a colon
    (cyber=drip:0.1).
    """
    kinds = _sandbox().fault_kinds.describe_kinds()
    rows = [{"fault": name, "meaning": what} for name, what in kinds.items()]
    write_list(rows, lambda: FaultsTable(kinds), output)


@frozen
class FaultsTable:
    """One line per fault."""

    kinds: Mapping[str, str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = tuple(Row((Text(name), Text(what, FAINT))) for name, what in self.kinds.items())
        yield fitting(
            [Grid((Column("Fault", least=None), Column("What it does", least=24)), rows)], options.max_width
        )

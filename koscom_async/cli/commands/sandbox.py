"""`koscom sandbox`: the sandbox gateway in a process of its own, and the faults that it has."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click
from attrs import frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from koscom_async.cli.main import Failed, exit_codes
from koscom_async.cli.options import HIGHEST_PORT, embedded_gateway, fault_options
from koscom_async.cli.output import json_text, print_report, write_stdout
from koscom_async.cli.views.layout import FAINT, Column, Grid, Row, fitting

if TYPE_CHECKING:
    from koscom_async.sandbox import SandboxGateway


@click.group(name="sandbox")
def sandbox_group() -> None:
    """Run the sandbox gateway: three brokers with made-up accounts, on this computer."""


@sandbox_group.command(
    name="serve",
    short_help="Serve until Ctrl-C.",
    epilog=exit_codes("it was stopped", "an error: it cannot serve", is_partial=False),
)
@click.option(
    "--port",
    type=click.IntRange(0, HIGHEST_PORT),
    metavar="PORT",
    default=0,
    help="The port to listen on.  [default: a free one]",
)
@fault_options
def serve_command(*, port: int, faults: Sequence[str], latency: float | None) -> None:
    """Serve until Ctrl-C, and print what another terminal needs."""
    gateway = embedded_gateway(faults=faults, latency=latency, port=port)
    try:
        gateway.serve_forever(on_ready=lambda ready: write_stdout("\n".join(instructions(ready))))
    except OSError as error:
        raise Failed(f"port {port} cannot be used: {error.strerror or error}") from error


def instructions(gateway: "SandboxGateway") -> Iterator[str]:
    """Yield how to use the gateway from another terminal; its credentials are made up."""
    yield f"# The sandbox gateway answers at {gateway.url} until Ctrl-C. In another terminal:"
    for variable, value in gateway.environment.items():
        yield f"export {variable}={shlex.quote(value)}"
    yield "koscom holdings"


@sandbox_group.command(name="faults", short_help="List the faults that --fault takes.")
@click.option("--json", "as_json", is_flag=True, help="Write them as a JSON object.")
def faults_command(*, as_json: bool) -> None:
    """List the faults that --fault takes: `koscom holdings --sandbox --fault star=doubled-row`.

    A platform error code is a fault, too (star=3600); `koscom errors` lists them. An argument follows a colon
    (cyber=drip:0.1).
    """
    try:
        from koscom_async.sandbox.fault_kinds import describe_kinds
    except ImportError as error:
        raise Failed(str(error)) from error
    kinds = describe_kinds()
    if as_json:
        write_stdout(json_text(kinds))
    else:
        print_report(FaultsTable(kinds))


@frozen
class FaultsTable:
    """One line per fault."""

    kinds: Mapping[str, str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = tuple(Row((Text(name), Text(what, FAINT))) for name, what in self.kinds.items())
        yield fitting(
            [Grid((Column("Fault", least=None), Column("What it does", least=24)), rows)], options.max_width
        )

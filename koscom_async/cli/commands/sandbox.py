"""`koscom sandbox serve`: the sandbox gateway in a process of its own."""

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from koscom_async.cli.main import Failed, exit_codes
from koscom_async.cli.options import HIGHEST_PORT, embedded_gateway, fault_options
from koscom_async.cli.output import write_stdout

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

"""`koscom call`: any endpoint of the platform, its answer as raw JSON with every digit."""

import asyncio
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import click

from koscom_async.cli.main import EXIT_CODES_HELP
from koscom_async.cli.options import above_zero, gateway_options, opened, opened_settings
from koscom_async.cli.output import give, json_text
from koscom_async.client import Koscom
from koscom_async.models.investor import Investor
from koscom_async.settings import Settings


@click.command(name="call", epilog=EXIT_CODES_HELP)
@click.argument("method")
@click.argument("path")
@click.option(
    "--scheme",
    type=click.Choice(["apikey", "basic", "bearer"]),
    required=True,
    help="Who asks: the firm by its key, the firm by key and secret, the investor by the access token.",
)
@click.option("--body", type=click.File("rb"), metavar="FILE", help="JSON to send; - is standard input.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="Query of the URL. Repeatable.")
@click.option("--broker", help="Whose limits it counts against, where the path does not say.")
@click.option("--repeatable", is_flag=True, help="Try again what failed passingly, though it is no GET.")
@click.option("--deadline", type=float, metavar="SECONDS", callback=above_zero, help="Give up after this.")
@gateway_options
def call_command(
    *,
    method: str,
    path: str,
    scheme: Any,
    body: Any,
    params: Sequence[str],
    broker: str | None,
    repeatable: bool,
    deadline: float | None,
    sandbox: bool,
    faults: Sequence[str],
    latency: float | None,
) -> None:
    """Ask an endpoint that has no command of its own, such as: koscom call GET /v3/market/… --scheme apikey.

    Limits, retries and deadline hold as for every other call. Secrets travel in headers, never in the URL.
    """
    query = dict(_pair(param) for param in params)
    document = None if body is None else _document(body.read())

    async def ask(settings: Settings, investor: Investor | None) -> Any:
        async with Koscom(settings) as koscom:
            return await koscom.call(
                method,
                path,
                scheme=scheme,
                json=document,
                params=query,
                investor=investor,
                broker=broker,
                repeatable=True if repeatable else None,
                deadline=deadline,
            )

    async def read() -> Any:
        if scheme == "bearer":
            async with opened(sandbox=sandbox, faults=faults, latency=latency) as access:
                return await ask(access.settings, access.investor)
        async with opened_settings(sandbox=sandbox, faults=faults, latency=latency) as settings:
            return await ask(settings, None)

    give(raw_json(asyncio.run(read())))


def _pair(param: str) -> tuple[str, str]:
    name, equals, value = param.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"{param!r} is not NAME=VALUE", param_hint="--param")
    return name, value


def _document(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise click.BadParameter("is not JSON", param_hint="--body") from None


def raw_json(document: Any, indent: str = "") -> str:
    """Return a document as JSON in which every number has the digits that came; the standard writer would round."""
    deeper = indent + "  "
    match document:
        case Decimal():
            return str(document)
        case dict() if document:
            lines = (f"{json_text(key)}: {raw_json(each, deeper)}" for key, each in document.items())
            return "{\n" + ",\n".join(deeper + line for line in lines) + f"\n{indent}}}"
        case list() if document:
            return "[\n" + ",\n".join(deeper + raw_json(each, deeper) for each in document) + f"\n{indent}]"
        case _:
            return json_text(document)

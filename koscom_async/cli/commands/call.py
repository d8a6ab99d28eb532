"""`koscom call`: any endpoint of the platform, its answer as raw JSON with every digit."""

import asyncio
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import click

from koscom_async.cli.access import GatewayOptions, open_client
from koscom_async.cli.ending import write
from koscom_async.cli.main import Failed, exit_codes
from koscom_async.cli.options import OutputOptions, Word, answer_options
from koscom_async.cli.output import encode, json_text
from koscom_async.errors import PlatformError, UsageError


@click.command(name="call", epilog=exit_codes("the answer is on stdout", "an error: no answer", partial=None))
@click.argument("method")
@click.argument("path")
@click.option(
    "--scheme",
    type=Word(("apikey", "basic", "bearer")),
    required=True,
    help="Authentication: apikey, basic (key and secret) or bearer (the investor's token).",
)
@click.option("--body", type=click.File("rb"), metavar="FILE", help="JSON to send; - is standard input.")
@click.option(
    "--param", "params", multiple=True, metavar="NAME=VALUE", help="Parameter of the URL's query. Repeatable."
)
@click.option("--broker", metavar="NAME", help="Broker whose limits apply, if not in the path.")
@click.option("--repeatable", is_flag=True, help="Retry temporary failures even if not a GET.")
@answer_options("json")
def call_command(
    *,
    method: str,
    path: str,
    scheme: Any,
    body: Any,
    params: Sequence[str],
    broker: str | None,
    repeatable: bool,
    output: OutputOptions,
    gateway: GatewayOptions,
) -> None:
    """Call an endpoint that has no command of its own, such as: koscom call GET /v3/market/… --scheme apikey.

    Limits, retries and deadline hold as for every other call. Secrets travel in headers, never in the URL. The answer
    is the platform's own JSON.
    """
    query = dict(_pair(param) for param in params)
    document = None if body is None else _document(body.read())

    async def asking() -> Any:
        async with open_client(gateway, for_investor=scheme == "bearer") as access:
            return await access.koscom.call(
                method,
                path,
                scheme=scheme,
                json=document,
                params=query,
                investor=access.investor if scheme == "bearer" else None,
                broker=broker,
                repeatable=True if repeatable else None,
                deadline=output.deadline,
            )

    try:
        answer = raw_json(asyncio.run(asking()))
    except UsageError as error:
        advice = (error.advice or "").replace("params=…", "--param NAME=VALUE")
        raise click.UsageError(f"{error.message}: {advice}" if advice else error.message) from error
    except PlatformError as error:
        # The library's own words name a broker and an endpoint; here neither may be known, and the path is.
        advice = f". What to do: {error.advice}" if error.advice else ""
        raise Failed(f"{method.upper()} {path}: {error.message} (code {error.code}){advice}") from error
    write({"json": lambda: encode(answer)}, output)


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

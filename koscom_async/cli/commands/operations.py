"""`koscom operations` and `koscom ask`: what the platform offers, and any of it by its name."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.text import Text

from koscom_async._hints import near
from koscom_async._wire.catalogue.operations import Operations
from koscom_async.cli.commands.tables import EPILOGUE, table_command
from koscom_async.cli.ending import write_list
from koscom_async.cli.main import LISTED, Failed
from koscom_async.cli.options import LISTS, OutputOptions, output_options
from koscom_async.cli.views.layout import FAINT, HEADING, Column, section
from koscom_async.cli.views.records import Lines
from koscom_async.client import Koscom
from koscom_async.export.rows import plain
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.catalogue.operation import Operation, Parameter

_OPERATIONS = (
    Column("Operation", least=None),
    Column("Method", least=None),
    Column("Specification", least=None),
    Column("What it is", least=20),
)
_ARGUMENTS = (Column("Argument", least=None), Column("Korean term", least=None), Column("Takes", least=16))
_FIELDS = (Column("Attribute", least=None), Column("Korean term", least=None), Column("Wire field", least=16))


@click.command(name="operations", epilog=LISTED)
@click.argument("word", required=False)
@output_options(*LISTS)
def operations_command(*, word: str | None, output: OutputOptions) -> None:
    """List the platform's operations, or those with a word in name, title, path or fields.

    WORD may be Korean (공매도), a wire field (accTrdval) or an operation's whole name, which shows its arguments and
    fields. Specification: where it comes from, or that none is public. `koscom ask OPERATION` asks one.
    """
    operations = Operations(os.environ.get("KOSCOM_CATALOGUE") or None)
    found = (operations[word],) if word and word in operations else operations.find(word or "")
    if not found:
        meant = near(word or "", operations) or "run `koscom operations` for the list"
        raise Failed(f"no operation has {word!r}; {meant}")
    write_list(plain(found), lambda: _list(found), output)


def _list(found: Sequence[Operation]) -> RenderableType:
    if len(found) == 1:
        return Group(*_one(found[0]))
    return Lines(_OPERATIONS, [_summary(each) for each in found])


def _summary(operation: Operation) -> tuple[str, ...]:
    title = operation.title + (f" ({operation.title_ko})" if operation.title_ko else "")
    origin = operation.specification + (", not public" if operation.missing else "")
    return operation.name, operation.method or "not known", origin, title


def _one(operation: Operation) -> Iterator[RenderableType]:
    yield Text.assemble((operation.name, HEADING), f"  {operation.title}")
    facts = {
        "path": ", ".join(operation.paths.values()),
        "asked by": operation.python or ("" if operation.missing else f"koscom.ask({operation.name!r}, …)"),
        "not public": ", ".join(operation.missing),
        "document": operation.document,
        "hours": operation.hours,
        "licence": operation.licence,
        "specification": f"{operation.specification} ({operation.source})",
        "status": operation.status,
    }
    for name, fact in facts.items():
        if fact:
            yield Text.assemble((f"{name}: ", FAINT), fact)
    arguments = [
        (each.name, each.ko or "", _takes(each)) for each in operation.parameters if each.fixed is None
    ]
    if arguments:
        yield from section("Arguments", Lines(_ARGUMENTS, arguments))
    fields = [(each.name, each.ko or "", each.wire) for each in (*operation.head, *operation.fields)]
    if fields:
        yield from section("Answer", Lines(_FIELDS, fields))


def _takes(parameter: Parameter) -> str:
    words = ", ".join(parameter.values) or parameter.kind
    if parameter.default is not None:
        return f"{words}; {parameter.default or 'nothing'} by default"
    if parameter.found_by is not None:
        return f"{words}; found by {parameter.found_by}"
    return words if parameter.required else f"{words}; may be left out"


def _given(_: click.Context, __: click.Parameter, arguments: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or not name or name in {"deadline", "investor", "operation"}:
            raise click.UsageError(f"{name!r} is not NAME=VALUE")
        if name in given:
            raise click.UsageError(f"{name} is given twice; a list has commas between its values")
        given[name] = value
    return given


@click.command(name="ask", epilog=EPILOGUE)
@table_command
@click.argument("operation")
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...", callback=_given)
async def ask_command(
    koscom: Koscom, *, operation: str, arguments: dict[str, Any], deadline: float | None
) -> Answer:
    """Ask any operation by its name, such as: koscom ask market.stocks.price issue=005930.

    `koscom operations NAME` shows what an operation takes. A list has commas between its values. Limits, retries and
    deadline hold as for every other call.
    """
    return await koscom.ask(koscom.operations.named(operation), deadline=deadline, **arguments)

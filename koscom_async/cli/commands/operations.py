"""`koscom operations` and `koscom ask`: what the platform offers, and any of it by its name."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.text import Text

from koscom_async._wire.catalogue.operations import Operations
from koscom_async.cli.commands.reference import Lines
from koscom_async.cli.main import Failed, exit_codes
from koscom_async.cli.options import (
    DEADLINE,
    JSON_HELP,
    GatewayOptions,
    gateway_options,
    open_client,
)
from koscom_async.cli.output import (
    cell,
    csv_table,
    json_text,
    print_report,
    versioned,
    write_stderr,
    write_stdout,
)
from koscom_async.cli.views.layout import FAINT, HEADING, Column, section
from koscom_async.cli.views.records import ColumnsTable
from koscom_async.export.rows import plain
from koscom_async.export.texts import clean
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.catalogue.operation import Operation, Parameter

_OPERATIONS = (
    Column("Operation", least=None),
    Column("Method", least=None),
    Column("Specification", least=None),
    Column("What it is", least=20),
)
_ARGUMENTS = (Column("Argument", least=None), Column("Korean term", least=None), Column("Takes", least=16))
_VALUES = (Column("Attribute", least=None), Column("Korean term", least=None), Column("Value", least=16))
_FIELDS = (Column("Attribute", least=None), Column("Korean term", least=None), Column("Wire field", least=16))


@click.command(name="operations")
@click.argument("word", required=False)
@click.option("--json", "as_json", is_flag=True, help="Write them as a JSON array.")
def operations_command(*, word: str | None, as_json: bool) -> None:
    """List the platform's operations, or those with a word in name, title, path or fields.

    WORD may be Korean (공매도), a wire field (accTrdval) or an operation's whole name, which shows its arguments and
    fields. Specification: where it comes from, or that none is public. `koscom ask OPERATION` asks one.
    """
    operations = Operations(os.environ.get("KOSCOM_CATALOGUE") or None)
    found = (operations[word],) if word and word in operations else operations.find(word or "")
    if not found:
        raise Failed(f"no operation has {word!r}; run `koscom operations` for the list")
    if as_json:
        write_stdout(json_text(plain(found)))
    elif len(found) == 1:
        print_report(Group(*_one(found[0])))
    else:
        print_report(Lines(_OPERATIONS, [_summary(each) for each in found]))


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


@click.command(
    name="ask", epilog=exit_codes("the answer is on stdout", "an error: no answer", is_partial=False)
)
@click.argument("operation")
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
@click.option("--csv", "as_csv", is_flag=True, help="Write rows as CSV.")
@DEADLINE
@gateway_options
def ask_command(
    *,
    operation: str,
    arguments: Sequence[str],
    as_json: bool,
    as_csv: bool,
    deadline: float | None,
    gateway: GatewayOptions,
) -> None:
    """Ask any operation by its name, such as: koscom ask market.stocks.price issue=005930.

    `koscom operations NAME` shows what an operation takes. A list has commas between its values. Limits, retries and
    deadline hold as for every other call.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    given: dict[str, Any] = dict(map(_pair, arguments))

    async def ask() -> tuple[Operation, Answer]:
        async with open_client(gateway) as access:
            asked = access.koscom.operations.named(operation)
            return asked, await access.koscom.ask(asked, deadline=deadline, **given)

    asked, answer = asyncio.run(ask())
    rows = answer.to_dicts()
    if as_json:
        write_stdout(json_text(versioned(plain(_document(answer, rows)))))
    elif as_csv:
        write_stdout(csv_table(tuple(answer.names), rows))
    else:
        print_report(Group(*_page(asked, answer)))
    if not answer.complete:
        write_stderr("koscom: INCOMPLETE: the platform may have more rows")


def _pair(argument: str) -> tuple[str, str]:
    name, equals, value = argument.partition("=")
    if not equals or not name or name in {"deadline", "investor", "operation"}:
        raise click.UsageError(f"{argument.partition('=')[0]!r} is not NAME=VALUE")
    return name, value


def _document(answer: Answer, rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
    return {
        "operation": answer.operation,
        "complete": answer.complete,
        "head": dict(answer.head),
        "rows": rows,
        "notes": answer.notes,
    }


def _page(asked: Operation, answer: Answer) -> Iterator[RenderableType]:
    head = ", ".join(f"{name} {cell(value)}" for name, value in answer.head.items() if value is not None)
    yield Text(" ".join((answer.operation, clean(head))).rstrip(), HEADING)
    if len(answer) == 1:
        terms = {each.name: each.ko or "" for each in reversed(asked.fields)}
        row = answer[0].items()
        yield Lines(
            _VALUES, [(name, terms[name], clean(cell(value))) for name, value in row if value is not None]
        )
    else:
        yield ColumnsTable({name: answer.column(name) for name in answer.names})

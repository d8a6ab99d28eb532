"""`koscom operations` and `koscom ask`: what the platform offers, and any of it by its name."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.text import Text

from koscom_async._clock import korean_now
from koscom_async._hints import near
from koscom_async._wire.catalogue.operations import Operations
from koscom_async.cli.access import GatewayOptions, open_client
from koscom_async.cli.commands.reference import Lines
from koscom_async.cli.ending import single_data, write, write_list
from koscom_async.cli.main import LISTED, Failed, exit_codes
from koscom_async.cli.options import LISTS, ROWS, OutputOptions, answer_options, output_options
from koscom_async.cli.output import cell, write_stderr
from koscom_async.cli.views.layout import FAINT, HEADING, Column, section
from koscom_async.cli.views.records import ColumnsTable, Sheet
from koscom_async.export.rows import plain
from koscom_async.export.tables import QUANTITY, REPORTED_RATE, Type
from koscom_async.export.texts import clean
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.catalogue.operation import Operation, Parameter

_TYPES: Mapping[str, Type] = {
    **dict.fromkeys(("price", "quantity", "money"), QUANTITY),
    "rate": REPORTED_RATE,
    "count": "count",
    "date": "day",
    "flag": "flag",
}
"""The column of each kind of field; every other is text."""
_SHEET_NAME = 31
"""Letters that a spreadsheet's sheet may have in its name."""

_OPERATIONS = (
    Column("Operation", least=None),
    Column("Method", least=None),
    Column("Specification", least=None),
    Column("What it is", least=20),
)
_ARGUMENTS = (Column("Argument", least=None), Column("Korean term", least=None), Column("Takes", least=16))
_VALUES = (Column("Attribute", least=None), Column("Korean term", least=None), Column("Value", least=16))
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


@click.command(
    name="ask", epilog=exit_codes("the answer is on stdout", "an error: no answer", is_partial=False)
)
@click.argument("operation")
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...")
@answer_options(*ROWS)
def ask_command(
    *, operation: str, arguments: Sequence[str], output: OutputOptions, gateway: GatewayOptions
) -> None:
    """Ask any operation by its name, such as: koscom ask market.stocks.price issue=005930.

    `koscom operations NAME` shows what an operation takes. A list has commas between its values. Limits, retries and
    deadline hold as for every other call.
    """
    as_of = korean_now()
    given: dict[str, Any] = dict(map(_pair, arguments))

    async def asking() -> tuple[Operation, Answer]:
        async with open_client(gateway, for_investor=False) as access:
            asked = access.koscom.operations.named(operation)
            return asked, await access.koscom.ask(asked, deadline=output.deadline, **given)

    asked, answer = asyncio.run(asking())
    rows = answer.to_dicts()
    types = {each.name: _TYPES.get(each.kind, "text") for each in asked.fields}
    renderers = {
        "table": lambda: Group(*_page(asked, answer)),
        "json": lambda: single_data(plain(_document(answer, rows)), as_of=as_of),
        **Sheet(asked.name[:_SHEET_NAME], {name: types[name] for name in answer.names}, rows).formats(),
    }
    write(renderers, output)
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

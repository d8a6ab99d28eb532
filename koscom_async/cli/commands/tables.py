"""Commands whose answer is a table of records: it is asked for, and written in each format, with what is missing."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial, wraps
from typing import Any, NoReturn

import anyio
import click
from rich.console import Group, RenderableType
from rich.text import Text

from koscom_async._clock import korean_now
from koscom_async._services.tasks import background
from koscom_async.cli.access import GatewayOptions, open_client
from koscom_async.cli.ending import single_data, write
from koscom_async.cli.main import FAILED, PARTIAL, WHOLE, exit_codes
from koscom_async.cli.options import ROWS, OutputOptions, answer_options
from koscom_async.cli.output import cell, write_stderr
from koscom_async.cli.views.layout import FAINT, HEADING, Column
from koscom_async.cli.views.records import Lines, records_table, renderers_of
from koscom_async.client import Koscom
from koscom_async.export.texts import clean, counted
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.market.table import Table

Ask = Callable[..., Awaitable[Table[Any]]]
"""Asks the client for a table; takes the command's arguments and the deadline."""

EPILOGUE = exit_codes(
    "everything is there", "an error: nothing is there", partial="partial: stderr names the rest"
)
_VALUES = (Column("Attribute", least=None), Column("Korean term", least=None), Column("Value", least=16))
_REPORT_SECONDS = 1.0
"""How often a long question says on stderr how many calls it has made."""


def table_command(ask: Ask) -> Callable[..., NoReturn]:
    """Make what a command does of a question to the client: it asks, writes the answer in its format, and exits."""

    @wraps(ask)
    def run(*, output: OutputOptions, gateway: GatewayOptions, **arguments: Any) -> NoReturn:
        question = partial(ask, deadline=output.deadline, **arguments)
        _finish(asyncio.run(_asked(question, gateway, quiet=output.quiet)), output)

    return answer_options(*ROWS)(run)


async def _asked(question: Ask, gateway: GatewayOptions, *, quiet: bool) -> Table[Any]:
    async with open_client(gateway, for_investor=False) as access, background() as group:
        if not quiet:
            group.start_soon(_report, access.koscom)
        return await question(access.koscom)


async def _report(koscom: Koscom) -> None:
    """Say on stderr how many calls a long question has made."""
    while True:
        await anyio.sleep(_REPORT_SECONDS)
        calls = sum(each.calls for each in koscom.statistics().brokers)
        write_stderr(f"koscom: {counted(calls, 'call')} so far …")


def _finish(answer: Table[Any], output: OutputOptions) -> NoReturn:
    """Write the answer, name on stderr what is missing, and exit."""
    renderers = renderers_of(answer, lambda: Group(*_page(answer)))
    as_of = getattr(answer, "as_of", korean_now())
    data = partial(single_data, answer.to_dicts(), as_of=as_of, complete=answer.complete)
    write({**renderers, "json": data}, output)
    for note in () if answer.complete else answer.notes or ("the platform may have more rows",):
        write_stderr(f"INCOMPLETE: {clean(note)}")
    click.get_current_context().exit(WHOLE if answer.complete else PARTIAL if answer.to_rows() else FAILED)


def _page(answer: Table[Any]) -> Iterator[RenderableType]:
    yield Text(clean(answer.title), HEADING)
    for note in answer.notes:
        yield Text(clean(note), FAINT)
    rows = answer.to_rows()
    if isinstance(answer, Answer) and len(rows) == 1 < len(answer.columns):
        (row,) = rows
        cells = [
            (name, term if term != name else "", clean(cell(row[name]))) for name, term, _ in answer.columns
        ]
        yield Lines(_VALUES, [each for each in cells if each[2]])
    else:
        yield records_table(answer)

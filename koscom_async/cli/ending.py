"""How a command ends: the answer in its format, to stdout or to a file, what is missing, the exit code.

Does not ask, and does not draw.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

import click

from koscom_async.cli.files import write_file
from koscom_async.cli.main import FAILED, PARTIAL, WHOLE, Failed
from koscom_async.cli.options import OutputOptions
from koscom_async.cli.output import (
    csv_table,
    encode,
    json_text,
    print_report,
    text_of,
    versioned,
    write_stderr,
    write_stdout,
)
from koscom_async.cli.views.layout import alarm_lines, doubtful_lines
from koscom_async.export.notes import Answered
from koscom_async.export.rows import plain
from koscom_async.export.texts import clean
from koscom_async.models.holdings import Holdings

Renderers = Mapping[str, Callable[[], Any]]
"""An answer in each format: `table` is drawn, `json` is its own plain data, and the others are text or bytes."""


def finish(
    answer: Answered, renderers: Renderers, output: OutputOptions, *, noun: str = "account"
) -> NoReturn:
    """Write an answer of several accounts, report on stderr what a format may not show to be missing, and exit."""
    write({**renderers, "json": lambda: answer_data(answer, renderers["json"]())}, output)
    if output.format != "table" or output.file is not None:
        report_missing(answer, noun)
    click.get_current_context().exit(exit_code(answer))


def write(renderers: Renderers, output: OutputOptions) -> None:
    """Write an answer in the format and to the place that are asked for."""
    try:
        made = renderers[output.format]()
    except ImportError as error:  # an extra
        raise Failed(str(error)) from error
    if output.file is not None:
        write_file(output.file, _bytes(made, output.format))
        write_stderr(f"written to {clean(str(output.file))}")
    elif output.format == "table":
        print_report(made)
    else:
        write_stdout(_bytes(made, output.format))


def _bytes(made: Any, format_: str) -> bytes:
    if isinstance(made, bytes):
        return made
    match format_:
        case "table":
            return text_of(made).encode()
        case "json":
            return encode(json_text(versioned(made)))
        case _:
            return encode(made)


def write_list(
    rows: Sequence[Mapping[str, Any]],
    table: Callable[[], Any],
    output: OutputOptions,
    *,
    names: Sequence[str] = (),
) -> None:
    """Write a list that is part of the library: rows of plain data, which have `names`, or the table of them."""
    columns = tuple(rows[0]) if rows else tuple(names)
    renderers = {
        "table": table,
        "json": lambda: {"rows": rows},
        "csv": lambda: csv_table(columns, ({name: _cell(row[name]) for name in row} for row in rows)),
    }
    write(renderers, output)


def _cell(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def answer_data(answer: Answered, data: Mapping[str, object]) -> dict[str, object]:
    """Return the JSON of an answer of several accounts: its own data, and what every answer has."""
    accounts = {"outcomes": plain(list(answer.outcomes)), "failures": plain(list(answer.failures))}
    doubts = {"doubts": plain(list(answer.doubts))} if isinstance(answer, Holdings) else {}
    more = {name: each for name, each in (accounts | doubts).items() if name not in data}
    return single_data(dict(data) | more, as_of=answer.as_of, complete=answer.complete)


def single_data(data: Mapping[str, object], *, as_of: datetime, complete: bool = True) -> dict[str, object]:
    """Return the JSON of an answer, with what every answer has: one without accounts has no outcomes and failures."""
    first = {"complete": complete, "as_of": plain(as_of)}
    return first | dict(data) | {name: [] for name in ("outcomes", "failures") if name not in data}


def report_missing(answer: Answered, noun: str = "account") -> None:
    """Write to stderr what could not be read, and what may be counted twice."""
    for line in [*alarm_lines(answer, noun), *doubtful_lines(answer)]:
        write_stderr(line)


def exit_code(answer: Answered) -> int:
    """Return the exit code: everything, something or nothing was read."""
    if answer.complete:
        return WHOLE
    return FAILED if len(answer.failures) == len(answer.outcomes) else PARTIAL

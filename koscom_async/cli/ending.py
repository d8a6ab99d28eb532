"""How every command ends that asks several accounts: the answer in its format, what is missing, the exit code.

Does not ask, and does not draw.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import click

from koscom_async.cli.files import write_file
from koscom_async.cli.main import FAILED, PARTIAL, WHOLE
from koscom_async.cli.output import (
    encoded,
    json_text,
    print_report,
    text_of,
    versioned,
    write_stderr,
    write_stdout,
)
from koscom_async.cli.views.sections import alarm_lines
from koscom_async.export.notes import Answered
from koscom_async.export.rows import plain
from koscom_async.export.texts import clean

Forms = Mapping[str, Callable[[], Any]]
"""An answer in each format: `table` is drawn, `json` is its own plain data, and the others are text or bytes."""


def end(
    context: click.Context,
    answer: Answered,
    forms: Forms,
    *,
    format_: str,
    output: Path | None = None,
    noun: str = "account",
) -> NoReturn:
    """Write an answer, report on stderr what is missing where a format may not show it, and exit."""
    if format_ == "table" and output is None:
        print_report(forms["table"]())
    else:
        data = written(answer, forms, format_)
        if output is None:
            write_stdout(data)
        else:
            write_file(output, data)
            write_stderr(f"written to {clean(str(output))}")
        report_missing(answer, noun)
    context.exit(exit_code(answer))


def written(answer: Answered, forms: Forms, format_: str) -> bytes:
    """Return the bytes of an answer in a format."""
    made = forms[format_]()
    match format_:
        case "table":
            return text_of(made).encode()
        case "json":
            return encoded(json_text(answer_data(answer, made)))
        case _:
            return made if isinstance(made, bytes) else encoded(made)


def answer_data(answer: Answered, data: Mapping[str, object]) -> dict[str, object]:
    """Return the JSON of an answer: its own data, and what every answer of several accounts has."""
    first = {"complete": answer.complete, "as_of": plain(answer.as_of)}
    last = {"outcomes": plain(list(answer.outcomes)), "failures": plain(list(answer.failures))}
    return versioned(first | dict(data) | {key: value for key, value in last.items() if key not in data})


def report_missing(answer: Answered, noun: str = "account") -> None:
    """Write to stderr what could not be read."""
    for line in alarm_lines(answer, noun):
        write_stderr(line)


def exit_code(answer: Answered) -> int:
    """Return the exit code: everything, something or nothing was read."""
    if answer.complete:
        return WHOLE
    return FAILED if len(answer.failures) == len(answer.outcomes) else PARTIAL

"""How a command ends: the answer in its format, to stdout or to a file, what is missing, the exit code.

A file is written whole or not at all; saved holdings are read back. Does not ask, and does not draw.
"""

import os
import stat
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click

from koscom_async._files import replace_file
from koscom_async.cli.main import FAILED, PARTIAL, WHOLE, Failed
from koscom_async.cli.output import (
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

PRIVATE = 0o600
"""For account numbers in full: only the user may read the file."""
USUAL = 0o666
"""Less what the user's umask takes away."""


def writable(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """Accept a file in a directory that can be written to, before anything is asked."""
    if path is None:
        return None
    target = _target(path)
    if target.is_dir():
        raise click.BadParameter(f"{path} is a directory")
    if not target.parent.is_dir():
        raise click.BadParameter(f"there is no directory {target.parent}")
    if not os.access(target if _is_special(target) else target.parent, os.W_OK):
        raise click.BadParameter(f"{path} cannot be written")
    return path


def savable(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Accept a file that can be replaced by a private one."""
    path = writable(context, parameter, path)
    if path is not None and _is_special(_target(path)):
        raise click.BadParameter(f"{path} is no ordinary file, and cannot be kept private")
    return path


def saved_holdings(path: Path) -> Holdings:
    """Return the holdings that `--save` wrote to a file, or fail with what is wrong with it in one line."""
    try:
        return Holdings.from_json(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise Failed(f"{path}: this is not text, so --save did not write it") from None
    except OSError as error:
        raise Failed(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise Failed(f"{path}: {error}") from error


def save(holdings: Holdings, path: Path) -> None:
    """Write holdings for a later `--diff`, with nothing lost, to a file that is the user's alone."""
    write_file(path, holdings.to_json().encode(), mode=PRIVATE)


def write_file(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Put data in the place of what was there, at once; a pipe or a device is written to as it is.

    Without a mode, the file keeps the one it has, or gets the usual one.
    """
    target = _target(path)
    try:
        if _is_special(target):
            target.write_bytes(data)
        else:
            replace_file(target, data, mode=_mode(target) if mode is None else mode)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror or error}") from error


def _target(path: Path) -> Path:
    """Follow links, so that what they point to is replaced, and not they."""
    return Path(os.path.realpath(path))


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else USUAL


Renderers = Mapping[str, Callable[[], Any]]
"""An answer in each format: `table` is drawn, `json` is its own plain data, and the others are text or bytes."""


def finish(
    context: click.Context,
    answer: Answered,
    renderers: Renderers,
    *,
    format_: str,
    output: Path | None = None,
    noun: str = "account",
) -> NoReturn:
    """Write an answer, report on stderr what is missing where a format may not show it, and exit."""
    write_answer(renderers, partial(answer_data, answer), format_=format_, output=output)
    if format_ != "table" or output is not None:
        report_missing(answer, noun)
    context.exit(exit_code(answer))


def write_answer(
    renderers: Renderers,
    document: Callable[[Mapping[str, object]], Mapping[str, object]] = versioned,
    *,
    format_: str,
    output: Path | None,
) -> None:
    """Write an answer in a format, to a file or to stdout; `document` makes the JSON of its data."""
    made = renderers[format_]()
    if format_ == "table" and output is None:
        print_report(made)
        return
    match format_:
        case "table":
            data = text_of(made).encode()
        case "json":
            data = encode(json_text(document(made)))
        case _:
            data = made if isinstance(made, bytes) else encode(made)
    if output is None:
        write_stdout(data)
    else:
        write_file(output, data)
        write_stderr(f"written to {clean(str(output))}")


def answer_data(answer: Answered, data: Mapping[str, object]) -> dict[str, object]:
    """Return the JSON of an answer: its own data, and what every answer of several accounts has."""
    first = {"complete": answer.complete, "as_of": plain(answer.as_of)}
    last = {"outcomes": plain(list(answer.outcomes)), "failures": plain(list(answer.failures))}
    if isinstance(answer, Holdings):
        last["doubts"] = plain(list(answer.doubts))
    return versioned(first | dict(data) | {key: value for key, value in last.items() if key not in data})


def report_missing(answer: Answered, noun: str = "account") -> None:
    """Write to stderr what could not be read, and what may be counted twice."""
    for line in [*alarm_lines(answer, noun), *doubtful_lines(answer)]:
        write_stderr(line)


def exit_code(answer: Answered) -> int:
    """Return the exit code: everything, something or nothing was read."""
    if answer.complete:
        return WHOLE
    return FAILED if len(answer.failures) == len(answer.outcomes) else PARTIAL

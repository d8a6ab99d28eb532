"""What `portfolio`, `transactions` and `watchlist` share: their options, how they end, and what they say is missing."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, TypeAlias, TypeVar

import click
from rich.box import HEAVY
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from koscom_async.cli.main import FAILED, PARTIAL, WHOLE
from koscom_async.cli.options import above_zero, gateway_options
from koscom_async.cli.output import csv_lines, give, json_text, say, show
from koscom_async.cli.views.sections import ALARM, FAINT, HEADING, WARNING
from koscom_async.export.notes import failure_lines
from koscom_async.export.texts import account_name, clean, counted
from koscom_async.models.gathered import Portfolios, Watchlists
from koscom_async.models.outcome import Outcome

Gathered: TypeAlias = Portfolios | Watchlists
_F = TypeVar("_F", bound=Callable[..., Any])


def service_options(command: _F) -> _F:
    """Add formats, deadline and gateway."""
    for option in (
        click.option(
            "--deadline",
            type=float,
            metavar="SECONDS",
            callback=above_zero,
            help="Stop after this many seconds, with what was read by then.",
        ),
        click.option("--csv", "as_csv", is_flag=True, help="Write rows as CSV."),
        click.option("--json", "as_json", is_flag=True, help="Write everything as JSON, decimals as text."),
    ):
        command = option(command)
    return gateway_options(command)


def check_formats(*, as_json: bool, as_csv: bool) -> None:
    """Refuse two formats at once."""
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """Return the exit code that tells whole, partial and nothing apart."""
    failed = sum(not outcome.ok for outcome in outcomes)
    if not failed:
        return WHOLE
    return FAILED if failed == len(outcomes) else PARTIAL


def alarm(outcomes: Sequence[Outcome]) -> list[str]:
    """Return what must not be missed where an account could not be read."""
    failures = [outcome for outcome in outcomes if not outcome.ok]
    if not failures:
        return []
    return [
        f"INCOMPLETE: {len(failures)} of {counted(len(outcomes), 'account')} could not be read",
        *(f"{account_name(each.account)}: {' '.join(_lines(each))}" for each in failures),
    ]


def _lines(outcome: Outcome) -> list[str]:
    error = outcome.error
    return [] if error is None else failure_lines(outcome)  # type: ignore[arg-type]  # it asks for no balance


def answer_with(
    context: click.Context,
    answer: Gathered,
    *,
    title: str,
    table: RenderableType,
    columns: Sequence[str],
    records: Iterable[Mapping[str, object]],
    as_json: bool,
    as_csv: bool,
) -> NoReturn:
    """Give an answer in the form that was asked for, say what is missing, and end with the exit code."""
    if as_json:
        give(json_text(answer.to_dicts()))
    elif as_csv:
        give("\n".join(csv_lines(columns, records)))
    else:
        show(page(title, answer.outcomes, table, noted(answer.outcomes)))
    if as_json or as_csv:
        say_what_is_missing(answer.outcomes)
    context.exit(exit_code(answer.outcomes))


def say_what_is_missing(outcomes: Sequence[Outcome]) -> None:
    """Say it on stderr, where the data on stdout may not."""
    for line in alarm(outcomes):
        say(line)


def page(
    title: str, outcomes: Sequence[Outcome], body: RenderableType, notes: Sequence[str] = ()
) -> RenderableType:
    """Return what a terminal shows: title, alarm, table, notes, and the alarm once more."""
    return Group(*_parts(title, outcomes, body, notes))


def _parts(
    title: str, outcomes: Sequence[Outcome], body: RenderableType, notes: Sequence[str]
) -> Iterator[RenderableType]:
    read = sum(outcome.ok for outcome in outcomes)
    asked = counted(len(outcomes), "account")
    accounts = asked if read == len(outcomes) else f"{read} of {asked}"
    yield Text.assemble((title, HEADING), (f"  {accounts}", FAINT))
    panel = _panel(alarm(outcomes))
    yield from panel
    yield Text()
    yield body
    if notes:
        yield Text()
        yield from (Text.assemble(("• ", WARNING), clean(note)) for note in notes)
    yield from panel


def _panel(lines: Sequence[str]) -> list[RenderableType]:
    if not lines:
        return []
    return [Text(), Panel(Text("\n".join(lines)), box=HEAVY, style=ALARM, padding=(0, 1))]


def noted(outcomes: Sequence[Outcome]) -> list[str]:
    """Return what was tolerated at each account."""
    return [f"{account_name(each.account)}: {note}" for each in outcomes for note in each.trace.notes]

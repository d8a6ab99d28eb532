"""Orders, settlements and trades as tables and as CSV: which column shows what. Nothing is asked here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from koscom_async.cli.output import csv_table
from koscom_async.cli.views.grid import Column, Grid, Row, fitting
from koscom_async.cli.views.sections import ALARM, FAINT, plain_text
from koscom_async.export import amounts
from koscom_async.export.notes import failure_lines
from koscom_async.export.texts import account_name, counted
from koscom_async.models.discretionary.answers import DiscretionaryAnswers, DiscretionaryOutcome

_SIDES = {"1": "sell", "2": "buy", "BID": "sell", "ASK": "buy", "DEP": "in", "WID": "out"}


@frozen
class Shown:
    """One column: the record's attribute, and how the table shows it (CSV shows it as it is)."""

    attribute: str
    header: str
    show: Callable[[Any, Any], str] = lambda _, value: amounts.UNKNOWN if value is None else str(value)
    is_number: bool = False


def _money(row: Any, value: Any) -> str:
    return amounts.amount(value, row.currency)


def _quantity(_: Any, value: Any) -> str:
    return amounts.quantity(value)


def _side(_: Any, value: Any) -> str:
    return amounts.UNKNOWN if value is None else _SIDES.get(str(value), str(value))


def _moment(_: Any, value: Any) -> str:
    return amounts.UNKNOWN if value is None else f"{value:%Y-%m-%d %H:%M:%S}"


NAMED = (Shown("name", "Name"), Shown("code", "Code"))

ORDERS = (
    Shown("ordered_at", "Ordered", _moment),
    Shown("side", "Side", _side),
    *NAMED,
    Shown("quantity", "Quantity", _quantity, is_number=True),
    Shown("price", "Price", _money, is_number=True),
    Shown("executed_quantity", "Executed", _quantity, is_number=True),
    Shown("executed_amount", "Amount", _money, is_number=True),
    Shown("currency", "Cur."),
    Shown("state", "State"),
)
SETTLEMENTS = (
    Shown("settles_on", "Settles"),
    Shown("side", "Side", _side),
    *NAMED,
    Shown("quantity", "Quantity", _quantity, is_number=True),
    Shown("amount", "Amount", _money, is_number=True),
    Shown("cost_total", "Costs", _money, is_number=True),
    Shown("currency", "Cur."),
)
TRADES = (
    Shown("traded_on", "Day"),
    Shown("kind", "Kind", _side),
    *NAMED,
    Shown("quantity_change", "Quantity", _quantity, is_number=True),
    Shown("amount_change", "Amount", _money, is_number=True),
    Shown("cost_total", "Costs", _money, is_number=True),
    Shown("cash", "Cash after", _money, is_number=True),
    Shown("currency", "Cur."),
)


@frozen
class RowsTable:
    """A table for each account, and a line for each that could not be read."""

    answers: DiscretionaryAnswers[Any]
    columns: Sequence[Shown]
    noun: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the tables, and say at both ends what is missing."""
        alarm = self._alarm()
        yield from alarm
        for outcome in self.answers.outcomes:
            yield Text(account_name(outcome.account), "bold")
            yield from self._account(outcome, options.max_width)
        if not self.answers.outcomes:
            yield Text("No account is under contract.")
        yield Text(counted(len(self.answers.rows), self.noun), FAINT)
        yield from alarm

    def _account(self, outcome: DiscretionaryOutcome[Any], width: int) -> Iterator[Any]:
        if outcome.answer is None:
            yield from (plain_text(f"  {line}") for line in failure_lines_of(outcome))
        elif not outcome.answer.rows:
            yield Text(f"  no {self.noun}s", FAINT)
        else:
            yield fitting([self._grid(outcome.answer.rows)], width)

    def _grid(self, rows: Sequence[Any]) -> Grid:
        columns = tuple(Column(each.header, is_number=each.is_number) for each in self.columns)
        return Grid(
            columns, tuple(Row(tuple(self._cell(row, each) for each in self.columns)) for row in rows)
        )

    def _cell(self, row: Any, column: Shown) -> Text:
        return plain_text(column.show(row, getattr(row, column.attribute)))

    def _alarm(self) -> list[Text]:
        text = incomplete(self.answers)
        return [Text(text, ALARM)] if text else []


def failure_lines_of(outcome: DiscretionaryOutcome[Any]) -> list[str]:
    """Return what went wrong at an account, and what to do."""
    return failure_lines(outcome)  # type: ignore[arg-type]  # only its error is read


def incomplete(answers: DiscretionaryAnswers[Any]) -> str | None:
    """Return what must not be missed where an account could not be read; `None` where all were."""
    failed, asked = len(answers.failures), len(answers.outcomes)
    return f"INCOMPLETE: {failed} of {asked} accounts could not be read" if failed else None


def rows_csv(answers: DiscretionaryAnswers[Any], columns: Sequence[Shown]) -> str:
    """Return one row a record, with broker and masked account before it."""
    names = ("broker", "account", *(each.attribute for each in columns))
    return csv_table(names, _csv_rows(answers, columns))


def _csv_rows(answers: DiscretionaryAnswers[Any], columns: Sequence[Shown]) -> Iterator[Mapping[str, object]]:
    for outcome in answers.outcomes:
        for row in outcome.answer or ():
            account = outcome.account
            yield {"broker": account.broker.short_name, "account": account.masked_number} | {
                each.attribute: getattr(row, each.attribute) for each in columns
            }

"""Contract accounts, orders, settlements and trades as tables, as plain data and as CSV: which column shows what.

Does not ask for them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve, frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from koscom_async.cli.views.layout import (
    FAINT,
    LEAST_TEXT_WIDTH,
    NARROW_GAP,
    Column,
    Grid,
    Row,
    fitting,
    name_of,
    plain_text,
)
from koscom_async.cli.views.records import Sheet
from koscom_async.export import amounts
from koscom_async.export.notes import failure_lines
from koscom_async.export.rows import plain
from koscom_async.export.tables import MONEY, QUANTITY, Exact, Type
from koscom_async.export.texts import counted
from koscom_async.models.discretionary.account import DiscretionaryAccount
from koscom_async.models.discretionary.answers import DiscretionaryAnswers, DiscretionaryOutcome

_SIDES = {"1": "sell", "2": "buy", "BID": "sell", "ASK": "buy", "DEP": "in", "WID": "out"}


@frozen
class Shown:
    """One column: the record's attribute, and how the table shows it (CSV shows it as it is)."""

    attribute: str
    header: str
    show: Callable[[Any, Any], str] = lambda _, value: amounts.UNKNOWN if value is None else str(value)
    type: Type = "text"
    least: int | None = LEAST_TEXT_WIDTH


def _money(row: Any, value: Any) -> str:
    return amounts.amount(value, row.currency)


def _quantity(_: Any, value: Any) -> str:
    return amounts.quantity(value)


def _side(_: Any, value: Any) -> str:
    return amounts.UNKNOWN if value is None else _SIDES.get(str(value), str(value))


def _moment(_: Any, value: Any) -> str:
    return amounts.UNKNOWN if value is None else f"{value:%Y-%m-%d %H:%M:%S}"


NAMED = (Shown("name", "Name"), Shown("code", "Code", least=None))

ORDERS = (
    Shown("ordered_at", "Ordered", _moment, "moment"),
    Shown("side", "Side", _side),
    *NAMED,
    Shown("quantity", "Quantity", _quantity, QUANTITY),
    Shown("price", "Price", _money, MONEY),
    Shown("executed_quantity", "Executed", _quantity, QUANTITY),
    Shown("executed_amount", "Amount", _money, MONEY),
    Shown("currency", "Cur."),
    Shown("state", "State"),
)
SETTLEMENTS = (
    Shown("settles_on", "Settles", type="day"),
    Shown("side", "Side", _side),
    *NAMED,
    Shown("quantity", "Quantity", _quantity, QUANTITY),
    Shown("amount", "Amount", _money, MONEY),
    Shown("cost_total", "Costs", _money, MONEY),
    Shown("currency", "Cur."),
)
TRADES = (
    Shown("traded_on", "Day", type="day"),
    Shown("kind", "Kind", _side),
    *NAMED,
    Shown("quantity_change", "Quantity", _quantity, QUANTITY),
    Shown("amount_change", "Amount", _money, MONEY),
    Shown("cost_total", "Costs", _money, MONEY),
    Shown("cash", "Cash after", _money, MONEY),
    Shown("currency", "Cur."),
)


_CONTRACT_STATES = {"0": "in force", "1": "terminated", "2": "matured"}
_CONTRACTS = (
    Column("Code", least=None),
    Column("Broker", least=None),
    Column("Account", least=None),
    Column("Virtual account", least=None),
    Column("Contract", least=None),
)
_CONTRACT_COLUMNS = ("broker", "account", "virtual_account", "status")


@frozen
class RowsTable:
    """A table for each account, and why it is missing where it could not be read."""

    answers: DiscretionaryAnswers[Any]
    columns: Sequence[Shown]
    noun: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for outcome in self.answers.outcomes:
            yield Text(name_of(outcome.account), "bold")
            yield from self._account(outcome, options.max_width)
        if not self.answers.outcomes:
            yield Text("No account is under contract.")
        yield Text(counted(len(self.answers.rows), self.noun), FAINT)

    def _account(self, outcome: DiscretionaryOutcome[Any], width: int) -> Iterator[Any]:
        if outcome.answer is None:
            yield from (plain_text(f"  {line}") for line in failure_lines(outcome))
        elif not outcome.answer.rows:
            yield Text(f"  no {self.noun}s", FAINT)
        else:
            grid = self._grid(outcome.answer.rows)
            tight = evolve(grid, gap=NARROW_GAP)
            yield fitting([grid, tight, tight.folding("Code")], width)

    def _grid(self, rows: Sequence[Any]) -> Grid:
        columns = tuple(
            Column(
                each.header,
                is_number=isinstance(each.type, Exact),
                least=each.least if each.type == "text" else None,
            )
            for each in self.columns
        )
        return Grid(
            columns, tuple(Row(tuple(self._cell(row, each) for each in self.columns)) for row in rows)
        )

    def _cell(self, row: Any, column: Shown) -> Text:
        return plain_text(column.show(row, getattr(row, column.attribute)))


@frozen
class ContractsTable:
    """One line per account under contract."""

    answers: DiscretionaryAnswers[DiscretionaryAccount]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = tuple(map(_contract, self.answers.rows))
        if rows:
            yield fitting([Grid(_CONTRACTS, rows)], options.max_width)
        yield Text(counted(len(rows), "account") + " under contract", FAINT)


def _contract(account: DiscretionaryAccount) -> Row:
    status = str(account.status)
    return Row(
        (
            plain_text(account.broker.code, FAINT),
            plain_text(account.broker.short_name),
            plain_text(account.masked_number),
            plain_text(plain(account)["virtual_number"] or ""),
            plain_text("not known" if account.status is None else _CONTRACT_STATES.get(status, status)),
        )
    )


def answers_data(answers: DiscretionaryAnswers[Any]) -> dict[str, Any]:
    """Return the rows of each account, in its outcome."""
    return {
        "outcomes": [
            plain(each) | {"rows": plain(each.answer.rows if each.answer else ())}
            for each in answers.outcomes
        ]
    }


def rows_sheet(name: str, answers: DiscretionaryAnswers[Any], columns: Sequence[Shown]) -> Sheet:
    """Return one row per record, with broker and masked account before it."""
    types: dict[str, Type] = {"broker": "text", "account": "text"}
    types |= {each.attribute: each.type for each in columns}
    return Sheet(name, types, list(_rows(answers, columns)), answers)


def contracts_sheet(answers: DiscretionaryAnswers[DiscretionaryAccount]) -> Sheet:
    """Return one row per account under contract, numbers masked."""
    rows = [
        {
            "broker": each.broker.short_name,
            "account": each.masked_number,
            "virtual_account": plain(each)["virtual_number"],
            "status": each.status,
        }
        for each in answers.rows
    ]
    return Sheet("contracts", dict.fromkeys(_CONTRACT_COLUMNS, "text"), rows, answers)


def _rows(answers: DiscretionaryAnswers[Any], columns: Sequence[Shown]) -> Iterator[Mapping[str, object]]:
    for outcome in answers.outcomes:
        for row in outcome.answer or ():
            account = outcome.account
            yield {"broker": account.broker.short_name, "account": account.masked_number} | {
                each.attribute: getattr(row, each.attribute) for each in columns
            }

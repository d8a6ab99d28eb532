"""Rows of named columns for a notebook's cell: market data, portfolios, watchlists, transactions, any operation.

A line a row, without the columns that are empty in all of them; of many rows the first and the last.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

import attrs
from attrs import frozen

from koscom_async.export import amounts
from koscom_async.export.html.cells import (
    Child,
    Markup,
    element,
    header,
    joined,
    korean,
    number,
    remarks_list,
    table,
    text_cell,
    view,
)
from koscom_async.export.html.sums import banner, title
from koscom_async.export.notes import Answered
from koscom_async.export.records import columns
from koscom_async.export.texts import account_name, broker_name, clean, counted, kind
from koscom_async.models.account import WON
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.difference import HoldingsDiff
from koscom_async.models.discretionary.answers import DiscretionaryAnswers
from koscom_async.models.explanation import Explanation
from koscom_async.models.gathered import PortfolioLot, Portfolios, Watchlists
from koscom_async.models.member import VirtualAccount
from koscom_async.models.transactions import TransactionHistory

_Row = TypeVar("_Row")

SHOWN = 40
"""Rows of a table in a notebook."""

LONG = 12
"""A table of more rows scrolls."""

NOTES = 12
"""Lines below a table."""

WIDE = 36
"""A text of more characters wraps."""


@frozen
class _Column:
    """A column by its name, with the Korean term below it."""

    name: str
    values: Sequence[object]
    term: str = ""

    @property
    def is_empty(self) -> bool:
        return all(value is None or value is False or value == () for value in self.values)

    @property
    def is_number(self) -> bool:
        return all(value is None or type(value) in {Decimal, int} for value in self.values)


def table_view(what: str, of: type, rows: Sequence[Any], notes: Sequence[str]) -> Markup:
    """Return rows of market data, and what must be known of them."""
    shown = _ends(rows)
    found = [
        _Column(name, [getattr(row, name) for row in shown], term)
        for name, term, _ in columns(of)
        if name != "received_at"
    ]
    return _view(_heading(what), found, len(rows), notes)


def answer_view(answer: Answer) -> Markup:
    """Return the rows of an operation's answer, and what stands above them."""
    shown = [dict(row.__rich_repr__()) for row in _ends(answer.rows)]
    found = [_Column(name, [row[name] for row in shown]) for name in answer.names]
    above = [f"{name} {_text(value)}" for name, value in answer.head.__rich_repr__() if value is not None]
    whole = "" if answer.complete else ", INCOMPLETE"
    heading = _heading(answer.operation, ", ".join((counted(len(answer), "row"), *above)) + whole)
    return _view(heading, found, len(answer), answer.notes)


def portfolios_view(portfolios: Portfolios) -> Markup:
    """Return each instrument, and what each account has of it."""
    shown = _ends(portfolios.positions)
    found = [
        _Column("name", [each.name for each in shown], "종목명"),
        _Column("code", [each.code for each in shown], "종목코드"),
        _Column("kind", list(map(kind, shown)), "상품구분"),
        _Column("quantity", [each.quantity for each in shown], "수량"),
        _Column("held at", [", ".join(map(_part, each.lots)) for each in shown], "계좌"),
    ]
    return _of_accounts("Portfolios", portfolios, found, len(portfolios.positions))


def watchlists_view(watchlists: Watchlists) -> Markup:
    """Return each symbol, and where it is watched."""
    shown = _ends(watchlists.symbols)
    places = [
        ", ".join(
            " · ".join(filter(None, (account_name(each.account), each.group))) for each in symbol.watched
        )
        for symbol in shown
    ]
    found = [
        _Column("code", [each.code for each in shown], "종목코드"),
        _Column("watched at", places, "계좌"),
    ]
    return _of_accounts("Watchlists", watchlists, found, len(watchlists.symbols))


def transactions_view(history: TransactionHistory) -> Markup:
    """Return the transactions, the earliest first."""
    shown = _ends(history.rows)
    terms = {
        "on": "거래일자",
        "account": "계좌",
        "direction": "거래구분",
        "code": "종목코드",
        "amount_change": "금액증감",
        "quantity_change": "수량증감",
        "quantity_after": "잔고수량",
        "signs_contradict": "",
    }
    found = [_Column(name, [getattr(row, name) for row in shown], term) for name, term in terms.items()]
    return _of_accounts(f"Transactions from {history.since} to {history.until}", history, found, len(history))


def discretionary_view(answers: DiscretionaryAnswers[Any]) -> Markup:
    """Return the orders, settlements or trades of contract accounts."""
    rows = [(each.account, row) for each in answers.outcomes if each.ok for row in each.answer.rows]
    shown = _ends(rows)
    names = _names(type(shown[0][1])) if shown else ()
    found = [
        _Column("account", [account for account, _ in shown], "계좌"),
        *(_Column(name, [getattr(row, name) for _, row in shown]) for name in names),
    ]
    return _of_accounts("Discretionary accounts", answers, found, len(rows))


def changes_view(diff: HoldingsDiff) -> Markup:
    """Return what changed from one answer to the next: a line a position, a cash account, an account."""
    none = [None] * 3
    accounts = [
        (each.kind, each.account, *none, None, each.value, None, WON if each.value is not None else None)
        for each in diff.accounts
    ]
    positions = [
        (
            each.kind,
            each.instrument.label,
            each.quantity_before,
            each.quantity_after,
            each.quantity_change,
            each.value_before,
            each.value_after,
            each.value_change,
            each.instrument.currency,
        )
        for each in diff.positions
    ]
    cash = [
        ("cash", each.account, *none, each.before, each.after, each.change, each.currency)
        for each in diff.cash
    ]
    rows = [*accounts, *positions, *cash]
    names = (
        ("change", "변동"),
        ("of", "종목, 계좌"),
        ("quantity before", "변동전 수량"),
        ("quantity", "수량"),
        ("more or less", "수량증감"),
        ("value before", "변동전 금액"),
        ("value", "금액"),
        ("up or down", "금액증감"),
        ("currency", "통화"),
    )
    shown = zip(*_ends(rows), strict=True) if rows else [()] * len(names)
    found = [_Column(name, values, term) for (name, term), values in zip(names, shown, strict=True)]
    compared = counted(len(diff.compared_accounts), "account")
    return _view(_heading("Changes", f"in the {compared} read both times"), found, len(rows))


def explanation_view(explanation: Explanation) -> Markup:
    """Return the lines of an explanation."""
    what, *lines = explanation.lines
    return view(_heading(what), element("ul", [element("li", line) for line in lines], kind="kv-rows"))


def _names(of: type) -> Iterator[str]:
    """Yield what a line shows of a record: the instrument, and every field that is a value and no person's."""
    yield from ("name", "code")
    for field in attrs.fields(of):
        if not field.metadata.keys() & {"omitted", "masked"} and field.default != ():
            yield field.name


def _part(lot: PortfolioLot) -> str:
    """Return a broker, and the number that it gave, as what it is."""
    name, row = broker_name(lot.account), lot.row
    if row.number is None:
        return name
    if row.share is not None:
        return f"{name} {_text(row.share)} %"
    return f"{name} {_text(row.number)}" + ("" if row.quantity is not None else " (share or quantity)")


def _of_accounts(what: str, answer: Answered, found: Sequence[_Column], total: int) -> Markup:
    return _view(joined(title(what, answer), banner(answer)), found, total)


def _heading(what: str, remark: str = "") -> Markup:
    when = element("span", remark, kind="kv-when") if remark else None
    return element("div", element("h2", what, lang="ko"), when, kind="kv-head")


def _view(heading: Child, found: Iterable[_Column], total: int, notes: Sequence[str] = ()) -> Markup:
    more = [f"and {len(notes) - NOTES:,} more"] if len(notes) > NOTES else []
    below = remarks_list([*_left_out(total), *notes[:NOTES], *more])
    kept = [each for each in found if not each.is_empty]
    if not kept:
        return view(heading, element("div", "No rows.", kind="kv-empty"), below)
    head = header(*((each.name, each.term, "" if each.is_number else "kv-line") for each in kept))
    rows = zip(*([_cell(each, value) for value in each.values] for each in kept), strict=True)
    body = element("tbody", [element("tr", row) for row in rows])
    return view(
        heading,
        element("div", table(head, body, is_long=total > LONG), kind="kv-rows"),
        below,
    )


def _left_out(total: int) -> Iterator[str]:
    if total > SHOWN:
        yield f"{total - SHOWN:,} rows in between are not shown"


def _cell(column: _Column, value: object) -> Markup:
    text = _text(value)
    if column.is_number:
        return number(text)
    shown = text if text.isascii() else korean(text)
    return text_cell(shown) if len(text) > WIDE else element("td", shown, kind="kv-line")


def _text(value: object) -> str:
    match value:
        case None:
            text = amounts.UNKNOWN
        case bool():
            text = "✓" if value else ""
        case Decimal() | int():
            text = amounts.as_it_came(value)
        case datetime():
            text = f"{value:%Y-%m-%d %H:%M:%S}"
        case VirtualAccount():
            text = account_name(value)
        case Enum():
            text = _word(value)
        case _:
            text = clean(str(value))
    return text


def _word(code: Enum) -> str:
    """Return a code by its name; one that no document lists stands for itself."""
    return clean(code.name if code.name == code.value else code.name.lower().replace("_", " "))


def _ends(rows: Sequence[_Row]) -> Sequence[_Row]:
    """Return all rows, or of many the first and the last."""
    half = SHOWN // 2
    return rows if len(rows) <= SHOWN else [*rows[:half], *rows[-half:]]

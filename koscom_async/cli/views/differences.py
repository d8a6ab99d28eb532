"""What changed since an earlier answer, as a terminal shows it and as plain data."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from attrs import frozen
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from koscom_async._decimals import exactly, total
from koscom_async.cli.views.grid import Column, Grid, Row, fitting
from koscom_async.cli.views.sections import (
    BAD,
    FAINT,
    GOOD,
    HEADING,
    alarm,
    moment,
    notes_section,
    of_change,
    plain_text,
    section,
    title,
)
from koscom_async.export import amounts
from koscom_async.export.rows import plain
from koscom_async.export.texts import account_name, clean, counted
from koscom_async.models.difference import AccountChange, CashChange, HoldingsDiff, PositionChange
from koscom_async.models.holdings import Holdings

# Changes in words, a line each: for who watches, and for the table's remarks.

ACCOUNT_WORDS: Mapping[str, str] = {
    "appeared": "newly linked",
    "vanished": "no longer linked: what it held is not taken for sold",
    "unreadable": "could not be read: what it held is not taken for sold",
    "readable": "can be read again: what changed meanwhile is not known",
}
ARROW = "→"


@frozen
class ChangeLine:
    """One change: its kind, what changed, and how."""

    kind: str
    what: str
    how: str
    gain: Decimal | None = None
    """What the price alone moved, which gives the line its colour."""

    def __str__(self) -> str:
        return f"{self.kind} {self.what}: {self.how}"


def change_lines(diff: HoldingsDiff) -> Iterator[ChangeLine]:
    """Yield a line for each change: accounts first, as they say what the rest does not cover."""
    for account in diff.accounts:
        yield ChangeLine(account.kind, account_name(account.account), account_words(account))
    for position in diff.positions:
        label = clean(position.instrument.label)
        yield ChangeLine(position.kind, label, _of_position(position), gain(position))
    for cash in diff.cash:
        yield ChangeLine("cash", account_name(cash.account), _of_cash(cash))


def account_words(account: AccountChange) -> str:
    """Return what became of an account, and what was or is known of it."""
    words = ACCOUNT_WORDS[account.kind]
    if account.value is None:
        return words
    was = "" if account.kind in {"appeared", "readable"} else "last seen "
    return f"{words} ({was}with securities of {amounts.money(account.value)})"


def gain(position: PositionChange) -> Decimal | None:
    """Return what the price alone moved: what was bought or sold is no gain and no loss."""
    return position.value_change if position.kind == "repriced" else None


def value_change(position: PositionChange) -> Decimal | None:
    """Return by how much the value differs; what is new or closed differs by all of it."""
    return _of_all(position.kind, position.value_change, position.value_before, position.value_after)


def quantity_change(position: PositionChange) -> Decimal | None:
    """Return by how much the quantity differs; what is new or closed differs by all of it."""
    return _of_all(position.kind, position.quantity_change, position.quantity_before, position.quantity_after)


def _of_all(
    kind: str, change: Decimal | None, before: Decimal | None, after: Decimal | None
) -> Decimal | None:
    if kind == "new":
        return after
    return before.copy_negate() if kind == "closed" and before is not None else change


def _of_position(position: PositionChange) -> str:
    currency = position.instrument.currency
    match position.kind:
        case "new":
            return _held(position.quantity_after, position.value_after, currency)
        case "closed":
            return "was " + _held(position.quantity_before, position.value_before, currency)
        case _:
            return ", ".join(_moves(position, currency)) or "its rows differ"


def _held(quantity: Decimal | None, value: Decimal | None, currency: str) -> str:
    worth = "of unknown value" if value is None else f"worth {amounts.money(value, currency)}"
    return worth if quantity is None else f"{amounts.quantity(quantity)}, {worth}"


def _moves(position: PositionChange, currency: str) -> Iterator[str]:
    if position.quantity_before != position.quantity_after:
        before, after = map(amounts.quantity, (position.quantity_before, position.quantity_after))
        yield f"quantity {before} {ARROW} {after}{_signed(amounts.quantity_change(position.quantity_change))}"
    if position.kind == "changed" and position.cost_before != position.cost_after:
        yield f"cost {_from_to(position.cost_before, position.cost_after, currency)}"
    if position.value_before != position.value_after:
        moved = _from_to(position.value_before, position.value_after, currency)
        yield f"value {moved}{_signed(amounts.money_change(position.value_change, currency))}"


def _of_cash(cash: CashChange) -> str:
    moved = _from_to(cash.before, cash.after, cash.currency)
    return f"{moved}{_signed(amounts.money_change(cash.change, cash.currency))}"


def _from_to(before: Decimal | None, after: Decimal | None, currency: str) -> str:
    return f"{amounts.money(before, currency)} {ARROW} {amounts.money(after, currency)}"


def _signed(change: str) -> str:
    return "" if change == amounts.UNKNOWN else f" ({change})"


_COLUMNS: Mapping[str, Column] = {
    "kind": Column("Change", least=None),
    "name": Column("Name", least=12),
    "code": Column("Code", least=None),
    "quantity_before": Column("Quantity before", is_number=True),
    "quantity": Column("Quantity", is_number=True),
    "quantity_change": Column("More/less", is_number=True),
    "value_before": Column("Value before", is_number=True),
    "value": Column("Value", is_number=True),
    "value_change": Column("Up/down", is_number=True),
}
_DROPPED = (
    (),
    ("quantity_before",),
    ("quantity_before", "code"),
    ("quantity_before", "code", "value_before"),
    ("quantity_before", "code", "value_before", "quantity"),
)

_CASH = (
    Column("Account", least=10),
    *(Column(header, is_number=True) for header in ("Cash before", "Cash", "Up/down")),
)
_ACCOUNTS = (Column(least=None), Column(least=10), Column(least=24))

_STYLES: Mapping[str, str] = {"new": "bold", "closed": "bold", "more": "", "less": ""}
_ACCOUNT_STYLES: Mapping[str, str] = {"appeared": GOOD, "readable": GOOD, "vanished": BAD, "unreadable": BAD}


def difference_report(later: Holdings, earlier: Holdings) -> RenderableType:
    """Return what changed, and what could not be compared."""
    return Group(*_parts(later, earlier, later.diff(earlier)))


def difference_data(later: Holdings, earlier: Holdings) -> dict[str, Any]:
    """Return what changed as plain data, which says whether the answers are whole."""
    return {
        "complete": later.complete,
        "as_of": plain(later.as_of),
        "earlier_complete": earlier.complete,
        "earlier_as_of": plain(earlier.as_of),
        **plain(later.diff(earlier)),
    }


def _parts(later: Holdings, earlier: Holdings, diff: HoldingsDiff) -> Iterator[RenderableType]:
    yield title(later, "Changes")
    compared = counted(len(diff.compared_accounts), "account")
    yield Text(f"since {moment(earlier)}, in the {compared} read both times", FAINT)
    yield from alarm(later)
    if diff.accounts:
        rows = tuple(map(_account_row, diff.accounts))
        yield from section("Accounts that cannot be compared", _Fitting((Grid(_ACCOUNTS, rows),)))
    yield from change_sections(diff)
    if not (diff.positions or diff.cash):
        yield from section("Positions and cash", Text(_nothing(diff), FAINT))
    yield from notes_section(list(_notes(earlier, diff)))
    yield from alarm(later)


def change_sections(diff: HoldingsDiff) -> Iterator[RenderableType]:
    """Yield the positions and the cash that changed; a table for each currency."""
    for currency in sorted(
        {each.instrument.currency for each in diff.positions}, key=lambda each: (each != "KRW", each)
    ):
        changes = [each for each in diff.positions if each.instrument.currency == currency]
        yield from section(f"Positions in {currency}", _Fitting(tuple(_position_grids(changes, currency))))
    for currency in sorted({each.currency for each in diff.cash}, key=lambda each: (each != "KRW", each)):
        rows = tuple(_cash_row(each) for each in diff.cash if each.currency == currency)
        yield from section(f"Cash in {currency}", _Fitting((Grid(_CASH, rows),)))


def _nothing(diff: HoldingsDiff) -> str:
    if not diff.compared_accounts:
        return "No account was read both times: nothing can be compared."
    return f"Nothing changed in the {counted(len(diff.compared_accounts), 'account')} read both times."


def _notes(earlier: Holdings, diff: HoldingsDiff) -> Iterator[str]:
    failed = len(earlier.failures)
    if failed:
        asked = counted(len(earlier.outcomes), "account")
        yield f"The earlier answer was partial too: {failed} of {asked} could not be read then"
    compared = {account.key for account in diff.compared_accounts}
    named = {change.account.key for change in diff.accounts}
    for failure in earlier.failures:
        if failure.account.key not in compared | named:
            yield f"{account_name(failure.account)} could not be read either time"


@frozen
class _Fitting:
    """The first of some grids that fits where it is drawn."""

    grids: Sequence[Grid]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield fitting(self.grids, options.max_width)


def _position_grids(changes: Sequence[PositionChange], currency: str) -> Iterator[Grid]:
    lines = [(_cells(change), "") for change in changes]
    with exactly():
        moved = total(value_change(change) for change in changes)
    lines.append(({"name": Text("In all"), "value_change": Text(amounts.change(moved, currency))}, HEADING))
    for dropped in _DROPPED:
        keys = [key for key in _COLUMNS if key not in dropped]
        yield Grid(
            tuple(_COLUMNS[key] for key in keys),
            tuple(Row(tuple(cells.get(key, Text()) for key in keys), style=style) for cells, style in lines),
        )


def _cells(change: PositionChange) -> dict[str, Text]:
    currency = change.instrument.currency
    cells = {
        "kind": Text(change.kind, _STYLES.get(change.kind, FAINT)),
        "name": plain_text(change.instrument.label),
        "code": plain_text(change.instrument.code or amounts.UNKNOWN, FAINT),
    }
    if change.kind != "new":
        cells["quantity_before"] = Text(amounts.quantity(change.quantity_before), FAINT)
        cells["value_before"] = Text(amounts.amount(change.value_before, currency), FAINT)
    if change.kind != "closed":
        cells["quantity"] = Text(amounts.quantity(change.quantity_after))
        cells["value"] = Text(amounts.amount(change.value_after, currency))
    if change.quantity_before != change.quantity_after:
        cells["quantity_change"] = Text(amounts.quantity_change(quantity_change(change)))
    style = of_change(gain(change)) if gain(change) else ""
    cells["value_change"] = Text(amounts.change(value_change(change), currency), style)
    return cells


def _cash_row(change: CashChange) -> Row:
    return Row(
        (
            Text(account_name(change.account)),
            Text(amounts.amount(change.before, change.currency), FAINT),
            Text(amounts.amount(change.after, change.currency)),
            Text(amounts.change(change.change, change.currency)),
        )
    )


def _account_row(change: AccountChange) -> Row:
    style = _ACCOUNT_STYLES[change.kind]
    return Row(
        (
            Text(change.kind, style),
            Text(account_name(change.account)),
            Text(clean(account_words(change)), FAINT),
        )
    )

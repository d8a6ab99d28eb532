"""What changed since an earlier answer, as a terminal shows it and as plain data."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from koscom_async._decimals import exactly, total
from koscom_async.cli.views.changes import account_words, gain, quantity_change, value_change
from koscom_async.cli.views.layout import (
    BAD,
    FAINT,
    GOOD,
    HEADING,
    Column,
    Grid,
    Row,
    alarm,
    fitting,
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
    """Return what changed as plain data, and whether the earlier answer was whole."""
    return {
        "earlier_complete": earlier.complete,
        "earlier_as_of": plain(earlier.as_of),
        **plain(later.diff(earlier)),
    }


def _parts(later: Holdings, earlier: Holdings, diff: HoldingsDiff) -> Iterator[RenderableType]:
    yield title(later, "Changes")
    compared = counted(len(diff.compared_accounts), "account")
    yield Text(f"since {moment(earlier.as_of)}, in the {compared} read both times", FAINT)
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

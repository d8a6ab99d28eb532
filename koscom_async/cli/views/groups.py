"""Holdings broken down, on a terminal: a line per group, a bar for its share, the totals below.

Does not compute the groups.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from attrs import evolve, fields, frozen
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.console import Group as Parts
from rich.text import Text

from koscom_async.cli.views.layout import (
    BAR,
    FAINT,
    HEADING,
    NARROW_GAP,
    Column,
    Grid,
    Row,
    alarm,
    fitting,
    notes_section,
    of_change,
    plain_text,
    section,
    title,
)
from koscom_async.cli.views.positions import totals_cells
from koscom_async.cli.views.records import Sheet
from koscom_async.export import amounts
from koscom_async.export.notes import notes
from koscom_async.export.rows import plain
from koscom_async.export.tables import MONEY, RETURN, WEIGHT, Type
from koscom_async.export.texts import CLASSES, product_word
from koscom_async.models.account import WON
from koscom_async.models.breakdown import UNKNOWN, Group, GroupBy
from koscom_async.models.holdings import Holdings, Totals

HEADINGS: Mapping[GroupBy, str] = {
    "class": "Asset class",
    "product": "Product",
    "broker": "Broker",
    "account": "Account",
    "currency": "Currency",
}
"""Every way to break holdings down, with the word for it."""

_WITHOUT_CASH = ("class", "product")

_COLUMNS: Mapping[str, Column] = {
    "name": Column(least=None),
    "positions": Column("Positions", is_number=True),
    "cost": Column("Cost", is_number=True),
    "value": Column("Value", is_number=True),
    "profit_loss": Column("Profit/loss", is_number=True),
    "return": Column("Return", is_number=True),
    "cash": Column("Cash", is_number=True),
    "unsettled": Column("Unsettled", is_number=True),
    "weight": Column("Weight", is_number=True),
    "bar": Column(least=None),
}

# What a narrower terminal leaves out, one after the other.
_DROPPED = ((), ("bar",), ("bar", "positions"), ("bar", "positions", "cost"))

LEAST_NAME = 10
"""Below this many cells a name is not broken in two."""

BAR_CELLS = 16
_FULL, _HALF = "█", "▌"


def groups_report(holdings: Holdings, by: GroupBy) -> RenderableType:
    """Return the holdings broken down, with the alarm of a partial answer above and below."""
    return Parts(*_parts(holdings, by))


def groups_data(holdings: Holdings, by: GroupBy) -> dict[str, Any]:
    """Return the groups as plain data."""
    return {"by": by, "groups": plain(holdings.by(by))}


def _parts(holdings: Holdings, by: GroupBy) -> Iterator[RenderableType]:
    yield title(holdings)
    yield from alarm(holdings)
    yield from groups_sections(holdings, by)
    yield from notes_section([*_cash_note(holdings, by), *notes(holdings)])
    yield from alarm(holdings)


def groups_sections(holdings: Holdings, by: GroupBy) -> Iterator[RenderableType]:
    """Yield a table for each currency, as currencies are never added."""
    for totals in holdings.all_totals:
        groups = [group for group in holdings.by(by) if group.currency == totals.currency]
        if groups:
            table = GroupsTable(holdings, by, groups, totals)
            yield from section(f"By {HEADINGS[by].lower()}, in {totals.currency}", table)
    if not holdings.by(by) and holdings.reconciliation:
        yield from section(f"By {HEADINGS[by].lower()}", Text("Nothing is held.", FAINT))


def _cash_note(holdings: Holdings, by: GroupBy) -> list[str]:
    counted = next((each.counted for each in holdings.cash if each.currency == WON), None)
    if by not in _WITHOUT_CASH or not counted:
        return []
    cash = amounts.money(counted)
    return [f"Cash of {cash} is in no {HEADINGS[by].lower()}, and part of the whole that the weights are of"]


@frozen
class GroupsTable:
    """The groups of one currency, and its totals."""

    holdings: Holdings
    by: GroupBy
    groups: Sequence[Group]
    totals: Totals

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = [*((_cells(group, self.by), "") for group in self.groups), (self._total(), HEADING)]
        unused = [
            key
            for key in ("cash", "unsettled", "weight", "bar")
            if not any(key in cells for cells, _ in lines)
        ]
        grids = [self._grid(lines, (*dropped, *unused)) for dropped in _DROPPED]
        first, *others = grids[-1].columns
        broken = evolve(grids[-1], columns=(evolve(first, least=LEAST_NAME), *others))
        yield fitting([*grids, evolve(grids[-1], gap=NARROW_GAP), broken], options.max_width)

    def _total(self) -> dict[str, Text]:
        currency = self.totals.currency
        held = [each for each in self.holdings.positions if each.instrument.currency == currency]
        cells = totals_cells(self.totals, held)
        if self.by not in _WITHOUT_CASH and self.totals.cash is not None:
            cells |= _cash_cells(self.totals, currency)
        return cells

    def _grid(self, lines: Sequence[tuple[Mapping[str, Text], str]], dropped: Sequence[str]) -> Grid:
        keys = [key for key in _COLUMNS if key not in dropped]
        columns = [_COLUMNS[key] for key in keys]
        columns[0] = Column(HEADINGS[self.by], least=None)
        rows = (Row(tuple(cells.get(key, Text()) for key in keys), style=style) for cells, style in lines)
        return Grid(tuple(columns), tuple(rows))


def group_name(group: Group, by: GroupBy) -> str:
    """Return the words for a group."""
    match by:
        case "class":
            return CLASSES.get(group.key, group.key)
        case "product":
            return "not known" if group.key == UNKNOWN else product_word(group.key)
        case _:
            return group.label.strip() or group.key


def _cells(group: Group, by: GroupBy) -> dict[str, Text]:
    currency, style = group.currency, of_change(group.profit_loss)
    cells = {
        "name": plain_text(group_name(group, by)),
        "positions": Text(f"{group.positions:,}"),
        "cost": Text(_cost(group)),
        "value": Text(amounts.amount(group.value, currency)),
        "profit_loss": Text(amounts.change(group.profit_loss, currency), style),
        "return": Text(amounts.percent(group.return_pct), style),
    }
    if group.cash is not None:
        cells |= _cash_cells(group, currency)
    if group.weight is not None:
        cells["weight"] = Text(amounts.weight(group.weight))
        cells["bar"] = Text(bar(group.weight), BAR)
    return cells


def _cash_cells(sums: Group | Totals, currency: str) -> dict[str, Text]:
    cells = {"cash": Text(amounts.amount(sums.cash, currency))}
    if sums.unsettled:
        cells["unsettled"] = Text(amounts.change(sums.unsettled, currency))
    return cells


def _cost(group: Group) -> str:
    """Return the cost, marked where it is only a part, and unknown where no broker reports one."""
    shown = amounts.amount(group.cost, group.currency)
    if group.cost is None or group.value_without_cost == 0:
        return shown
    return amounts.AT_LEAST + shown if group.cost else amounts.UNKNOWN


def bar(share: Decimal) -> str:
    """Return a share of the whole, from 0 to 1, as a bar; what is small is not shown as nothing."""
    halves = int((share * BAR_CELLS * 2).quantize(Decimal(1), ROUND_HALF_UP)) if 0 < share <= 1 else 0
    halves = max(halves, 1 if share > 0 else 0)
    return _FULL * (halves // 2) + _HALF * (halves % 2)


_TYPES: Mapping[str, Type] = {
    **dict.fromkeys(("key", "label", "currency"), "text"),
    "positions": "count",
    "return_pct": RETURN,
    "weight": WEIGHT,
}
_SHEET: Mapping[str, Type] = {each.name: _TYPES.get(each.name, MONEY) for each in fields(Group)}


def groups_sheet(holdings: Holdings, by: GroupBy) -> Sheet:
    """Return one row per group; what is not known, or does not apply, is empty."""
    rows = [{name: getattr(group, name) for name in _SHEET} for group in holdings.by(by)]
    return Sheet("groups", _SHEET, rows, holdings)

"""The positions of one currency as a table: one line each where there is room, folded in two where there is not.

And all positions, or their lots, as CSV, with every digit.
"""

from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve, frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from koscom_async.cli.output import csv_table
from koscom_async.cli.views.layout import (
    FAINT,
    HEADING,
    NARROW_GAP,
    WARNING,
    Column,
    Grid,
    Row,
    fitting,
    of_change,
    plain_text,
)
from koscom_async.export import amounts
from koscom_async.export.texts import account_name, clean, kind, trade_type_word
from koscom_async.models.doubts import has_any
from koscom_async.models.holdings import Holdings, Totals
from koscom_async.models.positions import Lot, Position

_COLUMNS: Mapping[str, Column] = {
    "name": Column("Name", least=None),
    "code": Column("Code", least=None),
    "kind": Column("Kind", least=None),
    "brokers": Column("Brokers", least=10),
    "quantity": Column("Quantity", is_number=True),
    "cost": Column("Cost", is_number=True),
    "value": Column("Value", is_number=True),
    "profit_loss": Column("Profit/loss", is_number=True),
    "return": Column("Return", is_number=True),
    "weight": Column("Weight", is_number=True),
}

# What a narrower terminal leaves out, one after the other.
_DROPPED = ((), ("code",), ("code", "kind"))

_LEAST_NAME = 24
"""Below this many cells a name is not broken in two, but the position folded."""

_PAIRS = (("quantity", "weight"), ("value", "cost"), ("profit_loss", "return"))
"""What stands above what where a position is folded in two lines."""

_FOLDED = (
    Column("Name\nKind, brokers", least=18),
    *(Column("\n".join(_COLUMNS[key].header for key in pair), is_number=True) for pair in _PAIRS),
)

_EMPTY = Text()


@frozen
class Line:
    """One line of the table: its cells by the column's name."""

    cells: Mapping[str, Text]
    style: str = ""


@frozen
class PositionsTable:
    """Positions of one currency, their lots if wanted, and the totals below; as wide as the terminal is."""

    positions: Sequence[Position]
    totals: Totals
    with_lots: bool = False
    marks: frozenset[str] = frozenset()
    """The marks of the rows that may be counted twice"""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = self._lines()
        weightless = () if any(position.weight is not None for position in self.positions) else ("weight",)
        wide = [_one_line_each(lines, (*dropped, *weightless)) for dropped in _DROPPED]
        tight = evolve(wide[-1], gap=NARROW_GAP)
        name, *others = tight.columns
        broken = evolve(tight, columns=(evolve(name, least=_LEAST_NAME), *others))
        yield fitting([*wide, tight, broken, _folded(lines)], options.max_width)

    def _lines(self) -> list[Line]:
        lines: list[Line] = []
        for position in self.positions:
            lines.append(Line(self._marked(position_cells(position), position.lots)))
            if self.with_lots:
                currency = position.instrument.currency
                lots = ((lot_cells(lot, currency), lot) for lot in position.lots)
                lines.extend(Line(self._marked(cells, [lot]), FAINT) for cells, lot in lots)
        return [*lines, Line(totals_cells(self.totals, self.positions), HEADING)]

    def _marked(self, cells: dict[str, Text], lots: Sequence[Lot]) -> dict[str, Text]:
        if has_any(lots, self.marks):
            cells["name"] = Text.assemble(cells["name"], (" (doubtful)", WARNING))
        return cells


def position_cells(position: Position) -> dict[str, Text]:
    """Return the cells of a position, by column."""
    currency = position.instrument.currency
    return {
        "name": plain_text(position.instrument.name or amounts.UNKNOWN),
        "code": plain_text(position.instrument.code or amounts.UNKNOWN, FAINT),
        "kind": plain_text(kind(position.instrument), FAINT),
        "brokers": plain_text(" ".join(brokers(position))),
        "quantity": Text(amounts.quantity(position.quantity)),
        "cost": Text(amounts.cost(position)),
        "value": Text(amounts.amount(position.value, currency)),
        "profit_loss": _change(amounts.change(position.profit_loss, currency), position),
        "return": _change(amounts.percent(position.return_pct), position),
        "weight": Text(amounts.weight(position.weight)),
    }


def lot_cells(lot: Lot, currency: str) -> dict[str, Text]:
    """Return the cells of a lot: the broker's own numbers."""
    return {
        "name": Text(f"└ {account_name(lot.account)}"),
        "kind": plain_text(trade_type_word(lot.trade_type)),
        "quantity": Text(amounts.quantity(lot.quantity)),
        "cost": Text(amounts.amount(lot.cost or None, currency)),
        "value": Text(amounts.amount(lot.value, currency)),
        "profit_loss": Text(amounts.change(lot.profit_loss, currency)),
    }


def totals_cells(totals: Totals, positions: Sequence[Position]) -> dict[str, Text]:
    """Return the last line: the sums over the positions above."""
    currency = totals.currency
    at_least = "" if all(amounts.has_cost(position) for position in positions) else amounts.AT_LEAST
    style = of_change(totals.profit_loss)
    return {
        "name": Text(f"Total {currency}"),
        "cost": Text(at_least + amounts.amount(totals.cost, currency)),
        "value": Text(amounts.amount(totals.value, currency)),
        "profit_loss": Text(amounts.change(totals.profit_loss, currency), style),
        "return": Text(amounts.percent(totals.return_pct), style),
    }


def brokers(position: Position) -> list[str]:
    """Return the short names of the brokers that hold it, each once."""
    return list(dict.fromkeys(clean(lot.account.broker.short_name) for lot in position.lots))


def _change(text: str, position: Position) -> Text:
    return Text(text, of_change(position.profit_loss))


def _one_line_each(lines: Sequence[Line], dropped: Sequence[str]) -> Grid:
    keys = [key for key in _COLUMNS if key not in dropped]
    return Grid(
        tuple(_COLUMNS[key] for key in keys),
        tuple(
            Row(
                (_first_cell(line, keys), *(line.cells.get(key, _EMPTY) for key in keys[1:])),
                style=line.style,
            )
            for line in lines
        ),
    )


def _first_cell(line: Line, keys: Sequence[str]) -> Text:
    """Return the name; the code stands in for one that is not known, if it is not shown anyway."""
    name, code = line.cells["name"], line.cells.get("code", _EMPTY)
    return Text(code.plain) if name.plain == amounts.UNKNOWN and "code" not in keys and code.plain else name


def _folded(lines: Sequence[Line]) -> Grid:
    return Grid(_FOLDED, tuple(Row(_folded_cells(line), style=line.style) for line in lines))


def _folded_cells(line: Line) -> tuple[Text, ...]:
    below = Text(" · ").join(
        cell for cell in (line.cells.get("kind", _EMPTY), line.cells.get("brokers", _EMPTY)) if cell.plain
    )
    pairs = [(line.cells.get(upper, _EMPTY), line.cells.get(lower, _EMPTY)) for upper, lower in _PAIRS]
    return (_above(_first_cell(line, ()), below), *(_above(upper, lower) for upper, lower in pairs))


def _above(upper: Text, lower: Text) -> Text:
    """Put one cell above another, which steps back unless it has a colour of its own."""
    if not lower.plain:
        return upper.copy()
    return Text.assemble(upper, "\n", lower if lower.style else Text(lower.plain, FAINT))


_INSTRUMENT = ("asset_class", "product", "code", "isin", "name", "currency")
_POSITION = ("quantity", "cost", "value", "profit_loss", "return_pct", "weight", "matched_by")
_LOT = ("trade_type", "quantity", "cost", "value", "profit_loss", "return_rate")
POSITION_COLUMNS = (*_INSTRUMENT, *_POSITION, "brokers")
LOT_COLUMNS = (*_INSTRUMENT, "broker", "account", "alias", *_LOT)


def csv_text(holdings: Holdings, *, with_lots: bool = False) -> str:
    """Return one row per position, or per lot, below a row of names; what is not known is empty."""
    if with_lots:
        return csv_table(LOT_COLUMNS, _lot_records(holdings))
    return csv_table(POSITION_COLUMNS, _position_records(holdings))


def _position_records(holdings: Holdings) -> Iterator[Mapping[str, object]]:
    for position in holdings.positions:
        brokers = dict.fromkeys(clean(lot.account.broker.short_name) for lot in position.lots)
        own = _facts(position, _POSITION) | {"brokers": " ".join(brokers)}
        yield _facts(position.instrument, _INSTRUMENT) | own


def _lot_records(holdings: Holdings) -> Iterator[Mapping[str, object]]:
    for position in holdings.positions:
        for lot in position.lots:
            account = lot.account
            where = {
                "broker": account.broker.short_name,
                "account": account.masked_number,
                "alias": account.alias,
            }
            yield _facts(position.instrument, _INSTRUMENT) | where | _facts(lot, _LOT)


def _facts(record: object, names: Sequence[str]) -> dict[str, object]:
    return {name: getattr(record, name) for name in names}

"""A table that never cuts a number: it knows how narrow it can be, and stacks its cells below that width.

Knows columns, cells and widths, and nothing of holdings.
"""

from collections.abc import Iterator, Sequence

from attrs import frozen
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from koscom_async.cli.views.sections import FAINT

WIDE_GAP = 2
NARROW_GAP = 1
DETAIL_INDENT = 2
LEAST_TEXT_WIDTH = 8


@frozen
class Column:
    """One column: numbers stand right and are never broken; text is broken at `least` cells or more."""

    header: str = ""
    is_number: bool = False
    least: int | None = LEAST_TEXT_WIDTH
    """`None` where the text must not be broken either."""


@frozen
class Row:
    """The cells of one row, and the lines below it that span all columns."""

    cells: tuple[Text, ...]
    details: tuple[Text, ...] = ()
    style: str = ""


@frozen
class Grid:
    """Columns and rows, whose widths are known before they are drawn."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    gap: int = WIDE_GAP

    @property
    def least_width(self) -> int:
        """The cells that it needs at least."""
        return sum(map(self._least, range(len(self.columns)))) + self._gaps

    def drawn(self, width: int) -> RenderableType:
        """Return it as tables of one layout, with the details of each row below it."""
        widths = self._widths(width)
        parts: list[RenderableType] = []
        for row, table in zip(self.rows, self._tables(widths), strict=True):
            parts.append(table)
            parts.extend(Padding(detail, (0, 0, 0, DETAIL_INDENT)) for detail in row.details)
        return Group(*parts)

    def stacked(self) -> RenderableType:
        """Return it with a line for each cell, where the terminal is too narrow for anything else."""
        width = max(cell_len(column.header) for column in self.columns)
        lines: list[Text] = []
        for row in self.rows:
            for column, cell in zip(self.columns, row.cells, strict=True):
                if cell.plain:
                    label = Text(column.header + " " * (width - cell_len(column.header) + 1), FAINT)
                    lines.append(Text.assemble(label, cell) if column.header else cell)
            lines.extend((*row.details, Text()))
        return Group(*lines)

    def _tables(self, widths: Sequence[int]) -> Iterator[Table]:
        for number, row in enumerate(self.rows):
            table = Table(
                box=None,
                show_header=number == 0 and any(column.header for column in self.columns),
                show_edge=False,
                pad_edge=False,
                padding=(0, self.gap, 0, 0),
                header_style=FAINT,
            )
            for column, width in zip(self.columns, widths, strict=True):
                table.add_column(
                    Text(column.header),
                    justify="right" if column.is_number else "left",
                    no_wrap=column.is_number,
                    overflow="fold",
                    width=width,
                )
            table.add_row(*row.cells, style=row.style)
            yield table

    @property
    def _gaps(self) -> int:
        return self.gap * (len(self.columns) - 1)

    def _natural(self, number: int) -> int:
        texts = [self.columns[number].header, *(row.cells[number].plain for row in self.rows)]
        return max((cell_len(line) for text in texts for line in text.split("\n")), default=0)

    def _least(self, number: int) -> int:
        column, natural = self.columns[number], self._natural(number)
        return natural if column.is_number or column.least is None else min(natural, column.least)

    def _widths(self, width: int) -> list[int]:
        """Give each column what it needs, and what is left to the texts, from the left."""
        widths = [self._least(number) for number in range(len(self.columns))]
        left = width - sum(widths) - self._gaps
        for number, least in enumerate(widths):
            wanted = max(0, min(self._natural(number) - least, left))
            widths[number] += wanted
            left -= wanted
        return widths


def fitting(grids: Sequence[Grid], width: int) -> RenderableType:
    """Return the first grid that fits, widest first; the first one stacked, if none does."""
    for grid in grids:
        if grid.least_width <= width:
            return grid.drawn(width)
    return grids[0].stacked()

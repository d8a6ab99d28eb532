"""What every view is made of: a table that never cuts a number; a title, the alarm, headings, notes; the colours.

The table knows how narrow it can be, and stacks its cells below that width. Knows nothing of what it shows.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from attrs import evolve, frozen
from rich.box import HEAVY
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from koscom_async._clock import KST
from koscom_async.export.notes import (
    SHOWN_DOUBTS,
    Answered,
    consent_notes,
    doubt_lines,
    doubts_headline,
    failure_lines,
    headline,
)
from koscom_async.export.texts import account_name, broker_name, clean, counted
from koscom_async.models.holdings import Holdings
from koscom_async.models.member import VirtualAccount

# The colours; what a colour means, a sign or a word means too.

HEADING = "bold"
FAINT = "dim"
GOOD = "green"
BAD = "bold red"
ALARM = "bold white on red"
DOUBT = "bold black on yellow"
WARNING = "yellow"
BAR = "cyan"

# Korean brokers show what has risen in red and what has fallen in blue.
GAIN = "red"
LOSS = "bright_blue"


def plain_text(text: str, style: str = "") -> Text:
    """Return text from the network for a terminal, without control characters and without markup."""
    return Text(clean(text), style=style)


def of_change(value: Decimal | None) -> str:
    """Return the colour of a gain or a loss."""
    if not value:
        return FAINT if value is None else ""
    return GAIN if value > 0 else LOSS


def page(
    name: str, answer: Answered, body: RenderableType, notes: Sequence[str] = (), *, noun: str = "account"
) -> RenderableType:
    """Return a whole page: title, alarm, body, notes, and the alarm once more."""
    panel = alarm(answer, noun)
    notes = [*consent_notes(answer), *notes]
    return Group(title(answer, name, noun), *panel, Text(), body, *notes_section(notes), *panel)


def title(answer: Answered, name: str = "Holdings", noun: str = "account") -> Text:
    """Return the name of what is shown, of how many accounts, and when they were asked."""
    asked, failed = len(answer.outcomes), len(answer.failures)
    accounts = counted(asked, noun) if not failed else f"{asked - failed} of {counted(asked, noun)}"
    return Text.assemble((name, HEADING), (f"  {accounts}, asked at {moment(answer.as_of)}", FAINT))


def moment(when: datetime) -> str:
    """Return a time in Korea; a saved one knows its zone by the offset alone."""
    return f"{when.astimezone(KST):%Y-%m-%d %H:%M:%S %Z}"


def doubtful_lines(answer: Answered) -> list[str]:
    """Return the warning of what may be counted twice, a line for each doubt; nothing where nothing may be."""
    if not isinstance(answer, Holdings):
        return []
    text = doubts_headline(answer)
    return (
        []
        if text is None
        else [
            text,
            *(
                f"  {name_of(doubt.account)}: {line}"
                for doubt, line in doubt_lines(answer, at_most=SHOWN_DOUBTS)
            ),
        ]
    )


def alarm_lines(answer: Answered, noun: str = "account") -> list[str]:
    """Return the warning of a partial answer, a line for each account; nothing for a whole one."""
    text = headline(answer, noun)
    if text is None:
        return []
    return [
        text,
        *(f"  {name_of(each.account)}: {' '.join(failure_lines(each))}" for each in answer.failures),
    ]


def alarm(answer: Answered, noun: str = "account") -> list[RenderableType]:
    """Return the same in a panel, and what may be counted twice in another."""
    return [*_panel(alarm_lines(answer, noun), ALARM), *_panel(doubtful_lines(answer), DOUBT)]


def _panel(lines: Sequence[str], style: str) -> list[RenderableType]:
    if not lines:
        return []
    first, *others = lines
    texts = [Text(first), *(Text(line.strip(), "not bold") for line in others)]
    return [Text(), Panel(Text("\n").join(texts), box=HEAVY, style=style, padding=(0, 1))]


def name_of(account: VirtualAccount) -> str:
    """Return broker and masked number; the broker alone where its list of accounts could not be read."""
    return account_name(account) if account.number else f"{broker_name(account)} (list of accounts)"


def section(name: str, *parts: RenderableType) -> Iterator[RenderableType]:
    """Yield a heading, and what stands below it."""
    yield Text()
    yield _Heading(name)
    yield from parts


def notes_section(lines: Sequence[str]) -> Iterator[RenderableType]:
    """Yield notes, if there are any."""
    if lines:
        yield from section("Notes")
        for line in lines:
            yield Text.assemble(("• ", WARNING), clean(line))


@frozen
class _Heading:
    """The title of a section on a rule, which is left out where it would cut the title."""

    title: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = Text(self.title, HEADING)
        has_room = cell_len(self.title) + len(" ─") < options.max_width
        yield Rule(text, align="left", style=FAINT) if has_room else text


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

    def dropping(self, *headers: str) -> tuple["Grid", ...]:
        """Return it, and what narrower terminals show: without the first of these columns, without the second, too."""
        return (self, *(self._without(headers[:number]) for number in range(1, len(headers) + 1)))

    def beginning(self, width: int, *, always: Collection[str] = ()) -> "Grid":
        """Return it with as many of its columns, from the left, as the width has room for beside some of them."""
        room = {column.header: self._least(number) + self.gap for number, column in enumerate(self.columns)}
        left = width + self.gap - sum(room[header] for header in always)
        dropped = []
        for header, needed in room.items():
            if header not in always:
                left -= needed
                if left < 0:
                    dropped.append(header)
        return self._without(dropped)

    def folding(self, header: str) -> "Grid":
        """Return it without a column, whose cells stand below their rows."""
        (number,) = (number for number, column in enumerate(self.columns) if column.header == header)
        kept = self._without([header])
        rows = zip(self.rows, kept.rows, strict=True)
        return evolve(
            kept, rows=tuple(evolve(new, details=(old.cells[number], *new.details)) for old, new in rows)
        )

    def _without(self, headers: Sequence[str]) -> "Grid":
        kept = [number for number, column in enumerate(self.columns) if column.header not in headers]
        rows = (evolve(row, cells=tuple(row.cells[number] for number in kept)) for row in self.rows)
        return evolve(self, columns=tuple(self.columns[number] for number in kept), rows=tuple(rows))

    def drawn(self, width: int) -> RenderableType:
        """Return it as tables of one layout, with the details of each row below it."""
        widths = self._widths(width)
        parts: list[RenderableType] = []
        for row, table in zip(self.rows, self._tables(widths), strict=True):
            parts.append(table)
            parts.extend(Padding(each, (0, 0, 0, DETAIL_INDENT)) for each in row.details if each.plain)
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

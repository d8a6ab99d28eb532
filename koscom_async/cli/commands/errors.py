"""`koscom errors`: what an error code means, and what to do about it."""

from collections.abc import Iterator, Mapping, Sequence
from inspect import getdoc

import click
from attrs import evolve, fields, frozen
from rich.cells import set_cell_size
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.text import Text

from koscom_async._hints import near
from koscom_async.cli.ending import write_list
from koscom_async.cli.main import LISTED, Failed
from koscom_async.cli.options import LISTS, OutputOptions, output_options
from koscom_async.cli.views.error_entries import (
    CATEGORIES,
    Entry,
    entries,
    error_named,
    error_names,
    one_line,
)
from koscom_async.cli.views.layout import FAINT, HEADING, Column, Grid, Row, fitting, section
from koscom_async.errors import KoscomError
from koscom_async.export.rows import plain

_COLUMNS: Mapping[str, Column] = {
    "code": Column("Code", least=None),
    "status": Column("HTTP", is_number=True),
    "error": Column("Raised as", least=None),
    "retried": Column("Retried", least=None),
    "meaning": Column("Meaning", least=36),
    "meaning_ko": Column("뜻", least=20),
    "advice": Column("What to do", least=36),
}
# What a narrower terminal leaves out, one after the other.
_DROPPED = (
    (),
    ("advice",),
    ("advice", "meaning_ko"),
    ("advice", "meaning_ko", "status"),
    ("advice", "meaning_ko", "status", "retried"),
)
_LEAST_MEANING = 16
_LABEL = len("HTTP status")

_FACTS = (Column(least=None), Column(least=20))

_NO_ERROR = "nothing: it is success"
_RETRIED = {True: "yes, while the deadline allows", False: "no"}


@click.command(
    name="errors",
    epilog=f"A code that begins with a minus follows two dashes: koscom errors -- -1\n\n{LISTED}",
)
@click.argument("code", required=False)
@output_options(*LISTS)
def errors_command(*, code: str | None, output: OutputOptions) -> None:
    """Explain an error code or an error's class, or list all codes.

    CODE is one of the platform's (3600), an HTTP status (429), a word of this library (truncated), or the name of a
    class (RateLimitedError), with every code that is raised as it. A code that stands in several categories means
    something else in each; all are shown.
    """
    kind = error_named(code or "")
    found = entries(None if kind else code)
    if kind is not None:
        found = tuple(each for each in found if each.error == kind.__name__)
    elif not found:
        known = (*error_names(), *(each.code for each in entries()))
        meant = near(code or "", known) or "run `koscom errors` for the list"
        raise Failed(f"unknown error code {code!r}; {meant}")
    names = tuple(each.name for each in fields(Entry))
    write_list(plain(found), lambda: Group(*_page(code, kind, found)), output, names=names)


def _page(
    code: str | None, kind: type[KoscomError] | None, found: Sequence[Entry]
) -> Iterator[RenderableType]:
    if code is None:
        return _all(found)
    return _each(found) if kind is None else _class(kind, found)


def _class(kind: type[KoscomError], found: Sequence[Entry]) -> Iterator[RenderableType]:
    first, *others = (getdoc(kind) or "").split("\n\n")
    bases = [each.__name__ for each in kind.__mro__[1:] if issubclass(each, KoscomError)]
    yield Text.assemble((kind.__name__, HEADING), f"  {one_line(first)}")
    if bases:
        yield _indented(f"a {', a '.join(bases)}", FAINT)
    for paragraph in others:
        is_list = paragraph.startswith("Attributes:")
        yield from map(_indented, map(one_line, paragraph.splitlines()[1:] if is_list else [paragraph]))
    if kind.default_advice:
        yield _indented(f"what to do: {kind.default_advice}")
    if found:
        yield from section("Raised for", EntriesTable(found))


def _indented(text: str, style: str = "") -> RenderableType:
    return Padding(Text(text, style), (0, 0, 0, 2))


def _all(found: Sequence[Entry]) -> Iterator[RenderableType]:
    number = len({entry.code for entry in found})
    yield Text.assemble(
        ("Error codes", HEADING), (f"  {number}, by category; koscom errors CODE explains one", FAINT)
    )
    for category, sender in CATEGORIES.items():
        of_category = [entry for entry in found if entry.category == category]
        yield from section(f"{category}: {sender}", EntriesTable(of_category))


@frozen
class EntriesTable:
    """One line per code."""

    entries: Sequence[Entry]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        unused = [
            key for key in ("status", "meaning_ko") if not any(_cells(e)[key].plain for e in self.entries)
        ]
        grids = [self._grid((*dropped, *unused)) for dropped in _DROPPED]
        yield fitting(grids, options.max_width)

    def _grid(self, dropped: Sequence[str]) -> Grid:
        keys = [key for key in _COLUMNS if key not in dropped]
        rows = (Row(tuple(_cells(entry)[key] for key in keys)) for entry in self.entries)
        return Grid(tuple(_COLUMNS[key] for key in keys), tuple(rows))


def _cells(entry: Entry) -> dict[str, Text]:
    return {
        "code": Text(entry.code, HEADING),
        "status": Text("" if entry.status is None else str(entry.status), FAINT),
        "error": Text(entry.error or "success", "" if entry.error else FAINT),
        "retried": Text("yes" if entry.retried else "no", "" if entry.retried else FAINT),
        "meaning": Text(entry.meaning_en),
        "meaning_ko": Text(entry.meaning_ko),
        "advice": Text(entry.advice or "", FAINT),
    }


def _each(found: Sequence[Entry]) -> Iterator[RenderableType]:
    if len(found) > 1:
        yield Text(f"{found[0].code} means something else in each of {len(found)} categories.", FAINT)
        yield Text()
    for number, entry in enumerate(found):
        if number:
            yield Text()
        yield Text.assemble((entry.code, HEADING), f"  {entry.message or entry.meaning_en}")
        yield Facts(entry)


@frozen
class Facts:
    """All that is known of a code in one category."""

    entry: Entry

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = tuple(
            Row((Text(f"  {set_cell_size(name, _LABEL)}", FAINT), Text(fact)))
            for name, fact in _facts(self.entry)
            if fact
        )
        grid = Grid(_FACTS, rows)
        narrow = evolve(grid, columns=(_FACTS[0], Column(least=_LEAST_MEANING)))
        yield fitting([grid, narrow], options.max_width)


def _facts(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "meaning", entry.meaning_en
    yield "뜻", entry.meaning_ko
    yield "sent by", f"{entry.category}: {CATEGORIES[entry.category]}"
    yield "HTTP status", "" if entry.status is None else str(entry.status)
    yield "raised as", entry.error or _NO_ERROR
    yield "retried", _RETRIED[entry.retried]
    yield "what to do", entry.advice or ""

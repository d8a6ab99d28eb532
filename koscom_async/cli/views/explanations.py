"""Why a position's numbers are what they are: which position is meant, and its explanation on a terminal."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from koscom_async.cli.main import Failed
from koscom_async.cli.views.layout import FAINT, HEADING, alarm, plain_text, title
from koscom_async.errors import UsageError
from koscom_async.export.notes import headline
from koscom_async.export.rows import plain
from koscom_async.models.explanation import matching, no_match
from koscom_async.models.holdings import Holdings
from koscom_async.models.positions import Position

_LOT = "- "


def explanation_report(holdings: Holdings, term: str) -> RenderableType:
    """Return the explanation of every position that a code or a whole name stands for."""
    return Group(*_parts(holdings, meant(holdings, term)))


def explanation_data(holdings: Holdings, term: str) -> dict[str, Any]:
    """Return the explanations as plain data."""
    return {"explanations": [plain(holdings.explain(position)) for position in meant(holdings, term)]}


def meant(holdings: Holdings, term: str) -> list[Position]:
    """Return the positions of a code or a name; part of a name will do where it fits one alone."""
    try:
        found = matching(holdings.positions, term)
    except UsageError as error:
        raise Failed(error.message) from error
    if found:
        return found
    missing = headline(holdings)
    raise Failed(no_match(term) + (f". {missing}" if missing else ""))


def _parts(holdings: Holdings, positions: Sequence[Position]) -> Iterator[RenderableType]:
    yield title(holdings, "Explanation")
    yield from alarm(holdings)
    for position in positions:
        first, *others = holdings.explain(position).lines
        yield Text()
        yield plain_text(first, HEADING)
        yield from map(_line, others)


def _line(line: str) -> RenderableType:
    """Indent a lot's line, and put its account before the row as it came."""
    if not line.startswith(_LOT):
        return plain_text(line)
    account, colon, row = line.removeprefix(_LOT).partition(": ")
    return Group(
        plain_text(f"└ {account}{colon.rstrip()}"), Padding(plain_text(row, FAINT), (0, 0, 0, len("└ ")))
    )

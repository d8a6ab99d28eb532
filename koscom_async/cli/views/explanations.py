"""Why a position's numbers are what they are: which position is meant, and its explanation on a terminal."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from koscom_async.cli.main import Failed
from koscom_async.cli.views.sections import FAINT, HEADING, alarm, plain_text, title
from koscom_async.export.notes import headline
from koscom_async.export.rows import plain
from koscom_async.export.texts import clean
from koscom_async.models.holdings import Holdings
from koscom_async.models.positions import Position

_CANDIDATES = 8
"""So many positions are named where a word fits several."""

_LOT = "- "


def explanation_report(holdings: Holdings, term: str) -> RenderableType:
    """Return the explanation of every position that a code or a whole name stands for."""
    return Group(*_parts(holdings, meant(holdings, term)))


def explanation_data(holdings: Holdings, term: str) -> dict[str, Any]:
    """Return the explanations as plain data."""
    return {"explanations": [plain(holdings.explain(position)) for position in meant(holdings, term)]}


def meant(holdings: Holdings, term: str) -> list[Position]:
    """Return the positions of a code or a name; part of a name will do where it fits one alone."""
    wanted = _folded(term)
    for fits in _RULES:
        found = [position for position in holdings.positions if wanted and fits(position, wanted)]
        if len(found) == 1 or (found and fits is not _in_name):
            return found
        if found:
            raise Failed(
                f"{term!r} fits {len(found)} positions: {_named(found)}. Give a code or the whole name"
            )
    missing = headline(holdings)
    raise Failed(f"no position has the code or name {term!r}" + (f". {missing}" if missing else ""))


def _by_code(position: Position, wanted: str) -> bool:
    instrument = position.instrument
    return wanted in {
        _folded(code) for code in (instrument.code, instrument.isin, *instrument.other_codes) if code
    }


def _by_name(position: Position, wanted: str) -> bool:
    return wanted == _folded(position.instrument.label)


def _in_name(position: Position, wanted: str) -> bool:
    return wanted in _folded(position.instrument.label)


_RULES: tuple[Callable[[Position, str], bool], ...] = (_by_code, _by_name, _in_name)


def _folded(text: str) -> str:
    """Return a text such that two spellings of one name are equal; macOS takes Korean syllables apart."""
    return unicodedata.normalize("NFKC", clean(text)).casefold()


def _named(positions: Sequence[Position]) -> str:
    instruments = [position.instrument for position in positions[:_CANDIDATES]]
    names = [f"{each.label} ({each.code})" if each.code else each.label for each in instruments]
    more = len(positions) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


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

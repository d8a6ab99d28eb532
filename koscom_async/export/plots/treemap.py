"""Every position as a tile as large as its value, in the colour of its class."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import squarify
from attrs import frozen
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from koscom_async._decimals import ZERO, exactly
from koscom_async.export import amounts
from koscom_async.export.allocation import class_word, counted_positions, slices
from koscom_async.export.plots.canvas import MARGIN, WIDTH, Canvas, ems, fitted
from koscom_async.export.texts import CLASSES, clean
from koscom_async.models.holdings import Holdings

HEIGHT = 4.4
LEGEND = 0.3
LEAST = Decimal("0.004")
"""Below this share of the whole a position has no tile of its own."""

INVISIBLE = Decimal("1e-6")
"""Below this share the rest of a class has none."""

_POINTS = 72
_LARGEST, _SMALLEST = 13.0, 6.5


@frozen
class _Tile:
    label: str
    amount: Decimal
    group: str


def draw(holdings: Holdings, _: str, theme: str) -> Figure:
    """Return the tiles, the largest at the upper left."""
    with exactly():
        whole = sum((part.amount for part in slices(holdings, "class")), ZERO)
    canvas = Canvas(
        holdings,
        theme,
        title="What is held",
        below=f"{amounts.money(whole)} of securities and cash in KRW",
        height=HEIGHT + LEGEND,
    )
    canvas.axes.set(xlim=(0, WIDTH - 2 * MARGIN), ylim=(HEIGHT + LEGEND, 0))
    tiles = _tiles(holdings, whole)
    parts = canvas.palette.parts
    colours = {
        part.label: parts[min(index, len(parts) - 1)] for index, part in enumerate(slices(holdings, "class"))
    }
    _draw_tiles(canvas, tiles, whole, colours)
    _draw_legend(canvas, colours)
    if not tiles:
        canvas.text(0, 0.2, "Nothing in KRW that has a value.", color=canvas.palette.faint)
    return canvas.figure


def _tiles(holdings: Holdings, whole: Decimal) -> list[_Tile]:
    """Return a tile for each position that is large enough, and one for the rest of each class."""
    tiles: list[_Tile] = []
    rests = {part.label: part.amount for part in slices(holdings, "class")}
    with exactly():
        for position in counted_positions(holdings):
            value, group = position.value or ZERO, class_word(position.instrument)
            if value >= whole * LEAST:
                tiles.append(_Tile(clean(position.instrument.label), value, group))
                rests[group] -= value
    # What is smaller can be neither drawn nor divided by.
    tiles += [
        _Tile(_rest_label(group), rest, group) for group, rest in rests.items() if rest > whole * INVISIBLE
    ]
    return sorted(tiles, key=lambda tile: -tile.amount)


def _rest_label(group: str) -> str:
    return group if group == CLASSES["CASH"] else f"{group}, others"


def _draw_tiles(canvas: Canvas, tiles: Sequence[_Tile], whole: Decimal, colours: Mapping[str, str]) -> None:
    if not tiles:
        return
    width = WIDTH - 2 * MARGIN
    sizes = squarify.normalize_sizes([float(tile.amount) for tile in tiles], width, HEIGHT)
    for tile, place in zip(tiles, squarify.squarify(sizes, 0, 0, width, HEIGHT), strict=True):
        x, y, across, down = (place[side] for side in ("x", "y", "dx", "dy"))
        colour = colours[tile.group]
        canvas.axes.add_patch(
            Rectangle((x, y), across, down, facecolor=colour, edgecolor=canvas.palette.surface, lw=1.6)
        )
        share = amounts.share(float(tile.amount / whole))
        _label(canvas, (x, y, across, down), (tile.label, share), _ink(colour))


def _label(
    canvas: Canvas, place: tuple[float, float, float, float], texts: tuple[str, str], ink: str
) -> None:
    """Set name and share in a tile, as large as there is room for; in a small one neither."""
    x, y, across, down = place
    room = (across - 0.16) * _POINTS
    size = min(_LARGEST, max(_SMALLEST, room / max(1.0, ems(texts[0]))), (down - 0.1) * _POINTS / 2.6)
    if size < _SMALLEST or room < 3.5 * size:
        return
    step = size * 1.35 / _POINTS
    canvas.text(
        x + 0.08, y + 0.06 + step / 2, fitted(texts[0], room / size), size=size, color=ink, weight="bold"
    )
    canvas.text(x + 0.08, y + 0.06 + step * 1.5, texts[1], size=size, color=ink)


def _ink(colour: str) -> str:
    """Return black or white, whichever is read better on a colour."""
    red, green, blue = to_rgb(colour)
    return "#0c0e11" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "#ffffff"


def _draw_legend(canvas: Canvas, colours: Mapping[str, str]) -> None:
    x, y = 0.0, HEIGHT + LEGEND * 0.65
    for label, colour in colours.items():
        short = fitted(label, 12)
        canvas.axes.add_patch(Rectangle((x, y - 0.06), 0.12, 0.12, color=colour, lw=0))
        canvas.text(x + 0.18, y, short, size=9, color=canvas.palette.faint)
        x += 0.4 + ems(short) * 9 / _POINTS

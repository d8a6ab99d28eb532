"""What the whole is made of, by class or by broker: a bar a part."""

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from koscom_async._decimals import ZERO
from koscom_async.export import amounts
from koscom_async.export.allocation import By, Slice, slices
from koscom_async.export.plots.canvas import Canvas, fitted
from koscom_async.models.holdings import Holdings

AT_MOST = 12
BAR = 0.36
"""Inches that a bar and its distance to the next take."""

_TITLES = {"class": "Holdings by class", "broker": "Holdings by broker"}
_LABEL, _LONGEST, _AMOUNT = 0.2, 0.5, 0.72


def draw(holdings: Holdings, by: By, theme: str) -> Figure:
    """Return the bars, largest first."""
    parts = slices(holdings, by, at_most=AT_MOST)
    whole = sum((part.amount for part in parts), ZERO)
    canvas = Canvas(
        holdings,
        theme,
        title=_TITLES[by],
        below=f"{amounts.money(whole)} of securities and cash in KRW",
        height=max(1, len(parts)) * BAR + 0.1,
    )
    canvas.axes.set(xlim=(0, 1), ylim=(max(1, len(parts)) - 0.4, -0.6))
    for row, part in enumerate(parts):
        _bar(canvas, row, part, part.label, parts[0].share)
    if not parts:
        canvas.text(0, 0, "Nothing in KRW that has a value.", color=canvas.palette.faint)
    return canvas.figure


def _bar(canvas: Canvas, row: int, part: Slice, label: str, largest: float) -> None:
    palette = canvas.palette
    colour = palette.parts[min(row, len(palette.parts) - 1)]
    length = max(part.share / largest * _LONGEST, 0.0015)
    canvas.axes.add_patch(
        Rectangle((_LABEL, row - 0.28), _LONGEST, 0.56, color=palette.line, alpha=0.45, lw=0)
    )
    canvas.axes.add_patch(Rectangle((_LABEL, row - 0.28), length, 0.56, color=colour, lw=0))
    canvas.text(0, row, fitted(label, 12.5), size=10)
    canvas.text(_AMOUNT + 0.2, row, amounts.money(part.amount), ha="right")
    canvas.text(1, row, amounts.share(part.share), ha="right", weight="bold")

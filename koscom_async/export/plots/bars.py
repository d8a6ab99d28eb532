"""Pictures made of bars: what the whole is made of, by class or by broker, and the largest gains and losses."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from attrs import frozen
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from koscom_async._decimals import ZERO, exactly
from koscom_async.export import amounts
from koscom_async.export.allocation import By, Slice, slices
from koscom_async.export.html.cells import change
from koscom_async.export.notes import profit_leaves_out
from koscom_async.export.plots.canvas import Canvas, fitted
from koscom_async.export.texts import clean, counted
from koscom_async.models.account import WON
from koscom_async.models.holdings import Holdings
from koscom_async.models.positions import Position

PARTS_AT_MOST = 12
PART_HEIGHT = 0.36
"""Inches that a bar and the space below it take."""

_TITLES = {"class": "Holdings by class", "broker": "Holdings by broker"}
_LABEL, _LONGEST, _AMOUNT = 0.2, 0.5, 0.72

PROFITS_AT_MOST = 14
PROFIT_HEIGHT = 0.34

_FROM, _TO = 0.3, 0.74
"""Where bars begin and end; the name stands before them, the amount behind."""


def draw(holdings: Holdings, kind: By | Literal["profit"], theme: str) -> Figure:
    """Return the picture of a kind."""
    return _draw_profits(holdings, theme) if kind == "profit" else _draw_parts(holdings, kind, theme)


def _draw_parts(holdings: Holdings, by: By, theme: str) -> Figure:
    """Draw what the whole is made of: a bar per class or broker, the largest first."""
    parts = slices(holdings, by, at_most=PARTS_AT_MOST)
    with exactly():
        whole = sum((part.amount for part in parts), ZERO)
    canvas = Canvas(
        holdings,
        theme,
        title=_TITLES[by],
        below=f"{amounts.money(whole)} of securities and cash in KRW",
        height=max(1, len(parts)) * PART_HEIGHT + 0.1,
    )
    canvas.axes.set(xlim=(0, 1), ylim=(max(1, len(parts)) - 0.4, -0.6))
    for row, part in enumerate(parts):
        _draw_part(canvas, row, part, parts[0].share)
    if not parts:
        canvas.text(0, 0, "Nothing in KRW that has a value.", color=canvas.palette.faint)
    return canvas.figure


def _draw_part(canvas: Canvas, row: int, part: Slice, largest: float) -> None:
    palette = canvas.palette
    colour = palette.parts[min(row, len(palette.parts) - 1)]
    length = max(part.share / largest * _LONGEST, 0.0015)
    canvas.axes.add_patch(
        Rectangle((_LABEL, row - 0.28), _LONGEST, 0.56, color=palette.line, alpha=0.45, lw=0)
    )
    canvas.axes.add_patch(Rectangle((_LABEL, row - 0.28), length, 0.56, color=colour, lw=0))
    canvas.text(0, row, fitted(part.label, 12.5), size=10)
    canvas.text(_AMOUNT + 0.2, row, amounts.money(part.amount), ha="right")
    canvas.text(1, row, amounts.share(part.share), ha="right", weight="bold")


@frozen
class _Bar:
    label: str
    amount: Decimal
    return_pct: Decimal | None = None


def _draw_profits(holdings: Holdings, theme: str) -> Figure:
    """Draw the largest gains and losses in KRW, gains first; the small ones are added up."""
    positions = [each for each in holdings.positions if each.counts_in(WON) and each.profit_loss]
    count = min(len(positions), PROFITS_AT_MOST)
    totals = holdings.totals
    canvas = Canvas(
        holdings,
        theme,
        title="Gains and losses",
        below=f"{change(totals.profit_loss)} KRW, {amounts.percent(totals.return_pct)} of the cost",
        height=max(1, count) * PROFIT_HEIGHT + 0.1,
        notes=_without_profit(holdings),
    )
    bars = _bars(positions)
    canvas.axes.set(xlim=(0, 1), ylim=(max(1, count) - 0.4, -0.6))
    _draw_bars(canvas, bars)
    if not bars:
        canvas.text(0, 0, "No gain and no loss is known.", color=canvas.palette.faint)
    return canvas.figure


def _bars(positions: Sequence[Position]) -> list[_Bar]:
    ranked = sorted(positions, key=lambda each: -abs(each.profit_loss or ZERO))
    rest = ranked[PROFITS_AT_MOST - 1 :] if len(ranked) > PROFITS_AT_MOST else []
    shown = ranked[: len(ranked) - len(rest)]
    bars = [
        _Bar(clean(each.instrument.label), each.profit_loss, each.return_pct)
        for each in shown
        if each.profit_loss
    ]
    bars.sort(key=lambda bar: -bar.amount)
    if rest:
        with exactly():
            left = sum((each.profit_loss or ZERO for each in rest), ZERO)
        bars.append(_Bar(f"{len(rest)} others, added up", left))
    return bars


def _draw_bars(canvas: Canvas, bars: Sequence[_Bar]) -> None:
    least = min([0.0, *(float(bar.amount) for bar in bars)])
    most = max([0.0, *(float(bar.amount) for bar in bars)])
    scale = (_TO - _FROM) / ((most - least) or 1)
    zero = _FROM - least * scale
    for row, bar in enumerate(bars):
        _draw_bar(canvas, row, bar, zero, float(bar.amount) * scale)
    if bars:
        canvas.axes.plot([zero, zero], [-0.5, len(bars) - 0.5], color=canvas.palette.faint, lw=0.8)


def _draw_bar(canvas: Canvas, row: int, bar: _Bar, zero: float, length: float) -> None:
    is_gain = bar.amount > 0
    colour = canvas.palette.gain if is_gain else canvas.palette.loss
    length = length if abs(length) > 0.0015 else 0.0015 if is_gain else -0.0015
    canvas.axes.add_patch(
        Rectangle(
            (zero, row - 0.27),
            length,
            0.54,
            facecolor=colour if is_gain else canvas.palette.surface,
            edgecolor=colour,
            hatch=None if is_gain else "/////",
            lw=0.8,
        )
    )
    canvas.text(0, row, fitted(bar.label, 18))
    canvas.text(0.905, row, change(bar.amount), ha="right", color=colour)
    canvas.text(1, row, amounts.percent(bar.return_pct), ha="right", color=canvas.palette.faint)


def _without_profit(holdings: Holdings) -> list[str]:
    unknown = sum(each.counts_in(WON) and each.profit_loss is None for each in holdings.positions)
    if not unknown or not profit_leaves_out(holdings, holdings.totals):
        return []
    return [f"Not known is the profit of {counted(unknown, 'position')} whose brokers report no cost"]

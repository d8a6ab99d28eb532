"""Gains and losses: a bar per position, to either side of a line, marked by sign and hatching as well as colour."""

from collections.abc import Sequence
from decimal import Decimal

from attrs import frozen
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from koscom_async._decimals import ZERO, exactly
from koscom_async.export import amounts
from koscom_async.export.html.cells import change
from koscom_async.export.notes import profit_leaves_out
from koscom_async.export.plots.canvas import Canvas, fitted
from koscom_async.export.texts import clean, counted
from koscom_async.models.account import WON
from koscom_async.models.holdings import Holdings
from koscom_async.models.positions import Position

AT_MOST = 14
BAR = 0.34

_FROM, _TO = 0.3, 0.74
"""Where bars begin and end; the name stands before them, the amount behind."""


@frozen
class _Bar:
    label: str
    amount: Decimal
    return_pct: Decimal | None = None


def draw(holdings: Holdings, _: str, theme: str) -> Figure:
    """Return the largest gains and losses in KRW, gains first; the small ones are added up."""
    positions = [each for each in holdings.positions if each.counts_in(WON) and each.profit_loss]
    count = min(len(positions), AT_MOST)
    totals = holdings.totals
    canvas = Canvas(
        holdings,
        theme,
        title="Gains and losses",
        below=f"{change(totals.profit_loss)} KRW, {amounts.percent(totals.return_pct)} of the cost",
        height=max(1, count) * BAR + 0.1,
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
    shown, rest = (ranked, []) if len(ranked) <= AT_MOST else (ranked[: AT_MOST - 1], ranked[AT_MOST - 1 :])
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

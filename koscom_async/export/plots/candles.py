"""Bars as a picture: candles or a line, and the volume below; rises red and falls blue, as Korean charts have them."""

from collections.abc import Sequence
from decimal import Decimal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from koscom_async.export.plots.canvas import FAMILIES, PALETTES, WIDTH, HoldingsFigure, Palette, bring_fonts
from koscom_async.export.texts import clean
from koscom_async.models.market.bars import Bar, Bars

_HEIGHT = 5.2
_BODY = 0.7
"""How wide a candle is, where the next one stands at 1."""
_LABELS = 6
_FLAT = 0.006
"""Of the range of prices: a lower body would not be seen, so a line stands for it."""
_LINE, _WICK = 1.2, 0.8  # points
_WICK_SHARE = 0.2
"""Of a candle's place: a wick is never as wide as a body, however many candles there are."""
_AXES_POINTS = 500
"""How wide the axes are, about."""


def draw(bars: Bars, kind: str, theme: str) -> Figure:
    """Return the picture; bars without a price are left out, and so is the time at which nothing is traded."""
    palette = PALETTES[theme]
    bring_fonts()
    figure = HoldingsFigure(figsize=(WIDTH, _HEIGHT), facecolor=palette.surface)
    prices, volumes = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    shown = [bar for bar in bars if bar.close is not None]
    for axes in (prices, volumes):
        _dress(axes, palette)
    if shown:
        (_draw_candles if kind == "candle" else _draw_line)(prices, shown, palette)
        colours = [_colour(bar, palette) for bar in shown]
        volumes.bar(range(len(shown)), [float(bar.volume or 0) for bar in shown], color=colours, width=0.8)
        _label_times(volumes, shown)
    whole = "" if bars.complete else " — INCOMPLETE: rows may be missing"
    named = f"{clean(bars.name)} ({clean(bars.code)})" if bars.name else clean(bars.code)
    title = f"{named}, {bars.every}, {bars.since} to {bars.until}{whole}"
    colour = palette.text if bars.complete else palette.alarm
    prices.set_title(title, family=FAMILIES, parse_math=False, loc="left", color=colour)
    volumes.set_ylabel("거래량", family=FAMILIES, color=palette.faint)
    return figure


def _dress(axes: Axes, palette: Palette) -> None:
    axes.set_facecolor(palette.surface)
    axes.tick_params(colors=palette.faint)
    axes.grid(color=palette.line, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    for spine in axes.spines.values():
        spine.set_color(palette.line)


def _colour(bar: Bar, palette: Palette) -> str:
    return palette.loss if _number(bar.close, bar) < _number(bar.open, bar) else palette.gain


def _draw_line(axes: Axes, bars: Sequence[Bar], palette: Palette) -> None:
    closes = [float(bar.close or 0) for bar in bars]
    axes.plot(range(len(bars)), closes, color=palette.parts[0], linewidth=1.4)


def _draw_candles(axes: Axes, bars: Sequence[Bar], palette: Palette) -> None:
    opens, highs, lows, closes = (
        [_number(getattr(bar, name), bar) for bar in bars] for name in ("open", "high", "low", "close")
    )
    colours, places = [_colour(bar, palette) for bar in bars], range(len(bars))
    axes.use_sticky_edges = False  # else the lowest candle without a body lies on the frame
    wick = min(_WICK, _WICK_SHARE * _AXES_POINTS / len(bars))
    axes.vlines(places, lows, highs, colors=colours, linewidth=wick)
    bodies = [abs(end - start) for start, end in zip(opens, closes, strict=True)]
    axes.bar(places, bodies, bottom=list(map(min, opens, closes)), color=colours, width=_BODY)
    least = (max(highs) - min(lows)) * _FLAT
    flat = [place for place in places if bodies[place] <= least]
    axes.hlines(
        [closes[place] for place in flat],
        [place - _BODY / 2 for place in flat],
        [place + _BODY / 2 for place in flat],
        colors=[colours[place] for place in flat],
        linewidth=_LINE,
        capstyle="butt",
    )


def _number(value: Decimal | None, bar: Bar) -> float:
    return float(bar.close or 0) if value is None else float(value)


def _label_times(axes: Axes, bars: Sequence[Bar]) -> None:
    places = range(0, len(bars), max(1, len(bars) // _LABELS))
    axes.set_xticks(places, [_time_of(bars[place]) for place in places])


def _time_of(bar: Bar) -> str:
    return f"{bar.at:%m-%d %H:%M}" if bar.at else str(bar.on)

"""Holdings and bars as pictures, drawn with matplotlib, which is imported when the first one is drawn."""

from importlib import import_module
from typing import TYPE_CHECKING, Literal, cast

from koscom_async._hints import needed
from koscom_async.errors import UsageError
from koscom_async.models.holdings import Holdings
from koscom_async.models.market.bars import Bars

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PlotKind = Literal["class", "broker", "treemap", "profit"]
BarKind = Literal["candle", "line"]
Theme = Literal["light", "dark"]

_THEMES = ["light", "dark"]
_DRAWN_BY = {"class": "bars", "broker": "bars", "treemap": "treemap", "profit": "bars"}


def plot(holdings: Holdings, kind: PlotKind = "class", *, theme: Theme = "light") -> "Figure":
    """Return a picture of the holdings as a matplotlib figure."""
    _check(("kind", kind, [*_DRAWN_BY]), ("theme", theme, _THEMES))
    for library in ("matplotlib", "squarify"):
        needed(library, extra="plot")
    drawing = import_module(f"koscom_async.export.plots.{_DRAWN_BY[kind]}")
    return cast("Figure", drawing.draw(holdings, kind, theme))


def plot_bars(bars: Bars, kind: BarKind = "candle", *, theme: Theme = "light") -> "Figure":
    """Return a picture of bars, with the volume below, as a matplotlib figure."""
    _check(("kind", kind, ["candle", "line"]), ("theme", theme, _THEMES))
    needed("matplotlib", extra="plot")
    drawing = import_module("koscom_async.export.plots.candles")
    return cast("Figure", drawing.draw(bars, kind, theme))


def _check(*given: tuple[str, object, list[str]]) -> None:
    for what, value, known in given:
        if value not in known:
            raise UsageError(f"there is no {what} {value!r} of plot", advice=f"one of {', '.join(known)}")

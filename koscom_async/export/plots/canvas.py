"""The sheet that every picture is drawn on: its fonts, colours, title, alarm and footnotes."""

import io
from collections.abc import Mapping, Sequence
from functools import cache
from unicodedata import east_asian_width

from attrs import frozen
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text

from koscom_async._hints import located
from koscom_async.export.html.cells import moment
from koscom_async.export.notes import doubts_headline, headline
from koscom_async.export.texts import clean, counted
from koscom_async.models.account import WON
from koscom_async.models.holdings import Holdings

KOREAN = "NanumGothic"
FAMILIES = (KOREAN, "DejaVu Sans")
"""The first that has a letter draws it; matplotlib brings the second along."""


@cache
def bring_fonts() -> None:
    """Make the Korean font known to matplotlib: the one that the extra brings, whatever is installed beside it.

    The package's own module is not imported: that would change matplotlib's settings for the whole program.
    """
    fonts = located("koreanize_matplotlib", extra="plot") / "fonts"
    for file, weight in (("NanumGothic.ttf", 400), ("NanumGothicBold.ttf", 700)):
        entry = font_manager.FontEntry(fname=str(fonts / file), name=KOREAN, weight=weight, size="scalable")
        font_manager.fontManager.ttflist.append(entry)


WIDTH = 9.0  # inches, as all sizes here
MARGIN, LINE = 0.35, 0.19
SHARP = 2
"""How many dots a notebook gets for each dot of its screen."""


@frozen
class Palette:
    """Colours of a theme; colour-blind people can distinguish the parts, which are labelled, too."""

    surface: str
    text: str
    faint: str
    line: str
    gain: str
    loss: str
    alarm: str
    parts: tuple[str, ...]


PALETTES: Mapping[str, Palette] = {
    "light": Palette(
        surface="#ffffff",
        text="#14181f",
        faint="#5a6472",
        line="#e2e6ec",
        gain="#c4212b",
        loss="#1a56c4",
        alarm="#b42318",
        parts=("#2f62c9", "#e0992c", "#1f9384", "#b8529a", "#76b7e5", "#8a6d3b", "#98a1ae"),
    ),
    "dark": Palette(
        surface="#14171c",
        text="#e9ecf1",
        faint="#a0a9b6",
        line="#2d333d",
        gain="#ff8585",
        loss="#86b6ff",
        alarm="#ff7a68",
        parts=("#5b8bf0", "#eeb052", "#3fb8a7", "#d478b7", "#a5d3f5", "#c0a06a", "#78818e"),
    ),
}


class HoldingsFigure(Figure):
    """A figure that a notebook shows by itself, without pyplot and its list of open figures."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        page = io.BytesIO()
        self.savefig(page, format="png", dpi=self.dpi * SHARP)
        width, height = (round(side * self.dpi) for side in self.get_size_inches())
        return page.getvalue(), {"width": width, "height": height}


class Canvas:
    """A sheet of a certain height for the drawing itself; title, alarm and footnotes are added to it."""

    def __init__(
        self,
        holdings: Holdings,
        theme: str,
        *,
        title: str,
        below: str,
        height: float,
        notes: Sequence[str] = (),
    ) -> None:
        self.palette = PALETTES[theme]
        bring_fonts()
        missing, doubtful = headline(holdings), doubts_headline(holdings)
        alarm = missing or doubtful
        lines = [*notes, *_left_out(holdings), *([doubtful] if missing and doubtful else [])]
        head = MARGIN + 0.55 + (0.5 if alarm else 0)
        foot = MARGIN + LINE * len(lines)
        self._size = (WIDTH, head + height + foot)
        self.figure = HoldingsFigure(figsize=self._size, facecolor=self.palette.surface)
        self.axes = self._axes(foot, height)
        self._head(title, f"{below}   as of {moment(holdings.as_of)}", alarm)
        for index, line in enumerate(reversed(lines)):
            self._sheet_text(MARGIN, MARGIN * 0.6 + LINE * index, line, size=8, color=self.palette.faint)

    def text(self, x: float, y: float, line: str, **options: object) -> Text:
        """Set text at a place of the drawing; dollar signs are dollar signs."""
        options = {"color": self.palette.text, "size": 9.5, "va": "center"} | options
        return self.axes.text(x, y, line, family=FAMILIES, parse_math=False, **options)  # type: ignore[arg-type]

    def _axes(self, foot: float, height: float) -> Axes:
        width, whole = self._size
        axes = self.figure.add_axes((MARGIN / width, foot / whole, 1 - 2 * MARGIN / width, height / whole))
        axes.set_axis_off()
        return axes

    def _head(self, title: str, below: str, alarm: str | None) -> None:
        top = self._size[1] - MARGIN
        if alarm:
            self._alarm(alarm, top)
            top -= 0.5
        self._sheet_text(MARGIN, top - 0.06, title, size=14, weight="bold")
        self._sheet_text(MARGIN, top - 0.32, below, size=9, color=self.palette.faint)

    def _alarm(self, line: str, top: float) -> None:
        width, height = self._size
        box = FancyBboxPatch(
            (MARGIN / width, (top - 0.28) / height),
            1 - 2 * MARGIN / width,
            0.38 / height,
            boxstyle="square,pad=0",
            transform=self.figure.transFigure,
            facecolor="none",
            edgecolor=self.palette.alarm,
            linewidth=2,
            hatch=None,
        )
        self.figure.add_artist(box)
        self._sheet_text(MARGIN + 0.12, top - 0.09, line, size=10, weight="bold", color=self.palette.alarm)

    def _sheet_text(self, x: float, y: float, line: str, **options: object) -> None:
        width, height = self._size
        options = {"color": self.palette.text, "va": "center"} | options
        self.figure.text(x / width, y / height, line, family=FAMILIES, parse_math=False, **options)  # type: ignore[arg-type]


def ems(text: str) -> float:
    """Return about how wide a text is, in units of its size."""
    return sum(1.0 if east_asian_width(letter) in "WF" else 0.58 for letter in text)


def fitted(text: str, room: float) -> str:
    """Return a text cut to about so many ems."""
    if ems(text) <= room:
        return text
    while text and ems(text) > room - 1:
        text = text[:-1]
    return f"{text}…"


def _left_out(holdings: Holdings) -> list[str]:
    """Return what a picture in KRW cannot show."""
    foreign = [each for each in holdings.positions if each.instrument.currency != WON]
    won = [each for each in holdings.positions if each.instrument.currency == WON]
    derivatives = sum(each.is_derivative for each in won)
    unknown = sum(not each.is_derivative and each.value is None for each in won)
    currencies = ", ".join(sorted({clean(each.instrument.currency) for each in foreign}))
    counts = {
        f"{counted(len(foreign), 'position')} in {currencies}": len(foreign),
        f"{counted(derivatives, 'future or option')}, whose value is not money put in": derivatives,
        f"{counted(unknown, 'position')} of unknown value": unknown,
    }
    left_out = [line for line, number in counts.items() if number]
    return [f"Not shown: {'; '.join(left_out)}"] if left_out else []

"""Finds a font that has Korean letters, and says so where there is none."""

import warnings
from functools import cache

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

# The usual ones of each system first; the face for Japan is the one that a collection of Noto shows first.
PREFERRED = (
    "Pretendard",
    "Noto Sans KR",
    "Noto Sans CJK KR",
    "Noto Sans CJK JP",
    "Apple SD Gothic Neo",
    "AppleGothic",
    "Malgun Gothic",
    "NanumGothic",
    "NanumBarunGothic",
    "UnDotum",
    "Baekmuk Dotum",
    "Source Han Sans KR",
    "Noto Serif CJK JP",
)
_LATIN = "DejaVu Sans"  # matplotlib brings it along
_HANGUL = "한"

MISSING = "no Korean font is installed, so codes stand for names; Debian: fonts-noto-cjk, fonts-nanum"


@cache
def korean_family() -> str | None:
    """Return the family of an installed font with Korean letters, or `None`."""
    paths = {entry.name: entry.fname for entry in reversed(font_manager.fontManager.ttflist)}
    return next((name for name in PREFERRED if name in paths and _has_hangul(paths[name])), None)


def families() -> list[str]:
    """Return the fonts to draw text in, the first that has a letter first; warns if none has Korean ones."""
    korean = korean_family()
    if korean is None:
        warnings.warn(MISSING, stacklevel=2)
        return [_LATIN]
    return [korean, _LATIN]


def _has_hangul(path: str) -> bool:
    return FT2Font(path).get_char_index(ord(_HANGUL)) != 0

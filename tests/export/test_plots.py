"""The pictures: what they say, that names cannot steer them, and that they can be saved."""

import io
import os
import re
import subprocess
import sys
from decimal import Decimal, localcontext
from pathlib import Path

import pytest
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from PIL import Image

from koscom_async import BrokerUnavailableError, Holdings, UsageError
from koscom_async._hints import install
from koscom_async.export.plots import canvas
from koscom_async.export.plots.treemap import _ink
from tests.merge.accounts import (
    CYBER,
    DIAMOND,
    account,
    bond,
    failed,
    fund,
    held,
    merged,
    read,
    share,
    summary,
)

KINDS = ("class", "broker", "treemap", "profit")
DOWN = BrokerUnavailableError("broker server cannot serve", code="3600")


def texts(figure):
    found = [text.get_text() for text in figure.texts]
    return found + [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.fixture
def holdings() -> Holdings:
    return merged(
        read(
            account(DIAMOND),
            share("KR7000020008", 19, 181519, 201400, name="Donghwa"),
            share("HK0000050325", 120, 281764, 245400, name="China"),
            fund("KRZ1", "Fund A", 1_000_000),
            summed=summary(500_000),
        ),
        read(
            account(CYBER),
            bond("Bond B", 10, 9_000_000, 9_900_000),
            share("US1", currency="USD", name="Apple"),
        ),
    )


def test_parts_are_named_with_their_exact_amounts_and_shares(holdings):
    found = texts(holdings.plot("class"))
    assert found[0] == "Holdings by class"
    assert found[1].startswith("₩11,846,800 of securities and cash in KRW   as of 2026-03-02 09:30:00 KST")
    assert [line for line in found if line in {"Bond", "Fund", "Cash", "Equity"}] == [
        "Bond",
        "Fund",
        "Cash",
        "Equity",
    ]
    assert {"₩9,900,000", "₩446,800", "83.6%"} <= set(found)


@pytest.mark.parametrize("kind", ["class", "broker", "treemap"])
def test_the_whole_is_exact_whatever_the_callers_decimal_context(holdings, kind):
    with localcontext(prec=3):
        assert texts(holdings.plot(kind))[1].startswith("₩11,846,800 of securities and cash in KRW")


def test_brokers_are_named_in_korean(holdings):
    assert {"다이아몬드 증권", "사이버 증권", "₩1,946,800"} <= set(texts(holdings.plot("broker")))


def test_gains_and_losses_are_told_by_sign_and_hatching(holdings):
    figure = holdings.plot("profit")
    found = texts(figure)
    assert {"▲ +900,000", "▲ +19,881", "▼ −36,364", "+10.95%", "−12.90%"} <= set(found)
    assert "Not known is the profit of 1 position whose brokers report no cost" in found
    assert [bool(patch.get_hatch()) for patch in figure.axes[0].patches] == [False, False, True]


def test_small_gains_and_losses_are_added_up():
    rows = [share(f"KR7{number:09d}", 1, 1000, 1000 + number, name=f"N{number}") for number in range(1, 31)]
    found = texts(held(*rows).plot("profit"))
    assert "17 others, added up" in found
    assert f"▲ +{sum(range(1, 18))}" in found


def test_the_treemap_has_a_tile_for_what_is_large_and_one_for_the_rest_of_a_class():
    rows = [share("KR7000000001", value=900, name="Large")]
    rows += [share(f"KR700000001{number}", value=1, name=f"S{number}") for number in range(9)]
    figure = held(*rows, fund("KRZ1", "F", 50), fund("KRZ2", "G", 50)).plot("treemap")
    assert {"Large", "Equity", "Fund", "F", "G"} <= set(texts(figure))
    tiles = [patch for patch in figure.axes[0].patches if patch.get_width() * patch.get_height() > 0.0145]
    assert len(tiles) == 4  # Large, F, G, the rest of the shares


@pytest.mark.parametrize("others", [(), (share("HK0000050325", 1, 1, 1, name="Small"),)])
def test_a_giant_row_leaves_no_tile_without_a_size(others):
    giant = share("KR7000020008", 1, 1, Decimal("9" * 34), name="Giant")
    found = texts(merged(read(account(DIAMOND), giant, *others, summed=summary(1))).plot("treemap"))
    assert "Giant" in found


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_shown_in_won_is_named(holdings, kind):
    assert "Not shown: 1 position in USD" in texts(holdings.plot(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_partial_holdings_say_so_in_every_picture(kind):
    partial = merged(read(account(DIAMOND), share()), failed(account(), DOWN))
    said = "INCOMPLETE: 1 of 2 accounts could not be read; the totals leave it out"
    assert said in texts(partial.plot(kind))
    assert said not in texts(held(share()).plot(kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "holdings", [held(), merged(failed(account(), DOWN)), held(share(value=None, cost=None))]
)
def test_nothing_to_show_is_no_crash_and_says_so(holdings, kind):
    assert any(line.startswith(("Nothing in KRW", "No gain")) for line in texts(holdings.plot(kind)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures_are_saved_as_png_and_svg(holdings, kind, theme):
    figure = holdings.plot(kind, theme=theme)
    png, svg = io.BytesIO(), io.StringIO()
    figure.savefig(png, format="png")
    figure.savefig(svg, format="svg")
    image = Image.open(png).convert("L")
    assert image.width == 900
    assert image.getextrema()[1] - image.getextrema()[0] > 150  # text and its ground
    assert (image.getpixel((2, 2)) < 60) is (theme == "dark")
    assert "<svg" in svg.getvalue()


def test_names_are_neither_formulas_nor_lines():
    figure = held(share(name="$x^2$\n\x1b[31m<b>&")).plot("profit")
    assert "$x^2$ [31m<b>&" in texts(figure)
    figure.savefig(io.BytesIO(), format="svg")
    assert not any(text.get_parse_math() for axes in figure.axes for text in axes.texts)


def test_a_notebook_shows_the_figure_sharply_and_at_its_size(holdings):
    png, size = holdings.plot("class")._repr_png_()
    image = Image.open(io.BytesIO(png))
    assert (size["width"], image.width) == (900, 1800)


def test_figures_are_not_kept_by_pyplot(holdings):
    holdings.plot("class")
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


# In a process of its own, as matplotlib keeps the fonts that it once found, in memory and in a file.
ON_A_BARE_MACHINE = """
import warnings
warnings.simplefilter("error")
import matplotlib
from matplotlib import font_manager
font_manager.findSystemFonts = lambda *paths, **options: []
fonts = font_manager.fontManager.ttflist
fonts[:] = [font for font in fonts if font.fname.startswith(matplotlib.get_data_path())]
settings = dict(matplotlib.rcParams)
from tests.export.test_plots import KINDS, drawn_in, korean
for kind in KINDS:
    figure = korean().plot(kind)
    figure.savefig(f"{kind}.png")
    figure.savefig(f"{kind}.svg")
assert dict(matplotlib.rcParams) == settings
print(*sorted(drawn_in(korean().plot("profit"), "동")))
"""


def korean():
    return merged(read(account(DIAMOND), share("KR7000020008", 19, 181519, 201400, name="동화약품")))


def drawn_in(figure, letter):
    """The fonts that have a letter, of those that the figure's texts ask for, by weight: regular and bold."""
    found = set()
    for text in (*figure.texts, *figure.axes[0].texts):
        paths = font_manager.fontManager._find_fonts_by_props(text.get_fontproperties())
        found |= {Path(path).name for path in paths if FT2Font(path).get_char_index(ord(letter))}
    return found


def test_korean_names_are_drawn_where_no_font_is_installed(tmp_path):
    home = str(Path(__file__).parents[2])
    ended = subprocess.run(  # noqa: S603  # our own text
        [sys.executable, "-c", ON_A_BARE_MACHINE],
        cwd=tmp_path,
        env=os.environ | {"MPLCONFIGDIR": str(tmp_path), "PYTHONPATH": home},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout.split()) == (0, ["NanumGothic.ttf", "NanumGothicBold.ttf"]), (
        ended.stderr
    )
    with Image.open(tmp_path / "profit.png") as picture:
        assert picture.width == 900


def test_a_missing_font_is_named_with_its_extra(monkeypatch):
    monkeypatch.setattr("koscom_async._hints.find_spec", lambda _: None)
    canvas.bring_fonts.cache_clear()
    with pytest.raises(
        ImportError,
        match=re.escape(f"needs koreanize_matplotlib, which the extra 'plot' brings: {install('plot')}"),
    ):
        held().plot()


@pytest.mark.parametrize(("what", "options"), [("kind", {"kind": "pie"}), ("theme", {"theme": "blue"})])
def test_kinds_and_themes_that_do_not_exist_are_refused(what, options):
    with pytest.raises(UsageError, match=f"there is no {what} '(pie|blue)' of plot. What to do: one of"):
        held().plot(**options)


@pytest.mark.parametrize("library", ["matplotlib", "squarify"])
def test_a_missing_library_is_named_with_its_extra(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        ImportError,
        match=re.escape(f"needs {library}, which the extra 'plot' brings: {install('plot')}"),
    ):
        held().plot()


@pytest.mark.parametrize("palette", canvas.PALETTES.values(), ids=canvas.PALETTES)
def test_tiles_are_labelled_in_a_colour_that_can_be_read(palette):
    def luminance(colour):
        channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    for part in palette.parts:
        light, dark = sorted((luminance(part), luminance(_ink(part))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3.5

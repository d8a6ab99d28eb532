"""The style sheet: scoped to the view, self-contained, and legible in light and dark."""

import re

import pytest

from koscom_async.export.html.style import DARK, LIGHT, PAGE_STYLE, STYLE
from tests.loops import each


def selectors():
    without_at_rules = re.sub(r"@(?:media|container)[^{]*\{", "", STYLE)
    for group in re.findall(r"([^{}]+)\{", without_at_rules):
        yield from (selector.strip() for selector in re.split(r",(?![^(]*\))", group))


def test_every_rule_holds_for_the_view_and_nothing_else():
    found = list(selectors())
    assert len(found) > 80
    assert [each for each in found if ".koscom-view.koscom-view" not in each] == []


def test_nothing_is_loaded_from_elsewhere():
    assert not re.search(r"url\(|@import|@font-face|https?:", STYLE + PAGE_STYLE)


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first, second):
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@each("theme", [LIGHT, DARK])
@each("surface", ["surface", "raised"])
@each("colour", ["text", "faint", "gain", "loss", "good", "alarm", "notice"])
def test_text_has_the_contrast_that_wcag_asks_for(theme, surface, colour):
    assert contrast(theme[colour], theme[surface]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_alarm_is_legible_and_stands_out(theme):
    assert contrast(theme["alarm-text"], theme["alarm-surface"]) >= 7
    assert contrast(theme["alarm"], theme["surface"]) >= 4.5


def test_both_themes_name_the_same_colours():
    assert LIGHT.keys() == DARK.keys()
    assert set(re.findall(r"var\(--([\w-]+)\)", STYLE)) - {"slice", "w"} == set(LIGHT)

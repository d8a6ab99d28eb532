"""The pages as a browser draws them: filled, nowhere wider than their place, light and dark, leaking nothing."""

from decimal import Decimal

import pytest
from PIL import Image

from koscom_async import (
    BrokerStatistics,
    BrokerUnavailableError,
    ServiceQuota,
    Statistics,
    Transaction,
    TransactionHistory,
)
from tests.merge.accounts import (
    CYBER,
    DIAMOND,
    NOW,
    account,
    bond,
    failed,
    fund,
    merged,
    read,
    share,
    summary,
)
from tests.rendering.hosts import WIDTHS, converted_notebook, measured_at_each_width, notebook

DOWN = BrokerUnavailableError(
    "broker server cannot serve (금투사 서비스 불가)",
    code="3600",
    attempts=4,
    advice="the broker is down: ask again later",
)
LARGE = Decimal(144575202252)
BOND = bond("국민주택1종11-07", LARGE, LARGE - 7, LARGE)
ROWS = [
    share("KR7000020008", 19, 181519, 201400, name="동화약품"),
    share("HK0000050325", 120, 281764, 245400, name="차이나그레이트"),
    share("US0378331005", 10, "1500.25", "1912.4", name="Apple", currency="USD"),
    share("KR4101", 1, 100, 120, product="FUT", name="선물 202612"),
    fund("KRZ500395135", "삼성중소형FOCUS증권자1호[주식]", 72329965),
    BOND,
]
CASH = summary(LARGE, d1=LARGE, d2=LARGE, loan=LARGE, value=1, cost=1, withdrawable=LARGE)
DIAMONDS = read(account(DIAMOND), *ROWS, summed=CASH)
WHOLE = merged(DIAMONDS, read(account(CYBER), BOND))
PARTIAL = merged(DIAMONDS, failed(account(), DOWN))
MANY = merged(
    read(
        account(DIAMOND),
        *(
            share(f"KR7{n:09d}", n + 1, 10**9 + n, 10**9 - n * 7, name=f"한국투자증권{n}호")
            for n in range(300)
        ),
    )
)
LONG = merged(
    read(
        account(DIAMOND),
        bond("이름이아주긴회사채" * 12, LARGE * 1000, LARGE * 1000, LARGE * 1007),
        share("X" * 60),
    )
)
STATISTICS = Statistics(
    brokers=tuple(
        BrokerStatistics(broker=name, calls=123456, failures=12, seconds_waited=1234.5, breaker=state)
        for name, state in (("common", "closed"), ("miraeassetdaewoo", "half-open"), ("star", "open"))
    ),
    quotas=(ServiceQuota(service="account", remaining=40_000, limit=50_000, resets_at=NOW),),
)
TRANSACTIONS = TransactionHistory(
    since=NOW.date(),
    until=NOW.date(),
    rows=(Transaction(on=NOW.date(), account=account(), code="KR7005930003", amount_change=LARGE),) * 50,
    as_of=NOW,
)
VIEWS = {
    "whole": WHOLE,
    "partial": PARTIAL,
    "nothing read": merged(failed(account(), DOWN)),
    "nothing held": merged(read(account())),
    "many": MANY,
    "long names": LONG,
    "position": WHOLE.positions[0],
    "outcome": WHOLE.outcomes[0],
    "failure": PARTIAL.failures[0],
    "statistics": STATISTICS,
}


@pytest.mark.parametrize("name", VIEWS)
def test_no_page_is_wider_than_its_place(chromium, name):
    page = measured_at_each_width(notebook(VIEWS[name]._repr_html_()))
    found = chromium.measured(page, name.replace(" ", "-"))
    assert [each["width"] for each in found] == [*WIDTHS]
    for each in found:
        assert each["page"] == 0, each
        assert each["beyond"] == [], each
        assert each["tables"] <= 0, each
        assert each["text"] > 100, each
        assert bool(each["broken"]) == (name == "long names"), each


@pytest.mark.parametrize(
    ("says", "prefers_dark", "is_dark"),
    [("dark", False, True), ("light", True, False), (None, True, True), (None, False, False)],
)
def test_the_theme_is_the_notebooks_and_without_one_the_systems(chromium, says, prefers_dark, is_dark):
    page = measured_at_each_width(notebook(WHOLE._repr_html_(), theme=says))
    (first, *_) = chromium.measured(page, f"theme-{says}-{prefers_dark}", dark=prefers_dark)
    assert (first["ground"] == "rgb(20, 23, 28)") is is_dark
    assert (first["ink"] == "rgb(233, 236, 241)") is is_dark


def test_neither_does_the_notebook_style_the_view_nor_the_view_the_notebook(chromium):
    (first, *_) = chromium.measured(measured_at_each_width(notebook(WHOLE._repr_html_())), "leaks")
    assert first["row"] == "rgba(0, 0, 0, 0)"
    assert first["outside"] == "31pxcenter"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_of_nbconvert_moves_nothing(chromium, theme):
    views = VIEWS | {"transactions": TRANSACTIONS}
    for name in {"light": ("partial", "statistics", "transactions"), "dark": ("partial",)}[theme]:
        view = views[name]._repr_html_()
        page = converted_notebook(f'<div class="place">{view}</div>', theme=theme)
        (there, *_) = chromium.measured(measured_at_each_width(page), f"{name}-converted-{theme}")
        style = f"margin: 0; width: {there['place']}px"
        alone = f'<!doctype html><meta charset="utf-8"><body style="{style}">{view}'
        (here, *_) = chromium.measured(measured_at_each_width(alone), f"{name}-alone-{theme}")
        assert there["boxes"] == here["boxes"], name
        assert (there["ground"] == "rgb(20, 23, 28)") is (theme == "dark")


@pytest.mark.parametrize("is_open", [False, True])
def test_lots_show_when_their_position_is_unfolded(chromium, is_open):
    html = WHOLE._repr_html_()
    html = html.replace("<details>", "<details open>") if is_open else html
    (first, *_) = chromium.measured(measured_at_each_width(notebook(html)), f"lots-{is_open}")
    assert set(first["lots"]) == {"table-row" if is_open else "none"}
    assert len(first["lots"]) == 7


def colours(picture):
    return len(Image.open(picture).convert("RGB").getcolors(maxcolors=10**6))


def brightness(picture):
    image = Image.open(picture).convert("L").resize((1, 1))
    return image.getpixel((0, 0))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["whole", "partial", "many"])
def test_the_report_is_drawn_in_light_and_in_dark(chromium, name, dark):
    html = VIEWS[name].to_html()
    picture = chromium.screenshot(html, f"report-{name}-{dark}", width=1100, height=900, dark=dark)
    assert colours(picture) > 200
    assert (brightness(picture) < 90) is dark


def test_a_partial_report_is_unmistakably_red(chromium):
    def reds(holdings, name):
        picture = Image.open(chromium.screenshot(holdings.to_html(), name, width=1000, height=500)).convert(
            "RGB"
        )
        return sum(
            number for number, (r, g, b) in picture.getcolors(10**6) if (r, g, b) == (0xFF, 0xF1, 0xEE)
        )

    assert reds(PARTIAL, "red-partial") > 20_000
    assert reds(WHOLE, "red-whole") == 0


@pytest.mark.parametrize("kind", ["class", "broker", "treemap", "profit"])
def test_plots_as_svg_are_drawn(chromium, kind, tmp_path):
    WHOLE.plot(kind).savefig(tmp_path / "plot.svg")
    svg = (tmp_path / "plot.svg").read_text(encoding="utf-8")
    page = f'<!doctype html><meta charset="utf-8"><body style="margin: 0">{svg[svg.index("<svg") :]}</body>'
    picture = chromium.screenshot(page, f"plot-{kind}", width=1000, height=700)
    assert colours(picture) > 20

"""Every page in a JupyterLab that runs, light and dark, at several widths: nothing floats, breaks, is cut or is pale."""

import importlib
from pathlib import Path
from shutil import copy

import pytest

from koscom_async.export.html.style import FONTS
from tests.machine import is_set
from tests.rendering.lab import opened, serving

NOTEBOOK = Path(__file__).parents[1] / "notebook/sandbox.ipynb"
WIDTHS = (700, 1000, 1500)
TITLES = [
    "✗ 1 of 3 accounts not read",
    "Holdings",
    "삼성전자",
    "✗ Account NOT read",
    "Statistics",
    "Portfolios",
    "Watchlists",
    "Transactions from 2018-01-01 to 2020-12-31",
    "2 quotes, 1 missing",
    "005930, 38 bars of day, 2026-01-02 to 2026-02-27",
    "market.stocks.shortsell",
]


@pytest.fixture
def lab(chromium, tmp_path):
    """The notebook, with every cell run; where JupyterLab is missing the test is skipped, and in CI it fails."""
    importlib.import_module("jupyterlab") if is_set("CI") else pytest.importorskip("jupyterlab")
    (tmp_path / "work").mkdir()
    notebook = Path(copy(NOTEBOOK, tmp_path / "work"))
    with serving(notebook, tmp_path) as address, opened(chromium, address) as lab:
        lab.ask(f"run({len(TITLES)})")
        yield lab


def test_pages_in_jupyterlab(lab):
    for theme, ground in (("Light", "rgb(255, 255, 255)"), ("Dark", "rgb(20, 23, 28)")):
        lab.ask(f"theme('{theme}')")
        for width in WIDTHS:
            lab.resize(width)
            pages = lab.ask("pages()")
            assert [page["title"] for page in pages] == TITLES
            wrong = {page["title"]: page["wrong"] for page in pages if page["wrong"]}
            assert wrong == {}, (theme, width)
            assert {(page["ground"], page["font"]) for page in pages} == {(ground, FONTS)}
            plot = lab.ask("plot()")
            assert plot["natural"] == 1800
            assert plot["width"] <= plot["place"], width
            assert plot["isInShape"], width
    errors = lab.ask("errors()")
    assert len(errors) == 2
    for error in errors:
        assert len(error.splitlines()) <= 7, error
        assert "koscom_async/" not in error

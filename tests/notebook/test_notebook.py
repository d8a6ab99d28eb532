"""A notebook with `await` in its cells, run by a kernel as a user would run it, against the sandbox."""

import base64
import io
import re
from pathlib import Path

import anyio
import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SECONDS = 120


@pytest.fixture(scope="module")
def outputs():
    """What each cell showed, by the cell's name."""
    notebook = nbformat.reads((HERE / "sandbox.ipynb").read_text(encoding="utf-8"), as_version=4)
    client = NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    )
    anyio.run(client.async_execute)
    return {cell["id"]: cell["outputs"] for cell in notebook["cells"]}


def html_of(output):
    return output["data"]["text/html"]


def test_holdings_are_awaited_in_a_cell_and_shown_as_a_page(outputs):
    *_, shown = outputs["holdings"]
    assert "INCOMPLETE: 1 of 3 accounts could not be read" in html_of(shown)
    assert "스타 증권" in html_of(shown)
    assert shown["output_type"] == "execute_result"


def test_progress_is_one_output_that_ends_with_what_it_came_to(outputs):
    progress, shown = outputs["holdings"]
    assert progress["output_type"] == "display_data"
    assert "✗ 1 of 3 accounts not read" in html_of(progress)
    assert "kv-meter" not in html_of(progress).split("</style>")[1]
    assert shown is not progress


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("position", "삼성전자"),
        ("outcome", "Account NOT read"),
        ("frame", "다이아몬드 증권"),
        ("statistics", "calls since the client was made"),
        ("portfolios", "INCOMPLETE: 1 of 3 accounts could not be read"),
        ("watchlists", "관심종목00"),
        ("transactions", "Transactions from 2018-01-01 to 2020-12-31"),
        ("quotes", "999999: not listed, or left out"),
        ("bars", "종가"),
        ("answer", "short_balance"),
    ],
)
def test_each_record_has_its_page(outputs, cell, text):
    (shown,) = outputs[cell]
    assert text in html_of(shown)


def test_a_plot_shows_itself_once_and_sharply(outputs):
    (shown,) = outputs["plot"]
    picture = Image.open(io.BytesIO(base64.b64decode(shown["data"]["image/png"])))
    assert picture.width == 1800
    assert shown["metadata"]["image/png"]["width"] == 900


def test_the_text_of_what_is_shown_is_a_line(outputs):
    pages = [each["data"] for cell in outputs.keys() - {"frame"} for each in outputs[cell] if "data" in each]
    texts = ["".join(data["text/plain"]) for data in pages if "text/html" in data]
    assert len(texts) == 11
    assert [text for text in texts if not re.fullmatch("<[^\n]{10,200}>", text)] == []


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("error", "UsageError: usage: holdings have no groups by 'sector'."),
        ("refused", "AccountUnavailableError: common member.consent 4001: account not found"),
    ],
)
def test_an_error_is_the_cell_and_a_line_and_no_frame_of_the_library(outputs, cell, line):
    (shown,) = outputs[cell]
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(shown["traceback"]))
    assert text.splitlines()[-1].startswith(line)
    assert len(text.splitlines()) <= 7
    assert "koscom_async/" not in text


def test_closing_says_nothing(outputs):
    assert outputs["setup"] == outputs["close"] == []

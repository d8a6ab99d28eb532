"""What `koscom holdings --sandbox` shows a newcomer: an ordinary investor, whose accounts can be told apart."""

import re

import pytest

from koscom_async.cli.views.report import report
from tests.cli.screen import line_with, lines_of
from tests.rendering.pictures import holdings


@pytest.fixture
def manuals_investor():
    """Nothing: this is about the sandbox's own example."""


def test_the_documents_person_is_shown_with_what_their_answers_leave_out(koscom):
    result = koscom("holdings", "--sandbox", "--documents", "-q")
    assert result.exit_code == 0
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert line_with(lines, "우리투자증권(DLS)1120").split()[-5:] == [
        *("54,000,000,000", "55,409,400,000", "+1,409,400,000", "+2.61%", "38.3%")
    ]
    assert (
        line_with(lines, "ALL: 20 of 157 rows came") == "  ALL: 20 of 157 rows came, which the settings allow"
    )


async def test_the_first_screen_is_plain_at_every_width():
    shown = await holdings()
    for width in (60, 80, 120):
        lines = lines_of(report(shown), width)
        text = "\n".join(lines)
        assert "Net worth    ₩42,762,100" in text
        assert [line for line in lines if re.search(r"\d{3},\d{3},\d{3}", line)] == []  # believable amounts
        assert {"INCOMPLETE", "DOUBTFUL", "rows less", "—  "} & set(
            re.findall(r"INCOMPLETE|DOUBTFUL|rows less|—  ", text)
        ) <= {"—  "}
        masks = re.findall(r"\d{4}…\d{4}", text)
        assert len(masks) == len(set(masks)) == 3
    assert line_with(lines, "Unsettled").split()[:2] == ["Unsettled", "−₩860,000"]
    assert line_with(lines, "Liabilities").split()[:2] == ["Liabilities", "−₩2,760,000"]
    assert line_with(lines, "Apple").split()[-7:] == [
        "USD",
        "1,500.25",
        "USD",
        "1,912.40",
        "+USD",
        "412.15",
        "+27.47%",
    ]
    assert line_with(lines, "동화약품").split()[:5] == ["동화약품", "KOSPI", "cyber", "diamond", "100"]
    assert line_with(lines, "1607…4203").split()[:5] == ["✓", "다이아몬드", "증권", "1607…4203", "장기투자"]
    kinds = {
        str(position.instrument.product or position.instrument.asset_class) for position in shown.positions
    }
    assert kinds == {"KSP", "KDQ", "ETF", "ETC", "BOND", "FUND"}

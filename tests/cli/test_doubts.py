"""What may be counted twice, on the terminal: a panel above and below, and on the error output beside data."""

import json

import pytest

HEADLINE = "DOUBTFUL: 1 account may count something twice; the totals count it as it came"
LINE = "star 1606…0099"
ONE = ("holdings", "--sandbox", "--fault", "star=total-row")


@pytest.mark.parametrize("view", [(), ("--by", "class")])
def test_a_panel_above_and_below_says_what_may_be_counted_twice(koscom, view):
    result = koscom(*ONE, *view, env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert result.stdout.count(HEADLINE) == 2
    assert result.stdout.count("합계: a row that is named as a total, and equals the other row;") == 2
    assert "₩5,792,000 may count twice" in result.stdout
    if not view:
        assert "the broker's summary counts the doubtful rows once: without" in result.stdout


def test_beside_data_the_doubts_are_on_the_error_output(koscom):
    result = koscom(*ONE, "--json")
    assert HEADLINE in result.stderr
    assert [each["kind"] for each in json.loads(result.stdout)["doubts"]] == ["total row", "total row"]


def test_without_doubts_there_is_no_panel(koscom):
    result = koscom("holdings", "--sandbox")
    assert "DOUBTFUL" not in result.stdout + result.stderr

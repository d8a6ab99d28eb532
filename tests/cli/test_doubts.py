"""What may be counted twice, on the terminal: a panel above and below, and on the error output beside data."""

import json

import pytest

from koscom_async.cli.watch import LineWatcher
from tests.merge.accounts import held, share

HEADLINE = "DOUBTFUL: 1 account may count something twice; the totals count it as it came"
LINE = "스타 증권 1606…0099"
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


@pytest.mark.parametrize("view", [("--by", "class"), ("--explain", "삼성전자")])
def test_the_data_of_every_view_have_the_doubts(koscom, view):
    result = koscom(*ONE, *view, "--json")
    assert [each["kind"] for each in json.loads(result.stdout)["doubts"]] == ["total row", "total row"]


@pytest.mark.parametrize("width", ["60", "110", "200"])
def test_a_doubtful_row_says_so_beside_its_name(koscom, width):
    result = koscom("holdings", "--sandbox", "--fault", "star=doubled-row", "--lots", env={"COLUMNS": width})
    assert "Apple (doubtful)" in result.stdout
    assert result.stdout.count("(doubtful)") == 2 + 4
    assert "삼성전자 (doubtful)" not in result.stdout


def test_off_a_terminal_a_watch_names_doubts_when_they_come_and_when_they_go(capfdbinary):
    row = share("KR7005930003", 10, 700, 800, name="삼성전자")
    sure, doubtful = held(row), held(row, row)
    watching = LineWatcher(interval=30)
    watching.began(doubtful)
    watching.answered(doubtful, doubtful.diff(doubtful))
    watching.answered(sure, sure.diff(doubtful))
    watching.answered(sure, sure.diff(sure))
    written = [line.partition("  ")[2] for line in capfdbinary.readouterr().out.decode().splitlines()]
    assert written[1:3] == [HEADLINE, f"{LINE}: 삼성전자: the same row came 2 times; ₩800 may count twice"]
    assert written[-1] == "no more doubts: nothing may be counted twice"
    assert len([line for line in written if "doubt" in line.lower()]) == 2


def test_without_doubts_there_is_no_panel(koscom):
    result = koscom("holdings", "--sandbox")
    assert "DOUBTFUL" not in result.stdout + result.stderr

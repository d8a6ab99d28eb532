"""What changed, line by line: nothing that could not be read is taken for sold, and no purchase for a gain."""

import re

import pytest

from koscom_async.cli.ending import answer_data
from koscom_async.cli.views.changes import ACCOUNT_WORDS, change_lines
from koscom_async.cli.views.differences import difference_data, difference_report
from tests.cli.portfolio import (
    account,
    bond,
    equity,
    holdings,
    read,
    stranger,
    summary,
    today,
    unread,
    yesterday,
)
from tests.cli.screen import line_with, lines_of
from tests.loops import each

HUGE = 123_456_789_012_345


def test_each_kind_of_change_is_a_line_with_before_and_after():
    lines = lines_of(difference_report(today(), yesterday()), 140)
    assert line_with(lines, "SK하이닉스").split() == [
        *("new", "SK하이닉스", "KR7000660001", "12", "+12", "1,692,000", "+1,692,000"),
    ]
    assert line_with(lines, "카카오").split() == [
        *("closed", "카카오", "KR7035720002", "30", "−30", "1,290,000", "−1,290,000"),
    ]
    assert line_with(lines, "NAVER").split()[3:] == ["7", "9", "+2", "1,386,000", "1,800,000", "+414,000"]
    assert line_with(lines, "삼성전자").split()[3:] == [
        *("200", "150", "−50", "14,280,000", "10,830,000", "−3,450,000"),
    ]
    assert line_with(lines, "동화약품").split()[0] == "repriced"
    assert line_with(lines, "FOCUS").split()[0] == "changed"
    assert line_with(lines, "6,976,542").split()[-3:] == ["6,976,542", "9,876,542", "+2,900,000"]
    assert [line.split("  ")[-1] for line in lines if "In all" in line] == ["−2,645,400", "+USD 37.70"]


def test_an_account_that_cannot_be_read_is_not_taken_for_sold():
    text = "\n".join(lines_of(difference_report(today(), yesterday()), 160))
    assert "Accounts that cannot be compared" in text
    assert (
        "unreadable  스타 증권 1606…0099  could not be read: what it held is not counted as sold "
        "(last seen with securities of ₩5,792,000)" in text
    )
    assert "국민주택" not in text
    assert "in the 2 accounts read both times" in text


@pytest.mark.parametrize("width", [80, 120])
def test_a_partial_answer_says_so_above_and_below(width):
    lines = lines_of(difference_report(today(), yesterday()), width)
    assert sum("INCOMPLETE: 1 of 3 accounts could not be read" in line for line in lines) == 2


def test_an_earlier_answer_that_was_partial_is_told():
    text = "\n".join(lines_of(difference_report(yesterday(), today()), 160))
    assert "readable  스타 증권 1606…0099  can be read again: what changed meanwhile is not known" in text
    assert "The earlier answer was partial too: 1 of 3 accounts could not be read then" in text
    assert "INCOMPLETE" not in text


def test_an_account_that_could_be_read_neither_time_is_named():
    text = "\n".join(lines_of(difference_report(today(), today()), 160))
    assert "Nothing changed in the 2 accounts read both times." in text
    assert "스타 증권 1606…0099 could not be read either time" in text


def test_accounts_come_and_go():
    here, there = read(account("star"), others=[bond()]), read(account("cyber"))
    text = "\n".join(lines_of(difference_report(holdings(here), holdings(there)), 160))
    assert "appeared  스타 증권 1606…0099    newly linked (with securities of ₩5,792,000)" in text
    assert "no longer linked: what it held is not counted as sold (last seen with securities of ₩0)" in text
    assert "No account was read both times: nothing can be compared." in text


@each("width", [30, 40, 60, 79, 80, 81, 100, 119, 120, 140, 200])
@each("later", ["whole", "partial"])
def test_no_number_is_cut_at_any_width(width, later):
    def big(quantity, *others):
        rows = [equity("이름이 아주 길고 또 길어서 들어가지 않는 종목", quantity=quantity, value=quantity)]
        return holdings(read(account(), equities=rows, said=summary(quantity)), *others)

    star = read(account("star")) if later == "whole" else unread(account("star"))
    report = difference_report(big(HUGE, star), big(3 * HUGE, read(account("star"))))
    text = "\n".join(lines_of(report, width))
    numbers = set(re.findall(r"\b\d{1,3}(?:,\d+)+", text))
    assert f"{2 * HUGE:,}" in numbers
    assert numbers <= {f"{HUGE:,}", f"{2 * HUGE:,}", f"{3 * HUGE:,}"}
    assert "…" not in text.replace("1606…0099", "")
    assert ("INCOMPLETE" in text) is (later == "partial")


def test_the_data_say_which_answers_are_whole_and_mask_account_numbers():
    data = answer_data(today(), difference_data(today(), yesterday()))
    assert (data["complete"], data["earlier_complete"]) == (False, True)
    assert [change["kind"] for change in data["positions"]] == [
        *("new", "closed", "more", "less", "changed", "repriced", "repriced"),
    ]
    (unreadable,) = data["accounts"]
    assert (unreadable["kind"], unreadable["account"]["number"]) == ("unreadable", "1606…0099")
    assert data["positions"][3]["value_change"] == "-3450000"


def test_changes_in_words_are_a_line_each():
    lines = [str(line) for line in change_lines(today().diff(yesterday()))]
    assert lines == [
        f"unreadable 스타 증권 1606…0099: {ACCOUNT_WORDS['unreadable']} (last seen with securities of ₩5,792,000)",
        "new SK하이닉스: 12, worth ₩1,692,000",
        "closed 카카오: was 30, worth ₩1,290,000",
        "more NAVER: quantity 7 → 9 (+2), value ₩1,386,000 → ₩1,800,000 (+₩414,000)",
        "less 삼성전자: quantity 200 → 150 (−50), value ₩14,280,000 → ₩10,830,000 (−₩3,450,000)",
        "changed 삼성중소형FOCUS증권자1호[주식]: cost ₩0 → ₩1",
        "repriced 동화약품: value ₩201,400 → ₩190,000 (−₩11,400)",
        "repriced Apple: value USD 1,912.40 → USD 1,950.10 (+USD 37.70)",
        "cash 다이아몬드 증권 1606…0099: ₩6,976,542 → ₩9,876,542 (+₩2,900,000)",
    ]


def test_only_what_the_price_moved_is_a_gain_or_a_loss():
    gains = {line.what: line.gain for line in change_lines(today().diff(yesterday())) if line.gain}
    assert {name: int(gain * 10) for name, gain in gains.items()} == {"동화약품": -114000, "Apple": 377}


def test_what_comes_from_the_network_cannot_steer_the_terminal():
    evil = "\x1b[2J[red]삼성[/red]\r\x9b1m"

    def answer(value):
        which = account(stranger(evil), number="123456789012")
        return holdings(
            read(which, equities=[equity(evil, "\x1b]0;x\x07", value=value)], said=summary(value))
        )

    text = "\n".join(lines_of(difference_report(answer(2), answer(1)), 160))
    words = "\n".join(map(str, change_lines(answer(2).diff(answer(1)))))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text + words)
    assert "[2J[red]삼성[/red]" in text
    assert "123456789012" not in text + words

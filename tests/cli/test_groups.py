"""The breakdown, line by line: what belongs where, that it adds up, and that no number is ever cut."""

import csv
import io
import re
from decimal import Decimal

import pytest
from rich.cells import cell_len

from koscom_async.cli.ending import answer_data
from koscom_async.cli.views.groups import BAR_CELLS, HEADINGS, bar, groups_data, groups_report, groups_sheet
from tests.cli.portfolio import account, equity, holdings, read, stranger, summary, today, unread, yesterday
from tests.cli.screen import line_with, lines_of
from tests.loops import each

HUGE = 123_456_789_012_345


def test_a_broker_is_one_line_with_securities_cash_and_share():
    lines = lines_of(groups_report(yesterday(), "broker"), 140)
    assert line_with(lines, "다이아몬드 증권").split() == [
        *(
            "다이아몬드",
            "증권",
            "4",
            "20,160,519",
            "21,563,400",
            "+1,402,881",
            "+6.95%",
            "6,976,542",
            "26.4%",
        ),
        "████",
    ]
    assert line_with(lines, "Total KRW").split()[-5:] == [
        *("≥26,328,519", "101,071,365", "+2,412,881", "+9.16%", "6,978,542"),
    ]
    assert "By broker, in USD " in "\n".join(lines)


def test_a_cost_that_is_reported_in_part_or_not_at_all_is_told():
    lines = lines_of(groups_report(yesterday(), "class"), 140)
    assert line_with(lines, "Fund").split()[:4] == ["Fund", "1", "—", "72,329,965"]
    lines = lines_of(groups_report(yesterday(), "broker"), 140)
    assert line_with(lines, "73,715,965").split()[:4] == ["사이버", "증권", "2", "≥1,449,000"]


@pytest.mark.parametrize("by", ["class", "product"])
def test_cash_that_is_in_no_group_is_named_apart(by):
    text = "\n".join(lines_of(groups_report(yesterday(), by), 140))
    assert f"Cash of ₩6,978,542 is in no {HEADINGS[by].lower()}" in text
    assert not re.search(r"Cash$|  Cash  ", text.split("\n")[3])


def test_products_have_words_and_one_that_is_not_told_says_so():
    lines = lines_of(groups_report(yesterday(), "product"), 140)
    assert [line.split("  ")[0] for line in lines[4:7]] == ["not known", "KOSPI", "Bond"]


@pytest.mark.parametrize("by", HEADINGS)
def test_the_groups_of_a_currency_add_up_to_its_total(by):
    answer = yesterday()
    groups = groups_data(answer, by)["groups"]
    won = [group for group in groups if group["currency"] == "KRW"]
    assert sum(Decimal(group["value"]) for group in won) == answer.totals.value
    if by not in {"class", "product"}:
        assert sum(Decimal(group["cash"]) for group in won) == answer.totals.cash


def test_cash_that_is_not_settled_has_its_column_and_is_in_the_weights():
    said = summary(1000, cash_d2=Decimal(500), total_value=Decimal(201_900))
    bought = holdings(read(account(), equities=[equity()], said=said))
    cells = line_with(lines_of(groups_report(bought, "broker"), 140), "다이아몬드").split()
    assert cells[cells.index("1,000") :][:3] == ["1,000", "−500", "100.0%"]
    assert any(
        "Cash of ₩500 is in no asset class" in line for line in lines_of(groups_report(bought, "class"), 140)
    )


@pytest.mark.parametrize("by", HEADINGS)
@pytest.mark.parametrize("width", [80, 120])
def test_a_partial_answer_says_so_above_and_below(by, width):
    lines = lines_of(groups_report(today(), by), width)
    assert sum("INCOMPLETE: 1 of 3 accounts could not be read" in line for line in lines) == 2
    assert answer_data(today(), groups_data(today(), by))["complete"] is False


def test_where_nothing_was_read_there_are_no_groups():
    text = "\n".join(lines_of(groups_report(holdings(unread(account())), "broker")))
    assert "NOTHING COULD BE READ" in text
    assert "By broker" not in text


def test_nothing_held_is_said_in_words():
    answer = holdings(read(account(), said=summary(None)))
    assert "Nothing is held." in lines_of(groups_report(answer, "class"))


@each("width", [30, 40, 60, 79, 80, 81, 100, 119, 120, 140, 200])
@each("by", HEADINGS)
def test_no_number_is_cut_at_any_width(width, by):
    big = holdings(
        read(account(), equities=[equity(quantity=HUGE, cost=HUGE, value=HUGE + 1)], said=summary(HUGE))
    )
    text = "\n".join(lines_of(groups_report(big, by), width))
    numbers = set(re.findall(r"\b\d{1,3}(?:,\d+)+", text))
    assert f"{HUGE + 1:,}" in numbers
    assert numbers <= {f"{HUGE:,}", f"{HUGE + 1:,}"}
    assert "…" not in text.replace("1606…0099", "")


@pytest.mark.parametrize(
    ("share", "cells"), [("0", 0), ("0.000001", 1), ("0.5", BAR_CELLS // 2), ("1", BAR_CELLS), ("-0.5", 0)]
)
def test_a_bar_is_as_long_as_the_share_and_never_nothing_for_something(share, cells):
    assert cell_len(bar(Decimal(share))) == cells


def test_a_stranger_s_name_can_neither_steer_the_terminal_nor_become_a_formula():
    answer = holdings(read(account(stranger("\x1b[2J=evil"), number="123456789012"), equities=[equity()]))
    assert "\x1b" not in "\n".join(lines_of(groups_report(answer, "broker")))
    evil = holdings(read(account(stranger("=evil"), number="123456789012"), equities=[equity()]))
    (row,) = csv.DictReader(io.StringIO(groups_sheet(evil, "broker").formats()["csv"]()))
    assert row["key"] == "'=evil"


def test_groups_as_csv_are_exact_and_what_has_no_place_is_empty():
    rows = list(csv.DictReader(io.StringIO(groups_sheet(yesterday(), "class").formats()["csv"]())))
    apple = next(row for row in rows if row["currency"] == "USD")
    assert (apple["key"], apple["value"], apple["cash"], apple["return_pct"]) == (
        "EQTY",
        "1912.4",
        "",
        "27.47",
    )

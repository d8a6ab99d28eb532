"""The report, line by line: what is shown, that it lines up, and that no number is ever cut."""

import re
from decimal import Decimal

import pytest
from rich.cells import cell_len

from koscom_async.cli.views.report import report
from koscom_async.models.codes import Product, TradeType
from tests.cli.portfolio import (
    account,
    bond,
    equity,
    fund,
    holdings,
    read,
    stranger,
    summary,
    unread,
)
from tests.cli.screen import line_with, lines_of
from tests.loops import each

HUGE = 123_456_789_012_345


def three_brokers():
    return holdings(
        read(
            account("diamond", alias="내 계좌"),
            equities=[
                equity(None),
                equity(
                    "Apple",
                    "US0378331005",
                    quantity=10,
                    cost="1500.25",
                    value="1912.4",
                    currency="USD",
                    product=Product.OTHER,
                ),
            ],
            funds=[fund()],
            others=[bond()],
            said=summary(6976542, cash_d1=Decimal(1), value=Decimal(300000), cost=Decimal(4900519)),
        ),
        read(
            account("cyber"),
            equities=[
                equity(quantity=50, cost=480000, value=530000, trade_type=TradeType.NORMAL),
                equity(
                    "NAVER",
                    "KR7035420009",
                    quantity=7,
                    cost=1449000,
                    value=1386000,
                    trade_type=TradeType.MARGIN,
                ),
            ],
            funds=[fund(cost=5000000, value=4521000)],
        ),
        read(account("star"), others=[bond(quantity=10)]),
    )


def partial():
    return holdings(read(account("diamond"), equities=[equity()]), unread(account("star")))


def test_a_position_is_one_line_with_all_that_is_known_of_it():
    lines = lines_of(report(three_brokers()), 160)
    assert line_with(lines, "KR7000020008").split() == [
        *("동화약품", "KR7000020008", "KOSPI", "cyber", "diamond"),
        *("69", "661,519", "731,400", "+69,881", "+10.56%", "0.8%"),
    ]
    assert line_with(lines, "NAVER").split()[-4:] == ["1,386,000", "−63,000", "−4.34%", "1.5%"]
    assert line_with(lines, "국민주택1종11-07  ").split() == [
        *("국민주택1종11-07", "—", "Bond", "diamond", "star"),
        *("5,000,010", "9,438,000", "11,584,000", "+2,146,000", "+22.73%", "12.8%"),
    ]


def test_columns_end_at_the_same_cell_whatever_the_script():
    lines = lines_of(report(three_brokers()), 160)
    rows = [line for line in lines if re.match(r"(동화약품|NAVER|국민주택|삼성).* [\d.]+%$", line)]
    assert len(rows) == 4
    assert len({cell_len(row) for row in rows}) == 1


def test_an_unknown_cost_is_a_dash_and_a_partial_one_says_so():
    lines = lines_of(report(three_brokers()), 160)
    assert "≥5,000,000" in line_with(lines, "KRZ500395135")
    assert line_with(lines, "Total KRW").split() == [
        "Total",
        "KRW",
        "≥16,548,519",
        "90,552,365",
        "+2,152,881",
        "+18.64%",
    ]
    assert (
        line_with(lines, "profit leaves out")
        == "• The profit leaves out ₩76,850,965 of funds whose brokers report no cost"
    )
    assert line_with(lines, "≥ marks")
    alone = lines_of(report(holdings(read(account(), funds=[fund()]))), 160)
    assert line_with(alone, "KRZ500395135").split()[-5:] == ["—", "72,329,965", "—", "—", "100.0%"]


def test_foreign_money_stands_apart_with_its_own_total():
    lines = lines_of(report(three_brokers()), 160)
    start = next(number for number, line in enumerate(lines) if line.startswith("Positions in USD"))
    assert "not part of the totals in KRW" in lines[start]
    assert lines[start + 1].split()[-3:] == ["Value", "Profit/loss", "Return"]
    assert lines[start + 2].split("  ")[-4:] == ["USD 1,500.25", "USD 1,912.40", "+USD 412.15", "+27.47%"]
    assert lines[start + 3].split() == [
        "Total",
        "USD",
        "USD",
        "1,500.25",
        "USD",
        "1,912.40",
        "+USD",
        "412.15",
        "+27.47%",
    ]
    assert not any("Apple" in line for line in lines[:start])


def test_totals_and_cash():
    lines = lines_of(report(three_brokers()), 160)
    assert line_with(lines, "Securities").split() == ["Securities", "₩90,552,365", "cost", "≥₩16,548,519"]
    totals = lines[lines.index(line_with(lines, "Totals in KRW")) :]
    assert line_with(totals, "Profit/loss").split()[:3] == ["Profit/loss", "+₩2,152,881", "+18.64%"]
    assert line_with(totals, "Cash").split()[:2] == ["Cash", "₩6,978,542"]
    assert line_with(totals, "Unsettled").split()[:2] == ["Unsettled", "−₩6,976,541"]
    assert line_with(lines, "Net worth").split() == ["Net", "worth", "₩90,554,366"]
    assert line_with(lines, "Liabilities").split()[1] == "₩0"


def test_a_total_that_cannot_be_known_is_a_dash_with_its_reason():
    lines = lines_of(report(holdings(read(account(), equities=[equity()], said=summary(None, loan=None)))))
    assert line_with(lines, "Net worth").split() == ["Net", "worth", "—"]
    assert line_with(lines, "are not known") == (
        "• Totals marked — are not known: 다이아몬드 증권 1606…0099 reports no cash, no loans"
    )


def test_where_rows_and_summary_differ_one_line_says_by_how_much():
    lines = lines_of(report(three_brokers()), 80)
    assert line_with(lines, "rows less") == "  rows less broker's summary: value +₩78,023,365"
    assert line_with(lines, "likely because") == "  likely because brokers reckon summary and rows apart"


def test_the_state_of_every_account():
    lines = lines_of(report(partial()))
    start = next(number for number, line in enumerate(lines) if line.startswith("Accounts"))
    assert lines[start + 1].split() == [
        *("✓", "다이아몬드", "증권", "1606…0099", "1", "row", "1", "call", "0.25", "s")
    ]
    assert lines[start + 2].split() == [
        *("✗", "스타", "증권", "1606…0099", "failed", "4", "calls", "1.50", "s")
    ]
    assert lines[start + 3 : start + 5] == [
        "  broker server cannot serve (code 3600, asked 4 times)",
        "  → the broker is down: ask again later",
    ]


def test_a_note_of_what_was_tolerated_stands_below_its_account():
    lines = lines_of(report(holdings(read(account(), notes=["the request id was not echoed"]))))
    assert "  the request id was not echoed" in lines


@pytest.mark.parametrize("width", [80, 120])
def test_a_partial_answer_says_so_above_and_below(width):
    lines = lines_of(report(partial()), width)
    said = [n for n, line in enumerate(lines) if "INCOMPLETE: 1 of 2 accounts could not be read" in line]
    positions = next(n for n, line in enumerate(lines) if line.startswith("Positions"))
    accounts = next(n for n, line in enumerate(lines) if line.startswith("Accounts"))
    assert said[0] < positions < accounts < said[1]
    assert "2 of" not in lines[0]
    assert lines[0].startswith("Holdings  1 of 2 accounts, asked at 2024-05-02 09:30:00 KST")


def test_a_whole_answer_has_no_banner():
    assert not any("INCOMPLETE" in line or "┏" in line for line in lines_of(report(three_brokers())))


def test_where_nothing_was_read_no_totals_are_shown():
    lines = lines_of(report(holdings(unread(account("star")))))
    assert sum("NOTHING COULD BE READ: 1 account asked, all failed" in line for line in lines) == 2
    assert not any("Totals in KRW" in line or "Net worth" in line for line in lines)


def test_nothing_held_is_said_in_words():
    lines = lines_of(report(holdings(read(account()))))
    assert "No securities are held." in lines
    assert line_with(lines, "Net worth").split()[-1] == "₩1,000"


def test_lots_stand_below_their_position_with_the_brokers_numbers():
    lines = lines_of(report(three_brokers(), with_lots=True), 160)
    start = lines.index(line_with(lines, "KR7035420009"))
    assert lines[start + 1].split() == [
        *("└", "사이버", "증권", "1606…0099", "on", "margin", "7", "1,449,000", "1,386,000", "—"),
    ]
    assert any(line.startswith("Cash in KRW") for line in lines)
    assert line_with(lines, "brokers' own")


@each("width", [30, 40, 60, 79, 80, 81, 100, 119, 120, 140, 200])
@each("with_lots", [False, True])
def test_no_number_is_cut_at_any_width(width, with_lots):
    big = holdings(
        read(
            account(),
            equities=[
                equity(
                    "이름이 아주 길고 또 길어서 들어가지 않는 종목", quantity=HUGE, cost=HUGE, value=HUGE + 1
                )
            ],
            said=summary(HUGE, cash_d1=Decimal(HUGE), cash_d2=Decimal(HUGE), withdrawable=Decimal(HUGE)),
        )
    )
    lines = lines_of(report(big, with_lots=with_lots), width)
    text = "\n".join(lines)
    numbers = set(re.findall(r"\b\d{1,3}(?:,\d+)+", text))
    net_worth = f"{2 * HUGE + 1:,}"
    assert {f"{HUGE:,}", f"{HUGE + 1:,}", net_worth} <= numbers
    assert numbers <= {f"{HUGE:,}", f"{HUGE + 1:,}", net_worth}
    assert "…" not in text.replace("1606…0099", "")


def test_eighty_columns_fold_each_position_in_two_lines():
    lines = lines_of(report(three_brokers()), 80)
    start = next(n for n, line in enumerate(lines) if line.startswith("Name"))
    assert lines[start + 1].split() == ["Kind,", "brokers", "Weight", "Cost", "Return"]
    first = next(n for n, line in enumerate(lines) if line.startswith("동화약품"))
    assert lines[first].split() == ["동화약품", "69", "731,400", "+69,881"]
    assert lines[first + 1].split() == ["KOSPI", "·", "cyber", "diamond", "0.8%", "661,519", "+10.56%"]


def test_what_comes_from_the_network_cannot_steer_the_terminal():
    evil = "\x1b[2J[red]삼성[/red]\r\x9b1m"
    lines = lines_of(
        report(
            holdings(
                read(
                    account(stranger(evil), number="123456789012", alias=evil),
                    equities=[equity(evil, "\x1b]0;x\x07")],
                    notes=[evil],
                )
            ),
            with_lots=True,
        ),
        160,
    )
    text = "\n".join(lines)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert "[2J[red]삼성[/red]" in text


def test_an_account_number_is_never_shown_whole():
    for width in (80, 160):
        text = "\n".join(lines_of(report(three_brokers(), with_lots=True), width))
        assert "160635473367600099" not in text
        assert "1606…0099" in text

"""Rows in a notebook's cell: market data, answers across accounts, any operation; each names what it leaves out."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from koscom_async import Direction, Koscom, Quote, Quotes, TransactionType
from koscom_async.export.html.lists import SHOWN
from koscom_async.models.market.bars import Bar, Bars
from koscom_async.models.transactions import Transaction, TransactionHistory
from koscom_async.sandbox import SandboxGateway
from tests.catalogue import test_reader
from tests.export.html.test_pages import DOWN, HOSTILE, NUMBER, page_of
from tests.merge.accounts import CYBER, DIAMOND, NOW, account, failed, held, merged, read, share, summary


def test_a_row_is_a_line_under_names_and_korean_terms():
    bar = Bar(on=date(2026, 3, 2), close=Decimal(61100), volume=Decimal("6105485.5"))
    bars = Bars(
        code="005930", every="day", since=bar.on, until=bar.on, bars=(bar,), notes=("one is missing",)
    )
    text = page_of(bars).text
    assert text == (
        "005930, 1 bar of day, 2026-03-02 to 2026-03-02 "
        "on 일자 close 종가 volume 거래량 2026-03-02 61,100 6,105,485.5 • one is missing"
    ).replace("• ", "")


def test_what_is_missing_and_what_failed_is_named_below():
    at = datetime(2026, 3, 2, 14, 30, 1, 999, tzinfo=NOW.tzinfo)
    quote = Quote(code="005930", name="삼성전자", price=Decimal(61100), at=at, received_at=at, doubtful=True)
    quotes = Quotes(
        quotes={"005930": quote}, missing=("999999",), failures={"A": ValueError("no")}, as_of=NOW
    )
    text = page_of(quotes).text
    assert "005930 삼성전자 61,100 2026-03-02 14:30:01 ✓" in text
    assert text.endswith("999999: not listed, or left out A: no")


def history(rows, **outcome):
    return TransactionHistory(since=date(2026, 3, 1), until=date(2026, 3, 31), rows=tuple(rows), as_of=NOW)


def test_of_many_rows_the_first_and_the_last_are_shown_and_the_others_counted():
    rows = [Transaction(on=date(2026, 3, 1), code=f"A{place:05}") for place in range(SHOWN + 5)]
    text = page_of(history(rows)).text
    assert f"A{SHOWN // 2 - 1:05}" in text
    assert f"A{SHOWN // 2:05}" not in text
    assert f"A{SHOWN + 4:05}" in text
    assert "5 rows in between are not shown" in text
    assert "No rows." in page_of(history([])).text


def test_transactions_say_what_they_are_and_what_contradicts_it():
    row = Transaction(
        account=account(), on=date(2026, 3, 1), type=TransactionType.SALE, code="KR7005930003",
        amount_change=Decimal(-500), quantity_change=Decimal(-5),
    )  # fmt: skip
    assert (row.direction, row.signs_contradict) == (Direction.SALE, True)
    text = page_of(history([row])).text
    assert "2026-03-01 스타 증권 1606…0099 sale KR7005930003 −500 −5 ✓" in text


async def test_answers_across_accounts_show_whole_and_partial():
    async with (
        SandboxGateway(in_process=True, faults={"star": "3600"}) as gateway,
        Koscom(gateway.settings, transport=gateway.transport) as koscom,
    ):
        portfolios = page_of(await koscom.portfolios(gateway.investor)).text
        watchlists = page_of(await koscom.watchlists(gateway.investor)).text
        orders = page_of(await koscom.discretionary.all_orders()).text
    for text in (portfolios, watchlists):
        assert "✗ 1 of 3 accounts not read ⚠ INCOMPLETE: 1 of 3 accounts could not be read 스타 증권" in text
    assert "KR7000020008 KOSPI 사이버 증권 50 (share or quantity), 다이아몬드 증권 6.42 %" in portfolios
    assert (
        "KR7028260008 사이버 증권 1608…8517 · 관심종목00, 다이아몬드 증권 1607…4203 · 관심종목00"
        in watchlists
    )
    assert "삼성전자 KR7005930003 equity" in orders


def test_changes_name_positions_cash_and_the_accounts_that_cannot_be_compared():
    earlier = merged(
        read(account(CYBER), share(value=100), summed=summary(50)), read(account(DIAMOND), share())
    )
    bought = share(quantity=12, value=130), share("US0378331005", value="1.5", currency="USD")
    later = merged(read(account(CYBER), *bought, summed=summary(20)), failed(account(DIAMOND), DOWN))
    diff = later.diff(earlier)
    assert repr(diff) == "<HoldingsDiff: 2 positions, 1 cash account, 1 account compared, 1 not>"
    text = page_of(diff).text
    assert text.startswith("Changes in the 1 account read both times change 변동 of 종목, 계좌")
    assert "unreadable 다이아몬드 증권 1606…0099 — — — — 120 — KRW" in text
    assert "more KR7005930003 10 12 2 100 130 30 KRW" in text
    assert "new US0378331005 — 10 — — 1.5 — USD" in text
    assert "cash 사이버 증권 1606…0099 — — — 50 20 −30 KRW" in text
    assert "No rows." in page_of(earlier.diff(earlier)).text


def test_an_explanation_is_its_lines():
    explained = held(share(name="삼성전자")).explain("삼성전자")
    page = page_of(explained)
    assert page.tags.count("li") == len(explained.lines) - 1
    assert page.text == " ".join(explained.lines)
    assert repr(explained) == f"<Explanation: {explained.lines[0]}>"


def test_an_answer_hides_what_it_hides_in_its_line():
    answer = test_reader.read(
        "thecheat.fraudsearch", '{"result_code": 1, "content": "{\\"keyword\\": \\"01012345678\\"}"}'
    )
    shown = (page_of(answer).text, repr(answer), repr(answer.rows), repr(list(answer.rows.__rich_repr__())))
    assert not [text for text in shown if "01012345678" in text]
    assert repr(answer) == "<Answer: thecheat.fraudsearch, 1 row, complete>"
    assert repr(answer.rows) == "<Rows: 1 row>"


@pytest.mark.parametrize("text", [HOSTILE, "가" * 500, "$x$"])
def test_foreign_texts_are_text(text):
    page = page_of(history([Transaction(code=text, on=date(2026, 3, 1))]))
    assert not {"img", "script"} & set(page.tags)
    assert NUMBER not in page.text

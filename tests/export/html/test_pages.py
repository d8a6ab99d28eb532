"""The pages: what stands in them, what must not, and that they are sound HTML without a script."""

import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from attrs import evolve

from koscom_async import (
    AccountOutcome,
    Broker,
    BrokerStatistics,
    BrokerUnavailableError,
    Holdings,
    ServiceQuota,
    Statistics,
    Trace,
    VirtualAccount,
)
from tests.merge.accounts import (
    CYBER,
    DIAMOND,
    NOW,
    account,
    balance_of,
    bond,
    failed,
    fund,
    held,
    merged,
    read,
    share,
    summary,
)

DOWN = BrokerUnavailableError(
    "broker server cannot serve", code="3600", attempts=4, advice="the broker is down: ask again later"
)
NUMBER = "160646584478700099"
VOID = {"br", "meta"}


class Page(HTMLParser):
    """The page's text in one line, its tags and attributes; fails on what is not closed in order."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.texts, self.open = [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.texts.append(data)


def page_of(record):
    return Page(record._repr_html_())


@pytest.fixture
def partial() -> Holdings:
    return merged(
        read(
            account(DIAMOND),
            share("KR7000020008", 19, 181519, 201400, name="동화약품"),
            share("HK0000050325", 120, 281764, 245400, name="차이나"),
            fund("KRZ500395135", "삼성중소형FOCUS증권자1호[주식]", 72329965),
            summed=summary(6976542, d2=6000000, value=1, cost=463283),
        ),
        read(account(CYBER), share("US0378331005", 10, "1500.25", "1912.4", name="Apple", currency="USD")),
        failed(account(), DOWN),
    )


def test_a_partial_answer_is_unmistakable(partial):
    text = page_of(partial).text
    assert "✗ 1 of 3 accounts not read" in text
    assert "⚠ INCOMPLETE: 1 of 3 accounts could not be read; the totals leave it out" in text
    assert (
        "스타 증권 1606…0099 code 3600 broker server cannot serve (asked 4 times) → the broker is down: ask again later"
    ) in text
    assert "Net worth · incomplete ₩78,776,765 of 2 of 3 accounts only" in text


def test_money_of_trades_that_are_not_settled_is_shown_and_else_not():
    bought = merged(read(account(), share(value=50), summed=summary(1000, d2=950, total=1000)))
    text = page_of(bought).text
    assert "Unsettled −₩50" in text
    assert (
        "net worth counts −₩50 of cash from trades not settled yet (D2), which the broker's total confirms"
        in text
    )
    settled = merged(read(account(), share(value=50), summed=summary(950, d2=950, total=1000)))
    assert "nsettled" not in page_of(settled).text


def test_a_whole_answer_raises_no_alarm():
    holdings = held(share())
    text = page_of(holdings).text
    assert "✓ 1 account read" in text
    assert not re.search(r"incomplete|⚠|✗|not read", text, re.IGNORECASE)
    assert 'role="alert"' not in holdings._repr_html_()


def test_nothing_read_is_not_nothing_held():
    text = page_of(merged(failed(account(), DOWN))).text
    assert "NOTHING COULD BE READ" in text
    assert "No securities are held" not in text
    assert "Net worth · incomplete —" in text


def test_nothing_held_is_said_in_words():
    assert "No securities are held." in page_of(merged(read(account()))).text
    some = page_of(merged(read(account(DIAMOND)), failed(account(), DOWN))).text
    assert "No securities are held in the accounts that could be read." in some


def test_gains_and_losses_are_told_by_arrow_and_sign(partial):
    text = page_of(partial).text
    assert "▲ +19,881 +10.95%" in text
    assert "▼ −36,364 −12.90%" in text


def test_a_fund_without_a_cost_has_no_profit_and_the_page_says_so(partial):
    text = page_of(partial).text
    assert "Fund · KRZ500395135 · 다이아몬드 증권 다이아몬드 증권 — 72,329,965 — — — 91.8%" in text
    assert "The profit leaves out ₩72,329,965 of funds whose brokers report no cost" in text
    assert "not of all positions, see the notes" in text
    assert "cost ≥₩463,283" in text


def test_where_no_cost_is_known_neither_is_the_profit():
    text = page_of(held(fund("KRZ500395135", "펀드", 72329965))).text
    assert "Securities ₩72,329,965 cost — Profit/loss — not known: see the notes" in text
    assert "Total KRW 72,329,965 — — —" in text


def test_foreign_money_stands_apart(partial):
    text = page_of(partial).text
    assert "1 position in USD not part of the totals in KRW" in text
    assert "Total USD USD 1,912.40 USD 1,500.25 ▲ +USD 412.15 +27.47%" in text
    assert "Total KRW 72,776,765 ≥463,283 ▼ −16,483" in text


def test_every_account_shows_its_state_and_how_it_reconciles(partial):
    text = page_of(partial).text
    assert "✓ 다이아몬드 증권 1606…0099 · diamond 3" in text
    assert "rows less broker's summary: value +₩72,776,764" in text
    assert "✗ 스타 증권 1606…0099 · star not read code 3600" in text
    assert "as of 2026-03-02 09:30:00 KST" in text


def test_unknown_totals_say_why():
    text = page_of(merged(read(account(), share(), is_summed=False))).text
    assert "Net worth —" in text
    assert "Totals marked — are not known: 스타 증권 1606…0099 reports no summary (cash, loans)" in text


def test_lots_unfold_without_a_script():
    holdings = merged(
        read(account(DIAMOND), bond("국민주택1종11-07", 10, 9, 12)),
        read(account(), bond("국민주택1종11-07", 5, 4, 6)),
    )
    page = page_of(holdings)
    assert page.tags.count("details") == 1
    assert "국민주택1종11-07 Bond · no code · 15 held · 2 lots" in page.text
    assert "It has no code: matched by product and full name." in page.text
    assert "다이아몬드 증권 1606…0099 diamond 10 12 9 — ↳ 스타 증권 1606…0099 star 5 6 4 —" in page.text


def test_derivatives_say_that_they_are_not_in_the_totals():
    text = page_of(held(share("KR4101", 1, 100, 120, product="FUT", name="선물"))).text
    assert "Future · KR4101" in text
    assert "— not in totals" in text


def test_a_difference_comes_with_its_likely_reason():
    outcome = read(account(), share(trade_type="SUM"), summed=summary(value=1000))
    text = page_of(merged(outcome)).text
    assert (
        "rows less broker's summary: value −₩880 · likely because the broker leaves loan balances out" in text
    )


def test_margin_debt_stands_at_its_lot_and_foreign_value_beside_its_value_in_won():
    margin = evolve(share(trade_type="CRD"), loan=Decimal(70))
    dollars = evolve(share("US0378331005", value="10", currency="USD"), rate=Decimal("1390.5"))
    text = page_of(held(margin, dollars)).text
    assert "star · on margin · loan 70" in text
    assert "— ≈ ₩13,905" in text


HOSTILE = "<img src=x onerror=alert(1)>\"'&$x^2$\u202e</td></table><script>steal()</script>"


@pytest.fixture
def hostile() -> Holdings:
    broker = Broker("00777", HOSTILE, HOSTILE, HOSTILE)
    where = VirtualAccount(broker=broker, number=NUMBER, alias=HOSTILE)
    said = BrokerUnavailableError(HOSTILE, code=HOSTILE, advice=HOSTILE)
    other = VirtualAccount(broker=broker, number=NUMBER[::-1], alias=HOSTILE)
    rows = [
        share(HOSTILE, name=HOSTILE, product=HOSTILE, currency=HOSTILE, trade_type=HOSTILE),
        bond(HOSTILE, 1, 1, 1),
    ]
    return merged(read(where, *rows), failed(other, said))


def pages_of(holdings):
    yield holdings.to_html()
    yield holdings._repr_html_()
    yield from (each._repr_html_() for each in (*holdings.positions, *holdings.outcomes))


def test_hostile_names_are_text_wherever_they_stand(hostile):
    for html in pages_of(hostile):
        page = Page(html)
        assert not {"img", "script"} & set(page.tags)
        assert not [name for name, _ in page.attributes if name.startswith("on")]
        assert "\u202e" not in html
        assert NUMBER not in html
        assert NUMBER[::-1] not in html


@pytest.mark.parametrize("theme", ["tex2jax_ignore", "mathjax_ignore"])
def test_names_with_dollar_signs_are_no_formulas(hostile, theme):
    assert theme in hostile._repr_html_()


def test_pages_load_and_run_nothing(partial):
    for html in pages_of(partial):
        page = Page(html)
        assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
        assert not {"src", "href", "srcset", "action"} & {name for name, _ in page.attributes}


def test_the_report_is_one_document_that_forbids_whatever_is_not_in_it(partial):
    html = partial.to_html()
    assert html.startswith("<!doctype html>\n<html")
    assert 'content="default-src &#x27;none&#x27;; style-src &#x27;unsafe-inline&#x27;"' in html
    assert "<title>Holdings, 2026-03-02 09:30:00 KST (INCOMPLETE)</title>" in html
    assert "(INCOMPLETE)" not in held(share()).to_html()


def test_hundreds_of_rows_stay_small_and_scroll_in_the_notebook_but_not_in_the_report():
    rows = [
        share(f"KR7{number:09d}", number + 1, 1000, 1000 + number, name=f"종목 {number}")
        for number in range(500)
    ]
    holdings = held(*rows)
    html = holdings._repr_html_()
    assert len(html) < 500 * 1000
    assert 'class="kv-frame kv-long"' in html
    assert 'class="kv-frame kv-long"' not in holdings.to_html()
    assert 'class="kv-frame kv-long"' not in held(*rows[:3])._repr_html_()


def test_a_position_shows_its_lots_and_how_sure_the_match_is():
    holdings = held(bond("채권", 10, 100, 120), bond("채권", 5, 50, 40))
    text = page_of(holdings.positions[0]).text
    assert text.startswith(
        "채권 Bond · no code Value ₩160 cost 150 Profit/loss ▲ +10 +6.66% of the cost Quantity 15"
    )
    assert "Lots 2 rows, matched by name" in text


def test_an_outcome_says_whether_and_how_the_account_was_read():
    trace = Trace(
        calls=8, retries=1, pages=7, seconds=1.25, seconds_waited=0.5, notes=("asked class by class",)
    )
    text = page_of(
        AccountOutcome(account=account(), balance=balance_of(account(), share()), as_of=NOW, trace=trace)
    ).text
    assert text.startswith("✓ Account read 2026-03-02 09:30:00 KST")
    assert "Rows 1 Calls 8 1 of them retries Pages 7 Time 1.25 s its queries waited 0.50 s in all" in text
    assert "asked class by class" in text


def test_an_outcome_that_failed_says_why():
    text = page_of(failed(account(), DOWN)).text
    assert text.startswith("✗ Account NOT read 2026-03-02 09:30:00 KST code 3600 broker server cannot serve")


def test_statistics_show_each_broker_and_what_is_left_of_the_day():
    statistics = Statistics(
        brokers=(BrokerStatistics(broker="star", calls=1200, failures=3, refusals=2, breaker="open"),),
        quotas=(ServiceQuota(service="account", remaining=49_000, limit=50_000, resets_at=NOW),),
    )
    text = page_of(statistics).text
    assert "1,200 calls since the client was made" in text
    assert "star 1,200 0 3 0 2 0.00 open" in text
    assert "account 49,000 of 50,000 until 2026-03-02 09:30:00 KST" in text

"""What a page says where its style is stripped, as JupyterLab does with notebooks of others: no text runs into another."""

from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

from koscom_async import ServiceQuota, Statistics
from koscom_async.export.html.pages import progress_view
from koscom_async.models.statistics import BrokerStatistics
from koscom_async.models.transactions import Transaction
from tests.export.html.test_lists import history
from tests.export.html.test_pages import DOWN
from tests.merge.accounts import (
    CYBER,
    DIAMOND,
    NOW,
    account,
    bond,
    failed,
    fund,
    merged,
    read,
    share,
    summary,
)

BREAKS = {"br", "details", "div", "h2", "h3", "li", "p", "summary", "table", "td", "th", "tr", "ul"}


class Lines(HTMLParser):
    """The lines of a page without its style, and where the texts of two elements run into each other in one."""

    def __init__(self, html):
        super().__init__()
        self.lines, self.clashes = [""], []
        self.feed(html.partition("</style>")[2])
        self.close()

    def handle_starttag(self, tag, attrs):
        self.lines += [""] if tag in BREAKS else []

    def handle_endtag(self, tag):
        self.handle_starttag(tag, ())

    def handle_data(self, data):
        line = self.lines[-1]
        if line.strip() and not line[-1].isspace() and not data[0].isspace():
            self.clashes.append(f"{line}|{data}")
        self.lines[-1] += data


def partial():
    rows = (
        share(value="120.5", name="삼성전자"),
        share("US0378331005", value="1.25", currency="USD"),
        fund("KRZ1", "삼성", 72329965),
        bond("국민주택1종11-07", 100, 100, 107),
    )
    return merged(
        read(account(DIAMOND), *rows, summed=summary(1000, d1=900, d2=800, loan=7)),
        read(account(CYBER), share(value="7", cost=None)),
        failed(account(), DOWN),
    )


def statistics():
    brokers = (BrokerStatistics(broker="star", calls=3, failures=1, breaker="open"),)
    quota = ServiceQuota(service="account", remaining=40_000, limit=50_000, resets_at=NOW)
    return Statistics(brokers=brokers, quotas=(quota,))


def pages():
    holdings = partial()
    accounts = [outcome.account for outcome in holdings.outcomes]
    yield holdings.to_html()
    yield progress_view(accounts, holdings.outcomes[:1], is_running=True)
    rows = [Transaction(on=date(2026, 3, 1), code="A1", amount_change=Decimal(7))] * 50
    shown = (
        holdings,
        *holdings.positions,
        *holdings.outcomes,
        statistics(),
        history(rows),
        holdings.diff(holdings),
    )
    yield from (each._repr_html_() for each in shown)


def test_no_text_runs_into_another():
    for html in pages():
        assert Lines(html).clashes == []


def test_a_value_and_its_cost_are_two_lines():
    lines = [line.strip() for line in Lines(partial()._repr_html_()).lines]
    at = lines.index("국민주택1종11-07")
    shown = [line for line in lines[at:] if line]
    assert shown[3:8] == ["다이아몬드 증권", "100", "107", "100", "▲ +7"]

"""The documents' examples of portfolio, transactions and watchlist: what is sent, and every number of what is read."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from koscom_async._wire.account import TransactionsReader, WatchlistReader
from koscom_async._wire.envelope import Question
from koscom_async._wire.json.core import read_json
from koscom_async._wire.portfolio import PortfolioReader, measured
from koscom_async._wire.records.converter import names_of
from koscom_async._wire.requests import portfolio_request, transactions_request, watchlist_request
from koscom_async.brokers import find_broker
from koscom_async.models.codes import AssetClass, Direction, Measure, Product, TransactionType
from koscom_async.models.member import VirtualAccount
from koscom_async.models.portfolio import PortfolioCash
from tests.wire.recorded import answer, recorded, sent
from tests.wire.test_requests import investor_of, settings_of

HELD, MOVED = "160678007213500001", "160731060768600001"
BROKER = find_broker(short_name="diamond")
ACCOUNT = VirtualAccount(broker=BROKER, number=MOVED)


def expected(case: str) -> Any:
    """The documents' request; the space before a connecting information is an error of theirs."""
    body = sent(case)
    body["commonHeader"]["ci"] = body["commonHeader"]["ci"].strip()
    return body


def envelope(body: Any) -> dict[str, Any]:
    investor = investor_of(body, ip=body["devInfo"]["ipAddr"], mac=body["devInfo"]["macAddr"])
    return {"settings": settings_of(body), "investor": investor}


def test_a_portfolio_request_is_the_documents():
    body = expected("portfolio_all")
    request = portfolio_request(
        **envelope(body),
        request_id="ID000001",
        account_number=HELD,
        asset_class=AssetClass.ALL,
        measure=Measure.SHARE,
        page=None,
    )
    assert request == body


def test_a_transactions_request_is_the_documents():
    body = expected("transactions")
    request = transactions_request(
        **envelope(body),
        request_id="ID00003",
        account_number=MOVED,
        since=date(2016, 1, 1),
        until=date(2016, 7, 20),
        page_size=30,
    )
    assert request == body


def test_a_transactions_request_says_what_it_is_narrowed_down_to():
    body = expected("transactions")
    request = transactions_request(
        **envelope(body),
        request_id="ID00003",
        account_number=MOVED,
        since=date(2016, 1, 1),
        until=date(2016, 7, 20),
        isin="KR7005930003",
        side=TransactionType.SALE,
        page="201603100000000961",
    )
    assert request["transactionHistoryRequestBody"]["queryParams"] == {
        "fromDate": "20160101",
        "toDate": "20160720",
        "isinCode": "KR7005930003",
        "side": "BID",
        "count": 0,
        "page": "201603100000000961",
    }


@pytest.mark.parametrize("with_query", [True, False])
def test_a_watchlist_request_is_the_documents_and_has_no_query_for_brokers_that_take_none(with_query):
    body = expected("watchlist")
    if not with_query:
        body["interestSymbolListRequestBody"] = {}
    request = watchlist_request(
        **envelope(body), request_id="ID0000020", account_number=MOVED, with_query=with_query, page=None
    )
    assert request == body


def portfolio_reader(asset_class=AssetClass.ALL, measure=Measure.SHARE):
    question = Question(account_number=HELD, request_id="ID000001")
    return PortfolioReader(question=question, asset_class=asset_class, measure=measure)


TRANSACTIONS = TransactionsReader(
    question=Question(account_number=MOVED, request_id="ID00003"), account=ACCOUNT
)
WATCHLIST = WatchlistReader(question=Question(account_number=MOVED, request_id="ID0000020"))


def numbers_in(block: Any) -> Iterator[str]:
    """The text of every number, as the example writes it."""
    match block:
        case dict():
            for each in block.values():
                yield from numbers_in(each)
        case list():
            for each in block:
                yield from numbers_in(each)
        case float() | int() | Decimal():
            yield str(block)


def numbers_of(record: Any) -> list[Decimal]:
    return [value for name in names_of(type(record)) if isinstance(value := getattr(record, name), Decimal)]


def test_every_number_of_the_portfolio_equals_its_text():
    page = portfolio_reader()(answer("portfolio_all"))
    blocks = read_json(recorded("portfolio_all"))["portfolioList"]["portfolio"]
    records = [page.cash, *page.rows]
    got = sorted(number for record in records for number in numbers_of(record))
    assert got == sorted(Decimal(text) for text in numbers_in(blocks))
    assert len(page.rows) == 16
    assert (page.total, page.next_page, page.notes) == (157, None, ())
    assert page.cash == PortfolioCash(number=Decimal(6976542), measure=Measure.QUANTITY)
    assert (page.cash.amount, page.cash.share) == (6976542, None)
    first, fund, bond = page.rows[0], page.rows[5], page.rows[8]
    assert (first.product, first.code, first.share, first.quantity) == (
        Product.KOSPI,
        "HK0000050325",
        0,
        None,
    )
    assert first.return_rate == Decimal("-12.9")
    assert (fund.code, fund.name, fund.number) == ("KRZ500395135", "삼성중소형FOCUS증권자1호[주식]", 46)
    assert fund.matures_on is None
    assert (bond.product, bond.code, bond.name) == (Product.BOND, None, "국민주택1종11-07")


def test_every_number_of_the_transactions_equals_its_text():
    page = TRANSACTIONS(answer("transactions"))
    rows = read_json(recorded("transactions"))["transList"]["transaction"]
    assert [numbers_of(row) for row in page.rows] == [
        [Decimal(row[name]) for name in ("changeAmt", "changeQty", "qty")] for row in rows
    ]
    assert (page.total, page.next_page, len(page.rows)) == (120, "201603100000000961", 7)
    assert [row.on for row in page.rows] == [
        date(2016, 1, 26), date(2016, 1, 26), date(2016, 2, 2), date(2016, 2, 2), *[date(2016, 3, 10)] * 3
    ]  # fmt: skip
    assert [row.direction for row in page.rows] == [
        Direction.TRANSFER_IN,
        Direction.PURCHASE,
        Direction.TRANSFER_IN,
        None,
        Direction.SALE,
        Direction.TRANSFER_OUT,
        Direction.TRANSFER_OUT,
    ]
    assert not any(row.signs_contradict for row in page.rows), "the example agrees with the tables"
    assert {row.account for row in page.rows} == {ACCOUNT}
    assert page.rows[3].type is TransactionType.OTHER
    assert page.rows[1].raw["changeAmt"] == -14399400


def test_every_symbol_of_the_watchlist_is_read():
    page = WATCHLIST(answer("watchlist"))
    groups = read_json(recorded("watchlist"))["interestSymbolListResponseBody"]["groupList"]["group"]
    assert [(group.name, list(group.symbols), group.modified_on) for group in page.rows] == [
        (group["groupName"], group["isinCode"], None) for group in groups
    ]
    assert (page.total, page.next_page) == (None, None)


def test_the_examples_shares_can_be_shares():
    page = portfolio_reader()(answer("portfolio_all"))
    for asset_class in (AssetClass.EQUITY, AssetClass.FUND, AssetClass.OTHER):
        rows = [row for row in page.rows if row.asset_class is asset_class]
        assert measured(rows) == (tuple(rows), None)

"""Records made of the manual's examples: the words of order books, units by arithmetic, times, signs; and of odd rows."""

import json
import pickle
from datetime import date, datetime, time
from decimal import Decimal
from importlib.resources import files

import pytest

from koscom_async import Quote
from koscom_async._clock import KST
from koscom_async._services.market.records import (
    moment,
    order_book_of,
    priced,
    record_at,
    records_of,
    trades_of,
)
from koscom_async._wire.catalogue.operations import Operations
from koscom_async._wire.json.core import read_json
from koscom_async.models.market.others import index_place
from koscom_async.models.market.quotes import IndexValue, RowQuotes
from koscom_async.models.market.table import signed

NOON = datetime(2026, 1, 30, 12, tzinfo=KST)
OPERATIONS = Operations()
EXAMPLES = json.loads(
    files("koscom_async.sandbox.documents").joinpath("market.json").read_text(encoding="utf-8")
)


def answer(operation, example):
    document = EXAMPLES[f"market.{example}"]
    version = example.partition(".")[0]
    return document, OPERATIONS.reader(f"market.{operation}", version)(
        read_json(json.dumps(document).encode())
    )


def test_asks_are_offers_to_sell_and_bids_to_buy():
    document, read = answer("stocks.orderbook", "v3.realtime.kospi.orderbook")
    book, sent = order_book_of(read, "005930", now=NOON), document["result"]
    # 매도 is ask on the wire, 매수 bid: what is offered to sell stands above what is offered to buy.
    assert [level.price for level in book.asks] == [
        sent[f"askStep{place}BstordPrc"] for place in range(1, 11)
    ]
    assert [level.price for level in book.bids] == [
        sent[f"bidStep{place}BstordPrc"] for place in range(1, 11)
    ]
    assert book.asks[0].price > book.bids[0].price
    assert book.asks == tuple(sorted(book.asks, key=lambda level: level.price))
    assert sum(level.quantity for level in book.asks) == book.ask_total == sent["askordTotRqty"]
    assert [level.side for level in book.asks[:1] + book.bids[:1]] == ["ask", "bid"]


def test_units_are_shares_and_won():
    _, read = answer("index.index", "v3.realtime.index.index")
    (index,) = records_of(IndexValue, read)
    assert index.turnover > 10**12  # a day of KOSPI is trillions of won
    assert 1_000 < index.turnover / index.volume < 100_000  # won a share
    _, read = answer("stocks.investors", "v3.investors.kospi.issue")
    trade = next(each for each in trades_of(read) if each.code == "01")
    assert trade.name == "금융투자"
    assert 10_000 < trade.sold_value / trade.sold_quantity < 1_000_000
    _, read = answer("stocks.price", "v3.realtime.kospi.price")
    (quote,) = records_of(Quote, read)
    assert quote.turnover / quote.volume == pytest.approx(quote.price, rel=Decimal("0.05"))


def test_the_direction_gives_a_change_its_sign():
    cases = {
        ("100", "2"): ("100", False),
        ("-100", "5"): ("-100", False),
        ("100", "5"): ("-100", True),
        ("-100", "1"): ("100", True),
        ("100", "3"): ("100", True),
        ("0", "3"): ("0", False),
        ("-7", "0"): ("-7", False),
        ("-7", "69"): ("-7", False),
        ("-7", None): ("-7", False),
    }
    for (change, direction), (expected, is_doubtful) in cases.items():
        assert signed(Decimal(change), direction) == (Decimal(expected), is_doubtful), (change, direction)
    assert signed(None, "2") == (None, False)


def test_a_time_that_has_not_come_is_of_another_day():
    day = date(2026, 1, 30)
    assert moment(day, time(11, 59), now=NOON) == NOON.replace(hour=11, minute=59)
    assert moment(day, time(12, 0, 30), now=NOON) is not None  # the platform's clock may be ahead
    assert moment(day, time(15, 30), now=NOON) is None
    assert moment(day, None, now=NOON) is None
    _, read = answer("stocks.price", "v2.stocks.price")
    (quote,) = priced(Quote, read, now=NOON)
    assert quote.at is None or quote.at <= NOON


def test_quotes_that_are_made_when_looked_at_are_those_made_at_once():
    _, read = answer("multiquote.lists", "v3.realtime.kospi.multiquote.lists")
    now = tuple(records_of(Quote, read, received_at=NOON))
    later = RowQuotes(read.column("code"), record_at(Quote, read, received_at=NOON))
    assert later == {quote.code: quote for quote in now}
    assert type(pickle.loads(pickle.dumps(later))) is dict  # noqa: S301  # our own bytes
    assert later[now[0].code].raw == now[0].raw
    assert "999999" not in later


def test_indices_are_known_by_name_and_code():
    names = {
        "KOSPI": "kospi K1",
        "kospi 200": "kospi K51",
        "코스닥": "kosdaq Q1",
        "s300": "sector S300",
        "E61001": "etc E61001",
    }
    assert {name: " ".join(index_place(name).values()) for name in names} == names

"""Quotes, order books, indices and listings against the sandbox: every code accounted for, units in won and shares."""

import pickle
from collections import Counter
from decimal import Decimal
from urllib.parse import parse_qsl

import anyio
import httpx
import pytest

from koscom_async import DeadlineExceededError, Koscom, NotYetAvailableError, RequestRejectedError, UsageError
from koscom_async.models.market.others import INDICES
from koscom_async.sandbox import Fault
from koscom_async.sandbox.market.market import Market
from tests.client.fake_gateway import settings_of
from tests.market.conftest import EVENING, MORNING, calls_to


def codes_of(gateway, board, count):
    return list(gateway.market.board(board))[:count]


@pytest.mark.parametrize("version", [3, 2])
async def test_a_quote_is_the_last_price_with_its_time(market_at, version):
    async with market_at(version=version) as (koscom, gateway):
        quote = await koscom.market.quote("005930")
        by_isin = await koscom.market.quote("KR7005930003", board="kospi")
        assert quote.price == Decimal(str(gateway.market.last_price("005930")))
        with pytest.raises(UsageError, match="not in the listings of KOSPI"):
            await koscom.market.quote("999999")
    assert quote == by_isin
    assert quote.at.date() == MORNING.date()
    assert quote.at <= quote.received_at == MORNING
    assert quote.turnover / quote.volume == pytest.approx(quote.price, rel=Decimal("0.05"))
    assert repr(quote).startswith("<Quote: 005930, ")
    assert pickle.loads(pickle.dumps(quote)) == quote  # noqa: S301  # our own bytes


async def test_every_index_that_has_a_name_answers(market_at):
    async with market_at() as (koscom, _):
        values = {name: await koscom.market.index(name) for name in INDICES}
    assert {name: value.code for name, value in values.items()} == dict(INDICES)
    assert all(value.value > 0 for value in values.values())


async def test_after_the_close_there_is_a_price_and_no_time(market_at):
    async with market_at(EVENING) as (koscom, _):
        quote = await koscom.market.quote("005930")
    assert quote.price > 0
    assert quote.at is None


async def test_200_quotes_are_ten_calls(market_at):
    async with market_at() as (koscom, gateway):
        await koscom.market.listing("kospi")
        codes = codes_of(gateway, "kospi", 200)
        before = calls_to(koscom)
        quotes = await koscom.market.quotes(codes)
        assert calls_to(koscom) == before + 10
        assert list(quotes) == codes
        assert quotes.complete
        for code, quote in quotes.items():
            assert quote.code == code
            assert quote.price == Decimal(str(gateway.market.last_price(code)))
            assert quote.change is not None
            assert quote.name


async def test_a_market_of_2600_is_two_snapshots(market_at):
    market = Market(issues=2600, now=lambda: MORNING)
    async with market_at(market=market) as (koscom, gateway):
        boards = ("kospi", "kosdaq")
        codes = list(dict.fromkeys(code for board in boards for code in gateway.market.board(board)))
        assert len(codes) > 2400
        for board in boards:
            await koscom.market.listing(board)
        before = calls_to(koscom)
        quotes = await koscom.market.quotes(codes)
        assert calls_to(koscom) == before + 2
        assert list(quotes) == codes
        assert quotes.complete
        snapshot = await koscom.market.snapshot("kospi")
    assert quotes["005930"].price == snapshot["005930"].price
    assert {quote.at for quote in snapshot.values()} == {MORNING}
    assert snapshot["005930"].market_cap > 10**12


async def test_what_is_not_listed_or_left_out_is_named_and_takes_nothing_with_it(market_at):
    asked = ["005930", "000660", "035720", "999999", "KR7005930003", "no code"]
    for fault, lost in ((None, set()), ("repeated-issue", set()), ("left-out-issue", {"000660"})):
        async with market_at() as (koscom, gateway):
            await koscom.market.quotes(["035720", "000660"])
            if fault:
                gateway.set_fault("market", fault)
            quotes = await koscom.market.quotes(asked)
        assert set(quotes.missing) >= {"999999", "no code"}
        assert Counter([*quotes, *quotes.missing, *quotes.failures]) == Counter(asked), fault
        assert not quotes.complete
        if fault != "left-out-issue":
            assert set(quotes) == {"005930", "000660", "035720", "KR7005930003"}
        else:
            assert lost <= set(quotes.missing) | set(quotes)
            assert len(quotes.missing) > 2


async def test_a_code_that_refuses_a_call_costs_the_others_nothing(market_at):
    async with market_at(faults={"market": "unknown-refused"}) as (koscom, gateway):
        codes = [*codes_of(gateway, "kospi", 12), "999999"]
        quotes = await koscom.market.quotes(codes, board="kospi")
    assert set(quotes) == set(codes[:-1])
    assert set(quotes.failures) == {"999999"}
    assert isinstance(quotes.failures["999999"], RequestRejectedError)
    assert quotes.failures["999999"].__traceback__ is None
    assert "1 failed" in repr(quotes)


async def test_a_call_that_fails_costs_its_own_codes_only(market_at):
    async with market_at() as (koscom, gateway):
        await koscom.market.listing("kospi")
        codes = codes_of(gateway, "kospi", 40)
        gateway.set_fault("market", Fault("500", times=1))
        quotes = await koscom.market.quotes(codes)
    assert len(quotes) == len(quotes.failures) == 20
    assert {*quotes, *quotes.failures} == set(codes)
    assert quotes.to_dicts()["complete"] is False


async def test_at_the_deadline_the_quotes_that_are_there_are_returned():
    released = anyio.Event()

    async def answer(request):
        if "lists" in request.url.path:
            rows = (
                [{"isuSrtCd": f"{number:06d}", "isuCd": ""} for number in range(40)]
                if "kospi" in request.url.path
                else []
            )
            return httpx.Response(200, json={"trdDd": "20260130", "isuLists": rows})
        codes = dict(parse_qsl(request.url.query.decode()))["isuCd"].split(",")
        if "000039" in codes:
            await released.wait()  # for ever
        return httpx.Response(
            200, json={"result": {"isulist": [{"isuSrtCd": code, "trdPrc": 1} for code in codes]}}
        )

    settings = settings_of(market_url="https://market.example")
    async with Koscom(settings, transport=httpx.MockTransport(answer), now=lambda: MORNING) as koscom:
        codes = [f"{number:06d}" for number in range(40)]
        await koscom.market.quotes(codes[:1])
        quotes = await koscom.market.quotes(codes, deadline=0.2)
    assert list(quotes) == codes[:20]
    assert list(quotes.failures) == codes[20:]
    assert isinstance(quotes.failures["000039"], DeadlineExceededError)


async def test_konex_is_asked_one_by_one(market_at):
    async with market_at() as (koscom, gateway):
        (code,) = codes_of(gateway, "konex", 1)
        quotes = await koscom.market.quotes([code])
        assert quotes[code].price == Decimal(str(gateway.market.last_price(code)))
        assert (await koscom.market.quote(code)).price == quotes[code].price


async def test_the_listing_is_kept_and_finds_by_code_isin_and_name(market_at):
    async with market_at() as (koscom, _):
        listing = await koscom.market.listing("kospi")
        assert await koscom.market.listing("kospi") is listing
        assert calls_to(koscom) == 1
        with pytest.raises(UsageError, match="no board"):
            await koscom.market.listing("nyse")
    samsung = listing["005930"]
    assert (samsung.code, samsung.isin, samsung.name, samsung.board) == (
        "005930",
        "KR7005930003",
        "삼성전자",
        "kospi",
    )
    assert listing["KR7005930003"] is listing.find("삼성전자") is samsung
    assert "999999" not in listing
    with pytest.raises(UsageError, match="issues have '삼성' in their name"):
        listing.find("삼성")
    with pytest.raises(UsageError, match="no issue is named"):
        listing.find("Kosmos")
    with pytest.raises(KeyError):
        listing["999999"]


async def test_the_order_book_has_asks_above_bids_the_best_first(market_at):
    async with market_at() as (koscom, _):
        book = await koscom.market.order_book("005930")
        quote = await koscom.market.quote("005930")
    assert (book.asks[0].price, book.bids[0].price) == (quote.best_ask, quote.best_bid)
    assert [level.price for level in book.asks] == sorted(level.price for level in book.asks)
    assert [level.price for level in book.bids] == sorted((level.price for level in book.bids), reverse=True)
    assert book.bids[0].price < book.asks[0].price
    assert len(book.asks) == len(book.bids) == 10


async def test_indices_are_in_shares_and_won(market_at):
    async with market_at(EVENING) as (koscom, _):
        index = await koscom.market.index("KOSPI")
        bars = await koscom.market.index_bars("K1", MORNING.date())
        assert (await koscom.market.index("코스닥")).code == "Q1"
        with pytest.raises(UsageError, match="no index"):
            await koscom.market.index("DAX")
    assert index.turnover > 10**12
    assert (bars[0].close, bars[0].volume, bars[0].turnover) == (index.value, index.volume, index.turnover)


async def test_investors_funds_and_holidays(market_at):
    async with market_at(EVENING) as (koscom, _):
        issue, board = [await koscom.market.investors(each) for each in ("005930", "KOSPI ")]
        components = await koscom.market.components("069500")
        nav = await koscom.market.nav("069500")
        holidays = await koscom.market.holidays("kr")
        prices = await koscom.market.quote("069500")
    assert {trade.code: trade.name for trade in issue}["10"] == "개인"
    assert sum(trade.bought_value or 0 for trade in board) > 10**12
    assert components.complete
    assert all(part.isin for part in components)
    assert nav.nav == pytest.approx(prices.price, rel=Decimal("0.1"))
    assert list(holidays) == sorted(holidays)
    assert all(day >= MORNING.date() for day in holidays)
    async with market_at() as (koscom, _):
        with pytest.raises(NotYetAvailableError) as early:
            await koscom.market.investors("005930")
        assert early.value.available_at == MORNING.replace(hour=15, minute=30, second=0)


async def test_futures_and_options_have_the_same_methods(market_at):
    async with market_at() as (koscom, _):
        for kind in (koscom.market.futures, koscom.market.options):
            contracts = kind("kospi200")
            listing = await contracts.listing()
            code = max(listing) if kind == koscom.market.options else next(iter(listing))
            quote = await contracts.quote(code)
            assert quote.code == code
            assert quote.price > 0
            assert len((await contracts.order_book(code)).asks) <= 5
            assert (await contracts.bars(code, "2026-01-02"))[-1].close == quote.price
            assert (await contracts.bars(code, MORNING.date(), every="10m")).complete


async def test_a_quote_that_is_not_there_says_why(market_at):
    async with market_at() as (koscom, _):
        quotes = await koscom.market.quotes(["005930", "999999"])
    for code, why in (("999999", "is missing: not in the listings"), ("000660", "was not asked for")):
        with pytest.raises(KeyError, match=f"{code} {why}"):
            quotes[code]
        assert quotes.get(code) is None

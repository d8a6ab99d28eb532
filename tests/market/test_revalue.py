"""Holdings at the market's last prices, beside the brokers' values: what adds up, what has a reason, what has a name."""

from decimal import Decimal

from attrs import evolve

from koscom_async import Holdings, Instrument
from koscom_async.models.codes import AssetClass
from koscom_async.sandbox.ledger import with_check_digit
from tests.market.conftest import EVENING, calls_to


async def test_listed_positions_are_quantity_times_price_and_totals_reconcile(market_at):
    async with market_at() as (koscom, gateway):
        holdings = await koscom.holdings(gateway.investor)
        before = calls_to(koscom)
        valuation = await holdings.revalue(koscom.market)
        assert calls_to(koscom) - before <= 8
        priced = [each for each in valuation.positions if each.is_priced]
        assert len(priced) >= 3
        for each in priced:
            price = Decimal(str(gateway.market.last_price(each.code)))
            assert (each.price, each.value) == (price, each.quantity * price)
            assert each.difference == each.value - each.position.value
            assert each.name
            assert each.broker_at >= holdings.as_of
            assert each.asked_at == valuation.as_of
    assert tuple(each.position for each in valuation.positions) == holdings.positions
    counted = [each for each in valuation.positions if each.position.counts_in("KRW")]
    assert valuation.value == sum(each.value if each.is_priced else each.broker_value for each in counted)
    assert valuation.broker_value == holdings.totals.value
    assert valuation.difference == valuation.value - valuation.broker_value
    assert valuation.net_worth == holdings.totals.net_worth + valuation.difference
    reasons = {
        str(each.position.instrument.product or each.position.instrument.asset_class): each.reason
        for each in valuation.unpriced
    }
    assert reasons["BOND"] == "a bond"
    assert reasons["FUND"] == "a fund: its price is the fund company's"
    assert all(each.reason for each in valuation.unpriced)
    assert valuation.to_dicts()["value"] == f"{valuation.value:f}"
    assert "without a market price" in repr(valuation)


async def test_what_has_no_name_gets_the_markets(market_at):
    def nameless(position):
        return evolve(position, instrument=evolve(position.instrument, name=None))

    async with market_at(EVENING) as (koscom, gateway):
        holdings = await koscom.holdings(gateway.investor)
        stripped = evolve(holdings, positions=tuple(map(nameless, holdings.positions)))
        valuation = await stripped.revalue(koscom.market)
    for each in valuation.positions:
        assert bool(each.name) is each.is_priced
        assert each.price_at is None  # after the close the market sends no time


async def test_why_a_position_has_no_price(market_at):
    async with market_at() as (koscom, gateway):
        holdings = await koscom.holdings(gateway.investor)
        one = next(each for each in holdings.positions if each.instrument.isin == "KR7005930003")
        cases = {
            "foreign: in USD": evolve(one, instrument=evolve(one.instrument, currency="USD")),
            "not in the market's listings": evolve(
                one,
                instrument=Instrument(asset_class=AssetClass.EQUITY, code=with_check_digit("KR799999000")),
            ),
            "no code by which the market knows it": evolve(
                one, instrument=Instrument(asset_class=AssetClass.EQUITY, name="x")
            ),
            "its quantity is not known": evolve(one, quantity=None),
            "no code by which the market knows it ": evolve(
                one,
                instrument=Instrument(asset_class=AssetClass.OTHER, name="삼성전자 회사채", code="A005930"),
            ),
        }
        known = evolve(one, instrument=Instrument(asset_class=AssetClass.EQUITY, code="A000660"))
        valuation = await evolve(holdings, positions=(*cases.values(), known)).revalue(koscom.market)
        assert [each.reason for each in valuation.positions] == [*map(str.strip, cases), None]
        assert valuation.positions[-1].code == "000660"
        gateway.set_fault("market", "left-out-issue")
        (only,) = (await evolve(holdings, positions=(one,)).revalue(koscom.market)).positions
        assert (only.reason, only.value) == ("no quote: the market left it out", None)
        gateway.set_fault("market", "down")
        (only,) = (await evolve(holdings, positions=(one,)).revalue(koscom.market)).positions
        assert only.reason.startswith("no quote: ")
    assert isinstance(valuation.holdings, Holdings)

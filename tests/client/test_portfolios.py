"""Portfolios of every account side by side: what each number is, and that shares are never added up."""

from decimal import Decimal

import pytest

from koscom_async import IncompleteHoldingsError, Measure, RequestRejectedError, UsageError
from koscom_async.sandbox.endpoints.portfolio import parts_of
from tests.client.test_transactions import opened


def by_broker(portfolios):
    return {str(each.account.broker): each.portfolio for each in portfolios.outcomes}


def lots_of(portfolios, code):
    (position,) = [each for each in portfolios.positions if each.code == code]
    return position


async def test_shares_are_the_ledgers_and_are_never_added_up():
    async with opened() as (gateway, koscom):
        portfolios = await koscom.portfolios(gateway.investor)
        assert portfolios.complete
        assert portfolios.require_complete() is portfolios
        for broker in ("diamond", "star"):
            expected = [part.number for part in parts_of(gateway.ledger.of(broker), as_shares=True)]
            rows = by_broker(portfolios)[broker].rows
            assert [row.share for row in rows] == expected
            assert [row.quantity for row in rows] == [None] * len(rows)
    assert {position.quantity for position in portfolios.positions} == {None}
    assert len(lots_of(portfolios, "KR7000020008").lots) == 3


async def test_a_broker_that_answers_quantities_for_shares_is_found_out():
    async with opened() as (gateway, koscom):
        portfolio = by_broker(await koscom.portfolios(gateway.investor))["cyber"]
        expected = [row.quantity for row in gateway.ledger.of("cyber").equities]
    assert [row.number for row in portfolio.equities] == expected
    assert {(row.measure, row.share, row.quantity) for row in portfolio.equities} == {(None, None, None)}
    assert any("exceed 100 %" in note for note in portfolio.notes)


async def test_quantities_are_added_up_where_all_are_quantities():
    async with opened() as (gateway, koscom):
        portfolios = await koscom.portfolios(gateway.investor, measure=Measure.QUANTITY)
        (failure,) = portfolios.failures
        assert (str(failure.account.broker), failure.error.code) == ("star", "6002")
        assert isinstance(failure.error, RequestRejectedError)
        position = lots_of(portfolios, "KR7000020008")
        assert (position.quantity, len(position.lots)) == (Decimal(19 + 50), 2)
        assert lots_of(portfolios, "KRZ500395135").quantity is None, "no broker tells a fund's quantity"
        with pytest.raises(IncompleteHoldingsError):
            portfolios.require_complete()


async def test_a_stream_gives_each_portfolio_as_it_is_ready():
    async with (
        opened(latency={"diamond": 60}) as (gateway, koscom),
        koscom.stream_portfolios(gateway.investor) as stream,
    ):
        assert len(stream.accounts) == 3
        arrivals = aiter(stream)
        first = {str((await anext(arrivals)).account.broker) for _ in range(2)}
        with pytest.raises(
            UsageError, match="only 2 of 3 outcomes were read from the stream, so the answer is not whole"
        ):
            _ = stream.portfolios
    assert first == {"cyber", "star"}


async def test_a_stream_that_was_read_to_its_end_has_all_portfolios():
    async with opened() as (gateway, koscom), koscom.stream_portfolios(gateway.investor) as stream:
        assert len([outcome async for outcome in stream]) == 3
        assert len(stream.portfolios.outcomes) == 3


@pytest.mark.parametrize("fault", ["short", "foreign", "wrong-id", "endless", "html", "4001"])
async def test_a_portfolio_that_must_not_be_believed_fails_its_account(fault):
    async with opened({"page_limit": 5}, faults={"diamond": fault}) as (gateway, koscom):
        portfolios = await koscom.portfolios(gateway.investor)
        assert [str(each.account.broker) for each in portfolios.failures] == ["diamond"]


async def test_a_broker_that_is_known_to_lack_all_is_asked_for_each_class():
    async with opened() as (gateway, koscom):
        account = (await koscom.member.accounts(gateway.investor)).accounts[1]
        portfolio = await koscom.account.portfolio(gateway.investor, account)
        asked = {call.asset_type for call in gateway.calls if call.endpoint == "account.portfolio"}
    assert asked == {"CASH", "EQTY", "FUND", "ETC"}
    assert len(portfolio.rows) == 10
    assert portfolio.cash.amount == 1250000


async def test_everything_can_be_had_as_plain_data():
    async with opened() as (gateway, koscom):
        plain = (await koscom.portfolios(gateway.investor)).to_dicts()
    assert plain["measure"] == "RAT"
    row = plain["portfolios"][1]["equities"][0]
    assert (row["share"], row["quantity"], row["measure"]) == ("8.71", None, "RAT")
    assert gateway.investor.ci not in str(plain)
    assert gateway.ledger.accounts[0].number not in str(plain)

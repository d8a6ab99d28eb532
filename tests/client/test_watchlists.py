"""Watchlists of every account, merged by symbol; the query block goes to the brokers that take it, and only there."""

import json
from datetime import date

import pytest

from koscom_async import BROKERS, BrokerOverrides
from tests.client.fake_gateway import NUMBERS, FakeGateway, ok, refusal
from tests.client.test_transactions import opened


async def test_symbols_are_merged_with_where_each_is_watched():
    async with opened() as (gateway, koscom):
        watchlists = await koscom.watchlists(gateway.investor)
    assert watchlists.complete
    codes = {symbol.code: symbol for symbol in watchlists.symbols}
    expected = {
        code for account in gateway.ledger.accounts for group in account.watchlist for code in group.symbols
    }
    assert set(codes) == expected
    assert [symbol.code for symbol in watchlists.symbols] == sorted(expected)
    places = [(str(place.account.broker), place.group) for place in codes["KR7005930003"].watched]
    assert places == [("cyber", "관심종목00"), ("star", "반도체")]
    groups = {str(each.account.broker): each.watchlist.groups for each in watchlists.outcomes}
    assert [group.name for group in groups["cyber"]] == ["관심종목00", "빈 그룹"]
    assert groups["cyber"][1].symbols == ()
    assert groups["star"][0].modified_on == date(2019, 3, 15)


async def test_an_account_that_fails_is_named():
    async with opened(faults={"star": "3600"}) as (gateway, koscom):
        watchlists = await koscom.watchlists(gateway.investor)
    assert [str(each.account.broker) for each in watchlists.failures] == ["star"]
    assert not watchlists.complete


async def test_only_samsung_is_registered_for_the_query_block():
    assert [broker.short_name for broker in BROKERS if broker.supports_interest_query] == ["samsung"]


async def test_a_broker_that_takes_the_query_block_gives_pages():
    overrides = {"diamond": BrokerOverrides(supports_interest_query=True)}
    async with opened({"brokers": overrides}) as (gateway, koscom):
        account = (await koscom.member.accounts(gateway.investor)).accounts[0]
        watchlist = await koscom.account.watchlist(gateway.investor, account)
    assert [len(group.symbols) for group in watchlist.groups] == [5, 4]
    assert len(watchlist.symbols) == 9


async def test_a_refused_query_block_is_left_out_and_never_sent_again():
    overrides = {"cyber": BrokerOverrides(supports_interest_query=True)}
    async with opened({"brokers": overrides}) as (gateway, koscom):
        account = (await koscom.member.accounts(gateway.investor)).accounts[1]
        first = await koscom.account.watchlist(gateway.investor, account)
        second = await koscom.account.watchlist(gateway.investor, account)
        statuses = [call.status for call in gateway.calls if call.endpoint == "account.interest"]
    assert first.groups == second.groups
    assert statuses == [500, 200, 200]
    assert first.notes == ("the query block was refused (6004), and left out",)


def page(question, groups, *, total=None, key="null"):
    return ok(
        {
            "commonHeader": {"reqIdConsumer": question.request_id},
            "accInfo": {"vtAccNo": question.number},
            "interestSymbolListResponseBody": {
                "queryResult": {"totalCnt": total, "page": key},
                "groupList": {"group": [{"groupName": name, "isinCode": codes} for name, codes in groups]},
            },
            "resp": {"respCode": "200"},
        }
    )


async def test_a_group_that_a_page_cuts_in_two_is_put_together_again(investor):
    pages = [([("A", ["1", "2"])], "k2"), ([("A", ["3"]), ("B", ["4"])], "null")]

    def script(question):
        groups, key = pages.pop(0)
        return page(question, groups, total=4, key=key)

    gateway = FakeGateway({"samsung": script})
    async with gateway.client() as koscom:
        account = (await koscom.member.accounts(investor)).accounts[0]
        watchlist = await koscom.account.watchlist(investor, account)
    assert [(group.name, group.symbols) for group in watchlist.groups] == [
        ("A", ("1", "2", "3")),
        ("B", ("4",)),
    ]
    bodies = [json.loads(request.content) for request in gateway.requests[1:]]
    sent = [body["interestSymbolListRequestBody"]["queryType"] for body in bodies]
    blank = {"assetType": "", "rspType": None, "count": 0, "totalCnt": 0}
    assert sent == [blank | {"page": ""}, blank | {"page": "k2"}]


@pytest.mark.parametrize(("total", "fails"), [(None, False), (0, False), (2, False), (3, False), (4, True)])
async def test_symbols_that_are_missing_fail_the_account(investor, total, fails):
    gateway = FakeGateway(
        {"samsung": lambda question: page(question, [("A", ["1", "2"]), ("B", ["3"])], total=total)}
    )
    async with gateway.client() as koscom:
        watchlists = await koscom.watchlists(investor)
    assert watchlists.complete is not fails
    assert not fails or watchlists.failures[0].error.code == "truncated"


@pytest.mark.parametrize(("total", "fails"), [(1, False), (2, True), (3, False), (4, True)])
async def test_a_broker_may_count_the_placeholders_among_its_symbols(investor, total, fails):
    codes = ["KR7005930003", "000000000000", "-"]
    gateway = FakeGateway({"samsung": lambda question: page(question, [("A", codes)], total=total)})
    async with gateway.client() as koscom:
        watchlists = await koscom.watchlists(investor)
    assert watchlists.complete is not fails
    assert [each.code for each in watchlists.symbols] == ([] if fails else codes[:1])


async def test_a_6004_of_a_broker_that_was_sent_no_query_is_its_error(investor):
    gateway = FakeGateway({"star": lambda _: refusal("6004")})
    async with gateway.client() as koscom:
        watchlists = await koscom.watchlists(investor)
    assert watchlists.failures[0].error.code == "6004"
    assert len(gateway.requests) == 2
    assert NUMBERS["star"] not in str(watchlists.to_dicts())

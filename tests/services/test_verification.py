"""Is it the answer to the question that was asked? Echoes that are wrong, relaxed or missing."""

import pytest

from koscom_async import BrokerOverrides, MalformedResponseError, ResponseMismatchError
from tests.client.fake_gateway import FakeGateway, cash, ok, said, share


def echoing(**echoes):
    return lambda question: ok(
        said(question, {"summary": cash(), "equityList": [share()]}, total=1, **echoes)
    )


async def test_another_accounts_answer_is_refused_whatever_the_settings_say(investor, account):
    gateway = FakeGateway({"diamond": echoing(number="160635473367600098")})
    relaxed = {"diamond": BrokerOverrides(trust_totals=False, check_request_id=False)}
    async with gateway.client(brokers=relaxed) as koscom:
        with pytest.raises(ResponseMismatchError, match="the answer is about another account") as caught:
            await koscom.account.balance(investor, account("diamond"))
    assert (caught.value.broker, caught.value.account, caught.value.code) == (
        "diamond",
        "1606…0099",
        "mismatch",
    )
    assert "160635473367600098" not in str(caught.value), "a stranger's number is a secret, too"
    assert len(gateway.questions) == 1, "and it is not asked for again"


async def test_another_calls_answer_is_refused(investor, account):
    gateway = FakeGateway({"diamond": echoing(request_id="ID00002")})
    async with gateway.client() as koscom:
        with pytest.raises(ResponseMismatchError, match="the answer carries another call's request id"):
            await koscom.account.balance(investor, account("diamond"))


async def test_the_check_of_the_request_id_can_be_relaxed_and_then_it_is_noted(investor, account):
    gateway = FakeGateway({"diamond": echoing(request_id="ID00002")})
    relaxed = {"diamond": BrokerOverrides(check_request_id=False)}
    async with gateway.client(brokers=relaxed) as koscom:
        balance = await koscom.account.balance(investor, account("diamond"))
    assert balance.notes == ("the broker echoed another request id, which the settings allow",)
    assert len(balance.rows) == 1


async def test_missing_echoes_are_tolerated_and_noted(investor, account):
    gateway = FakeGateway({"diamond": echoing(number=None, request_id=None)})
    async with gateway.client() as koscom:
        balance = await koscom.account.balance(investor, account("diamond"))
    assert balance.notes == (
        "the broker did not echo the request id",
        "the broker did not echo the account number",
    )


async def test_rows_of_a_class_that_was_not_asked_for_are_refused_and_not_counted_four_times(
    investor, account
):
    gateway = FakeGateway({"star": echoing()})
    async with gateway.client() as koscom:
        with pytest.raises(
            ResponseMismatchError, match=r"asked for (CASH|FUND|ETC), answered with rows of EQTY"
        ):
            await koscom.account.balance(investor, account("star"))


async def test_an_answer_with_nothing_of_a_balance_in_it_is_no_empty_account(investor, account):
    gateway = FakeGateway({"diamond": lambda _: ok({"resp": {"respCode": "200"}})})
    async with gateway.client() as koscom:
        with pytest.raises(
            MalformedResponseError, match="neither balanceResponseBody nor balanceList is there"
        ):
            await koscom.account.balance(investor, account("diamond"))

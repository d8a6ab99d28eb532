"""Arguments of the wrong kind: each is a `KoscomError` that says what to give, and spends no call."""

from datetime import date, datetime

import pytest

from koscom_async import KoscomError, SettingsError, UsageError
from tests.client.fake_gateway import FakeGateway

DAY = date(2026, 1, 2)

WRONG = {
    "holdings of none": (
        lambda k, i, a: k.holdings(None),
        UsageError,
        "investor must be Investor, got NoneType",
    ),
    "holdings of a text": (
        lambda k, i, a: k.holdings("홍길동"),
        UsageError,
        "investor must be Investor, got str",
    ),
    "registration": (lambda k, i, a: k.member.registration(a), UsageError, "got VirtualAccount"),
    "accounts": (lambda k, i, a: k.member.accounts(None), UsageError, "investor must be Investor"),
    "balance, no investor": (lambda k, i, a: k.account.balance(None, a), UsageError, "investor must be"),
    "balance by number": (
        lambda k, i, a: k.account.balance(i, a.number),
        UsageError,
        "account must be VirtualAccount, got str",
    ),
    "portfolio": (
        lambda k, i, a: k.account.portfolio(i, a, measure=5),
        UsageError,
        "measure must be str, got int",
    ),
    "portfolios": (lambda k, i, a: k.portfolios(i, measure=5), UsageError, "measure must be str, got int"),
    "watchlist": (lambda k, i, a: k.account.watchlist(i, None), UsageError, "account must be VirtualAccount"),
    "a time for a day": (
        lambda k, i, a: k.account.transactions(i, a, datetime(2026, 1, 2), DAY),  # noqa: DTZ001  # any will do
        SettingsError,
        "since must be a date",
    ),
    "side": (lambda k, i, a: k.account.transactions(i, a, DAY, DAY, side=1), UsageError, "side must be str"),
    "isin": (lambda k, i, a: k.account.transactions(i, a, DAY, DAY, isin=1), UsageError, "isin must be str"),
    "page size": (
        lambda k, i, a: k.account.transactions(i, a, DAY, DAY, page_size="9"),
        UsageError,
        "page_size must be int",
    ),
    "no broker": (lambda k, i, a: k.discretionary.accounts(None), UsageError, "got NoneType"),
    "order's day": (
        lambda k, i, a: k.discretionary.orders("cyber", "1", on="today"),
        SettingsError,
        "on must be",
    ),
    "order's side": (
        lambda k, i, a: k.discretionary.orders("cyber", "1", side=2),
        UsageError,
        "side must be str",
    ),
    "order's code": (
        lambda k, i, a: k.discretionary.orders("cyber", "1", code=5930),
        UsageError,
        "code must be",
    ),
    "order's class": (
        lambda k, i, a: k.discretionary.orders("cyber", "1", asset_class=1),
        UsageError,
        "asset_class must be str",
    ),
    "trades": (
        lambda k, i, a: k.discretionary.trades("cyber", "1", None, DAY),
        SettingsError,
        "since must be",
    ),
    "refresh": (lambda k, i, a: k.oauth.refresh("token"), UsageError, "token must be Token, got str"),
    "revoke": (lambda k, i, a: k.oauth.revoke(None), UsageError, "token must be Token, got NoneType"),
    "call": (
        lambda k, i, a: k.call("GET", "/v1/x", scheme="bearer", investor="i"),
        UsageError,
        "investor must be Investor",
    ),
}


@pytest.mark.parametrize("case", WRONG)
async def test_an_argument_of_the_wrong_kind_is_a_koscom_error_that_spends_no_call(investor, account, case):
    ask, kind, words = WRONG[case]
    gateway = FakeGateway()
    async with gateway.client() as koscom:
        with pytest.raises(KoscomError, match=words) as caught:
            await ask(koscom, investor, account())
    assert type(caught.value) is kind
    assert kind is SettingsError or caught.value.advice
    assert gateway.requests == []


async def test_a_state_of_the_wrong_kind_makes_no_address():
    async with FakeGateway().client() as koscom:
        with pytest.raises(UsageError, match="state must be str, got NoneType"):
            koscom.oauth.authorize_url(state=None)

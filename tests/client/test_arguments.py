"""A wrong argument is an error of the library that names it, before a call is spent."""

from datetime import date

import pytest

from koscom_async import DeadlineExceededError, Koscom, KoscomError, SettingsError, UsageError
from koscom_async.sandbox import SandboxGateway

DAY, LATER = date(2024, 1, 1), date(2024, 3, 31)


def investors_questions(koscom, investor, account):
    """What is asked wrongly, the error, and what it names."""
    for name in ("holdings", "portfolios", "watchlists"):
        ask = getattr(koscom, name)
        yield lambda ask=ask: ask(None), UsageError, "investor must be Investor, got NoneType"
        yield lambda ask=ask: ask(investor, deadline=0), DeadlineExceededError, "deadline of 0 s passed"
        yield lambda ask=ask: ask(investor, deadline="8"), SettingsError, "deadline must be a number"
    yield lambda: koscom.holdings(investor, after="x"), UsageError, "after must be Holdings"
    yield lambda: koscom.portfolios(investor, measure="shares"), UsageError, "'shares' is no measure"
    yield lambda: koscom.transactions(investor, DAY, LATER, side="sell"), UsageError, "'sell' is no side"
    yield lambda: koscom.transactions(investor, "20240101", LATER), SettingsError, "since must be a date"
    yield lambda: koscom.transactions(investor, LATER, DAY), SettingsError, "is after until"
    yield lambda: koscom.account.balance(investor, None), UsageError, "account must be VirtualAccount"
    yield lambda: koscom.account.balance(None, account), UsageError, "investor must be Investor"


def others(koscom):
    """The same of the firm's questions, of the market, and of any operation."""
    firm, market = koscom.discretionary, koscom.market
    yield lambda: firm.all_orders(on="20240101"), SettingsError, "on must be a date"
    yield lambda: firm.all_orders(side="BYU"), UsageError, "'BYU' is no side"
    yield lambda: firm.all_settlements(on=5), SettingsError, "on must be a date"
    yield lambda: firm.all_settlements(asset_class="STOCK"), UsageError, "'STOCK' is no asset_class"
    yield lambda: firm.all_trades("20240101", None), SettingsError, "since must be a date"
    yield lambda: firm.all_trades(LATER, DAY), SettingsError, "is after until"
    yield (
        lambda: firm.all_orders(brokers=5),
        UsageError,
        "a broker is named by its short name or its record, got int",
    )
    yield lambda: koscom.discretionary_holdings(brokers=[None]), UsageError, "a broker is named by"
    yield lambda: market.quotes(None), UsageError, "takes a list of codes"
    yield lambda: market.quotes([None]), UsageError, "a code must be str, got NoneType"
    yield lambda: market.bars("005930", None), UsageError, "since is no day"
    yield lambda: koscom.ask(None), UsageError, "'None' is no operation"
    yield lambda: koscom.call("GET", "/v1/x", scheme="key"), UsageError, "'key' is no scheme"


async def test_a_wrong_question_is_refused_before_a_call():
    async with (
        SandboxGateway(in_process=True) as gateway,
        Koscom(gateway.settings, transport=gateway.transport) as koscom,
    ):
        account = (await koscom.member.accounts(gateway.investor)).accounts[0]
        spent = len(gateway.calls)
        for ask, kind, words in (*investors_questions(koscom, gateway.investor, account), *others(koscom)):
            with pytest.raises(kind, match=words) as caught:
                await ask()
            assert isinstance(caught.value, KoscomError), words
            assert len(gateway.calls) == spent, words
        for wrong in (None, {}):
            with pytest.raises(UsageError, match="settings must be Settings"):
                Koscom(wrong)
        with pytest.raises(UsageError, match="word must be str"):
            koscom.operations.find(None)


async def test_a_wrong_question_to_an_answer_is_an_error_of_the_library():
    async with (
        SandboxGateway(in_process=True) as gateway,
        Koscom(gateway.settings, transport=gateway.transport) as koscom,
    ):
        holdings = await koscom.holdings(gateway.investor)
        with pytest.raises(UsageError, match="market must be MarketService"):
            await holdings.revalue(None)
    for ask, words in (
        (lambda: holdings.by("sector"), "no groups by 'sector'"),
        (lambda: holdings.explain("KR…"), "no position has the code or name 'KR…'"),
        (lambda: holdings.explain(None), "no position has"),
        (lambda: holdings.diff(None), "earlier must be Holdings"),
        (lambda: holdings.plot("pie"), "no kind 'pie'"),
        (lambda: holdings.to_arrow("shares"), "no table 'shares'"),
    ):
        with pytest.raises(UsageError, match=words):
            ask()
    with pytest.raises(ValueError, match="this is not JSON"):
        type(holdings).from_json(None)

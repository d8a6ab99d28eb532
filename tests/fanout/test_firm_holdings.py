"""Holdings of all contract accounts: the sums are the ledger's, no view of cash counts twice, currencies stay apart."""

from collections import defaultdict
from decimal import Decimal

import pytest
from attrs import evolve

from koscom_async import AuthenticationError, BrokerLimits, Koscom, Limits, UsageError
from koscom_async.sandbox import Fault, SandboxGateway, firm

COUNTS = {"cyber": 14, "diamond": 13, "star": 12, "comet": 11}


@pytest.fixture(scope="module")
def ledger():
    return firm(COUNTS, seed=7)


@pytest.fixture
async def gateway(ledger):
    async with SandboxGateway(in_process=True, ledger=ledger) as running:
        yield running


def client(gateway):
    # Times of no account: what is tested here is what becomes of answers, and not how long that takes.
    quick = Limits(default=BrokerLimits(rate=1e6, burst=1000, in_flight=40))
    return Koscom(evolve(gateway.settings, limits=quick), transport=gateway.transport)


def securities(accounts):
    """Quantity, cost and value of each instrument, by its standard code."""
    sums = defaultdict(lambda: [Decimal(0)] * 3)
    for account in accounts:
        for each in account.securities:
            code = each.paper.codes[0][1]
            sums[code] = [
                a + b for a, b in zip(sums[code], (each.quantity, each.cost, each.value), strict=True)
            ]
    return {code: tuple(each) for code, each in sums.items()}


def executed(accounts, currency):
    """The cash after every settlement, and of the broker that tells of today's only, that."""
    days = {"comet": 0}
    having = [account for account in accounts if currency in account.currencies]
    return sum(account.cash(currency, days=days.get(account.broker, 2)) for account in having)


@pytest.mark.parametrize("include_ended", [False, True])
async def test_fifty_accounts_at_four_brokers_add_up_to_the_ledger(gateway, ledger, include_ended):
    async with client(gateway) as koscom:
        holdings = await koscom.discretionary_holdings(include_ended=include_ended)
    accounts = [each for each in ledger.discretionary if include_ended or each.contract_status == "0"]
    assert len(ledger.discretionary) == 50
    assert holdings.complete
    assert len(holdings.outcomes) == len(accounts) == (50 if include_ended else 46)
    held = {each.instrument.code: (each.quantity, each.cost, each.value) for each in holdings.positions}
    assert held == securities(accounts)
    cash = {each.currency: each for each in holdings.cash}
    assert set(cash) == {"KRW", "USD"}
    for currency, each in cash.items():
        having = [account for account in accounts if currency in account.currencies]
        assert each.balance == sum(account.cash(currency, days=0) for account in having)
        assert len(each.lots) == len(having)
    won = [each for account in accounts for each in account.securities if each.paper.currency == "KRW"]
    dollars = [each for account in accounts for each in account.securities if each.paper.currency == "USD"]
    (foreign,) = holdings.foreign_totals
    assert holdings.totals.value == sum(each.value for each in won)
    assert holdings.totals.cash == cash["KRW"].balance
    assert (foreign.currency, foreign.value, foreign.cash) == (
        "USD",
        sum(each.value for each in dollars),
        cash["USD"].balance,
    )
    assert holdings.totals.net_worth == holdings.totals.value + executed(accounts, "KRW")
    assert foreign.net_worth == foreign.value + executed(accounts, "USD")
    assert holdings.totals.unsettled == executed(accounts, "KRW") - cash["KRW"].balance != 0
    assert foreign.unsettled == executed(accounts, "USD") - cash["USD"].balance != 0
    assert holdings.totals.net_worth_in_won is None  # no account gives a rate for the dollars in cash


async def test_the_days_are_views_of_one_amount(gateway, ledger):
    async with client(gateway) as koscom:
        holdings = await koscom.discretionary_holdings("cyber")
    accounts = [
        each for each in ledger.discretionary if each.broker == "cyber" and each.contract_status == "0"
    ]
    won = holdings.cash[0]
    assert (won.balance, won.balance_d1, won.balance_d2) == tuple(
        sum(account.cash("KRW", days=days) for account in accounts) for days in (0, 1, 2)
    )
    assert len({won.balance, won.balance_d1, won.balance_d2}) == 3
    assert holdings.totals.cash == won.balance


async def test_a_broker_that_tells_of_one_day_leaves_the_others_unknown(gateway):
    async with client(gateway) as koscom:
        holdings = await koscom.discretionary_holdings(["cyber", "comet"])
    won = holdings.cash[0]
    assert won.balance is not None
    assert (won.balance_d1, won.balance_d2) == (None, None)


async def test_codes_of_one_instrument_are_one_position(gateway):
    async with client(gateway) as koscom:
        holdings = await koscom.discretionary_holdings()
    (samsung,) = [each for each in holdings.positions if each.instrument.name == "삼성전자"]
    assert samsung.instrument.code == "KR7005930003"
    assert samsung.instrument.other_codes == ("A005930",)
    assert {lot.account.broker.short_name for lot in samsung.lots} == set(COUNTS)


async def test_breakdowns_by_currency_hold_the_foreign_cash(gateway):
    async with client(gateway) as koscom:
        holdings = await koscom.discretionary_holdings()
    groups = {each.currency: each for each in holdings.by("currency")}
    assert {key: each.cash for key, each in groups.items()} == {
        each.currency: each.balance for each in holdings.cash
    }
    assert holdings.from_json(holdings.to_json()) == holdings


async def test_a_brokers_list_that_fails_is_a_failure_and_the_others_are_read(gateway, ledger):
    gateway.set_fault("star", "3600")
    async with client(gateway) as koscom:
        holdings = await koscom.discretionary_holdings()
    (failure,) = holdings.failures
    assert not holdings.complete
    assert (failure.account.broker.short_name, failure.account.number) == ("star", "")
    assert (failure.error.code, failure.error.endpoint) == ("3600", "discretionary.accounts")
    assert len(holdings.outcomes) == 1 + sum(
        each.contract_status == "0" and each.broker != "star" for each in ledger.discretionary
    )


@pytest.mark.parametrize("kind", ["foreign", "wrong-id", "short", "endless", "same-page", "truncated"])
async def test_what_must_not_be_believed_is_a_failure(gateway, kind):
    gateway.set_fault("diamond", Fault(kind, after=1))  # the list of accounts is spared
    async with client(gateway) as koscom:
        holdings = await koscom.discretionary_holdings(["diamond", "comet"])
    assert {outcome.account.broker.short_name for outcome in holdings.failures} == {"diamond"}
    assert {position.lots[0].account.broker.short_name for position in holdings.positions} == {"comet"}


async def test_the_stream_hands_out_each_account_and_then_the_whole(gateway):
    async with client(gateway) as koscom, koscom.stream_discretionary_holdings() as stream:
        first = await anext(aiter(stream))
        assert first.ok
        with pytest.raises(UsageError, match=r"only 1 of (at least )?\d+ outcomes were read from the stream"):
            _ = stream.holdings
        with pytest.raises(UsageError, match=r"only 1 of (at least )?\d+ outcomes were read from the stream"):
            await stream.merged()
        others = [outcome async for outcome in stream]
        assert len(others) == 45
        assert len(stream.accounts) == 46
        assert stream.holdings.complete
        assert await stream.merged() == stream.holdings
        assert {outcome.account.key for outcome in stream.holdings.outcomes} == {
            each.key for each in stream.accounts
        }


async def test_leaving_the_stream_early_ends_what_is_asked(gateway):
    async with client(gateway) as koscom:
        async with koscom.stream_discretionary_holdings() as stream:
            await anext(aiter(stream))
        with pytest.raises(UsageError, match="context was left"):
            [outcome async for outcome in stream]


async def test_credentials_that_nobody_accepts_are_raised(gateway):
    for broker in COUNTS:
        gateway.set_fault(broker, "401")
    async with client(gateway) as koscom:
        with pytest.raises(AuthenticationError):
            await koscom.discretionary_holdings()

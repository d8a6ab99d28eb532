"""The five methods against the sandbox: rows agree with the ledger, hours are kept, and no name gets out."""

import json
import logging
import re
from datetime import date, datetime, time

import anyio
import anyio.lowlevel
import httpx
import pytest
from attrs import evolve

from koscom_async import (
    AccountUnavailableError,
    AssetClass,
    BrokerLimits,
    BrokerOverrides,
    Koscom,
    Limits,
    OrderSide,
    OutsideServiceHoursError,
    PagingError,
    RequestRejectedError,
    ResponseMismatchError,
    TruncatedResponseError,
    UsageError,
)
from koscom_async._clock import KST
from koscom_async._services import firm_query, query
from koscom_async._wire.discretionary import firm_request
from koscom_async.sandbox import SandboxGateway, firm
from koscom_async.sandbox.endpoints.discretionary import FIRM_ENDPOINTS
from tests.fake_time import settled
from tests.sandbox.asking import asking
from tests.wire.recorded import BODIES

CASES = {
    "accountlist": "accounts",
    "balancelist": "balances",
    "orderdetail": "orders",
    "settlelist": "settlements",
    "tradebook": "trades",
}
BROKERS = ("diamond", "cyber", "star", "comet")
QUICK = Limits(default=BrokerLimits(rate=1e6, burst=1000, in_flight=40))
EARLY, LATE = date(2024, 3, 1), date(2024, 3, 31)


@pytest.fixture
async def gateway():
    async with SandboxGateway(in_process=True, ledger=firm(dict.fromkeys(BROKERS, 2), seed=3)) as running:
        yield running


@pytest.fixture
async def koscom(gateway):
    async with Koscom(evolve(gateway.settings, limits=QUICK), transport=gateway.transport) as client:
        yield client


def account_at(gateway, broker):
    return next(each for each in gateway.ledger.discretionary if each.broker == broker)


@pytest.mark.parametrize("broker", BROKERS)
async def test_orders_add_up_to_settlements_and_trades_and_balances(gateway, koscom, broker):
    truth = account_at(gateway, broker)
    number = truth.number
    trades = await koscom.discretionary.trades(broker, number, EARLY, LATE)
    orders = [
        order
        for day in sorted({order.day for order in truth.orders})
        for order in await koscom.discretionary.orders(broker, number, on=day)
    ]
    settlements = await koscom.discretionary.settlements(broker, number)
    balance = await koscom.discretionary.balances(broker, number)
    bought = sum(order.executed_amount for order in orders if order.side is OrderSide.BUY)
    sold = sum(order.executed_amount for order in orders if order.side is OrderSide.SELL)
    booked = [trade for trade in trades if trade.codes]
    assert sum(trade.amount_change + trade.cost_total for trade in booked) == sold - bought
    assert not any(trade.contradicts_signs for trade in trades)
    assert all(order.executed_quantity == sum(e.quantity for e in order.executions) for order in orders)
    unsettled = {order.number for order in truth.unsettled}
    assert sum(each.amount for each in settlements) == sum(
        order.executed_amount for order in orders if order.number in unsettled
    )
    assert all(each.cost_total == sum(cost.amount for cost in each.costs) for each in settlements)
    held = {row.code: row.quantity for row in balance.securities}
    for code, quantity in held.items():
        assert quantity == sum(trade.quantity_change for trade in booked if trade.code == code)
    if broker != "comet":  # which tells of one day only
        last = [row.balance for row in balance.cash if (row.currency, row.settled_in_days) == ("KRW", 2)]
        assert last == [sum(trade.amount_change for trade in trades if trade.currency == "KRW")]


async def test_filters_ask_for_less(gateway, koscom):
    truth = account_at(gateway, "cyber")
    first = truth.orders[0]
    (order,) = await koscom.discretionary.orders(
        "cyber", truth.number, on=first.day, order_number=first.number
    )
    assert order.number == first.number
    sells = await koscom.discretionary.settlements("cyber", truth.number, side=OrderSide.SELL)
    assert all(each.side is OrderSide.SELL for each in sells)
    code = first.paper.codes[1][1]
    some = await koscom.discretionary.orders("cyber", truth.number, on=first.day, code=code)
    assert {each.name for each in some} == {first.paper.name}
    with pytest.raises(RequestRejectedError):
        await koscom.discretionary.orders("cyber", truth.number, asset_class=AssetClass.CASH)


async def test_accounts_may_be_named_by_record_or_number(gateway, koscom):
    listed = await koscom.discretionary.accounts("00991")
    (account, _) = listed
    assert len(listed) == len(listed.active) == 2
    balance = await koscom.discretionary.balances(account.broker, account)
    assert balance == await koscom.discretionary.balances("cyber", account.account)
    with pytest.raises(UsageError, match="was to be asked"):
        await koscom.discretionary.balances("star", account)
    with pytest.raises(UsageError, match="named by its number"):
        await koscom.discretionary.balances("star", "")
    with pytest.raises(UsageError, match="no broker's short name"):
        await koscom.discretionary.accounts("../evil")
    with pytest.raises(UsageError, match="is after"):
        await koscom.discretionary.trades("cyber", account, LATE, EARLY)
    with pytest.raises(AccountUnavailableError):
        await koscom.discretionary.balances("cyber", "0000000000001")


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (time(8, 29, 59), True),
        (time(8, 30), False),
        (time(12), False),
        (time(15, 59, 59), False),
        (time(16), True),
        (time(0), True),
    ],
)
async def test_outside_of_its_hours_nothing_is_asked(gateway, at, is_open):
    def clock():
        return datetime.combine(date(2024, 3, 13), at, tzinfo=KST)

    settings = evolve(gateway.settings, limits=QUICK, check_service_hours=True)
    number = account_at(gateway, "cyber").number
    async with Koscom(settings, transport=gateway.transport, now=clock) as koscom:
        asks = [
            ("balances", lambda: koscom.discretionary.balances("cyber", number)),
            ("settlements", lambda: koscom.discretionary.settlements("cyber", number)),
            ("balances", koscom.discretionary_holdings),
            ("settlements", koscom.discretionary.all_settlements),
        ]
        for endpoint, ask in asks:
            if is_open:
                await ask()
                continue
            with pytest.raises(OutsideServiceHoursError) as caught:
                await ask()
            assert caught.value.opens_at == datetime(2024, 3, 13, 16, tzinfo=KST)
            assert caught.value.endpoint == f"discretionary.{endpoint}"
        if not is_open:
            assert gateway.calls == ()
        assert await koscom.discretionary.orders("cyber", number)
        assert await koscom.discretionary.trades("cyber", number, EARLY, LATE)


async def test_the_platform_itself_refuses_outside_of_its_hours():
    def noon():
        return datetime(2024, 3, 13, 12, tzinfo=KST)

    async with SandboxGateway(in_process=True, now=noon) as gateway:
        assert gateway.settings.check_service_hours
        settings = evolve(gateway.settings, limits=QUICK, check_service_hours=False)
        async with Koscom(settings, transport=gateway.transport) as koscom:
            holdings = await koscom.discretionary_holdings()
    assert {outcome.error.code for outcome in holdings.failures} == {"7000"}


@pytest.mark.parametrize("what", ["all_orders", "all_settlements", "all_trades"])
async def test_every_list_goes_across_brokers_and_names_who_failed(gateway, koscom, what):
    gateway.set_fault("star", "down")
    days = (EARLY, LATE) if what == "all_trades" else ()
    answers = await getattr(koscom.discretionary, what)(*days)
    assert not answers.complete
    assert [(each.account.broker.short_name, each.error.code) for each in answers.failures] == [
        ("star", "3600")
    ]
    assert len(answers.outcomes) == 7
    read = [each for each in answers.outcomes if each.ok]
    assert len(answers.rows) == sum(len(each.answer) for each in read) > 0
    whole = await getattr(koscom.discretionary, what)(*days, "cyber")
    assert whole.require_complete() is whole
    assert {row.account_number.replace("-", "") for row in whole} == {
        each.number for each in gateway.ledger.discretionary if each.broker == "cyber"
    }


async def test_a_deadline_ends_what_is_slow_and_keeps_what_came(jump):
    ledger = firm({"cyber": 1, "comet": 1})
    async with (
        SandboxGateway(in_process=True, ledger=ledger, latency={"comet": 60}) as gateway,
        Koscom(evolve(gateway.settings, limits=QUICK), transport=gateway.transport) as koscom,
    ):

        def are_asked():
            return [call for call in gateway.calls if call.broker == "comet"] and [
                call.status for call in gateway.calls if call.broker == "cyber"
            ] == [200] * 8  # the list of accounts, and seven pages of orders: the account has been read

        async def strike():
            while not are_asked():
                await anyio.lowlevel.checkpoint()
            await settled()
            jump(9)

        async with anyio.create_task_group() as group:
            group.start_soon(strike)
            answers = await koscom.discretionary.all_orders(deadline=8.0)
    assert [(each.account.broker.short_name, each.ok) for each in answers.outcomes] == [
        ("cyber", True),
        ("comet", False),
    ]
    assert answers.failures[0].error.code == "deadline"


@pytest.mark.parametrize("endpoint", FIRM_ENDPOINTS, ids=lambda endpoint: endpoint.name)
@pytest.mark.parametrize("broker", BROKERS)
async def test_the_documents_requests_get_the_documents_answers(endpoint, broker):
    case = BODIES / f"discretionary_{CASES[endpoint.name]}"
    async with asking() as ask:
        path = f"/v1/{broker}/b2baccount/{endpoint.name}/search"
        request = json.loads((case / "request.json").read_bytes())
        answer = await ask.client.post(path, json=request, headers=ask.basic)
    assert answer.content == (case / "answer.json").read_bytes()


async def test_the_documents_order_is_another_accounts_and_the_client_says_so(gateway, monkeypatch):
    monkeypatch.setattr(firm_query, "new_request_id", lambda: "Fintech-2016062200001")
    settings = evolve(gateway.settings, limits=QUICK, srv_id="999")

    def as_documented(given, **parts):
        return firm_request(evolve(given, com_id="F9999"), **parts)

    monkeypatch.setattr(firm_query, "firm_request", as_documented)
    async with Koscom(settings, transport=gateway.transport) as koscom:
        with pytest.raises(ResponseMismatchError, match="another account"):
            await koscom.discretionary.orders(
                "star",
                "0019923122221",
                on=date(2016, 6, 22),
                side=OrderSide.SELL,
                asset_class=AssetClass.EQUITY,
            )


async def test_no_name_and_no_number_gets_out(gateway, koscom, caplog):
    caplog.set_level(logging.DEBUG)
    holders = {each.holder for each in gateway.ledger.discretionary}
    numbers = {each.number for each in gateway.ledger.discretionary}
    gateway.set_fault("cyber", "4001")
    accounts = await koscom.discretionary.accounts("star")
    answers = await koscom.discretionary.all_trades(EARLY, LATE)
    balance = await koscom.discretionary.balances("star", accounts.accounts[0])
    holdings = await koscom.discretionary_holdings()
    texts = [repr(each) for each in (accounts, answers, answers.rows, balance, holdings)]
    texts += [str(failure.error) for failure in answers.failures] + [caplog.text, str(holdings.to_dicts())]
    with pytest.raises(AccountUnavailableError) as caught:
        await koscom.discretionary.balances("cyber", account_at(gateway, "cyber").number)
    texts.append(repr(caught.value) + str(caught.value))
    assert [secret for secret in holders | numbers for text in texts if secret in text] == []


async def test_a_broker_that_answers_every_class_with_the_same_rows_is_refused(gateway, koscom, monkeypatch):
    truth = account_at(gateway, "comet")
    monkeypatch.setattr(
        "koscom_async.sandbox.endpoints.discretionary._is_asked", lambda paper, question: True
    )
    with pytest.raises(ResponseMismatchError, match="same rows"):
        await koscom.discretionary.balances("comet", truth.number)


class Miscounting(httpx.AsyncBaseTransport):
    """Lets every answer announce so many rows more than it has."""

    def __init__(self, transport, more):
        self.transport, self.more = transport, more

    async def handle_async_request(self, request):
        response = await self.transport.handle_async_request(request)
        document = json.loads(await response.aread())
        for block in document.values():
            if isinstance(block, dict) and "queryResult" in block:
                block["queryResult"]["totalCnt"] += self.more
        return httpx.Response(response.status_code, json=document)


@pytest.mark.parametrize(
    ("more", "kind", "message"),
    [
        (1, TruncatedResponseError, r"trades: (\d+) of (\d+) rows came"),
        (-1, PagingError, r"trades: (\d+) rows came where (\d+) were announced"),
    ],
)
async def test_rows_that_miss_or_exceed_what_was_announced_fail_the_account(gateway, more, kind, message):
    number = account_at(gateway, "diamond").number
    settings = evolve(gateway.settings, limits=QUICK)
    async with Koscom(settings, transport=gateway.transport) as koscom:
        rows = len(await koscom.discretionary.trades("diamond", number, EARLY, LATE))
    async with Koscom(settings, transport=Miscounting(gateway.transport, more)) as koscom:
        with pytest.raises(kind, match=message) as caught:
            await koscom.discretionary.trades("diamond", number, EARLY, LATE)
    assert re.search(message, str(caught.value)).groups() == (str(rows), str(rows + more))
    assert caught.value.broker == "diamond"
    trusting = evolve(settings, brokers={"diamond": BrokerOverrides(trust_totals=False)})
    async with Koscom(trusting, transport=Miscounting(gateway.transport, more)) as koscom:
        answer = await koscom.discretionary.trades("diamond", number, EARLY, LATE)
    assert len(answer) == rows
    assert any(note.endswith("which the settings allow") for note in answer.notes)


class Unannounced(Miscounting):
    """Lets no answer announce how many rows there are."""

    async def handle_async_request(self, request):
        response = await self.transport.handle_async_request(request)
        return httpx.Response(
            response.status_code,
            content=re.sub(rb'"totalCnt": ?\d+', b'"totalCnt": null', await response.aread()),
        )


async def test_a_firm_s_list_of_accounts_may_be_longer_than_what_one_account_may_cost(monkeypatch):
    monkeypatch.setattr(query, "UNANNOUNCED_PAGES", 2)
    async with SandboxGateway(in_process=True, ledger=firm({"star": 60}, seed=3)) as gateway:
        settings = evolve(gateway.settings, limits=QUICK, call_limit=2)
        async with Koscom(settings, transport=Unannounced(gateway.transport, 0)) as koscom:
            accounts = await koscom.discretionary.accounts("star")
            assert len(accounts) == 60
            assert len(gateway.calls) > 2
            with pytest.raises(PagingError):
                await koscom.discretionary.trades("star", account_at(gateway, "star").number, EARLY, LATE)

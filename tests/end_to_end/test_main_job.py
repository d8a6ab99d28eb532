"""The whole main job over a real socket, judged by the sandbox's own ledger: right to the won, or named as missing."""

import itertools
import json
from collections import defaultdict
from decimal import Decimal

import pytest

from koscom_async import DeadlineExceededError, Koscom, Retry, Settings, SettingsError, UsageError
from koscom_async.sandbox import Fault, SandboxGateway
from koscom_async.settings import Backend
from tests.backends import BACKENDS, CHOICE

SHARE = "KR7000020008"
FUND = "KRZ500395135"
BOND = "국민주택1종11-07"
BROKERS = ("cyber", "diamond", "star")


def impatient(settings, **changes):
    """The gateway's settings, with waits before retries that a test does not notice."""
    return Settings(
        base_url=settings.base_url,
        api_key=settings.api_key,
        api_secret=settings.api_secret,
        com_id=settings.com_id,
        srv_id=settings.srv_id,
        check_service_hours=settings.check_service_hours,
        **{"retry": Retry(attempts=3, base=0.001, cap=0.002), "backend": CHOICE.backend} | changes,
    )


async def read(gateway, *, deadline=10.0, **changes):
    async with Koscom(impatient(gateway.settings, **changes), transport=gateway.transport) as koscom:
        return await koscom.holdings(gateway.investor, deadline=deadline)


def accounts_of(gateway):
    numbers = {"cyber": "160613251214500099", "diamond": "160635473367600099", "star": "160646584478700099"}
    return {
        account.broker: account
        for account in gateway.ledger.people[0].accounts
        if account.number in numbers.values()
    }


def rows_of(gateway, *brokers):
    return [row for name, account in accounts_of(gateway).items() if name in brokers for row in account.rows]


def value_of(rows):
    return sum((row.value for row in rows if row.currency == "KRW"), Decimal(0))


def cost_of(rows):
    return sum((row.cost for row in rows if row.currency == "KRW"), Decimal(0))


def position_of(holdings, *, code=None, name=None):
    (position,) = [
        each
        for each in holdings.positions
        if (code and each.instrument.code == code) or (name and each.instrument.name == name)
    ]
    return position


async def test_a_share_at_three_brokers_is_one_position_with_three_lots():
    async with SandboxGateway() as gateway:
        holdings = await read(gateway)
        rows = [row for row in rows_of(gateway, *BROKERS) if getattr(row, "isin", None) == SHARE]
    position = position_of(holdings, code=SHARE)
    assert [lot.account.broker.short_name for lot in position.lots] == ["cyber", "diamond", "star"]
    assert position.quantity == sum(row.quantity for row in rows)
    assert position.cost == sum(row.cost for row in rows)
    assert position.value == sum(row.value for row in rows)
    assert position.profit_loss == position.value - position.cost
    assert position.instrument.name == "동화약품"
    assert position.instrument.isin == SHARE


@pytest.mark.usefixtures("backend")
async def test_every_number_adds_up_to_the_gateway_s_own_ledger():
    async with SandboxGateway() as gateway:
        holdings = await read(gateway)
        rows = rows_of(gateway, *BROKERS)
        summaries = [account.summary for account in accounts_of(gateway).values()]
    assert holdings.complete
    assert holdings.totals.value == value_of(rows)
    assert holdings.totals.cost == cost_of(rows)
    assert holdings.totals.cash == sum(summary.cash for summary in summaries)
    assert holdings.totals.liabilities == sum(summary.loan + summary.receivable for summary in summaries)
    assert holdings.totals.reported_value == sum(summary.value for summary in summaries)
    lots = [lot for position in holdings.positions for lot in position.lots]
    assert len(lots) == len(rows)
    by_account = defaultdict(Decimal)
    for position in holdings.positions:
        for lot in position.lots:
            if position.instrument.currency == "KRW":
                by_account[lot.account.broker.short_name] += lot.value
    reconciled = {each.account.broker.short_name: each.rows_value for each in holdings.reconciliation}
    assert by_account == reconciled
    assert sum(reconciled.values()) == holdings.totals.value


async def test_the_documents_own_numbers_come_through_untouched():
    async with SandboxGateway() as gateway:
        holdings = await read(gateway)
    diamond = next(each for each in holdings.reconciliation if each.account.broker.short_name == "diamond")
    assert diamond.reported_cost == 369827563509
    assert diamond.reported_value == 389165300498
    assert diamond.reported_net_worth == 389172277040
    assert str(position_of(holdings, code="HK0000050325").return_pct) == "-12.90"
    fund = position_of(holdings, code="KRZ501831185")
    assert (fund.value, fund.profit_loss, fund.return_pct) == (8416030, None, None)
    assert position_of(holdings, name="주택금융공사MBS2016-7(1-5)").quantity == 20_000_000_000


async def test_what_has_a_code_is_matched_by_it_and_what_has_none_by_its_name():
    async with SandboxGateway() as gateway:
        holdings = await read(gateway)
    fund, bond = position_of(holdings, code=FUND), position_of(holdings, name=BOND)
    assert (fund.matched_by, len(fund.lots)) == ("code", 2)
    assert (bond.matched_by, len(bond.lots)) == ("name", 2)
    namesakes = [each for each in holdings.positions if each.instrument.name == fund.instrument.name]
    assert len(namesakes) == 2


async def test_a_foreign_currency_stands_apart():
    async with SandboxGateway() as gateway:
        holdings = await read(gateway)
    apple = position_of(holdings, code="US0378331005")
    assert (apple.instrument.currency, str(apple.value), apple.weight) == ("USD", "1912.4", None)
    assert [(each.currency, each.value) for each in holdings.foreign_totals] == [("USD", apple.value)]


async def test_weights_and_cash_make_a_whole():
    async with SandboxGateway() as gateway:
        holdings = await read(gateway)
    whole = holdings.totals.value + holdings.totals.cash
    weights = sum(each.weight for each in holdings.positions if each.weight is not None)
    assert abs(weights + holdings.totals.cash / whole - 1) < Decimal("0.00002")


async def test_each_broker_is_asked_as_it_can_be():
    async with SandboxGateway() as gateway:
        await read(gateway)
        asked = defaultdict(set)
        for call in gateway.calls:
            asked[call.broker].add(call.asset_type)
    assert asked["diamond"] == {"ALL"}
    assert asked["cyber"] == asked["star"] == {"CASH", "EQTY", "FUND", "ETC"}


@pytest.mark.usefixtures("backend")
async def test_every_account_and_every_class_is_asked_at_once():
    async with SandboxGateway(latency={"diamond": 0.3, "cyber": 0.3, "star": 0.3}) as gateway:
        await read(gateway)
        balances = [call for call in gateway.calls if call.broker in BROKERS]
    first_answer = min(call.finished for call in balances)
    asked_before = {(call.broker, call.asset_type) for call in balances if call.started < first_answer}
    assert len(asked_before) == 1 + 4 + 4


@pytest.mark.parametrize("order", list(itertools.permutations(BROKERS)), ids="-".join)
async def test_the_order_of_the_brokers_answers_changes_nothing(order):
    latency = {broker: 0.03 * place for place, broker in enumerate(order)}
    async with SandboxGateway(latency=latency, in_process=True) as gateway:
        holdings = await read(gateway)
    async with SandboxGateway(in_process=True) as gateway:
        expected = await read(gateway)
    assert holdings.positions == expected.positions
    assert holdings.totals == expected.totals
    assert holdings.reconciliation == expected.reconciliation


FAULTS = {
    "down": ("BrokerUnavailableError", "3600"),
    "3600": ("BrokerUnavailableError", "3600"),
    "4001": ("AccountUnavailableError", "4001"),
    "4006": ("AccessDeniedError", "4006"),
    "html": ("MalformedResponseError", "malformed"),
    "empty": ("MalformedResponseError", "malformed"),
    "truncated": ("MalformedResponseError", "malformed"),
    "shape": ("MalformedResponseError", "malformed"),
    "foreign": ("ResponseMismatchError", "mismatch"),
    "wrong-id": ("ResponseMismatchError", "mismatch"),
    "short": ("TruncatedResponseError", "truncated"),
    "endless": ("PagingError", "paging"),
    "same-page": ("PagingError", "paging"),
    "reset": ("ConnectionFailedError", "connection"),
}


@pytest.mark.parametrize("way", [*BACKENDS, Backend.HTTPX, "in-process"])
@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("broker", ["star", "cyber"])
async def test_one_account_s_failure_is_named_and_the_others_are_delivered(kind, broker, way):
    in_process = way == "in-process"
    changes = {} if in_process else {"backend": way}
    async with SandboxGateway(faults={broker: kind}, in_process=in_process) as gateway:
        holdings = await read(gateway, page_limit=20, **changes)
        others = [name for name in BROKERS if name != broker]
        rows = rows_of(gateway, *others)
        number = accounts_of(gateway)[broker].number
    (failure,) = holdings.failures
    error = failure.error
    assert (type(error).__name__, error.code) == FAULTS[kind]
    assert (error.broker, error.endpoint) == (broker, "account.balance")
    assert error.account == f"{number[:4]}…{number[-4:]}"
    message = str(error)
    assert broker in message
    assert error.code in message
    assert error.account in message
    assert "What to do: " in message
    assert number not in message
    assert not holdings.complete
    assert holdings.totals.value == value_of(rows)
    assert sorted(outcome.account.broker.short_name for outcome in holdings.outcomes if outcome.ok) == others


@pytest.mark.usefixtures("backend")
async def test_all_accounts_failing_is_not_the_same_as_owning_nothing():
    async with SandboxGateway(faults=dict.fromkeys(BROKERS, "down")) as gateway:
        holdings = await read(gateway)
    assert len(holdings.failures) == 3
    assert (holdings.positions, holdings.totals.value, holdings.totals.cash) == ((), None, None)


@pytest.mark.usefixtures("backend")
async def test_the_deadline_delivers_what_is_there_and_names_the_rest():
    async with SandboxGateway(faults={"star": Fault("slow", delay=30.0)}) as gateway:
        holdings = await read(gateway, deadline=2.0)
    (failure,) = holdings.failures
    assert (failure.account.broker.short_name, failure.error.code) == ("star", "deadline")
    assert {outcome.account.broker.short_name for outcome in holdings.outcomes if outcome.ok} == {
        "cyber",
        "diamond",
    }


@pytest.mark.usefixtures("backend")
async def test_a_passing_fault_is_retried_and_leaves_no_trace_in_the_numbers():
    async with SandboxGateway(faults={"star": Fault("down", times=2)}) as gateway:
        holdings = await read(gateway)
        expected = value_of(rows_of(gateway, *BROKERS))
    assert holdings.complete
    assert holdings.totals.value == expected
    star = next(each for each in holdings.outcomes if each.account.broker.short_name == "star")
    assert star.trace.retries == 2


async def test_the_answer_as_data_is_json_with_exact_text():
    async with SandboxGateway() as gateway:
        holdings = await read(gateway)
        secrets = [*gateway.investor.secrets, gateway.settings.api_key, gateway.settings.api_secret]
        numbers = [account.number for account in accounts_of(gateway).values()]
    text = json.dumps(holdings.to_dicts(), ensure_ascii=False)
    data = json.loads(text)
    assert data["totals"]["value"] == f"{holdings.totals.value:f}"
    assert data["complete"] is True
    assert not any(secret in text for secret in (*secrets, *numbers))


async def test_the_stream_hands_out_accounts_as_they_are_ready():
    latency = {"star": 0.0, "cyber": 0.0, "diamond": 1.5}
    async with (
        SandboxGateway(latency=latency) as gateway,
        Koscom(gateway.settings) as koscom,
        koscom.stream_holdings(gateway.investor) as stream,
    ):
        assert {account.broker.short_name for account in stream.accounts} == set(BROKERS)
        with pytest.raises(UsageError, match="0 of 3"):
            _ = stream.holdings
        order = [outcome.account.broker.short_name async for outcome in stream]
        assert stream.holdings.complete
    assert order[-1] == "diamond"


async def test_registration_and_linked_accounts_can_be_asked_for_alone():
    async with SandboxGateway() as gateway, Koscom(gateway.settings) as koscom:
        registration = await koscom.member.registration(gateway.investor)
        linked = await koscom.member.accounts(gateway.investor)
        balance = await koscom.account.balance(gateway.investor, linked.accounts[0], deadline=5.0)
    assert registration.is_member
    assert [account.broker.code for account in linked.accounts] == ["00992", "00991", "00993"]
    assert balance.summary is not None
    assert len(balance.rows) == 20


@pytest.mark.parametrize(
    ("deadline", "kind"),
    [
        (0, DeadlineExceededError),
        (-1, DeadlineExceededError),
        (float("nan"), SettingsError),
        (float("inf"), SettingsError),
        (True, SettingsError),
        ("soon", SettingsError),
    ],
)
async def test_an_impossible_deadline_is_refused_before_anything_is_asked(deadline, kind):
    async with SandboxGateway(in_process=True) as gateway:
        async with Koscom(gateway.settings, transport=gateway.transport) as koscom:
            with pytest.raises(kind, match="deadline"):
                await koscom.holdings(gateway.investor, deadline=deadline)
        assert gateway.calls == ()

"""Starting, stopping, and what the gateway gives out."""

import base64
import re
import signal
import subprocess
import sys
import threading
import time

import anyio
import httpx
import pytest

from koscom_async import Investor, Koscom, Settings
from koscom_async.sandbox import SandboxGateway, crowd
from koscom_async.sandbox.accounts import crowds
from tests.sandbox.asking import BALANCE, CONSENT, Asker, asking


async def test_the_gateway_gives_what_a_client_needs(ask):
    gateway = ask.gateway
    assert gateway.settings.base_url == gateway.url
    assert (gateway.settings.com_id, gateway.settings.srv_id) == ("F0995", "297")
    assert len(base64.b64decode(gateway.investor.ci)) == 64
    assert [account.broker for account in gateway.ledger.accounts] == ["diamond", "cyber", "star"]


async def test_the_url_is_the_address_of_a_real_server():
    async with SandboxGateway() as gateway:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", gateway.url)
        assert gateway.transport is None
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{gateway.url}/")).status_code == 404


async def test_in_process_there_is_a_transport_and_no_thread():
    threads = threading.active_count()
    async with SandboxGateway(in_process=True) as gateway:
        assert gateway.url == "http://localhost"
        assert isinstance(gateway.transport, httpx.AsyncBaseTransport)
        assert threading.active_count() == threads


async def test_there_is_no_url_before_it_runs_and_none_after():
    gateway = SandboxGateway()
    with pytest.raises(RuntimeError, match="enter it"):
        _ = gateway.url
    async with gateway:
        assert gateway.url
    with pytest.raises(RuntimeError, match="enter it"):
        _ = gateway.url
    assert repr(gateway) == "<SandboxGateway not running>"


@pytest.mark.parametrize("in_process", [False, True])
async def test_a_notebook_starts_it_in_one_cell_and_stops_it_in_another(in_process):
    gateway = await SandboxGateway(in_process=in_process).start()
    async with Koscom(gateway.settings, transport=gateway.transport) as koscom:
        assert (await koscom.holdings(gateway.investor)).complete
    await gateway.stop()
    await gateway.stop()
    assert repr(gateway) == "<SandboxGateway not running>"


async def test_a_port_can_be_chosen_and_is_free_again_afterwards():
    async with SandboxGateway() as gateway:
        port = int(gateway.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            await SandboxGateway(port=port).__aenter__()
    async with SandboxGateway(port=port) as again:
        assert again.url == f"http://127.0.0.1:{port}"


async def test_an_idle_connection_does_not_delay_the_exit():
    async with httpx.AsyncClient() as client:
        async with SandboxGateway() as gateway:
            await client.get(gateway.url)
            started = time.monotonic()
        assert time.monotonic() - started < 1
        with pytest.raises(httpx.TransportError):
            await client.get(f"http://127.0.0.1:{gateway._thread.port}")


@pytest.mark.parametrize(
    "trouble", [{"latency": {"star": 60}}, {"faults": {"star": "silent"}}, {"faults": {"star": "drip:30"}}]
)
async def test_a_call_that_is_being_answered_does_not_delay_the_exit(trouble, capfd):
    outcome = []

    async def call(asker):
        try:
            await asker.balance("star")
        except httpx.TransportError as error:
            outcome.append(type(error))

    async with asking(in_process=False, **trouble) as asker, anyio.create_task_group() as tasks:
        tasks.start_soon(call, asker)
        while not asker.gateway.calls:
            await anyio.lowlevel.checkpoint()
        started = time.monotonic()
        await asker.gateway.__aexit__(None, None, None)
        assert time.monotonic() - started < 20
    assert outcome[0] in {httpx.ReadError, httpx.RemoteProtocolError}
    assert capfd.readouterr().err == ""
    assert asker.gateway.calls[0].status in {None, 200}  # what drips has begun


async def test_a_caller_that_gives_up_is_no_error(capfd):
    async with asking(in_process=False, latency={"star": 60}) as asker:
        with pytest.raises(httpx.ReadTimeout):
            await asker.client.post(
                BALANCE.format("star"),
                json=asker.message(),
                headers=asker.bearer,
                timeout=httpx.Timeout(60, read=0.01),
            )
        assert (await asker.balance("cyber")).status_code == 200
    assert capfd.readouterr().err == ""


async def test_a_slow_broker_runs_into_the_callers_limit_in_process_too():
    async with asking(latency={"star": 60}) as asker:
        with pytest.raises(httpx.ReadTimeout):
            await asker.client.post(
                BALANCE.format("star"),
                json=asker.message(),
                headers=asker.bearer,
                timeout=httpx.Timeout(60, read=0.01),
            )


async def test_an_answer_does_not_wait_for_acknowledgements():
    async with asking(in_process=False) as asker:
        await asker.balance("diamond", "ALL")
        seconds = []
        for _ in range(20):
            started = time.monotonic()
            await asker.balance("diamond", "ALL")
            seconds.append(time.monotonic() - started)
        # With Nagle's algorithm each answer would take 40 ms; a machine with other work may delay most of them.
        assert sorted(seconds)[4] < 0.035


async def test_latency_holds_for_one_broker_and_passes_at_once_for_all_calls():
    async with asking(latency={"star": 0.05}) as asker:
        started = time.monotonic()
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(asker.balance, "star")
        assert 0.05 <= time.monotonic() - started < 0.5
        calls = asker.gateway.calls
    assert max(call.in_flight for call in calls) == 20
    assert all(call.finished - call.started >= 0.05 for call in calls)


async def test_calls_tell_who_was_asked_what_and_how_it_ended(ask):
    await ask.client.post(CONSENT, json=ask.member_message(), headers=ask.api_key)
    await ask.pages("star", "EQTY")
    await ask.client.post(BALANCE.format("cyber"), json=ask.message("cyber"))
    seen = [(c.broker, c.endpoint, c.asset_type, c.page, c.status) for c in ask.gateway.calls]
    second = ask.gateway.calls[2].page
    assert seen == [
        ("common", "common.member.consent", None, None, 200),
        ("star", "account.balance", "EQTY", "null", 200),
        ("star", "account.balance", "EQTY", second, 200),
        ("cyber", "account.balance", "CASH", "null", 401),
    ]
    assert [c.request_id for c in ask.gateway.calls] == ["ask-2", "ask-1", "ask-1", "ask-1"]
    assert ask.gateway.calls[1].account == "160646584478700099"
    assert {(c.in_flight, c.in_flight_total) for c in ask.gateway.calls} == {(1, 1)}
    ask.gateway.clear_calls()
    assert ask.gateway.calls == ()


async def test_no_repr_shows_a_secret(ask):
    gateway = ask.gateway
    await ask.balance()
    shown = repr([gateway, gateway.ledger, gateway.calls, gateway._state, gateway.settings, gateway.investor])
    hidden = [
        gateway.settings.api_secret,
        gateway.settings.api_key,
        *(text for person in gateway.ledger.people for text in (person.ci, person.name, person.access_token)),
        *(account.number for person in gateway.ledger.people for account in person.accounts),
    ]
    assert [text for text in hidden if text in shown] == []


async def test_a_crowd_has_accounts_of_its_own():
    ledger = crowd(3)
    async with asking(ledger=ledger) as asker:
        assert len({account.number for person in ledger.people for account in person.accounts}) == 9
        last = asker.gateway.investors[2]
        message = asker.message("star")
        message["commonHeader"]["ci"] = last.ci
        message["accInfo"]["vtAccNo"] = ledger.people[2].accounts[2].number
        answer = await asker.client.post(
            BALANCE.format("star"),
            json=message,
            headers={"Authorization": f"Bearer {last.token.access}"},
        )
        assert answer.status_code == 200


def test_of_a_crowd_no_two_hold_the_same_and_each_adds_up():
    people = crowd(60, seed=3).people
    assert [person.accounts[0] for person in people] == [
        person.accounts[0] for person in crowd(60, seed=3).people
    ]
    assert people[0].accounts[0].rows != crowd(1, seed=4).people[0].accounts[0].rows
    for place, broker in enumerate(("diamond", "cyber", "star")):
        accounts = [person.accounts[place] for person in people]
        assert {account.broker for account in accounts} == {broker}
        assert (
            len({account.summary.cash for account in accounts})
            == len({account.rows for account in accounts})
            == 60
        )
        assert len({tuple(map(len, (each.equities, each.funds, each.others))) for each in accounts}) == 1
        for account in accounts:
            won = [row for row in account.rows if row.currency == "KRW"]
            assert (
                sum(row.value for row in won)
                == account.summary.value
                == account.summary.total - account.summary.cash
            )
            assert sum(row.cost for row in won) == account.summary.cost


def test_a_large_crowd_is_made_when_it_is_looked_at(monkeypatch):
    made = []
    make = crowds._account
    monkeypatch.setattr(crowds, "_account", lambda *person: made.append(person) or make(*person))
    gateway = SandboxGateway(ledger=crowd(2_000, seed=11), in_process=True)
    assert len(gateway.investors) == 2_000
    assert made == []
    _, account = gateway.ledger.account("star", gateway.ledger.people[1_999].account_keys[2][1])
    assert made == [("diamond", 1_999, 11), ("cyber", 1_999, 11), ("star", 1_999, 11)]
    assert gateway.ledger.foreign_to(account).number == gateway.ledger.people[0].account_keys[2][1]


UNKNOWN = "unknown broker 'moon': the sandbox has diamond, cyber, star, comet, common, auth, market, nice, ratestbed, thecheat; did you mean common?"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"latency": {"moon": 1}},
            UNKNOWN,
        ),
        (
            {"rate_limits": {"moon": 1}},
            UNKNOWN,
        ),
        (
            {"faults": {"moon": "down"}},
            UNKNOWN,
        ),
        ({"rate_limits": {"star": 0}}, "RateLimit.rate must be above 0, got 0"),
    ],
)
def test_a_wrong_option_is_named(options, message):
    with pytest.raises(ValueError) as caught:
        SandboxGateway(**options)
    assert str(caught.value) == message


def test_without_the_extra_the_error_names_it():
    code = "import sys; sys.modules['uvicorn'] = None; import koscom_async.sandbox"
    run = subprocess.run(  # noqa: S603  # the code stands above
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "ImportError" in run.stderr
    assert 'pip install ".[sandbox]"' in run.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_it_can_be_served_from_a_process_of_its_own(signal_number):
    code = (
        "from koscom_async.sandbox import SandboxGateway;"
        "SandboxGateway().serve_forever(lambda gateway: print(gateway.url, flush=True))"
    )
    with subprocess.Popen(  # noqa: S603  # the code stands above
        [sys.executable, "-W", "error", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        url = process.stdout.readline().strip()
        assert httpx.get(url).status_code == 404
        process.send_signal(signal_number)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")


def test_a_fixture_may_leave_in_another_event_loop():
    gateway = SandboxGateway()
    anyio.run(gateway.__aenter__)

    async def balance():
        async with httpx.AsyncClient(base_url=gateway.url) as client:
            return (await Asker(gateway, client).balance()).status_code

    assert anyio.run(balance) == 200
    anyio.run(gateway.__aexit__, None, None, None)


async def test_the_environment_is_all_that_settings_and_investor_read():
    async with SandboxGateway() as gateway:
        environment = gateway.environment
        # Its clock stands still, so its settings do not keep hours; that is no variable.
        assert Settings.from_env(environment, check_service_hours=False) == gateway.settings
        assert Investor.from_env(environment) == gateway.investor
        assert "KOSCOM_REFRESH_TOKEN" not in environment

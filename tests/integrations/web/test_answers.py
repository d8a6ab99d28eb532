"""What the routes of a shop answer: holdings as JSON, events and problem documents, and what they cost."""

import json
import re
import sys
import threading
from contextlib import aclosing
from importlib import import_module

import anyio
import pytest
from attrs import evolve
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount, Route

from koscom_async import ReauthorizationRequiredError, UsageError
from koscom_async.integrations import fastapi, web
from koscom_async.integrations.fastapi import RequestDeadline
from koscom_async.integrations.web import events
from koscom_async.sandbox import Ledger, SandboxGateway, generated
from tests.integrations.web.conftest import Shop
from tests.integrations.web.visits import Visit, browser, read_events
from tests.loops import each
from tests.source import MODULES


async def test_holdings_are_json_however_a_route_returns_them(gateway, shop):
    async with browser(shop.app) as client:
        whole = (await client.get("/holdings")).json()
        assert whole["complete"] is True
        assert len(whole["positions"]) > 5
        assert whole["totals"]["net_worth"].isdecimal()
        assert gateway.ledger.people[0].accounts[0].number not in json.dumps(whole)
        for path in ("/named", "/response"):
            answer = await client.get(path)
            assert answer.status_code == 200, path
            assert answer.json()["positions"] == whole["positions"], path
            assert answer.json()["failures"] == []
        assert (await client.get("/positions")).json() == whole["positions"]
        assert (await client.get("/inside")).json() == {"positions": whole["positions"]}
        described = (await client.get("/openapi.json")).json()["paths"]["/named"]["get"]["responses"]["200"]
        assert described["content"]["application/json"]["schema"]["type"] == "object"


async def test_a_partial_answer_is_a_success_that_says_what_it_lacks(gateway, shop):
    gateway.set_fault("star", "4001")
    async with browser(shop.app) as client:
        for path in ("/holdings", "/named", "/response"):
            answer = await client.get(path)
            assert answer.status_code == 200
            assert answer.json()["complete"] is False
            assert [failure["error"]["code"] for failure in answer.json()["failures"]] == ["4001"]


async def test_a_route_that_returns_an_investor_or_an_error_shows_no_secret(gateway):
    app, investor = FastAPI(), gateway.investor
    error = ReauthorizationRequiredError("log in again")
    error.attach_authorize_url("https://koscom.example/login?client_id=marked", "marked")

    @app.get("/")
    async def shown():
        return {"investor": investor, "error": error}

    async with browser(app) as client:
        answer = await client.get("/")
    assert answer.json()["error"]["type"] == "ReauthorizationRequiredError"
    assert answer.json()["investor"]["token"]["access"] == "***"
    for secret in ("marked", investor.ci, investor.name, *investor.token.secrets):
        assert secret not in answer.text


async def test_events_show_each_account_as_it_is_ready_and_end_with_the_whole(gateway, shop):
    async with browser(shop.app) as client:
        answer = await client.get("/events")
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store, no-transform"
        assert answer.headers["x-accel-buffering"] == "no"
        (first, *accounts, last) = read_events(answer.text)
        assert first[:2] == ("accounts", None)
        listed = first[2]["accounts"]
        assert {each["broker"]["short_name"] for each in listed} == {"diamond", "cyber", "star"}
        assert [name for name, _, _ in accounts] == ["account"] * 3
        for _, _, facts in accounts:
            assert facts["account"] == listed[facts["index"]]
            assert facts["ok"] is True
            assert "so_far" not in facts
        assert [facts["waiting"] for _, _, facts in accounts] == [2, 1, 0]
        assert last[:2] == ("holdings", "end")
        assert last[2]["positions"] == (await client.get("/holdings")).json()["positions"]
        growing = read_events((await client.get("/events?growing=true")).text)
        so_far = [facts["so_far"] for name, _, facts in growing if name == "account"]
        assert "complete" not in so_far[0]
        assert so_far[0]["positions"] != growing[-1][2]["positions"]
        for part in ("positions", "cash", "totals"):
            assert so_far[-1][part] == growing[-1][2][part]


async def test_a_browser_that_connects_again_after_the_end_costs_no_call(gateway, shop):
    async with browser(shop.app) as client:
        await client.get("/events")
        before = len(gateway.calls)
        again = await client.get("/events", headers={"Last-Event-ID": "end"})
        assert (again.status_code, again.content) == (204, b"")
        assert len(gateway.calls) == before
        assert read_events((await client.get("/events", headers={"Last-Event-ID": "x"})).text)


async def test_an_error_before_the_first_event_is_a_problem_document(gateway, shop):
    async with browser(shop.app) as client:
        gateway.set_fault("common", "4002")
        for path in ("/events", "/holdings"):
            answer = await client.get(path)
            assert answer.status_code == 409
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["type"] == "urn:koscom:error:4002"
        assert (await client.get("/holdings", headers={"Prefer": "wait=0"})).status_code == 504


async def test_one_load_asks_each_account_once(gateway, shop):
    async with browser(shop.app) as client:
        await client.get("/holdings")  # after it, what brokers refuse is known
        gateway.clear_calls()
        await client.get("/holdings")
        once = sorted((call.broker, call.asset_type or "", call.page or "") for call in gateway.calls)
        for path in ("/events", "/events?growing=true"):
            gateway.clear_calls()
            await client.get(path)
            asked = sorted((call.broker, call.asset_type or "", call.page or "") for call in gateway.calls)
            assert asked == once, path


async def test_a_stream_that_is_silent_for_long_sends_comments(gateway, shop, monkeypatch):
    monkeypatch.setattr(events, "COMMENT_SECONDS", 0.001)
    gateway.set_fault("star", "silent")
    async with (
        browser(shop.app),
        shop.koscom.stream_holdings(gateway.investor) as stream,
        aclosing(web.holdings_events(stream)) as sent,
    ):
        found = [event async for event in first_comments(sent, 3)]
    assert found[0].startswith("event: accounts")
    assert found.count(":\n\n") == 3
    assert [name for name, _, _ in read_events("".join(found[1:]))] == ["account"] * (len(found) - 4)


async def first_comments(sent, count):
    """The events until so many comments have come."""
    async for event in sent:
        yield event
        count -= event == events.COMMENT
        if not count:
            return


async def test_an_error_after_the_first_event_is_the_last_event(gateway, shop):
    async with browser(shop.app) as client:
        stream = shop.koscom.stream_holdings(gateway.investor)
        async with stream as opened:
            sent = web.holdings_events(opened)
            assert read_events(await anext(sent))[0][0] == "accounts"
        # The context was left, so that no outcome comes.
        (problem,) = read_events("".join([event async for event in sent]))
        assert problem[:2] == ("problem", "end")
        assert problem[2]["type"] == "urn:koscom:error:usage"
        assert client


async def test_two_hundred_requests_at_once_get_what_the_ledger_says():
    people = generated(investors=20, accounts=2, rows=5, transactions=12).people
    # Most have one account, to keep it cheap.
    ledger = Ledger((*people[:4], *(evolve(each, accounts=each.accounts[:1]) for each in people[4:])))
    visits = [Visit("/holdings", query=f"person={number % 20}") for number in range(200)]
    async with SandboxGateway(in_process=True, ledger=ledger, page_sizes={"cyber": 100}) as gateway:
        app = Shop(gateway).app
        async with app.router.lifespan_context(app) as state, anyio.create_task_group() as group:
            for visit in visits:
                group.start_soon(visit, app, state)
    for number, visit in enumerate(visits):
        person, holdings = ledger.people[number % 20], json.loads(visit.text)
        assert holdings["complete"], number
        rows = [row for account in person.accounts for row in (*account.equities, *account.funds)]
        lots = [lot for position in holdings["positions"] for lot in position["lots"]]
        assert sorted(lot["value"] for lot in lots) == sorted(str(row.value) for row in rows), number
        assert holdings["totals"]["value"] == str(sum(row.value for row in rows)), number
        cash = sum(int(account.summary.cash) for account in person.accounts)
        assert holdings["totals"]["cash"] == str(cash), number


@each(
    "header, seconds",
    [
        ("wait=5", 5), ("respond-async, wait=5", 5), ('Wait = "5"', 5), ("wait=5; x=1", 5), ("wait=1000", 20),
        ("wait=999999999999", 8), ("wait=0", 0), ("", 8), ("wait=", 8), ("wait=-5", 8), ("wait=nan", 8), ("await=5", 8),
        ("x=wait=5", 8), ("wait=five", 8), ("wait=5x", 8), (" " * 600 + "wait=5", 8),
    ],
)  # fmt: skip
def test_a_request_says_how_long_it_waits_and_a_setting_how_long_it_may(header, seconds):
    headers = [(b"prefer", header.encode())] if header else []
    request = Request({"type": "http", "headers": headers})
    assert RequestDeadline(8, longest=20)(request) == seconds


async def test_starlette_alone_and_applications_in_applications_have_the_client(gateway, shop):
    async def holdings(request):
        koscom = web.koscom_of(request)
        return web.HoldingsResponse(await web.until_gone(request, koscom.holdings(gateway.investor)))

    class Streamed:
        """A route that is an ASGI application: the stream is open until the response was sent."""

        async def __call__(self, scope, receive, send):
            koscom = web.koscom_of(request := Request(scope, receive))
            web.end_reconnection(request)
            async with web.open_until_gone(request, koscom.stream_holdings(gateway.investor)) as stream:
                await web.Events(web.holdings_events(stream))(scope, receive, send)

    inner = Starlette(routes=[Route("/holdings", holdings)])
    outer = Starlette(
        routes=[Route("/holdings", holdings), Route("/events", Streamed()), Mount("/inner", inner)],
        lifespan=web.koscom_lifespan(gateway.settings, transport=gateway.transport),
    )
    web.install_error_handlers(outer)
    async with browser(outer) as client:
        for path in ("/holdings", "/inner/holdings"):
            answer = await client.get(path)
            assert answer.json()["complete"] is True
            assert answer.headers["cache-control"] == "no-store"
        assert read_events((await client.get("/events")).text)[-1][:2] == ("holdings", "end")
        assert (await client.get("/events", headers={"Last-Event-ID": "end"})).status_code == 204
        gateway.set_fault("common", "4002")
        refused = await client.get("/events")
        assert refused.headers["content-type"] == "application/problem+json"
    with pytest.raises(UsageError, match="koscom_lifespan"):
        web.koscom_of(Request({"type": "http", "app": FastAPI()}))


async def test_no_other_request_waits_while_an_answer_is_written():
    threads = []

    class Watched:
        outcomes = ()

        def to_dicts(self):
            threads.append(threading.current_thread())
            return {}

    visit = Visit("/")
    await web.HoldingsResponse(Watched())(visit.scope(), visit.receive, visit.send)
    assert (visit.status, visit.text) == (200, "{}")
    assert dict(visit.messages[0]["headers"])[b"content-length"] == b"2"
    assert threads
    assert threading.main_thread() not in threads


@each("missing, module", [("fastapi", "fastapi"), ("starlette", "web")])
def test_a_library_that_is_missing_is_named_with_its_extra(missing, module):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, missing, None)
        patch.delitem(sys.modules, f"koscom_async.integrations.{module}")
        with pytest.raises(ImportError, match=r"\.\[web\]"):
            import_module(f"koscom_async.integrations.{module}")


def test_starlette_is_enough():
    knowing = [name for name, module in MODULES.items() if re.search(r"(import|from) fastapi", module.text)]
    assert "koscom_async.integrations.fastapi" in knowing
    assert not any(name.startswith("koscom_async.integrations.web") for name in knowing)
    assert set(web.__all__) < set(fastapi.__all__)


async def test_a_token_that_died_is_an_error_of_the_whole_request():
    """It dies between the list of accounts, which needs none, and the balances, all of which it costs."""
    async with SandboxGateway(in_process=True, refresh_tokens=False) as gateway:
        gateway.revoke_token()
        shop = Shop(gateway)
        async with browser(shop.app) as client:
            for path in ("/inside", "/response"):
                answer = await client.get(path)
                assert answer.status_code == 401, path
                assert answer.json()["url"].startswith(gateway.url)
                assert "retry_after" not in answer.json()
            *_, (name, number, facts) = read_events((await client.get("/events")).text)
            assert (name, number, facts["status"]) == ("problem", "end", 401)
            partial = (await client.get("/holdings")).json()
            notes = {note for each in partial["outcomes"] for note in each["trace"]["notes"]}
            assert not [note for note in notes if "renewed" in note]

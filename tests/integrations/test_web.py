"""The web integration's answers, over ASGI in this process: JSON, problem documents, events, and what they cost."""

import json
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, Request

from koscom_async import Holdings, Position
from koscom_async.integrations.fastapi import (
    DeadlineDependency,
    Events,
    HoldingsResponse,
    KoscomDependency,
    end_reconnection,
    holdings_events,
    install_error_handlers,
    koscom_lifespan,
    until_gone,
)
from koscom_async.sandbox import SandboxGateway


@pytest.fixture
def gateway():
    with SandboxGateway() as gateway:
        yield gateway


@asynccontextmanager
async def browser(app):
    """Ask an application that runs in this process, from its start to its end."""
    async with app.router.lifespan_context(app) as state:
        seen = StateMiddleware(app, state)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(seen), base_url="http://shop") as client:
            yield client


class StateMiddleware:
    """Puts what the lifespan yielded into each request's scope, as a server does."""

    def __init__(self, app, state):
        self.app, self.state = app, dict(state or {})

    async def __call__(self, scope, receive, send):
        await self.app(scope | {"state": dict(self.state)}, receive, send)


def made(gateway, **options):
    """An application with a route of each kind."""
    app = FastAPI(lifespan=koscom_lifespan(gateway.settings), **options)
    install_error_handlers(app)

    @app.get("/holdings")
    async def plain(request: Request, koscom: KoscomDependency, deadline: DeadlineDependency):
        return await until_gone(request, koscom.holdings(gateway.investor, deadline=deadline))

    @app.get("/named")
    async def named(koscom: KoscomDependency) -> Holdings:
        return await koscom.holdings(gateway.investor)

    @app.get("/positions")
    async def positions(koscom: KoscomDependency) -> list[Position]:
        return list((await koscom.holdings(gateway.investor)).positions)

    @app.get("/inside")
    async def inside(koscom: KoscomDependency):
        return {"positions": (await koscom.holdings(gateway.investor)).positions}

    @app.get("/response")
    async def response(koscom: KoscomDependency):
        return HoldingsResponse(await koscom.holdings(gateway.investor))

    async def opened(request: Request, koscom: KoscomDependency, deadline: DeadlineDependency):
        end_reconnection(request)
        async with koscom.stream_holdings(gateway.investor, deadline=deadline) as stream:
            yield stream

    @app.get("/events")
    async def events(stream: Annotated[object, Depends(opened)], *, growing: bool = False):
        return Events(holdings_events(stream, growing=growing))

    return app


def read_events(text):
    """The events of a stream, each as its name, its id and its data."""
    found = []
    for block in text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        found.append((fields["event"], fields.get("id"), json.loads(fields["data"])))
    return found


async def test_holdings_are_json_however_a_route_returns_them(gateway):
    async with browser(made(gateway)) as client:
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


async def test_a_partial_answer_is_a_success_that_says_what_it_lacks(gateway):
    gateway.set_fault("star", "4001")
    async with browser(made(gateway)) as client:
        for path in ("/holdings", "/named", "/response"):
            answer = await client.get(path)
            assert answer.status_code == 200
            assert answer.json()["complete"] is False
            assert [failure["error"]["code"] for failure in answer.json()["failures"]] == ["4001"]


async def test_events_show_each_account_as_it_is_ready_and_end_with_the_whole(gateway):
    async with browser(made(gateway)) as client:
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


async def test_a_browser_that_connects_again_after_the_end_costs_no_call(gateway):
    async with browser(made(gateway)) as client:
        await client.get("/events")
        before = len(gateway.calls)
        again = await client.get("/events", headers={"Last-Event-ID": "end"})
        assert (again.status_code, again.content) == (204, b"")
        assert len(gateway.calls) == before
        assert read_events((await client.get("/events", headers={"Last-Event-ID": "x"})).text)


async def test_an_error_before_the_first_event_is_a_problem_document(gateway):
    async with browser(made(gateway)) as client:
        gateway.set_fault("common", "4002")
        for path in ("/events", "/holdings"):
            answer = await client.get(path)
            assert answer.status_code == 409
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["type"] == "urn:koscom:error:4002"
        assert (await client.get("/holdings", headers={"Prefer": "wait=0"})).status_code == 504

"""Errors as problem documents: a status for each, when to ask again, and nothing that a browser must not see."""

import json
import logging
from datetime import datetime, timedelta

import httpx
import pytest
from attrs import evolve
from fastapi import FastAPI
from starlette.requests import Request

from koscom_async import errors
from koscom_async._clock import KST
from koscom_async.integrations.fastapi import ProblemResponse, install_error_handlers
from tests.client.fake_gateway import FakeGateway, investor_of
from tests.integrations.web.visits import browser

NOW = datetime(2026, 3, 2, 12, 0, 0, tzinfo=KST)
LATER = NOW + timedelta(seconds=90.2)

STATUSES = {
    401: ["ReauthorizationRequiredError"],
    403: ["AccessDeniedError"],
    409: ["AccountUnavailableError"],
    500: ["KoscomError", "RequestRejectedError", "SettingsError", "SinkError", "UndocumentedServiceError", "UsageError"],
    502: [
        "AuthenticationError", "IncompleteHoldingsError", "MalformedResponseError", "PagingError", "PlatformError",
        "ResponseError", "ResponseMismatchError", "ResponseTooLargeError", "TruncatedResponseError",
        "UntrustedEndpointError",
    ],
    503: [
        "BreakerOpenError", "BrokerUnavailableError", "LimitsUnavailableError", "NotYetAvailableError",
        "OutsideServiceHoursError", "OverloadedError", "QuotaExceededError", "RateLimitedError",
    ],
    504: ["ConnectionFailedError", "DeadlineExceededError", "OrderOutcomeUnknownError"],
}  # fmt: skip

NEEDED = {
    "SettingsError": {"setting": "api_key"},
    "QuotaExceededError": {"resets_at": LATER},
    "OutsideServiceHoursError": {"opens_at": LATER},
    "NotYetAvailableError": {"available_at": LATER},
    "OrderOutcomeUnknownError": {"order_id": "A-1"},
    "UndocumentedServiceError": {"missing": (), "document": None},
    "ResponseTooLargeError": {"budget": "values"},
    "IncompleteHoldingsError": {"failures": ()},
}


def made(name, **facts):
    return getattr(errors, name)("it went wrong", **NEEDED.get(name, {}), **facts)


def test_each_error_has_the_status_that_says_whose_fault_it_is():
    found = {status: [] for status in STATUSES}
    for name in sorted(errors.__all__):
        found[ProblemResponse(made(name)).status_code].append(name)
    assert found == STATUSES


def test_the_document_has_the_facts_that_a_page_needs():
    error = errors.AccessDeniedError(
        "no consent (정보제공 동의)", code="4002 &x", broker="star", account="1606…0099", advice="ask for it"
    )
    response = ProblemResponse(error)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert "retry-after" not in response.headers
    assert json.loads(response.body) == {
        "type": "urn:koscom:error:4002%20%26x",
        "title": "Access denied",
        "status": 403,
        "detail": "no consent (정보제공 동의)",
        "code": "4002 &x",
        "broker": "star",
        "account": "1606…0099",
        "retriable": False,
        "advice": "ask for it",
    }
    assert json.loads(ProblemResponse(errors.KoscomError("x")).body)["type"] == "urn:koscom:error:unknown"
    half = json.loads(ProblemResponse(errors.KoscomError("\ud800", code="\ud800")).body)
    assert (half["type"], half["detail"]) == ("urn:koscom:error:%3F", "\ud800")


def test_it_says_in_whole_seconds_when_to_ask_again_where_that_is_known():
    known = {
        "RateLimitedError": ({"retry_after": 0.2}, "1"),
        "BreakerOpenError": ({"retry_after": 29.0}, "29"),
        "OverloadedError": ({"retry_after": 6.01}, "7"),
        "BrokerUnavailableError": ({"retry_after": -1.0}, "0"),
        "AuthenticationError": ({"retry_after": float("inf")}, None),
        "QuotaExceededError": ({}, "91"),
        "OutsideServiceHoursError": ({}, "91"),
        "NotYetAvailableError": ({}, "91"),
        "LimitsUnavailableError": ({}, None),
        "DeadlineExceededError": ({}, None),
    }
    for name, (facts, seconds) in known.items():
        assert ProblemResponse(made(name, **facts), now=NOW).headers.get("retry-after") == seconds, name


async def test_an_investor_without_a_token_is_sent_to_authorize_and_the_key_s_owner_is_not(caplog):
    gateway = FakeGateway()
    app = FastAPI()
    install_error_handlers(app)
    async with gateway.client(redirect_uri="https://you.example/callback") as koscom:

        @app.get("/holdings")
        async def holdings():
            return await koscom.holdings(evolve(investor_of(), token=None))

        @app.get("/key")
        async def key():
            raise errors.AuthenticationError("the API key is not accepted", code="1101")

        with caplog.at_level(logging.INFO, logger="koscom_async.web"):
            async with browser(app) as client:
                answer, refused = await client.get("/holdings"), await client.get("/key")
        assert answer.status_code == 401
        assert answer.json()["url"].startswith("https://gateway.example/")
        assert "state" not in answer.json()
        assert refused.status_code == 502
        assert "url" not in refused.json()
        levels = [record.levelno for record in caplog.records if record.name == "koscom_async.web"]
        assert levels == [logging.INFO, logging.WARNING]
        assert answer.json()["url"] not in caplog.text

        @app.exception_handler(errors.ReauthorizationRequiredError)
        async def keep_state(request: Request, error):
            assert error.state in error.url
            response = ProblemResponse(error)
            response.set_cookie("state", error.state)
            return response

        app.middleware_stack = None  # made anew with the handler
        async with browser(app) as client:
            kept = await client.get("/holdings")
        assert kept.status_code == 401
        assert kept.cookies["state"] in kept.json()["url"]


async def test_accounts_that_failed_are_in_the_document_of_an_incomplete_answer():
    gateway = FakeGateway(scripts={"star": lambda _: httpx.Response(500)})
    async with gateway.client() as koscom:
        holdings = await koscom.holdings(investor_of())
    with pytest.raises(errors.IncompleteHoldingsError) as caught:
        holdings.require_complete()
    document = json.loads(ProblemResponse(caught.value).body)
    assert [failure["account"]["number"] for failure in document["failures"]] == ["1606…0099"]
    assert "160646584478700099" not in json.dumps(document)

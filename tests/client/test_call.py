"""`koscom.call`: any endpoint, raw and exact, behind the same protection, and no secret in a URL."""

import json
from contextlib import suppress
from decimal import Decimal

import httpx
import pytest

from koscom_async import (
    AuthenticationError,
    BrokerUnavailableError,
    Koscom,
    MalformedResponseError,
    ResponseMismatchError,
    Retry,
    UsageError,
)
from koscom_async.sandbox import SandboxGateway
from tests.client.fake_gateway import investor_of, settings_of

PRICE = "/v3/market/realtime/kospi/price"
QUICK = Retry(attempts=3, base=1e-6, cap=1e-6)


class Script:
    """Answers one after the other, and the requests that got them."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)
        status, text = self.replies.pop(0)
        return httpx.Response(status, text=text)

    def client(self, **changes):
        return Koscom(settings_of(retry=QUICK, **changes), transport=httpx.MockTransport(self))


async def test_a_get_has_its_query_in_the_url_and_its_key_in_a_header():
    script = Script((200, '{"result": {"price": 1234567890123456.78, "count": 3}}'))
    async with script.client() as koscom:
        answer = await koscom.call("get", PRICE, scheme="apikey", params={"isuCd": "KR7005930003", "n": 5})
    (request,) = script.requests
    assert str(request.url) == f"https://gateway.example{PRICE}?isuCd=KR7005930003&n=5"
    assert (request.method, request.content) == ("GET", b"")
    assert request.headers["apikey"] == "KEY-MARK-0000"
    assert answer == {"result": {"price": Decimal("1234567890123456.78"), "count": Decimal(3)}}
    assert koscom.statistics().of("market").calls == 1


async def test_schemes_are_the_gateways_three():
    script = Script((200, "{}"), (200, "[]"))
    async with script.client() as koscom:
        await koscom.call("POST", "/v1/samsung/b2baccount/new/search", scheme="basic", json={"a": [1, None]})
        assert (
            await koscom.call(
                "POST", "/v1/samsung/account/new", scheme="bearer", investor=investor_of(), json={}
            )
            == []
        )
    basic, bearer = script.requests
    assert basic.headers["authorization"].startswith("Basic ")
    assert basic.headers["comid"] == "F0995"
    assert json.loads(basic.content) == {"a": [1, None]}
    assert bearer.headers["authorization"] == "Bearer TOKEN-MARK-A"
    assert koscom.statistics().of("samsung").calls == 2


@pytest.mark.parametrize(
    ("method", "repeatable", "calls"),
    [("GET", None, 2), ("POST", None, 1), ("POST", True, 2), ("GET", False, 1), ("DELETE", None, 1)],
)
async def test_only_what_may_be_asked_twice_is(method, repeatable, calls):
    script = Script((503, ""), (200, "{}"))
    async with script.client() as koscom:
        with suppress(BrokerUnavailableError):
            await koscom.call(method, PRICE, scheme="apikey", repeatable=repeatable)
    assert len(script.requests) == calls


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"path": "https://evil.example/v1/x"}, "gateway's own"),
        ({"path": "//evil.example/x"}, "gateway's own"),
        ({"path": "/v1/x?apikey=1"}, "gateway's own"),
        ({"path": "/v1/../x"}, "gateway's own"),
        ({"path": "/v1/%2e%2e/x"}, "gateway's own"),
        ({"path": "@evil.example"}, "gateway's own"),
        ({"path": ""}, "gateway's own"),
        ({"method": "TRACE"}, "no HTTP method"),
        ({"scheme": "none"}, "no scheme"),
        ({"scheme": "bearer"}, "on behalf of an investor"),
        ({"params": {"apikey": "x"}}, "must not be put into a URL"),
        ({"params": {"q": "KEY-MARK-0000"}}, "must not be put into a URL"),
        ({"json": {"amount": Decimal(1)}}, "what JSON cannot express"),
        ({"json": {"amount": float("nan")}}, "what JSON cannot express"),
        ({"broker": "../x"}, "no broker's short name"),
    ],
)
async def test_what_cannot_be_sent_is_refused_before_a_call(arguments, words):
    script = Script()
    given = {"method": "POST", "path": PRICE, "scheme": "apikey"} | arguments
    async with script.client() as koscom:
        with pytest.raises(UsageError, match=words) as caught:
            await koscom.call(given.pop("method"), given.pop("path"), **given)
    assert script.requests == []
    assert "KEY-MARK" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('{"resp": {"respCode": "2000"}}', AuthenticationError),
        ('{"commonHeader": {"reqIdConsumer": "other"}}', ResponseMismatchError),
        ("<html>", MalformedResponseError),
    ],
)
async def test_an_answer_that_must_not_be_believed_is_raised(body, error):
    script = Script((200, body))
    async with script.client() as koscom:
        with pytest.raises(Exception) as caught:  # the kind is compared below
            await koscom.call(
                "POST", PRICE, scheme="apikey", json={"commonHeader": {"reqIdConsumer": "mine"}}
            )
    assert isinstance(caught.value, error) or caught.value.code == "2000"


async def test_what_the_question_held_is_not_repeated_by_an_error():
    script = Script((400, '{"message": "no such person: 홍길동 SECRET-VALUE"}'))
    async with script.client() as koscom:
        with pytest.raises(Exception) as caught:  # whatever it is, it hides this
            await koscom.call("POST", PRICE, scheme="apikey", json={"a": ["SECRET-VALUE"]})
    assert "SECRET-VALUE" not in str(caught.value)


async def test_the_sandbox_answers_a_call_by_hand():
    async with SandboxGateway(in_process=True) as gateway:
        async with Koscom(gateway.settings, transport=gateway.transport) as koscom:
            answer = await koscom.call(
                "POST",
                "/v1/comet/b2baccount/accountlist/search",
                scheme="basic",
                json={
                    "partner": {"comId": "F0995", "srvId": "297"},
                    "commonHeader": {"reqIdConsumer": "by-hand"},
                    "accountListRequestBody": {"queryParameter": {"count": 0, "page": None}},
                },
                repeatable=True,
            )
        assert answer["accountListResponseBody"]["queryResult"]["totalCnt"] == Decimal(1)

"""The gateway: how a call leaves, how its answer is classified, and that nothing foreign or secret comes up."""

import asyncio
import json
import ssl
from contextlib import nullcontext, suppress

import anyio
import anyio.lowlevel
import httpx
import pytest
import respx
from attrs import evolve

from koscom_async import (
    AuthenticationError,
    BreakerOpenError,
    BrokerLimits,
    BrokerUnavailableError,
    ConnectionFailedError,
    Device,
    Investor,
    Limits,
    MalformedResponseError,
    PlatformError,
    QuotaExceededError,
    RateLimitedError,
    Retry,
    Settings,
    Timeouts,
    Token,
    UsageError,
)
from koscom_async._transport import sender
from koscom_async._transport.backend import open_transport
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.retry import Retrier
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.endpoints import AuthScheme, Call, Endpoint
from koscom_async.settings import Backend
from tests.fake_time import settled

URL = "https://gateway.example/v1/star/account/balance/search"


def settings_of(**changes):
    given = {
        "base_url": "https://gateway.example",
        "api_key": "KEY-MARK",
        "api_secret": "SECRET-MARK",
        "com_id": "F0995",
        "srv_id": "297",
        "retry": Retry(attempts=3),
    }
    return Settings(**given | changes)


def investor_of(token):
    device = Device(ip="192.0.2.1", mac="00:00:5E:00:53:01")
    return Investor(ci="A" * 88, name="홍길동", token=token, device=device)


def call_of(*, scheme=AuthScheme.BEARER, repeatable=True, read=lambda document: document, **changes):
    given = {
        "endpoint": Endpoint("account.balance", "/unused", scheme, repeatable),
        "path": "/v1/star/account/balance/search",
        "broker": "star",
        "account": "1606…0099",
        "investor": investor_of(Token(access="TOKEN-MARK")),
        "body": {"name": "홍길동"},
        "read": read,
        "secrets": ("홍길동",),
    }
    return Call(**given | changes)


def gateway_of(handler, *, waits=None, **changes):
    async def sleep(seconds):
        (waits if waits is not None else []).append(seconds)

    settings = settings_of(**changes)
    return Gateway(
        settings, transport=httpx.MockTransport(handler), retrier=Retrier(settings.retry, sleep=sleep)
    )


async def ask(handler, call=None, *, waits=None, log=None, **changes):
    gateway = gateway_of(handler, waits=waits, **changes)
    try:
        return await gateway.ask(call or call_of(), log or TraceBuilder())
    finally:
        await gateway.aclose()


def replies(*answers):
    """Answer each request with the next of these, and the last for ever."""
    left = list(answers)

    def handler(request):
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler


async def test_the_body_is_json_in_utf_8_and_the_answer_what_the_reader_makes_of_it():
    requests = []

    def handler(request):
        requests.append(request)
        return httpx.Response(200, content=b'{"amount": 3.69827563509E11}')

    answer = await ask(handler, call_of(read=lambda document: document["amount"] + 1))
    assert answer == 369827563510
    assert (requests[0].method, str(requests[0].url)) == ("POST", URL)
    assert requests[0].content == '{"name":"홍길동"}'.encode()
    assert requests[0].headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (AuthScheme.API_KEY, {"apikey": "KEY-MARK"}),
        (AuthScheme.BASIC, {"authorization": "Basic S0VZLU1BUks6U0VDUkVULU1BUks=", "comid": "F0995"}),
        (AuthScheme.BEARER, {"authorization": "Bearer TOKEN-MARK", "apikey": "KEY-MARK"}),
    ],
)
async def test_each_scheme_sends_its_headers_and_no_others(scheme, expected):
    headers = []

    def handler(request):
        headers.append(dict(request.headers))
        return httpx.Response(200, json={})

    await ask(handler, call_of(scheme=scheme))
    sent = {name: headers[0][name] for name in ("apikey", "authorization", "comid") if name in headers[0]}
    assert sent == expected


async def test_a_bearer_endpoint_without_an_investor_is_a_usage_error():
    with pytest.raises(UsageError, match="on behalf of an investor"):
        await ask(replies(httpx.Response(200, json={})), call_of(investor=None))


async def test_a_passing_refusal_is_asked_again_and_counted():
    waits, log = [], TraceBuilder()
    down = httpx.Response(503, json={"category": "op-exco", "code": 3600, "message": "down"})
    answer = await ask(replies(down, down, httpx.Response(200, json={"a": 1})), waits=waits, log=log)
    assert answer == {"a": 1}
    assert (log.calls, log.retries, len(waits)) == (3, 2, 2)


async def test_an_error_says_where_which_account_how_often_and_what_to_do():
    down = httpx.Response(503, json={"category": "op-exco", "code": 3600, "message": "down"})
    with pytest.raises(BrokerUnavailableError) as caught:
        await ask(replies(down))
    error = caught.value
    assert (error.broker, error.endpoint, error.code, error.category) == (
        "star",
        "account.balance",
        "3600",
        "op-exco",
    )
    assert (error.account, error.attempts, error.status) == ("1606…0099", 3, 503)
    assert str(error) == (
        "star account.balance 3600: broker server cannot serve (금투사 서비스 불가); account 1606…0099; "
        "asked 3 times. What to do: the broker is down: ask again later"
    )


async def test_a_business_error_with_http_500_is_asked_once():
    log = TraceBuilder()
    with pytest.raises(PlatformError, match="account not found"):
        await ask(replies(httpx.Response(500, json={"category": "star", "code": 4001})), log=log)
    assert log.calls == 1


@pytest.mark.parametrize(
    ("body", "status", "kind", "calls"),
    [
        (b"<html>proxy</html>", 200, MalformedResponseError, 1),
        (b"", 200, MalformedResponseError, 1),
        (b'{"half":', 200, MalformedResponseError, 1),
        (b"<html>bad gateway</html>", 502, BrokerUnavailableError, 3),
        (b"", 504, BrokerUnavailableError, 3),
        (b"", 500, BrokerUnavailableError, 3),
        (b'{"code": 9011, "message": "?"}', 500, BrokerUnavailableError, 1),
        (b'{"message": "no Route matched with those values"}', 404, PlatformError, 1),
        (b'{"message": "Invalid authentication credentials"}', 401, AuthenticationError, 1),
        (
            b'{"error": "invalid_request", "error_description": "access token does not exist"}',
            400,
            AuthenticationError,
            1,
        ),
        (b"", 302, PlatformError, 1),
        (b"", 204, PlatformError, 1),
    ],
)
async def test_what_is_no_answer_becomes_an_error_of_ours(body, status, kind, calls):
    log = TraceBuilder()
    with pytest.raises(kind):
        await ask(replies(httpx.Response(status, content=body)), log=log)
    assert log.calls == calls


@pytest.mark.parametrize(
    ("failure", "calls"),
    [
        (httpx.ConnectError("no route"), 3),
        (httpx.ReadTimeout("slow"), 3),
        (httpx.ReadError("reset"), 3),
        (httpx.RemoteProtocolError("hung up"), 3),
        (ConnectionResetError("reset"), 3),
        (ssl.SSLError("bad certificate"), 3),
        (RuntimeError("a transport's own bug"), 1),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_whatever_a_transport_raises_comes_up_as_ours(failure, calls):
    log = TraceBuilder()
    with pytest.raises(ConnectionFailedError) as caught:
        await ask(replies(failure), log=log)
    assert log.calls == calls
    # What is not HTTP is quoted by httpx, and may echo a secret.
    assert caught.value.__cause__ is (None if isinstance(failure, httpx.RemoteProtocolError) else failure)


async def test_broken_compression_is_a_malformed_answer():
    answer = httpx.Response(
        200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"this is not gzip")
    )
    with pytest.raises(MalformedResponseError, match="compression"):
        await ask(replies(answer))


async def test_a_bug_in_a_reader_is_still_an_error_of_ours():
    def read(document):
        raise KeyError("secret")

    with pytest.raises(MalformedResponseError, match="KeyError") as caught:
        await ask(replies(httpx.Response(200, json={})), call_of(read=read))
    assert "secret" not in str(caught.value)


async def test_a_try_is_bounded_however_slowly_the_server_drips():
    class Dripping(httpx.AsyncByteStream):
        closed = False

        async def __aiter__(self):
            while True:
                yield b" "
                await anyio.lowlevel.checkpoint()

        async def aclose(self):
            Dripping.closed = True

    def handler(request):
        return httpx.Response(200, stream=Dripping())

    with pytest.raises(ConnectionFailedError, match=r"no whole answer within 0\.02 s"):
        await ask(handler, timeouts=Timeouts(attempt=0.02), retry=Retry(attempts=1))
    assert Dripping.closed


async def test_a_gateway_s_words_are_quoted_without_anybody_s_data():
    words = "rejected for 홍길동 with TOKEN-MARK and account 160646584478700099"
    with pytest.raises(PlatformError) as caught:
        await ask(replies(httpx.Response(400, json={"message": words})))
    assert "rejected for *** with *** and account ***" in str(caught.value)


async def test_an_investor_s_tokens_are_not_quoted_either_of_them():
    person = investor_of(Token(access="ACCESS-MARK", refresh="REFRESH-MARK"))
    answer = httpx.Response(400, json={"message": "ACCESS-MARK took the place of REFRESH-MARK"})
    with pytest.raises(PlatformError) as caught:
        await ask(replies(answer), call_of(investor=person))
    assert "*** took the place of ***" in str(caught.value)


async def test_a_refusal_under_200_repeats_nothing_that_went_out_with_the_call():
    said = "SECRET-MARK KEY-MARK STORED-MARK REFRESH-MARK"
    stored = Token(access="STORED-MARK", refresh="REFRESH-MARK", expires_at=None)
    for document in (
        {"resp": {"respCode": "9999", "respMsg": said}},
        {"category": "op-exco", "code": "9998", "message": said},
    ):
        with pytest.raises(PlatformError) as caught:
            await ask(
                replies(httpx.Response(200, json=document)), call_of(investor=investor_of(stored), secrets=())
            )
        assert "MARK" not in f"{caught.value} {caught.value!r} {caught.value.args}", document


async def test_a_429_holds_every_call_to_that_broker_back():
    paused = []

    class Recording:
        async def acquire(self, broker, service):
            pass

        def release(self, broker):
            pass

        async def pause(self, broker, seconds):
            paused.append((broker, seconds))

        async def aclose(self):
            paused.append("closed")

    settings = settings_of(retry=Retry(attempts=1, max_retry_after=30))
    answer = httpx.Response(429, headers={"retry-after": "7"}, json={"message": "API rate limit exceeded"})
    gateway = Gateway(settings, transport=httpx.MockTransport(lambda request: answer), limiter=Recording())
    with pytest.raises(RateLimitedError) as caught:
        await gateway.ask(call_of(), TraceBuilder())
    assert (caught.value.retry_after, paused) == (7.0, [("star", 7.0)])
    await gateway.aclose()
    assert paused == [("star", 7.0), "closed"]


async def test_a_spent_quota_fails_at_once_and_spends_no_further_call():
    calls = []

    def handler(request):
        calls.append(request)
        return httpx.Response(
            429, headers={"x-ratelimit-remaining-day": "0"}, json={"message": "API rate limit exceeded"}
        )

    gateway = gateway_of(handler)
    for _ in range(2):
        with pytest.raises(QuotaExceededError) as caught:
            await gateway.ask(call_of(), TraceBuilder())
    reset = caught.value.resets_at
    assert len(calls) == 1
    assert (reset.hour, reset.minute, reset.utcoffset().total_seconds()) == (0, 0, 0)
    await gateway.aclose()


async def test_the_last_call_of_the_day_is_still_answered_and_believed_when_two_investors_got_it():
    answer = httpx.Response(200, headers={"x-ratelimit-remaining-day": "0"}, json={"a": 1})
    gateway = gateway_of(replies(answer))
    for number in range(2):
        person = evolve(investor_of(Token(access="TOKEN")), ci=f"{number:088}")
        assert await gateway.ask(call_of(investor=person), TraceBuilder()) == {"a": 1}
    with pytest.raises(QuotaExceededError):
        await gateway.ask(call_of(), TraceBuilder())
    await gateway.aclose()


async def test_after_closing_every_call_is_a_usage_error():
    gateway = gateway_of(replies(httpx.Response(200, json={})))
    await gateway.aclose()
    with pytest.raises(UsageError, match="closed"):
        await gateway.ask(call_of(), TraceBuilder())


def test_a_second_event_loop_is_a_usage_error():
    gateway = gateway_of(replies(httpx.Response(200, json={})))
    asyncio.run(gateway.ask(call_of(), TraceBuilder()))
    with pytest.raises(UsageError, match="another event loop"):
        asyncio.run(gateway.ask(call_of(), TraceBuilder()))


async def test_the_limiter_s_place_comes_back_however_a_call_ends():
    answers = replies(
        httpx.Response(200, json={}), httpx.Response(400), httpx.Response(200, content=b"<"), RuntimeError()
    )
    gateway = gateway_of(answers, limits=Limits(in_flight=1))
    for _ in range(4):
        with suppress(PlatformError, MalformedResponseError, ConnectionFailedError):
            await gateway.ask(call_of(), TraceBuilder())
    assert gateway.limiter.bulkhead.in_flight() == 0
    await gateway.aclose()


async def test_calls_that_wait_for_a_broker_that_went_silent_are_refused_when_its_circuit_opens():
    sent, time_out = [], anyio.Event()

    async def silent(request):
        sent.append(request)
        await time_out.wait()
        raise httpx.ReadTimeout("silent")

    refused = []

    async def ask_as(number):
        person = evolve(investor_of(Token(access="TOKEN")), ci=f"{number:088}")
        with pytest.raises((ConnectionFailedError, BreakerOpenError)) as caught:
            await gateway.ask(call_of(investor=person), TraceBuilder())
        refused.append(isinstance(caught.value, BreakerOpenError))

    gateway = gateway_of(
        silent,
        retry=Retry(attempts=1),
        limits=Limits(default=BrokerLimits(rate=1e6, burst=1000, in_flight=8)),
    )
    async with anyio.create_task_group() as group:
        for number in range(200):
            group.start_soon(ask_as, number)
        await settled()
        time_out.set()
    # Ten failures open it; no more calls leave than were in flight when they came.
    assert 10 <= len(sent) <= 18
    assert refused.count(True) == 200 - len(sent)
    assert gateway.limiter.bulkhead.in_flight() == 0
    await gateway.aclose()


async def test_a_transport_that_was_given_runs_in_a_task_of_our_own():
    tasks = []

    def handler(request):
        tasks.append(asyncio.current_task())
        return httpx.Response(200, json={})

    await ask(handler)
    assert tasks[0] is not asyncio.current_task()


async def test_only_tries_after_the_first_have_backed_off():
    seen = []

    class Watching:
        def attempt(self, attempt):
            seen.append(attempt)
            return nullcontext()

        def operation(self, operation):
            return nullcontext()

    settings = settings_of()

    async def sleep(seconds):
        until = asyncio.get_running_loop().time() + 0.002
        while asyncio.get_running_loop().time() < until:
            await anyio.lowlevel.checkpoint()

    answers = replies(httpx.Response(503), httpx.Response(200, json={}))
    gateway = Gateway(
        settings,
        transport=httpx.MockTransport(answers),
        retrier=Retrier(settings.retry, sleep=sleep),
        observer=Watching(),
    )
    await gateway.ask(call_of(), TraceBuilder())
    assert [attempt.number for attempt in seen] == [1, 2]
    assert seen[0].seconds_backed_off == 0
    assert 0.002 <= seen[1].seconds_backed_off < 5
    await gateway.aclose()


@respx.mock
async def test_its_own_connections_are_httpx_s_and_respx_can_stand_in_for_them():
    route = respx.post(URL).mock(return_value=httpx.Response(200, json={"a": 1}))
    gateway = Gateway(settings_of())
    assert await gateway.ask(call_of(), TraceBuilder()) == {"a": 1}
    assert json.loads(route.calls.last.request.content) == {"name": "홍길동"}
    await gateway.aclose()


@pytest.mark.parametrize(
    "changes",
    [{"body": {"name": "MARK\ud800"}}, {"params": {"name": "MARK\ud800"}}, {"path": "/" + "a" * 70_000}],
)
async def test_a_request_that_cannot_be_written_is_a_usage_error_that_holds_nothing(changes):
    with pytest.raises(UsageError, match="cannot be written") as caught:
        await ask(replies(httpx.Response(200, json={})), call_of(**changes))
    assert "MARK" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


async def test_a_client_that_is_closed_while_it_opens_its_connections_opens_none(monkeypatch):
    opening, may_open = anyio.Event(), anyio.Event()
    opened = []

    async def slowly(*given):
        opening.set()
        await may_open.wait()
        opened.append(await open_transport(*given))
        return opened[0]

    monkeypatch.setattr(sender, "open_transport", slowly)
    gateway = Gateway(settings_of(base_url="http://127.0.0.1:1", backend=Backend.CORE))

    async def failing():
        with pytest.raises(UsageError, match="closed"):
            await gateway.ask(call_of(), TraceBuilder())

    async with anyio.create_task_group() as group:
        group.start_soon(failing)
        await opening.wait()
        await gateway.aclose()
        may_open.set()
    assert not opened[0]._open

"""Reasons that stand in a successful answer, or in its place: shown, retried where that helps, and never with a secret."""

import httpx
import pytest

from koscom_async import (
    AccountUnavailableError,
    BrokerUnavailableError,
    MalformedResponseError,
    PlatformError,
    RateLimitedError,
    RequestRejectedError,
    Retry,
)
from koscom_async._wire.failures import failure, read_page
from koscom_async.sandbox import Fault, SandboxGateway
from tests.client.fake_gateway import NUMBERS, FakeGateway, cash, investor_of, ok, said, share
from tests.client.test_tokens import client_of

QUICK = Retry(attempts=3, base=1e-9, cap=1e-9)
PAGE = "<html><body>시스템 점검 중입니다</body></html>"


async def failure_of(reply):
    """Return what one account fails with, and how often it was asked."""
    gateway = FakeGateway({"diamond": reply if callable(reply) else lambda _: reply})
    async with gateway.client(retry=QUICK) as koscom:
        holdings = await koscom.holdings(investor_of())
    (outcome,) = holdings.outcomes
    return outcome.error, len(gateway.questions)


def refused(code, message):
    return ok({"resp": {"respCode": code, "respMsg": message}})


async def test_a_reason_of_the_brokers_own_is_shown():
    error, asked = await failure_of(refused("9999", " 해지된 계좌입니다\n"))
    assert (type(error), error.code, error.retriable, asked) == (RequestRejectedError, "9999", False, 1)
    assert error.message.strip() == "해지된 계좌입니다"
    assert error.advice == (
        "the reason is the broker's own; report the code to the platform: the manual does not list it"
    )


async def test_a_reason_is_cut_and_says_no_secret():
    investor, number = investor_of(), NUMBERS["diamond"]
    for secret in (
        investor.name,
        investor.ci,
        number,
        f"{number[:4]}-{number[4:]}",
        "TOKEN-MARK-A",
        "KEY-MARK-0000",
    ):
        error, _ = await failure_of(refused("9999", f"{secret} 고객님의 계좌"))
        assert error.message == "*** 고객님의 계좌", secret
    error, _ = await failure_of(refused("9999", "가 나 " * 1000))
    assert len(error.message) <= 161


async def test_a_platform_error_under_200_is_that_error_and_retried_as_it():
    body = {"category": "op-exco", "code": 3005, "message": "network timeout"}
    for document in (body, body | {"description": ""}, body | {"code": "3005"}, body | {"code": " 3005.0 "}):
        error, asked = await failure_of(ok(document))
        assert (type(error), error.code, error.category) == (BrokerUnavailableError, "3005", "op-exco")
        assert (error.retriable, error.attempts, asked) == (True, 3, 3)
    error, asked = await failure_of(ok(body | {"code": 4001, "category": "diamond"}))
    assert (type(error), error.code, asked) == (AccountUnavailableError, "4001", 1)
    error, _ = await failure_of(ok(body | {"code": "9011", "message": "무엇인가"}))
    assert (type(error), error.code, error.message) == (RequestRejectedError, "9011", "무엇인가")


@pytest.mark.parametrize("code", ["200", 200, 200.0, "200.0", " 200 ", "200."])
async def test_every_spelling_of_success_is_success(code):
    def answered(question):
        document = said(question, {"summary": cash(), "equityList": [share()]}, total=1)
        return ok(document | {"resp": {"respCode": code, "respMsg": "OK"}})

    error, _ = await failure_of(answered)
    assert error is None


@pytest.mark.parametrize(("code", "shown"), [("201.5", "201.5"), ("4001.0", "4001"), ("E.7", "E.7")])
async def test_a_code_is_shown_as_it_is(code, shown):
    error, _ = await failure_of(refused(code, "no"))
    assert error.code == shown


@pytest.mark.parametrize("status", [200, 201, 202, 203])
async def test_a_good_body_is_a_good_answer_under_every_status_of_success(status):
    def answered(question):
        blocks = {"summary": cash(), "equityList": [share()]}
        return httpx.Response(status, json=said(question, blocks, total=1))

    error, _ = await failure_of(answered)
    assert error is None


async def test_a_part_of_an_answer_is_none():
    def answered(question):
        return httpx.Response(206, json=said(question, {"summary": cash()}, total=0))

    error, _ = await failure_of(answered)
    assert (type(error), error.status) == (RequestRejectedError, 206)


@pytest.mark.parametrize(
    ("status", "page"),
    [
        (200, PAGE),
        (503, PAGE),
        (404, PAGE),
        (200, "\n <!DOCTYPE html><title>Scheduled Maintenance</title>"),
        (200, PAGE.encode("cp949")),
        (200, PAGE + " " * 2**17),
    ],
    ids=["200", "503", "404", "English", "CP949", "long"],
)
async def test_a_page_of_maintenance_is_called_that_and_asked_again(status, page):
    body = page if isinstance(page, bytes) else page.encode()
    error, asked = await failure_of(httpx.Response(status, content=body))
    assert (type(error), error.code, error.retriable, asked) == (
        BrokerUnavailableError,
        "maintenance",
        True,
        3,
    )
    prefix = "" if status == 200 else f"HTTP {status}: "
    assert error.message == f"{prefix}a maintenance page came instead of an answer"
    assert error.advice == "ask again later"


async def test_maintenance_in_the_brokers_own_words_is_asked_again_and_a_check_of_the_input_is_not():
    error, asked = await failure_of(refused("9999", "시스템 점검 중입니다"))
    assert (type(error), error.code, error.retriable, asked) == (BrokerUnavailableError, "9999", True, 3)
    error, asked = await failure_of(refused("9999", "입력값을 점검하십시오"))
    assert (type(error), error.retriable, asked) == (RequestRejectedError, False, 1)


def test_any_other_page_says_nothing():
    assert read_page(b"<html><title>502 Bad Gateway</title></html>") is None
    assert read_page("시스템 점검".encode()) is None
    assert failure(status=502, document=None).message == "HTTP 502: an answer without a reason"


async def test_what_refuses_a_call_in_a_coding_that_nothing_reads_refuses_it_all_the_same():
    for status, kind, calls in ((429, RateLimitedError, 3), (500, PlatformError, 3), (503, PlatformError, 3)):
        error, asked = await failure_of(
            lambda _, status=status: httpx.Response(
                status, headers={"Content-Encoding": "br", "Retry-After": "0"}, stream=httpx.ByteStream(b"?")
            )
        )
        assert isinstance(error, kind), error
        assert asked == calls, status


async def test_another_page_under_200_stays_malformed():
    error, _ = await failure_of(httpx.Response(200, content=b"<html><title>login</title></html>"))
    assert type(error) is MalformedResponseError


@pytest.mark.parametrize(
    ("fault", "kind", "code", "calls"),
    [
        ("maintenance", BrokerUnavailableError, "maintenance", 3),
        ("maintenance:503", BrokerUnavailableError, "maintenance", 3),
        ("error-body-200", BrokerUnavailableError, "3005", 3),
        ("error-body-200:4001", AccountUnavailableError, "4001", 1),
        ("own-reason", RequestRejectedError, "9999", 1),
    ],
)
async def test_the_sandbox_sends_each(fault, kind, code, calls):
    async with SandboxGateway(in_process=True) as gateway, client_of(gateway, retry=QUICK) as koscom:
        account = (await koscom.member.accounts(gateway.investor)).accounts[0]
        gateway.set_fault("diamond", fault)
        with pytest.raises(kind) as caught:
            await koscom.account.balance(gateway.investor, account)
        assert (caught.value.code, sum(call.fault == fault for call in gateway.calls)) == (code, calls)
        gateway.set_fault("diamond", Fault("created"))
        assert len((await koscom.account.balance(gateway.investor, account)).rows) > 0
        assert gateway.calls[-1].status == 201

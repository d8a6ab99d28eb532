"""One account fails, in each of the ways that there are, and the other two are delivered."""

import anyio
import httpx
import pytest

from koscom_async import (
    AccountUnavailableError,
    BrokerOverrides,
    BrokerUnavailableError,
    ConnectionFailedError,
    IncompleteHoldingsError,
    MalformedResponseError,
    PagingError,
    QuotaExceededError,
    ResponseMismatchError,
    Retry,
    TruncatedResponseError,
)
from koscom_async._transport.limits.limiter import ProcessLimiter
from koscom_async.settings import Limits
from tests.client.fake_gateway import Book, FakeGateway, link, ok, refusal, said, share


def raw(body, status=200):
    return lambda _: httpx.Response(status, content=body)


def raises(error):
    def script(_):
        raise error

    return script


def half(question):
    whole = ok(said(question, {"equityList": [share()]}, total=1)).content
    return httpx.Response(200, content=whole[: len(whole) // 2])


SPENT = httpx.Response(
    429, json={"message": "API rate limit exceeded"}, headers={"X-RateLimit-Remaining-Day": "0"}
)

FAILURES = {
    "HTML": (
        raw(b"<html><body>Bad Gateway</body></html>"),
        MalformedResponseError,
        "malformed",
        "not whole JSON",
    ),
    "HTML, 502": (raw(b"<html>Bad Gateway</html>", 502), BrokerUnavailableError, "502", "HTTP 502"),
    "nothing": (raw(b""), MalformedResponseError, "malformed", "the answer is empty"),
    "half a document": (half, MalformedResponseError, "malformed", "not whole JSON"),
    "a list": (raw(b"[]"), MalformedResponseError, "malformed", "a JSON list, not an object"),
    "a number": (raw(b"7"), MalformedResponseError, "malformed", "not an object"),
    "another shape": (raw(b'{"vtAccList": []}'), MalformedResponseError, "malformed", "neither"),
    "words for money": (
        lambda question: ok(said(question, {"equityList": [share(value="many")]}, total=1)),
        MalformedResponseError,
        "malformed",
        r"equityList\[0\].valAtCur: expected a number",
    ),
    "another's account": (
        lambda question: ok(said(question, {}, total=0, number="160600000000000001")),
        ResponseMismatchError,
        "mismatch",
        "about another account",
    ),
    "rows missing": (
        lambda question: ok(
            said(question, {"equityList": [share()]} if question.asset_class == "EQTY" else {}, total=2)
        ),
        TruncatedResponseError,
        "truncated",
        "of 2 rows came",
    ),
    "endless": (
        lambda question: ok(said(question, {}, total=0, page="2")),
        PagingError,
        "paging",
        "empty page",
    ),
    "broker down": (
        lambda _: refusal("3600", 503, "op-exco"),
        BrokerUnavailableError,
        "3600",
        "cannot serve",
    ),
    "no such account": (lambda _: refusal("4001"), AccountUnavailableError, "4001", "account not found"),
    "the day's calls": (lambda _: SPENT, QuotaExceededError, "429", "spent"),
    "connection refused": (
        raises(httpx.ConnectError("no")),
        ConnectionFailedError,
        "connection",
        "ConnectError",
    ),
    "reset": (raises(httpx.ReadError("reset")), ConnectionFailedError, "connection", "ReadError"),
    "too slow": (raises(httpx.ReadTimeout("slow")), ConnectionFailedError, "connection", "timed out"),
    "a foreign exception": (
        raises(ZeroDivisionError("1/0")),
        ConnectionFailedError,
        "connection",
        "ZeroDivisionError",
    ),
}


@pytest.mark.parametrize("kind", FAILURES)
async def test_one_account_fails_and_the_others_are_delivered(gateway, investor, kind):
    script, error, code, words = FAILURES[kind]
    others = {}
    for broker in ("diamond", "cyber"):
        others[broker] = anyio.Event()
        gateway.scripts[broker] = counted(
            gateway.scripts[broker], others[broker], 1 if broker == "diamond" else 4
        )

    async def last(question):
        # Spent calls of the day stop every account's next call, so the others are let answer first.
        for answered in others.values():
            await answered.wait()
        return script(question)

    gateway.scripts["star"] = last
    async with gateway.client(brokers={"star": BrokerOverrides(supports_all=True)}) as koscom:
        holdings = await koscom.holdings(investor)
    (failure,) = holdings.failures
    assert type(failure.error) is error
    assert (failure.error.code, failure.error.broker, failure.error.account) == (code, "star", "1606…0099")
    assert failure.error.endpoint == "account.balance"
    assert failure.error.advice, "every failure says what to do"
    with pytest.raises(error, match=words):
        raise failure.error
    assert (holdings.complete, len(holdings.outcomes), len(holdings.reconciliation)) == (False, 3, 2)
    assert holdings.positions[0].quantity == 3, "one at diamond, two at cyber, none of star's"
    assert holdings.totals.cash == 1200
    with pytest.raises(IncompleteHoldingsError, match=r"1 of 3 accounts could not be read: star 1606…0099"):
        holdings.require_complete()


def counted(book, answered, calls):
    def script(question):
        nonlocal calls
        calls -= 1
        if not calls:
            answered.set()
        return book(question)

    return script


async def test_a_failure_that_may_pass_is_asked_again_and_counted(gateway, investor):
    left = [refusal("3005", 500, "op-exco"), httpx.ReadError("reset")]
    book = gateway.scripts["diamond"]
    gateway.scripts["diamond"] = lambda question: left.pop(0) if left else book(question)
    async with gateway.client(retry=Retry(attempts=3, base=1e-9, cap=1e-9)) as koscom:
        holdings = await koscom.holdings(investor)
    assert holdings.complete is True
    trace = holdings.outcomes[1].trace
    assert (trace.calls, trace.retries, trace.pages) == (3, 2, 1)


async def test_a_failure_that_lasts_says_how_often_it_was_asked(gateway, investor):
    gateway.scripts["diamond"] = lambda _: refusal("3600", 503, "op-exco")
    async with gateway.client(retry=Retry(attempts=3, base=1e-9, cap=1e-9)) as koscom:
        holdings = await koscom.holdings(investor)
    (failure,) = holdings.failures
    assert failure.error is not None
    assert failure.error.attempts == 3
    assert "asked 3 times" in str(failure.error)


class BrokenLimiter(ProcessLimiter):
    """Stands for a shared limiter whose server went away while it was asked about one broker."""

    async def acquire(self, broker: str, service: str) -> None:
        if broker == "star":
            raise OSError("the limiter's server is gone")
        await super().acquire(broker, service)


async def test_a_foreign_failure_of_a_limiter_takes_no_other_account_with_it(gateway, investor):
    async with gateway.client(limiter=BrokenLimiter(Limits())) as koscom:
        holdings = await koscom.holdings(investor)
    (failure,) = holdings.failures
    assert failure.error is not None
    assert (failure.error.code, failure.error.broker) == ("unforeseen", "star")
    assert "reading the account broke off (OSError)" in str(failure.error)
    cause = failure.error.__cause__
    assert isinstance(cause, OSError)
    assert cause.__traceback__ is None
    assert "in acquire" in "".join(cause.__notes__), "where it arose, without variables"
    assert holdings.positions[0].quantity == 3


async def test_what_was_tolerated_stands_on_the_outcome(investor):
    gateway = FakeGateway({"samsung": Book({"EQTY": [share()]}, answers_all=False)})
    gateway.linked = [link("samsung", endpoint=None)]
    async with gateway.client() as koscom:
        outcome = (await koscom.holdings(investor)).outcomes[0]
    assert outcome.ok is True
    assert outcome.trace.notes == ()
    assert (outcome.trace.calls, outcome.trace.pages) == (4, 4)

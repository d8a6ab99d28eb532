"""Reading a query to its last page: the key is carried on, and pages that never end are a failure."""

import re

import pytest

from koscom_async import BrokerOverrides, PagingError, RequestRejectedError, ResponseTooLargeError
from tests.client.fake_gateway import Book, FakeGateway, cash, investor_of, link, ok, refusal, said, share

PAGED = {"star": BrokerOverrides(supports_all=False)}


def pages(*answers):
    """Script the pages of EQTY in their order; the other classes hold nothing."""
    left = list(answers)

    def script(question):
        if question.asset_class != "EQTY":
            blocks = {"summary": cash()} if question.asset_class == "CASH" else {}
            return ok(said(question, blocks, total=0))
        rows, page = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(page, Exception) or not isinstance(rows, list):
            return rows
        return ok(said(question, {"equityList": rows}, total=None, page=page))

    return script


def keys(gateway):
    return [question.page for question in gateway.questions if question.asset_class == "EQTY"]


@pytest.mark.parametrize("end", ["null", None, "", "  "])
async def test_each_page_is_asked_with_the_key_of_the_last_until_there_is_none(investor, account, end):
    gateway = FakeGateway(
        {
            "star": pages(
                ([share("A01")], "key 2"), ([share("B01"), share("C01")], "key+3/="), ([share("D01")], end)
            )
        }
    )
    async with gateway.client() as koscom:
        balance = await koscom.account.balance(investor, account("star"))
    assert keys(gateway) == ["null", "key 2", "key+3/="]
    assert [row.code for row in balance.rows] == ["A01", "B01", "C01", "D01"]


async def test_an_answer_without_a_page_key_is_the_last(investor, account):
    def script(question):
        document = said(
            question, {"equityList": [share()] if question.asset_class == "EQTY" else []}, total=None
        )
        del document["balanceResponseBody"]["queryResult"]["page"]
        return ok(document)

    gateway = FakeGateway({"star": script})
    async with gateway.client() as koscom:
        balance = await koscom.account.balance(investor, account("star"))
    assert len(balance.rows) == 1
    assert len(gateway.questions) == 4


async def test_row_101_is_not_lost(investor, account):
    rows = [share(f"KR{number:010d}", value=number) for number in range(101)]
    gateway = FakeGateway({"star": Book({"EQTY": rows}, page_size=100)})
    async with gateway.client() as koscom:
        balance = await koscom.account.balance(investor, account("star"))
    assert keys(gateway) == ["null", "100"]
    assert [row.value for row in balance.rows] == list(range(101))


async def test_every_page_has_a_request_id_of_its_own(investor, account):
    gateway = FakeGateway(
        {"star": Book({"EQTY": [share(f"KR{number}") for number in range(5)]}, page_size=1)}
    )
    async with gateway.client() as koscom:
        await koscom.account.balance(investor, account("star"))
    ids = [question.request_id for question in gateway.questions]
    assert len(set(ids)) == len(ids) == 8


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([([share()], "2"), ([share()], "2")], "a page key came back a second time"),
        ([([share()], "2"), ([share()], "3"), ([share()], "2")], "a page key came back a second time"),
        ([([], "2")], "an empty page announces another one"),
        ([([share()], "2"), ([], "3")], "an empty page announces another one"),
    ],
)
async def test_pages_that_repeat_or_lead_nowhere_fail_the_account(investor, account, answers, words):
    gateway = FakeGateway({"star": pages(*answers)})
    async with gateway.client() as koscom:
        with pytest.raises(PagingError, match=words) as caught:
            await koscom.account.balance(investor, account("star"))
    assert (caught.value.broker, caught.value.account, caught.value.code) == ("star", "1606…0099", "paging")


@pytest.mark.parametrize(
    ("total", "limits", "words"),
    [
        (None, {"page_limit": 7}, "more than 7 pages"),
        (10**6, {"page_limit": 7}, "more than 7 pages"),
        (None, {}, "more than 100 pages"),
        (10**6, {"call_limit": 110}, "the question took 110 calls"),
    ],
)
async def test_pages_without_end_are_left_at_the_limit(investor, account, total, limits, words):
    count = 0

    def script(question):
        nonlocal count
        if question.asset_class != "EQTY":
            return ok(said(question, {}, total=0))
        count += 1
        return ok(said(question, {"equityList": [share()]}, total=total, page=str(count)))

    gateway = FakeGateway({"star": script})
    async with gateway.client(**limits) as koscom:
        with pytest.raises(PagingError, match=words) as caught:
            await koscom.account.balance(investor, account("star"))
    assert caught.value.retriable == ("pages" in words)
    most = int(re.search(r"\d+", words)[0])
    assert most - 3 <= count <= most


def endless(*, blanks=0, rows=10):
    """An account whose pages have no end: each has other rows and another key, and the broker announces many."""
    count = 0

    def script(question):
        nonlocal count
        if question.asset_class != "EQTY":
            return ok(said(question, {}, total=0))
        count += 1
        listed = [share(f"KR{count:04d}{number:06d}") for number in range(rows)]
        return ok(said(question, {"equityList": listed, "x": " " * blanks}, total=10**6, page=str(count)))

    return script


@pytest.mark.parametrize(
    ("broker", "most", "calls"),
    [
        (endless(rows=100), {"max_answer_rows": 350}, 4),
        (endless(blanks=90_000), {"max_answer_bytes": 500_000}, 6),
        (endless(blanks=90_000), {"max_response_bytes": 50_000}, 1),
    ],
)
async def test_a_question_whose_pages_are_too_much_together_is_refused(
    investor, account, broker, most, calls
):
    (budget,) = most
    gateway = FakeGateway({"star": broker})
    async with gateway.client(**most) as koscom:
        with pytest.raises(ResponseTooLargeError, match=budget) as caught:
            await koscom.account.balance(investor, account("star"))
    assert (caught.value.budget, caught.value.retriable, caught.value.code) == (budget, False, "too-large")
    assert (caught.value.broker, caught.value.account) == ("star", "1606…0099")
    assert sum(question.asset_class == "EQTY" for question in gateway.questions) == calls


async def test_the_accounts_of_one_investor_cost_a_bounded_number_of_calls_together():
    numbers = [str(number) for number in range(12)]
    gateway = FakeGateway(
        {number: endless() for number in numbers}, linked=[link("star", number) for number in numbers]
    )
    async with gateway.client(call_limit=10) as koscom:
        holdings = await koscom.holdings(investor_of())
    assert len(holdings.failures) == len(numbers)
    assert {failure.error.retriable for failure in holdings.failures} == {False}
    assert 40 <= len(gateway.requests) <= 40 + len(numbers)


async def test_the_accounts_of_one_investor_have_a_bounded_number_of_rows_together():
    numbers = [str(number) for number in range(6)]
    whole = Book({"EQTY": [share(f"KR{number}") for number in range(30)]})
    gateway = FakeGateway(dict.fromkeys(numbers, whole), linked=[link("star", number) for number in numbers])
    async with gateway.client(max_answer_rows=100) as koscom:
        holdings = await koscom.holdings(investor_of())
    assert [failure.error.budget for failure in holdings.failures] == ["max_answer_rows"] * 3
    assert "of the investor's accounts together" in str(holdings.failures[0].error)


async def test_as_many_pages_as_the_limit_are_no_failure(investor, account):
    gateway = FakeGateway(
        {"star": Book({"EQTY": [share(f"KR{number}") for number in range(7)]}, page_size=1)}
    )
    async with gateway.client(page_limit=7) as koscom:
        balance = await koscom.account.balance(investor, account("star"))
    assert len(balance.rows) == 7


FORGOTTEN = (refusal("6003"), None)


async def test_a_page_key_that_the_broker_forgot_restarts_the_query_once(investor, account):
    gateway = FakeGateway(
        {"star": pages(([share("A01")], "2"), FORGOTTEN, ([share("A01")], "4"), ([share("B01")], "null"))}
    )
    async with gateway.client() as koscom:
        balance = await koscom.account.balance(investor, account("star"))
    assert keys(gateway) == ["null", "2", "null", "4"]
    assert [row.code for row in balance.rows] == ["A01", "B01"], (
        "what came before the restart is not counted twice"
    )
    assert balance.notes[0] == (
        "page key does not exist (존재하지 않는 Page Key); the query was read again from its first page"
    )


async def test_a_page_key_that_is_forgotten_twice_fails_the_account(investor, account):
    gateway = FakeGateway({"star": pages(([share("A01")], "2"), FORGOTTEN, ([share("A01")], "2"), FORGOTTEN)})
    async with gateway.client() as koscom:
        with pytest.raises(RequestRejectedError) as caught:
            await koscom.account.balance(investor, account("star"))
    assert keys(gateway) == ["null", "2", "null", "2"]
    assert (caught.value.code, caught.value.account) == ("6003", "1606…0099")


async def test_rows_that_went_missing_between_pages_fail_the_account(investor, account):
    book = Book({"EQTY": [share("A01"), share("B01"), share("C01")]}, page_size=2)

    def script(question):
        if question.page == "2":
            return ok(said(question, {"equityList": []}, total=3, page="null"))
        return book(question)

    gateway = FakeGateway({"star": script})
    async with gateway.client() as koscom:
        with pytest.raises(Exception, match="EQTY: 2 of 3 rows came"):
            await koscom.account.balance(investor, account("star"))

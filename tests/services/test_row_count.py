"""Rows against the announced number: money that is missing or doubled is a failure, whatever the order of the pages."""

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from koscom_async import AssetClass, BrokerOverrides, PagingError, TruncatedResponseError
from koscom_async._cooperative import run_now
from koscom_async._services.query import find_contradiction
from tests.client.fake_gateway import Book, FakeGateway, cash, fund, ok, said, share


@frozen
class Page:
    rows: tuple
    total: int | None


def pages(*rows, total):
    return [Page(tuple(each), total) for each in rows]


@pytest.mark.parametrize(
    ("given_pages", "trust", "kind", "message"),
    [
        (pages("ab", "c", total=3), True, None, None),
        (pages("", total=0), True, None, None),
        (pages("ab", total=3), True, TruncatedResponseError, "EQTY: 2 of 3 rows came"),
        (
            pages("abcdefgh", "ijkl", total=10),
            True,
            PagingError,
            "EQTY: 12 rows came where 10 were announced",
        ),
        (pages("ab", "ab", "cd", total=4), True, PagingError, "EQTY: 6 rows came where 4 were announced"),
        (pages("ab", "ab", total=4), True, PagingError, "EQTY: two pages have the very same rows"),
        (pages("ab", "cd", "ab", total=None), True, PagingError, "EQTY: two pages have the very same rows"),
        (pages("a", "a", total=None), True, PagingError, "EQTY: two pages have the very same rows"),
        (pages("a", "a", total=0), True, PagingError, "EQTY: two pages have the very same rows"),
        (pages("a", "a", total=2), True, PagingError, "EQTY: two pages have the very same rows"),
        (pages("ab", "bd", total=4), True, None, None),  # rows without a code may be alike
        (pages("aa", total=2), True, None, None),
        (pages("ab", "c", total=2), False, None, None),
        (pages("ab", total=3), False, None, None),
        (pages("ab", "ab", total=2), False, PagingError, "EQTY: two pages have the very same rows"),
    ],
)
def test_pages_are_held_against_what_was_announced(given_pages, trust, kind, message):
    wrong = run_now(
        find_contradiction(AssetClass.EQUITY, given_pages, trust_totals=trust, note=lambda _: None)
    )
    assert (type(wrong) if wrong else None, wrong and wrong.message) == (kind, message)


@given(
    st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=5),
    st.none() | st.integers(0, 12),
    st.randoms(),
)
def test_the_verdict_does_not_depend_on_the_order_of_the_pages(rows, total, chance):
    given_pages = pages(*rows, total=total)
    shuffled = chance.sample(given_pages, len(given_pages))

    def verdict(of):
        wrong = run_now(find_contradiction(AssetClass.EQUITY, of, trust_totals=True, note=lambda _: None))
        return wrong and (type(wrong), wrong.message)

    assert verdict(given_pages) == verdict(shuffled)


@given(st.lists(st.lists(st.integers(), max_size=3), min_size=1, max_size=5), st.integers(1, 20))
def test_where_a_number_is_announced_no_other_number_passes(rows, total):
    wrong = run_now(
        find_contradiction(AssetClass.FUND, pages(*rows, total=total), trust_totals=True, note=lambda _: None)
    )
    if sum(map(len, rows)) != total:
        assert wrong is not None


async def test_rows_that_came_twice_fail_the_account_and_double_nothing(investor, account):
    def script(question):
        if question.asset_class != "EQTY":
            return Book()(question)
        page = "again" if question.page == "null" else "null"
        return ok(said(question, {"equityList": [share("A01"), share("B01")]}, total=2, page=page))

    async with FakeGateway({"star": script}).client() as koscom:
        with pytest.raises(PagingError, match="EQTY: 4 rows came where 2 were announced") as caught:
            await koscom.account.balance(investor, account("star"))
    assert (caught.value.broker, caught.value.account) == ("star", "1606…0099")


async def test_an_all_answer_with_rows_too_many_falls_back_to_classes(investor, account):
    book = Book({"EQTY": [share("A01")], "FUND": [fund()]}, cash(7))

    def script(question):
        if question.asset_class == "ALL":
            return ok(
                said(question, {"equityList": [share("A01"), share("A01")], "fundList": [fund()]}, total=2)
            )
        return book(question)

    async with FakeGateway({"diamond": script}).client() as koscom:
        balance = await koscom.account.balance(investor, account("diamond"))
    assert [row.code for row in balance.equities] == ["A01"]
    assert balance.notes == (
        "ALL contradicted itself (ALL: 3 rows came where 2 were announced); each class was asked for",
    )


async def test_rows_too_many_are_noted_where_totals_are_not_trusted(investor, account):
    gateway = FakeGateway(
        {
            "diamond": lambda question: ok(
                said(question, {"equityList": [share("A01"), share("B01")]}, total=1)
            )
        }
    )
    async with gateway.client(brokers={"diamond": BrokerOverrides(trust_totals=False)}) as koscom:
        balance = await koscom.account.balance(investor, account("diamond"))
    assert len(balance.rows) == 2
    assert balance.notes == ("ALL: 2 rows came where 1 were announced, which the settings allow",)

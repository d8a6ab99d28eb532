"""What refusals teach: for the account, for the broker when two investors agree, for an hour, and never below a proof."""

from datetime import date
from functools import partial

import pytest

from koscom_async import LearnedRefusal, VirtualAccount
from koscom_async._services.lessons import EVERYTHING, MOST_ACCOUNTS, MOST_BROKERS, NOTHING, Lessons
from koscom_async.brokers import find_broker
from tests.client.fake_gateway import Book, FakeGateway, investor_of, refusal, share, transactions

MINE, ALSO_MINE, THEIRS, ANOTHER = (1, 1), (1, 2), (2, 1), (3, 1)
HOUR = 3600.0


@pytest.fixture
def ranges(clock):
    return Lessons("6006", least=30, clock=clock)


def test_a_refusal_holds_for_its_account_and_no_other(ranges):
    ranges.record_refusal("star", MINE, 40)
    assert ranges.allowed("star", MINE) == 40
    for broker, account in (("star", ALSO_MINE), ("star", THEIRS), ("cyber", MINE)):
        assert ranges.allowed(broker, account) is None


def test_two_accounts_of_one_investor_do_not_agree_but_two_investors_do(ranges):
    ranges.record_refusal("star", MINE, 40)
    ranges.record_refusal("star", ALSO_MINE, 40)
    assert ranges.allowed("star", ANOTHER) is None
    ranges.record_refusal("star", THEIRS, 90)
    assert ranges.allowed("star", ANOTHER) == 90, "both say that no more is allowed"
    assert ranges.allowed("star", MINE) == 40


def test_what_others_were_refused_never_cuts_below_a_month_nor_below_what_was_answered(ranges):
    ranges.record_refusal("star", MINE, 1)
    ranges.record_refusal("star", THEIRS, 2)
    assert [ranges.allowed("star", account) for account in (MINE, THEIRS, ANOTHER)] == [1, 2, 30]
    ranges.record_answer("star", 365)
    ranges.record_answer("star", 10)
    assert ranges.allowed("star", ANOTHER) == 365


def test_it_is_forgotten_after_an_hour_and_so_is_what_was_answered(ranges, clock):
    ranges.record_answer("star", 365)
    clock.now = HOUR / 2
    ranges.record_refusal("star", MINE, 40)
    ranges.record_refusal("star", THEIRS, 40)
    assert ranges.allowed("star", ANOTHER) == 365
    clock.now = HOUR
    assert ranges.allowed("star", ANOTHER) == 40
    clock.now = 1.5 * HOUR
    assert ranges.allowed("star", MINE) is ranges.allowed("star", ANOTHER) is None
    assert ranges.snapshot() == ()


def test_it_remembers_a_bounded_number_of_accounts(ranges):
    for number in range(3 * MOST_ACCOUNTS):
        ranges.record_refusal("star", (1, number), 40)
    assert ranges.snapshot() == (
        LearnedRefusal(broker="star", code="6006", accounts=MOST_ACCOUNTS, max_days=40),
    )


def test_it_remembers_a_bounded_number_of_brokers_and_forgets_invented_ones_first(ranges):
    ranges.record_refusal("star", MINE, 40)
    for number in range(3 * MOST_BROKERS):
        ranges.record_refusal(f"invented-{number}", MINE, 40)
        ranges.record_answer(f"invented-{number}", 40)
    assert len(ranges.snapshot()) == MOST_BROKERS
    assert ranges.allowed("star", MINE) == 40
    assert [ranges.most_answered(f"invented-{number}") for number in (0, 3 * MOST_BROKERS - 1)] == [0, 40]


def test_what_was_learned_says_for_whom_it_holds(clock):
    support = Lessons("6001", clock=clock)
    support.record_refusal("star", MINE, NOTHING)
    assert support.snapshot() == (LearnedRefusal(broker="star", code="6001", accounts=1),)
    support.record_refusal("star", THEIRS, NOTHING)
    assert support.snapshot() == (LearnedRefusal(broker="star", code="6001", accounts=2, holds_for_all=True),)
    support.record_answer("star", EVERYTHING)
    assert support.snapshot() == (LearnedRefusal(broker="star", code="6001", accounts=2),)


# Through the client: two investors, two brokers.


def account_at(broker, number):
    return VirtualAccount(
        broker=find_broker(short_name=broker),
        number=number,
        endpoint=f"https://gateway.example/v1/{broker}/account/",
    )


A, B, C, D = map(investor_of, "ABCD")
BOOK = Book({"EQTY": [share()]})


def all_refused(question):
    return refusal("6001", category=question.broker) if question.asset_class == "ALL" else BOOK(question)


async def test_one_account_s_6001_changes_nothing_for_other_investors_nor_at_another_broker():
    gateway = FakeGateway({"diamond": BOOK, "shinhan": BOOK, "a": all_refused, "c": all_refused})
    async with gateway.client() as koscom:

        async def calls_of(investor, broker, number):
            gateway.questions.clear()
            await koscom.account.balance(investor, account_at(broker, number))
            return len(gateway.questions)

        assert await calls_of(A, "diamond", "a") == 5
        assert await calls_of(A, "diamond", "a") == 4
        assert await calls_of(A, "shinhan", "x") == 1
        assert await calls_of(C, "diamond", "c") == 5
        assert await calls_of(D, "diamond", "d") == 4, "two investors agree"
        assert koscom.statistics().learned == (
            LearnedRefusal(broker="diamond", code="6001", accounts=2, holds_for_all=True),
        )
    async with gateway.client() as koscom:
        assert await calls_of(B, "diamond", "b") == 1
        assert await calls_of(A, "diamond", "a") == 5
        assert await calls_of(C, "diamond", "c") == 5
        assert await calls_of(B, "diamond", "b") == 1, "what was proven is not undercut"


async def test_one_account_s_6006_changes_nothing_for_other_investors():
    gateway = FakeGateway({"diamond": transactions, "a": partial(transactions, most_days=1)})
    async with gateway.client() as koscom:

        async def calls_of(investor, number):
            gateway.questions.clear()
            days = date(2019, 3, 1), date(2019, 3, 9)
            await koscom.account.transactions(investor, account_at("diamond", number), *days)
            return len(gateway.questions)

        assert [await calls_of(A, "a"), await calls_of(A, "a"), await calls_of(B, "b")] == [10, 9, 1]
        assert koscom.statistics().learned == (
            LearnedRefusal(broker="diamond", code="6006", accounts=1, max_days=1),
        )

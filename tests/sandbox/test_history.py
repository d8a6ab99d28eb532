"""The sandbox's truth is consistent: every account's past adds up to what it holds."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import isin

from koscom_async.sandbox import crowd, documents_ledger, example_ledger, generated


def check(account):
    movements = account.movements
    assert sum((each.amount for each in movements), Decimal(0)) == account.summary.cash
    held = Counter()
    for row in account.equities:
        held[row.isin] += row.quantity
    moved, cash = Counter(), Decimal(0)
    for each in movements:
        cash += each.amount
        assert cash >= 0
        if each.code is not None:
            moved[each.code] += each.quantity
            assert moved[each.code] >= 0
            assert each.quantity == 0 or each.after == moved[each.code]
    assert {code: amount for code, amount in moved.items() if amount} == held
    assert [each.day for each in movements] == sorted(each.day for each in movements)
    sign = {"BID": (1, -1), "ASK": (-1, 1), "DEP": (1, 0), "WID": (-1, 0)}
    assert all(
        each.amount * sign[each.kind][0] >= 0 and each.quantity * sign[each.kind][1] >= 0
        for each in movements
    )


def test_the_examples_transactions_add_up_to_their_balances():
    for person in example_ledger().people[:1]:
        for account in person.accounts:
            check(account)


def test_what_the_example_traded_cost_about_what_it_is_worth():
    for account in example_ledger().accounts:
        price = {row.isin: row.value / row.quantity for row in account.equities if row.currency == "KRW"}
        sold = [each for each in account.movements if each.kind == "BID"]
        assert len(sold) > 10
        assert all(70 <= 100 * each.amount / -each.quantity / price[each.code] <= 130 for each in sold)


def test_each_summary_of_the_example_is_the_sum_of_its_rows():
    for person in example_ledger().people:
        for account in person.accounts:
            summary, won = account.summary, [row for row in account.rows if row.currency == "KRW"]
            assert (sum(row.value for row in won), sum(row.cost for row in won)) == (
                summary.value,
                summary.cost,
            )
            assert summary.profit_loss == summary.value - summary.cost
            assert summary.total - summary.value in {summary.cash, summary.d2}


@settings(deadline=None, max_examples=25)
@given(
    investors=st.integers(1, 3),
    accounts=st.integers(1, 7),
    rows=st.integers(0, 30),
    spare=st.integers(0, 80),
    seed=st.integers(0, 5),
)
def test_generated_accounts_have_as_many_rows_as_asked_for_and_add_up(investors, accounts, rows, spare, seed):
    ledger = generated(
        investors=investors, accounts=accounts, rows=rows, transactions=rows + 2 + spare, seed=seed
    )
    people = ledger.people
    assert [len(person.accounts) for person in people] == [accounts] * investors
    every = [account for person in people for account in person.accounts]
    assert {len(account.rows) for account in every} == {rows}
    assert {len(account.movements) for account in every} == {rows + 2 + spare}
    assert len({account.number for account in every}) == len(every)
    for account in every:
        check(account)
        assert all(isin.is_valid(row.isin) for row in account.equities)


def test_the_same_seed_makes_the_same_ledger_and_another_one_another():
    assert generated(seed=3) == generated(seed=3)
    assert generated(seed=3) != generated(seed=4)


def test_too_few_transactions_for_what_is_held_are_refused():
    with pytest.raises(ValueError, match="12 transactions at least"):
        generated(rows=10, transactions=11)


def test_everybody_in_a_crowd_has_a_past():
    assert all(account.movements for person in crowd(2).people for account in person.accounts)


def test_the_documents_person_has_two_accounts():
    assert [account.number[-4:] for account in documents_ledger().accounts] == ["0001", "0001"]

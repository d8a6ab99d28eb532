"""A merge in slices: the same answer, and no slice with more than a bounded number of rows in it."""

from decimal import Decimal, getcontext, localcontext
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import given

from koscom_async._cooperative import run_cooperatively
from koscom_async._merge import grouping, merging, positions
from tests.merge.accounts import CYBER, NOW, STAR, account, held, merged, read, share, summary
from tests.merge.strategies import accounts_outcomes
from tests.merge.test_properties import said


@given(accounts_outcomes())
async def test_in_turns_it_is_the_answer_that_it_is_at_once(outcomes):
    assert said(await run_cooperatively(merging(outcomes, as_of=NOW))) == said(merged(*outcomes))


def many(count):
    return tuple(share(f"KR{number:010d}", value=number) for number in range(count))


def test_no_slice_has_more_than_its_share_of_the_work(monkeypatch):
    monkeypatch.setattr(grouping, "ROWS_A_SLICE", 10)
    monkeypatch.setattr(positions, "POSITIONS_A_SLICE", 7)
    put, made = [], []
    really_put, really_made = grouping._group, positions._position
    monkeypatch.setattr(
        grouping, "_group", lambda rows, *rest: (put.append(len(rows)), really_put(rows, *rest))
    )
    monkeypatch.setattr(
        positions, "_position", lambda *group, **facts: (made.append(1), really_made(*group, **facts))[1]
    )
    outcomes = [read(account(CYBER), *many(64)), read(account(STAR), *many(25))]
    done = [(sum(put), len(made)) for _ in merging(outcomes, as_of=NOW)]
    assert put == [10] * 6 + [4] + [10, 10, 5]
    assert max(after[0] - before[0] for before, after in pairwise(done)) == 10
    assert max(after[1] - before[1] for before, after in pairwise(done)) == 7
    assert done[-1] == (64 + 25, 64)


def test_the_decimal_context_of_whoever_runs_the_slices_is_theirs_between_them():
    slices = merging([read(account(), *many(3), summed=summary(1))], as_of=NOW)
    with localcontext() as context:
        context.prec = 5
        for _ in slices:
            assert getcontext().prec == 5
            assert Decimal("1.23456789") + 0 == Decimal("1.2346")


def test_sums_over_several_slices_are_exact(monkeypatch):
    rows = [share(f"A{number}", value=f"{10**20 + number}.0001", cost=number) for number in range(23)]
    expected = held(*rows)
    monkeypatch.setattr(grouping, "ROWS_A_SLICE", 4)
    assert said(held(*rows)) == said(expected)
    assert expected.totals.value == 23 * 10**20 + 253 + Decimal("0.0023")


@pytest.mark.parametrize("products", [("KSP", "FUT"), ("FUT", "KSP")], ids=["after", "before"])
def test_what_one_broker_calls_a_future_counts_for_none_whoever_is_read_first(products):
    first, second = products
    holdings = merged(
        read(
            account(CYBER), share("F", value=7, product=first), share("A", value=1), summed=summary(value=9)
        ),
        read(account(STAR), share("F", value=5, product=second), share("B", value=2)),
    )
    assert (holdings.totals.value, holdings.totals.derivatives_value) == (3, 12)
    assert [line.rows_value for line in holdings.reconciliation] == [1, 2]
    assert holdings.reconciliation[0].value_difference == -8


def test_an_account_with_an_unknown_code_twice_in_one_row_object_keeps_both_rows():
    row = evolve(share(None), name=None)
    holdings = merged(read(account(STAR), row), read(account(CYBER), row))
    assert [(each.matched_by, len(each.lots)) for each in holdings.positions] == [("nothing", 1)] * 2

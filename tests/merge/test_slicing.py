"""A merge in slices: the same answer, and no slice with more than a bounded number of rows in it."""

from decimal import Decimal, getcontext, localcontext
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import given

from koscom_async import _record
from koscom_async._cooperative import SLICE_ROWS, run_cooperatively
from koscom_async._merge import doubts, grouping, merging, positions
from tests.merge.accounts import CYBER, NOW, STAR, account, bond, fund, held, merged, read, share, summary
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


def test_no_slice_has_more_than_its_share_of_an_account_in_which_every_row_is_doubtful(monkeypatch):
    made, really_made = [], doubts.lots_of
    monkeypatch.setattr(
        doubts, "lots_of", lambda rows, of: (made.append(len(rows)), really_made(rows, of))[1]
    )
    alike = [share("A", value=1)] * 1_000
    totals = [fund(None, "합계", 1 + number) for number in range(1_000)]
    steps = merging([read(account(), *alike, *totals)], as_of=NOW)
    done = [sum(made) for _ in steps]
    assert done[-1] == sum(made) == 2_000
    assert max(after - before for before, after in pairwise(done)) <= max(SLICE_ROWS, doubts.DOUBTS_A_SLICE)


class OfOneHash(Decimal):
    """A number whose hash others have, too, as a broker can choose them; counts how often two were compared."""

    compared = 0

    def __hash__(self):
        return 7

    def __eq__(self, other):
        OfOneHash.compared += 1
        return Decimal.__eq__(self, other)


def test_numbers_of_one_hash_are_not_compared_all_with_all(monkeypatch):
    monkeypatch.setattr(_record, "Decimal", OfOneHash)
    count = 300
    values = [OfOneHash(1 + number) for number in range(count)]
    rows = [evolve(share("A"), value=value, quantity=value) for value in values]
    funds = [evolve(fund(f"F{number}", "ab", 1), value=value) for number, value in enumerate(values)]
    bonds = [
        evolve(bond("ab", 1, 1, 1), code=f"B{number}", value=value) for number, value in enumerate(values)
    ]
    OfOneHash.compared = 0
    merged(read(account(), *rows, *funds, *bonds))
    assert OfOneHash.compared < 20 * count


class Currency(str):
    """A currency that counts how often it was compared."""

    __slots__ = ()
    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other):
        Currency.compared += 1
        return str.__eq__(self, other)

    def __ne__(self, other):
        Currency.compared += 1
        return str.__ne__(self, other)


def test_as_many_currencies_as_rows_are_not_compared_all_with_all():
    count = 300
    rows = [evolve(share(f"A{number}"), currency=Currency(f"X{number}")) for number in range(count)]
    Currency.compared = 0
    merged(read(account(), *rows))
    assert Currency.compared < 40 * count

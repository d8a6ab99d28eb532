"""What changed between two answers, and what cannot be compared."""

from decimal import Decimal

from hypothesis import given

from koscom_async import DeadlineExceededError
from tests.merge.accounts import (
    CYBER,
    DIAMOND,
    STAR,
    account,
    bond,
    failed,
    held,
    merged,
    read,
    share,
    summary,
)
from tests.merge.strategies import accounts_outcomes

A, B, C = account(STAR), account(CYBER), account(DIAMOND)
LATE = DeadlineExceededError("the deadline struck")


def changes(earlier, later):
    return [
        (change.kind, change.instrument.code or change.instrument.name)
        for change in later.diff(earlier).positions
    ]


def test_positions_are_new_closed_more_less_or_repriced():
    earlier = held(
        share("GONE"),
        share("MORE", quantity=1),
        share("LESS", quantity=9),
        share("SAME"),
        share("PRICE", value=10),
    )
    later = held(
        share("CAME"),
        share("MORE", quantity=3),
        share("LESS", quantity=2),
        share("SAME"),
        share("PRICE", value=15),
    )
    assert sorted(changes(earlier, later)) == [
        ("closed", "GONE"),
        ("less", "LESS"),
        ("more", "MORE"),
        ("new", "CAME"),
        ("repriced", "PRICE"),
    ]


def test_a_change_tells_before_after_and_the_difference():
    (change,) = held(share(quantity=3, value=45)).diff(held(share(quantity=1, value=10))).positions
    assert (change.quantity_before, change.quantity_after, change.quantity_change) == (1, 3, 2)
    assert (change.value_before, change.value_after, change.value_change) == (10, 45, 35)


def test_a_change_of_cost_alone_is_told_as_a_change():
    assert changes(held(share(cost=100)), held(share(cost=90))) == [("changed", "KR7005930003")]


def test_an_account_that_cannot_be_read_now_is_never_read_as_sold():
    earlier = merged(
        read(A, share("KR7005930003", quantity=1, value=10)), read(B, share(quantity=5, value=50))
    )
    later = merged(read(A, share("KR7005930003", quantity=1, value=10)), failed(B, LATE))
    difference = later.diff(earlier)
    assert difference.positions == ()
    assert [(each.kind, each.account, each.value) for each in difference.accounts] == [("unreadable", B, 50)]
    assert difference.compared_accounts == (A,)
    assert not difference.is_empty


def test_an_account_that_can_be_read_again_is_never_read_as_bought():
    earlier, later = merged(failed(B, LATE)), merged(read(B, share(value=50)))
    difference = later.diff(earlier)
    assert difference.positions == ()
    assert [(each.kind, each.value) for each in difference.accounts] == [("readable", 50)]


def test_accounts_that_appear_and_vanish_are_named_apart():
    difference = merged(read(C, share(value=7))).diff(
        merged(read(A, share(value=5)), read(B, share(value=6)))
    )
    assert [(each.kind, each.account.broker.short_name, each.value) for each in difference.accounts] == [
        ("vanished", "cyber", 6),
        ("appeared", "diamond", 7),
        ("vanished", "star", 5),
    ]
    assert difference.positions == ()


def test_cash_that_moved_is_told_by_account():
    earlier = merged(read(A, summed=summary(100)), read(B, summed=summary(7)))
    later = merged(read(A, summed=summary(60)), read(B, summed=summary(7)))
    assert [(each.account, each.before, each.after, each.change) for each in later.diff(earlier).cash] == [
        (A, 100, 60, -40)
    ]


def test_a_purchase_lowers_the_cash_when_it_is_executed_and_not_again_when_it_is_settled():
    before = merged(read(A, summed=summary(100, d1=100, d2=100)))
    bought = merged(read(A, share("X", 1, 40, 40), summed=summary(100, d1=100, d2=60)))
    settled = merged(read(A, share("X", 1, 40, 40), summed=summary(60, d1=60, d2=60)))
    assert [(each.before, each.after, each.change) for each in bought.diff(before).cash] == [(100, 60, -40)]
    assert settled.diff(bought).is_empty


def test_cash_that_is_no_longer_told_is_a_change_of_unknown_size():
    earlier, later = merged(read(A, summed=summary(100))), merged(read(A, summed=summary(None)))
    assert [(each.after, each.change) for each in later.diff(earlier).cash] == [(None, None)]


def test_rows_that_cannot_be_told_apart_are_compared_together():
    nameless = [bond(None, 1, 10, 10), bond(None, 1, 20, 20)]
    assert changes(held(*nameless), held(*nameless[::-1])) == []


@given(accounts_outcomes())
def test_nothing_has_changed_since_the_same_answer(outcomes):
    holdings = merged(*outcomes)
    assert holdings.diff(holdings).is_empty


@given(accounts_outcomes(), accounts_outcomes())
def test_what_is_added_up_explains_the_whole_change(first, second):
    earlier, later = merged(*first), merged(*second)
    difference = later.diff(earlier)
    compared = {each.key for each in difference.compared_accounts}

    def worth(holdings):
        lots = [lot for each in holdings.positions for lot in each.lots if lot.account.key in compared]
        return (
            None if any(lot.value is None for lot in lots) else sum((lot.value for lot in lots), Decimal(0))
        )

    before, after = worth(earlier), worth(later)
    if before is None or after is None:
        return
    moved = sum(
        ((change.value_after or 0) - (change.value_before or 0) for change in difference.positions),
        Decimal(0),
    )
    assert moved == after - before

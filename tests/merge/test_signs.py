"""Rows with nothing in them, debts and positions below zero: what they change, and what they must not."""

from decimal import Decimal

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from koscom_async import DiscretionaryCash
from tests.loops import each
from tests.merge.accounts import (
    CYBER,
    DIAMOND,
    STAR,
    account,
    bond,
    fund,
    held,
    merged,
    only,
    read,
    share,
    summary,
)
from tests.merge.strategies import ACCOUNTS, CODES, accounts_outcomes


def test_an_empty_row_at_another_broker_hides_no_profit():
    holdings = merged(
        read(account(STAR), share(quantity=10, cost=700_000, value=800_000)),
        read(account(CYBER), share(quantity=0, cost=0, value=0)),
    )
    position = only(holdings)
    assert (position.profit_loss, position.return_pct) == (100_000, Decimal("14.28"))
    assert (holdings.totals.profit_loss, holdings.totals.value_without_cost) == (100_000, 0)
    assert "no cost" not in str(holdings.explain(position))
    assert [(len(each.lots)) for each in holdings.positions] == [2]
    (group,) = holdings.by("class")
    assert (group.profit_loss, group.return_pct) == (100_000, Decimal("14.28"))


def test_an_empty_row_of_a_fund_has_no_quantity_and_hides_no_profit_either():
    sold = fund("KRZ503210038", "채권", 0, cost=0)
    holdings = merged(
        read(account(STAR), fund("KRZ503210038", "채권", 110, cost=100)), read(account(CYBER), sold)
    )
    assert (sold.quantity, sold.is_empty, only(holdings).profit_loss) == (None, True, 10)
    assert (holdings.totals.profit_loss, holdings.totals.value_without_cost) == (10, 0)
    assert evolve(sold, quantity=Decimal(1)).is_empty is False


def test_a_position_with_nothing_in_it_has_a_profit_of_nothing():
    holdings = held(share(quantity=0, cost=0, value=0))
    assert (only(holdings).profit_loss, only(holdings).return_pct) == (0, None)
    assert (holdings.totals.profit_loss, holdings.totals.value_without_cost) == (0, 0)


def test_a_position_with_nothing_in_it_makes_no_unknown_profit_known():
    holdings = held(share("X123", quantity=0, cost=0, value=0), share(cost=0, value=100))
    assert (holdings.totals.profit_loss, holdings.totals.value_without_cost) == (None, 100)
    assert [group.profit_loss for group in holdings.by("class")] == [None]


@each("unknown", ["quantity", "cost", "value"])
def test_a_row_with_an_unknown_amount_is_not_empty(unknown):
    empty = evolve(share(quantity=0, cost=0, value=0), **{unknown: None})
    position = only(held(share(quantity=10, cost=70, value=80), empty))
    assert position.profit_loss is None
    assert getattr(position, unknown) is None


def test_an_empty_row_of_a_foreign_share_needs_no_rate():
    dollars = share("US0378331005", 1, 5, 10, currency="USD", rate=1400)
    holdings = held(dollars, share("US0378331005", 0, 0, 0, currency="USD"), share(value=1000))
    assert holdings.totals.value_in_won == 15_000


def test_an_empty_row_makes_no_share_a_future_and_gives_no_reason():
    empty = share(quantity=0, cost=0, value=0, product="FUT", name="선물")
    for rows in ((share(value=100), empty), (empty, share(value=100))):
        holdings = merged(read(account(), *rows, summed=summary(value=150)))
        assert (holdings.totals.value, only(holdings).is_derivative) == (100, False)
        assert holdings.reconciliation[0].reason == "brokers reckon summary and rows apart"


empties = st.builds(
    share,
    st.sampled_from((*CODES, None, "X123")),
    st.just(0),
    st.just(0),
    st.just(0),
    product=st.sampled_from(("KSP", "FUT", None)),
    trade_type=st.sampled_from(("NRM", "CRD", "LOAN")),
    name=st.sampled_from((None, "삼성전자", "다른 이름의 회사")),
    currency=st.sampled_from(("KRW", "USD")),
) | st.builds(bond, st.sampled_from((None, "국채1")), st.just(0), st.just(0), st.just(0))


@given(accounts_outcomes(), empties, st.integers(0, 3))
def test_a_row_of_zeros_changes_no_sum(outcomes, empty, place):
    before = merged(*outcomes)
    who = ACCOUNTS[place]
    balances = {outcome.account.key: outcome.balance for outcome in outcomes}
    balance = balances.get(who.key)
    if balance is None:
        return
    more = type(empty).asset_class.value
    name = {"EQTY": "equities", "ETC": "others"}[more]
    with_empty = evolve(balance, **{name: (empty, *getattr(balance, name))})
    after = merged(
        *(evolve(each, balance=with_empty) if each.account.key == who.key else each for each in outcomes)
    )
    assert after.totals == before.totals
    assert [each for each in after.foreign_totals if each.value or each.cost] == [
        each for each in before.foreign_totals if each.value or each.cost
    ]
    assert [evolve(each, rows=0) for each in after.reconciliation] == [
        evolve(each, rows=0) for each in before.reconciliation
    ]
    numbers = {repr(numbers_of(each)) for each in before.positions}
    assert {repr(numbers_of(each)) for each in after.positions if each.value or each.cost} <= numbers


def numbers_of(position):
    """What a position adds up to."""
    return (
        position.instrument.code,
        position.quantity,
        position.cost,
        position.value,
        position.profit_loss,
        position.return_pct,
        position.weight,
        position.value_in_won,
        position.credit_value,
    )


@each("loan", [400_000, -400_000])
@each("receivable", [30_000, -30_000])
def test_debts_lower_the_net_worth_whatever_their_sign(loan, receivable):
    holdings = merged(
        read(account(STAR), share(value=1_000_000), summed=summary(5, loan=loan, receivable=receivable)),
        read(account(CYBER), summed=summary(0, loan=100_000)),
    )
    assert (holdings.totals.liabilities, holdings.totals.net_worth) == (530_000, 470_005)
    assert (holdings.cash[0].loan, holdings.cash[0].receivable) == (500_000, 30_000)
    assert [(each.liabilities, each.net_worth) for each in holdings.reconciliation] == [
        (100_000, -100_000), (430_000, 570_005),
    ]  # fmt: skip


def test_a_loan_of_a_row_and_a_contract_accounts_debts_count_by_size_too():
    rows = (share(trade_type="CRD", loan=-30), share(trade_type="LOAN", loan=12))
    assert only(held(*rows)).loan == 42
    assert DiscretionaryCash(credit=Decimal(-100), loan=Decimal(7)).owed == 107


def test_weights_beside_negative_cash_are_unknown():
    holdings = merged(read(account(), share(value=1_000_000), summed=summary(-300_000)))
    assert [each.weight for each in holdings.positions] == [None]
    assert [group.weight for group in holdings.by("class")] == [None]
    # By broker the cash is in the group: the whole has one part, which is all of it.
    assert [group.weight for group in holdings.by("broker")] == [1]


def test_weights_beside_a_short_position_are_unknown():
    holdings = held(share(value=1000), share("KR7000660001", -1, -100, -100), fund("K55101", "F", 50))
    assert [each.weight for each in holdings.positions] == [None, None, None]
    assert [group.weight for group in holdings.by("class")] == [Decimal("0.947368"), Decimal("0.052632")]


def test_weights_where_every_part_is_positive_add_up_to_one():
    holdings = merged(read(account(), share(value=300), fund("K55101", "F", 100), summed=summary(600)))
    assert [each.weight for each in holdings.positions] == [Decimal("0.3"), Decimal("0.1")]


def test_a_long_and_a_short_of_one_share_have_no_return():
    holdings = merged(
        read(account(STAR), share(quantity=10, cost=700, value=800)),
        read(account(CYBER), share(quantity=-20, cost=-1400, value=-1600)),
    )
    position = only(holdings)
    assert (position.cost, position.profit_loss, position.return_pct) == (-700, -100, None)
    assert (holdings.totals.profit_loss, holdings.totals.return_pct) == (-100, None)
    assert [group.return_pct for group in holdings.by("class")] == [None]


def test_costs_of_both_signs_give_no_return_even_where_more_is_held_long():
    holdings = merged(
        read(account(STAR), share(quantity=-10, cost=-100, value=-90)),
        read(account(CYBER), share(quantity=20, cost=200, value=260)),
        read(account(DIAMOND), share("KR7000660001", 1, 10, 20)),
    )
    assert [each.return_pct for each in holdings.positions] == [None, Decimal(100)]
    assert (holdings.totals.profit_loss, holdings.totals.return_pct) == (80, None)

"""Holdings by class, product, broker, account and currency: sums that add up to the totals."""

from decimal import Decimal

import pytest
from hypothesis import given

from koscom_async import UsageError
from tests.merge.accounts import CYBER, STAR, account, bond, fund, held, merged, read, share, summary
from tests.merge.strategies import accounts_outcomes

WAYS = ("class", "product", "broker", "account", "currency")
SUMS = ("cost", "value", "value_without_cost", "derivatives_value")


def summed(groups, name):
    amounts = [getattr(group, name) for group in groups]
    return None if None in amounts else sum(amounts, Decimal(0))


@pytest.mark.parametrize("by", WAYS)
@given(outcomes=accounts_outcomes())
def test_groups_of_a_currency_add_up_to_its_totals(by, outcomes):
    holdings = merged(*outcomes)
    groups = holdings.by(by)
    for totals in holdings.all_totals:
        own = [group for group in groups if group.currency == totals.currency]
        if totals.value is None and not own:
            continue  # no account was read
        for name in SUMS:
            assert summed(own, name) == getattr(totals, name)
        known = [group.profit_loss for group in own if group.profit_loss is not None]
        assert sum(known, Decimal(0)) == (totals.profit_loss or 0)
        if by in {"broker", "account", "currency"} and totals.cash is not None:
            assert sum((group.cash or 0 for group in own), Decimal(0)) == totals.cash


def two_brokers():
    return merged(
        read(account(STAR), share(value=120, cost=100), fund("K1", "f", 50), summed=summary(30)),
        read(account(CYBER), share(value=60, cost=100), bond("b", 1, 10, 40), summed=summary(0)),
    )


def test_by_class_tells_each_class_with_its_share_of_everything():
    groups = two_brokers().by("class")
    assert [(group.key, group.label, group.value) for group in groups] == [
        ("EQTY", "Equity", 180),
        ("FUND", "Fund", 50),
        ("ETC", "Other", 40),
    ]
    assert groups[0].weight == Decimal("0.600000")
    assert groups[0].cash is None
    assert [group.value_without_cost for group in groups] == [0, 50, 0]
    assert [group.profit_loss for group in groups] == [-20, None, 30]
    assert groups[0].return_pct == Decimal("-10.00")


def test_by_broker_tells_securities_and_cash():
    groups = two_brokers().by("broker")
    assert [(group.key, group.label, group.value, group.cash, group.positions) for group in groups] == [
        ("star", "스타 증권", 170, 30, 2),
        ("cyber", "사이버 증권", 100, 0, 2),
    ]
    assert sum(group.weight for group in groups) == pytest.approx(Decimal(1), abs=Decimal("0.00001"))


def test_by_account_never_shows_a_number_and_keeps_look_alikes_apart():
    first, second = account(STAR, "160600000000010099"), account(STAR, "160600000000020099")
    groups = merged(read(first, share(value=1)), read(second, share(value=2))).by("account")
    assert [(group.key, group.value) for group in groups] == [("star 1606…0099", 2), ("star 1606…0099", 1)]


def test_a_currency_stands_by_itself_in_every_breakdown():
    groups = held(share(value=100), share("US0378331005", value=7, currency="USD")).by("broker")
    assert [(group.key, group.currency, group.value) for group in groups] == [
        ("star", "KRW", 100),
        ("star", "USD", 7),
    ]


def test_an_unknown_way_is_refused_with_the_ways_there_are():
    with pytest.raises(
        UsageError,
        match=r"no groups by 'colour'\. What to do: one of class, product, broker, account, currency",
    ):
        held(share()).by("colour")

"""What the whole is made of: exact sums, only of what is money put in, in KRW."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from koscom_async.export.allocation import slices
from tests.merge.accounts import CYBER, DIAMOND, account, bond, fund, held, merged, read, share, summary


def parts(holdings, by, **options):
    return [(part.label, part.amount) for part in slices(holdings, by, **options)]


def test_other_assets_are_told_apart_by_product():
    holdings = merged(
        read(
            account(DIAMOND),
            share(value=120),
            fund("KRZ1", "펀드", 300),
            bond("채권", 1, 1, 500),
            bond("어음", 1, 1, 400, product="CP"),
            summed=summary(50),
        )
    )
    assert parts(holdings, "class") == [
        ("Bond", 500),
        ("CP", 400),
        ("Fund", 300),
        ("Equity", 120),
        ("Cash", 50),
    ]


def test_brokers_have_their_lots_and_their_cash():
    holdings = merged(
        read(account(DIAMOND), share(value=120), summed=summary(30)),
        read(account(CYBER), share(value=80), summed=summary(5)),
    )
    assert parts(holdings, "broker") == [("다이아몬드 증권", 150), ("사이버 증권", 85)]


def test_other_currencies_derivatives_debts_and_what_is_not_known_are_no_parts():
    holdings = merged(
        read(
            account(),
            share(value=120),
            share("US0378331005", value=7, currency="USD"),
            share("KR4101", value=9, product="FUT"),
            share("KR7000020008", value=None),
            share("KR7005930011", value=-3),
            summed=summary(-40),
        )
    )
    assert parts(holdings, "class") == [("Equity", 120)]


def test_small_parts_are_added_up():
    rows = [bond(f"{number}", 1, 1, 100 - number, product=f"P{number}") for number in range(5)]
    assert parts(held(*rows), "class", at_most=3) == [("P0", 100), ("P1", 99), ("3 others", 98 + 97 + 96)]


def test_of_nothing_there_are_no_parts():
    assert slices(held(), "class") == []


@given(st.lists(st.decimals(min_value=0, max_value=10**20, places=4), min_size=1, max_size=8))
def test_the_parts_add_up_to_the_whole(values):
    holdings = held(
        *(bond(str(index), 1, 1, value, product=f"P{index}") for index, value in enumerate(values))
    )
    whole = sum(values, Decimal(0))
    for at_most in (None, 1, 3):
        found = slices(holdings, "class", at_most=at_most)
        assert sum((part.amount for part in found), Decimal(0)) == whole
        assert abs(sum(part.share for part in found) - 1) < 1e-9 or not found

"""Positions: what is one instrument and what is not, and what its numbers come to."""

from decimal import Decimal
from random import Random

import pytest

from koscom_async import AssetClass, Product, TradeType
from koscom_async._merge.positions import SORTED_A_SLICE, in_order
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
)


@pytest.mark.parametrize(
    ("cost", "value", "profit_loss", "return_pct"),
    [
        (281764, 245400, -36364, "-12.90"),
        (181519, 201400, 19881, "10.95"),
        (2326871, 1867950, -458921, "-19.72"),
        (514957, 501970, -12987, "-2.52"),
        (9438000000, 11584000000, 2146000000, "22.73"),
        (100, 100, 0, "0.00"),
        (3, 1, -2, "-66.66"),  # cut, as the platform does, and not rounded
    ],
)
def test_the_documents_rows_reproduce_their_numbers(cost, value, profit_loss, return_pct):
    position = only(held(share("HK0000050325", 120, cost, value)))
    assert position.profit_loss == Decimal(profit_loss)
    assert str(position.return_pct) == return_pct


@pytest.mark.parametrize("cost", [0, None])
def test_a_fund_without_a_cost_has_no_profit_and_no_return_but_its_lot_keeps_what_was_reported(cost):
    row = fund(
        "KRZ500395135",
        "삼성중소형FOCUS증권자1호[주식]",
        72329965,
        cost,
        profit_loss=72329965,
        return_rate="-9.58",
    )
    position = only(held(row))
    assert (position.value, position.profit_loss, position.return_pct) == (72329965, None, None)
    assert (position.lots[0].profit_loss, position.lots[0].return_rate) == (72329965, Decimal("-9.58"))


def test_one_lot_without_a_cost_makes_the_positions_profit_unknown():
    holdings = merged(
        read(account(CYBER), fund("KRZ1", "한빛배당", 120, 100)),
        read(account(STAR), fund("KRZ1", "한빛배당", 50, 0)),
    )
    position = only(holdings)
    assert (position.cost, position.value, position.profit_loss, position.return_pct) == (
        100,
        170,
        None,
        None,
    )


def test_twenty_billion_won_of_bonds_are_a_face_amount_of_twenty_billion():
    position = only(held(bond("주택금융공사MBS2016-7(1-5)", "2.0E10", "2.0E10", "2.0616E10")))
    assert (position.quantity, position.value) == (20_000_000_000, 20_616_000_000)
    assert (position.profit_loss, str(position.return_pct)) == (616_000_000, "3.08")
    assert position.instrument.product is Product.BOND


def test_a_share_at_three_brokers_is_one_position_of_three_lots_that_add_up():
    holdings = merged(
        read(account(STAR, "3"), share(quantity="7", cost="476000", value="499800.5", name="삼성전자")),
        read(account(DIAMOND, "2"), share(quantity="100", cost="6800000", value="7140000")),
        read(account(CYBER, "1"), share(quantity="40", cost="2760000", value="2856000", trade_type="CRD")),
    )
    position = only(holdings)
    assert position.quantity == 147
    assert position.cost == 10_036_000
    assert position.value == Decimal("10495800.5")
    assert position.profit_loss == Decimal("459800.5")
    assert str(position.return_pct) == "4.58"
    assert position.matched_by == "code"
    assert [(lot.account.broker.short_name, lot.quantity) for lot in position.lots] == [
        ("cyber", 40),
        ("diamond", 100),
        ("star", 7),
    ]
    assert position.instrument.isin == "KR7005930003"
    assert position.instrument.name == "삼성전자", "the one broker that sends names names it for all"


def test_a_share_in_cash_and_on_margin_is_one_position_of_two_lots():
    position = only(held(share(quantity=100, trade_type="NRM"), share(quantity=40, trade_type="CRD")))
    assert position.quantity == 140
    assert {lot.trade_type for lot in position.lots} == {TradeType.NORMAL, TradeType.MARGIN}


def test_two_funds_of_one_name_and_different_codes_stay_apart():
    holdings = held(
        fund("KRZ500395135", "삼성중소형FOCUS증권자1호[주식]", 72329965),
        fund("KRZ500395136", "삼성중소형FOCUS증권자1호[주식]", 8747937),
    )
    assert [(each.instrument.code, each.value) for each in holdings.positions] == [
        ("KRZ500395135", 72329965),
        ("KRZ500395136", 8747937),
    ]


def test_two_funds_of_one_name_without_codes_stay_apart():
    name = "삼성중소형FOCUS증권자1호[주식]"
    holdings = merged(read(account(CYBER), fund(None, name, 5)), read(account(STAR), fund(None, name, 7)))
    assert [(each.value, each.matched_by) for each in holdings.positions] == [(7, "nothing"), (5, "nothing")]


def test_a_fund_code_is_no_isin_even_if_it_looks_like_one():
    instrument = only(held(fund("KRZ500395135", "한빛", 5))).instrument
    assert (instrument.code, instrument.isin) == ("KRZ500395135", None)


def test_two_bonds_of_one_name_at_two_brokers_merge_and_say_so():
    holdings = merged(
        read(account(CYBER), bond("국민주택1종11-07", 10, 9, 11)),
        read(account(STAR), bond("국민주택1종11-07", 5, 4, 6)),
    )
    position = only(holdings)
    assert (position.quantity, position.cost, position.value) == (15, 13, 17)
    assert position.matched_by == "name"


@pytest.mark.parametrize(
    "other",
    [
        bond("국민주택1종11-07", 10, 9, 11, product="CP"),
        bond("국민주택1종11-08", 10, 9, 11),
        share("국민주택1종11-07"),
        share(None, name="국민주택1종11-07", product="BOND"),
    ],
    ids=["another product", "another name", "a code that reads like it", "another class"],
)
def test_what_only_resembles_a_bond_stays_apart_from_it(other):
    assert len(held(bond("국민주택1종11-07", 10, 9, 11), other).positions) == 2


def test_a_row_with_neither_code_nor_name_stays_alone():
    holdings = merged(
        read(account(CYBER), bond(None, 10, 9, 11), bond(None, 10, 9, 11)),
        read(account(STAR), bond(None, 10, 9, 11)),
    )
    assert [(each.matched_by, each.value) for each in holdings.positions] == [("nothing", 11)] * 3


def test_one_code_in_two_classes_is_two_instruments():
    holdings = held(share("KR7005930003"), fund("KR7005930003", "한빛", 5))
    assert {each.instrument.asset_class for each in holdings.positions} == {
        AssetClass.EQUITY,
        AssetClass.FUND,
    }


def test_one_code_in_two_currencies_is_two_positions():
    holdings = held(
        share("US0378331005", 3, 500, 600, currency="USD"), share("US0378331005", 3, 600000, 700000)
    )
    assert [(each.instrument.currency, each.value) for each in holdings.positions] == [
        ("KRW", 700000),
        ("USD", 600),
    ]


@pytest.mark.parametrize("missing", ["quantity", "cost", "value"])
def test_a_sum_with_an_unknown_addend_is_unknown_and_the_other_sums_are_not(missing):
    holdings = held(share(**{missing: None}), share())
    position = only(holdings)
    expected = {"quantity": 20, "cost": 200, "value": 240} | {missing: None}
    assert {name: getattr(position, name) for name in expected} == expected
    assert position.profit_loss == (40 if missing == "quantity" else None)


def test_a_short_row_takes_from_the_long_one_and_a_flat_position_has_no_return():
    position = only(held(share(quantity=10, cost=100, value=120), share(quantity=-10, cost=-100, value=-120)))
    assert (position.quantity, position.cost, position.value) == (0, 0, 0)
    assert (position.profit_loss, position.return_pct) == (0, None)


def test_positions_stand_by_value_with_won_first_and_unknown_values_last():
    holdings = held(
        share("A", value=5),
        share("B", value=None),
        share("C", value=900, currency="JPY"),
        share("F", value=9, currency="USD"),
        share("D", value=700),
        share("E", value=-3),
    )
    assert [each.instrument.code for each in holdings.positions] == ["D", "A", "E", "B", "C", "F"]


def test_rows_that_are_told_apart_only_by_their_lots_stand_in_one_order_whatever_order_they_came_in():
    rows = [bond(None, quantity, cost, 11) for quantity, cost in [(1, 5), (3, 5), (3, 4), (2, None)]]
    for turn in range(len(rows)):
        positions = held(*rows[turn:], *rows[:turn]).positions
        assert [(each.quantity, each.cost) for each in positions] == [(3, 5), (3, 4), (2, None), (1, 5)]


def test_many_positions_of_one_value_stand_in_the_same_order_and_are_sorted_step_by_step():
    codes = [f"KR7{number:09}" for number in range(2 * SORTED_A_SLICE + 1)]
    Random(0).shuffle(codes)
    positions = held(*(share(code, value=7) for code in codes)).positions
    assert [each.instrument.code for each in positions] == sorted(codes)
    assert len(list(in_order(positions[::-1]))) >= 8


def test_a_known_product_counts_more_than_an_invented_one_and_the_fuller_name_more_than_a_cut_one():
    holdings = merged(
        read(account(CYBER), share(product="AAA", name="메리츠코리아증권투자신탁1호[주")),
        read(account(DIAMOND), share(product="KSP", name="메리츠코리아증권투자신탁1호[주식]")),
        read(account(STAR), share(product=None)),
    )
    instrument = only(holdings).instrument
    assert (instrument.product, instrument.name) == (Product.KOSPI, "메리츠코리아증권투자신탁1호[주식]")
    assert instrument.label == "메리츠코리아증권투자신탁1호[주식]"


@pytest.mark.parametrize(
    ("row", "label"),
    [
        (share("A05930", name=None), "A05930"),
        (bond(None, 1, 1, 1), "BOND"),
        (bond(None, 1, 1, 1, product=None), "ETC"),
    ],
)
def test_an_instrument_without_a_name_is_called_by_what_there_is(row, label):
    assert only(held(row)).instrument.label == label

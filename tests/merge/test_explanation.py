"""Why a position's numbers are what they are."""

from decimal import Decimal

import pytest
from attrs import evolve

from koscom_async import UsageError
from tests.merge.accounts import CYBER, STAR, account, bond, fund, held, merged, only, read, share


def test_it_names_each_lot_its_row_and_how_the_sums_came_about():
    raw = {"isinCode": "KR7005930003", "valAtCur": Decimal("120.0")}
    holdings = merged(
        read(account(STAR), evolve(share(name="삼성전자"), raw=raw)),
        read(account(CYBER), share(quantity=5, cost=50, value=60)),
    )
    explanation = holdings.explain(only(holdings))
    assert str(explanation).splitlines() == [
        "삼성전자, 2 lots, in KRW",
        "one instrument because the rows carry the same code",
        "- cyber 1606…0099 (NRM): {}",
        '- star 1606…0099 (NRM): {"isinCode": "KR7005930003", "valAtCur": "120.0"}',
        "quantity: 5 + 10 = 15",
        "cost: 50 + 100 = 150",
        "value: 60 + 120 = 180",
        "profit and loss: value - cost = 30, 20.00 % of the cost",
        "weight: value / (securities + cash in KRW) = 100.0000 %",
    ]


def test_it_says_why_a_profit_is_not_known():
    holdings = held(fund("KRZ1", "펀드", 100, 0))
    assert (
        "profit and loss: not known, as no cost is reported by star 1606…0099"
        in holdings.explain(only(holdings)).lines
    )


def test_an_amount_that_is_not_won_has_its_currency():
    holdings = held(
        share("US0378331005", name="Apple", quantity=10, cost="1500.25", value="1912.4", currency="USD")
    )
    lines = holdings.explain("Apple").lines
    assert "cost: 1,500.25 = 1,500.25 USD" in lines
    assert "value: 1,912.4 = 1,912.4 USD" in lines
    assert "profit and loss: value - cost = 412.15 USD, 27.47 % of the cost" in lines


def test_it_says_how_sure_the_match_is():
    holdings = held(bond("국채", 1, 10, 12))
    assert holdings.explain(only(holdings)).lines[1] == (
        "one instrument because the rows carry no code; product and full name are equal"
    )


def test_an_unknown_number_is_called_that():
    holdings = held(share(quantity=None, value=None))
    lines = holdings.explain(only(holdings)).lines
    assert "quantity: not known = not known" in lines
    assert "profit and loss: not known, as a value is missing" in lines


@pytest.mark.parametrize("text", ["KR7005930003", "kr7005930003", "005930", "삼성전자", "성전"])
def test_a_code_or_a_name_will_do_in_the_place_of_a_position(text):
    holdings = held(share(name="삼성전자"), bond("국채", 1, 10, 12))
    assert holdings.explain(text) == holdings.explain(holdings.positions[0])


@pytest.mark.parametrize("text", ["KR7000020008", "", None, 7])
def test_what_no_position_has_is_refused(text):
    with pytest.raises(UsageError, match=f"no position has the code or name {text!r}"):
        held(share(name="삼성전자")).explain(text)


def test_a_name_of_several_is_refused_with_their_codes():
    holdings = held(fund("KRZ1", "펀드 1호", 100), fund("KRZ2", "펀드 1호", 90))
    for text in ("펀드 1호", "펀드"):
        with pytest.raises(
            UsageError, match=r"fits 2 positions: 펀드 1호 \(KRZ1\), 펀드 1호 \(KRZ2\)\. Give a code"
        ):
            holdings.explain(text)

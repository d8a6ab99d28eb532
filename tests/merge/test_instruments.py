"""Which rows are one instrument when codes vary, what is held on credit, short, or in a foreign currency."""

from decimal import Decimal

import pytest
from attrs import evolve

from tests.merge.accounts import CYBER, DIAMOND, STAR, account, held, merged, only, read, share, summary


@pytest.mark.parametrize(
    ("code", "isin"),
    [
        ("KR7005930003", "KR7005930003"),
        ("US0378331005", "US0378331005"),
        ("KR7005930004", None),
        ("KR7005930O03", None),
        ("A005930", None),
        ("NC30010", None),
    ],
    ids=["korean", "foreign", "wrong check digit", "a letter O", "short code", "another code"],
)
def test_an_isin_is_one_by_its_check_digit_and_any_code_still_identifies(code, isin):
    position = only(merged(read(account(STAR), share(code)), read(account(CYBER), share(code))))
    assert (position.instrument.code, position.instrument.isin) == (code, isin)
    assert len(position.lots) == 2


def with_codes(code, *others, **changes):
    return evolve(share(code, **changes), other_codes=others)


def test_a_row_that_gives_both_codes_makes_them_one_instrument():
    position = only(
        merged(
            read(account(STAR), share("A005930", quantity=1)),
            read(account(CYBER), share("KR7005930003", quantity=2)),
            read(account(DIAMOND), with_codes("KR7005930003", "A005930", quantity=4)),
        )
    )
    assert position.quantity == 7
    assert position.instrument.code == position.instrument.isin == "KR7005930003"
    assert position.instrument.other_codes == ("A005930",)
    assert position.matched_by == "code"


def test_codes_join_over_several_rows_whatever_the_order():
    outcomes = [
        read(account(STAR), with_codes("A005930", "005930")),
        read(account(CYBER), with_codes("005930", "KR7005930003")),
        read(account(DIAMOND), share("KR7005930003"), share("A005930")),
    ]
    positions = {merged(*order).positions for order in (outcomes, outcomes[::-1])}
    (only_order,) = positions
    assert [len(position.lots) for position in only_order] == [4]


def test_the_same_code_in_two_currencies_stays_two_instruments():
    holdings = held(with_codes("X", "Y"), with_codes("Y", "X", currency="USD"))
    assert len(holdings.positions) == 2


def test_rows_without_further_codes_are_not_joined():
    assert len(held(share("A005930"), share("KR7005930003")).positions) == 2


def test_cash_margin_loan_and_unknown_rows_are_lots_of_one_position_and_credit_is_shown():
    position = only(
        held(
            share(trade_type="NRM", value=100),
            evolve(share(trade_type="CRD", value=40), loan=Decimal(30)),
            share(trade_type="LOAN", value=5),
            share(trade_type="SUM", value=1000),
        )
    )
    assert [str(lot.trade_type) for lot in position.lots] == ["CRD", "LOAN", "NRM", "SUM"]
    assert (position.value, position.credit_value, position.loan) == (1145, 45, 30)


def test_no_row_on_credit_is_zero_and_no_word_of_a_debt_is_unknown():
    position = only(held(share()))
    assert (position.credit_value, position.loan) == (0, None)


def test_debts_of_the_accounts_are_in_cash_and_in_the_totals():
    holdings = merged(
        read(account(STAR), summed=summary(100, loan=30, receivable=5)),
        read(account(CYBER), summed=summary(10, loan=1)),
    )
    (cash,) = holdings.cash
    assert (cash.loan, cash.receivable) == (31, 5)
    assert (holdings.totals.assets, holdings.totals.liabilities, holdings.totals.net_worth) == (110, 36, 74)


def test_a_short_row_takes_away_and_has_a_profit_but_no_return():
    position = only(held(share(quantity=-10, cost=-100, value=-80)))
    assert (position.value, position.profit_loss, position.return_pct) == (-80, 20, None)


def test_a_net_flat_position_stays_and_divides_by_nothing():
    position = only(
        merged(
            read(account(STAR), share(quantity=10, cost=100, value=120)),
            read(account(CYBER), share(quantity=-10, cost=-100, value=-120)),
        )
    )
    assert (position.quantity, position.value, position.profit_loss) == (0, 0, 0)
    assert (position.return_pct, position.weight) == (None, None)


def dollars(value, rate=None):
    return evolve(share("US0378331005", value=value, cost=1, currency="USD"), rate=rate)


def test_a_foreign_position_is_converted_at_the_brokers_own_rates_where_all_are_known():
    holdings = merged(
        read(account(STAR), dollars("10.5", Decimal("1400.25")), share(value=1000), summed=summary(7)),
        read(account(CYBER), dollars(2, Decimal(1400))),
    )
    foreign = next(each for each in holdings.positions if each.instrument.currency == "USD")
    assert foreign.value_in_won == Decimal("10.5") * Decimal("1400.25") + 2800
    assert holdings.totals.value == 1000
    assert holdings.totals.value_in_won == 1000 + foreign.value_in_won
    assert holdings.totals.net_worth_in_won == 1007 + foreign.value_in_won


@pytest.mark.parametrize("rate", [None, Decimal(0)], ids=["missing", "zero"])
def test_one_rate_that_is_not_known_leaves_the_currencies_apart(rate):
    holdings = held(dollars(10, Decimal(1400)), dollars(2, rate), share(value=1000))
    assert holdings.totals.value == 1000
    assert (holdings.totals.value_in_won, holdings.totals.net_worth_in_won) == (None, None)
    assert [(each.currency, each.value) for each in holdings.foreign_totals] == [("USD", 12)]


@pytest.mark.parametrize(
    ("rows", "reported", "reason"),
    [
        ((share(value=100),), 100, None),
        ((share(value=100), dollars(5)), 150, "rows in USD are not in the rows' sum"),
        ((share(value=100), share("F", product="FUT")), 150, "futures and options are not in the rows' sum"),
        ((share(value=100, trade_type="SUM"),), 150, "leaves loan balances out of its rows"),
        ((share(value=100),), 150, "brokers reckon summary and rows apart"),
    ],
)
def test_a_difference_comes_with_a_likely_reason(rows, reported, reason):
    holdings = merged(read(account(), *rows, summed=summary(value=reported)))
    (row,) = holdings.reconciliation
    assert (row.reason is None) if reason is None else (reason in row.reason)

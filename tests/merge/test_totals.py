"""Totals, cash, weights and the reconciliation with the brokers' summaries: nothing twice, nothing guessed."""

from decimal import Decimal

import pytest

from koscom_async import BrokerUnavailableError, IncompleteHoldingsError, Totals
from tests.merge.accounts import (
    CYBER,
    DIAMOND,
    NOW,
    STAR,
    account,
    bond,
    failed,
    fund,
    held,
    merged,
    only,
    read,
    share,
    summary,
)

DOWN = BrokerUnavailableError("broker server cannot serve", code="3600", broker="star", account="1606…0099")


def test_totals_are_sums_over_rows_and_cash_of_all_accounts():
    holdings = merged(
        read(account(CYBER), share("A", 1, 100, 150), summed=summary(1000, loan=30, receivable=20)),
        read(account(DIAMOND), share("B", 1, 200, 180), fund("F", "한빛", 40), summed=summary(500)),
    )
    totals = holdings.totals
    assert (totals.cash, totals.cost, totals.value) == (1500, 300, 370)
    assert (totals.profit_loss, str(totals.return_pct)) == (30, "10.00")
    assert totals.value_without_cost == 40
    assert (totals.liabilities, totals.net_worth) == (50, 1820)
    assert holdings.complete is True


def test_the_return_of_the_whole_counts_only_what_has_a_cost():
    totals = held(share("A", 1, 100, 110), fund("F", "한빛", 1_000_000, 0)).totals
    assert (totals.profit_loss, str(totals.return_pct)) == (10, "10.00")
    assert (totals.value, totals.value_without_cost) == (1_000_110, 1_000_000)


def test_where_no_cost_is_known_the_profit_of_the_whole_is_unknown_and_not_zero():
    totals = held(fund("F", "한빛", 100, 0)).totals
    assert (totals.profit_loss, totals.return_pct, totals.value_without_cost) == (None, None, 100)


def test_d0_d1_and_d2_are_views_of_the_same_money_and_are_never_added():
    holdings = merged(
        read(account(CYBER), summed=summary(1250000, d1=1250000, d2=1180000, withdrawable=1180000)),
        read(account(STAR), summed=summary(6976542, d1=6976542, d2=6976542, withdrawable=6976542)),
    )
    (cash,) = holdings.cash
    assert (cash.currency, cash.balance, cash.balance_d1, cash.balance_d2) == (
        "KRW",
        8226542,
        8226542,
        8156542,
    )
    assert cash.withdrawable == 8156542
    assert holdings.totals.cash == 8226542
    assert holdings.totals.unsettled == -70000
    assert holdings.totals.net_worth == 8156542


def test_one_accounts_unknown_cash_makes_cash_and_net_worth_unknown_and_keeps_the_others_lot():
    holdings = merged(
        read(account(CYBER), share("A", value=100), summed=summary(None)),
        read(account(STAR), summed=summary(70)),
    )
    assert (holdings.totals.cash, holdings.totals.net_worth) == (None, None)
    assert holdings.totals.value == 100
    assert [lot.balance for lot in holdings.cash[0].lots] == [None, 70]
    assert only(holdings).weight is None, "a share of an unknown whole is unknown"


def test_foreign_currency_is_never_added_to_won():
    holdings = merged(
        read(
            account(CYBER),
            share("US0378331005", 3, 500, 600, currency="USD"),
            share("JP3633400001", 3, 9000, 8000, currency="JPY"),
            share("KR7005930003", 3, 100, 120),
            summed=summary(80),
        )
    )
    assert (holdings.totals.value, holdings.totals.cost, holdings.totals.net_worth) == (120, 100, 200)
    assert holdings.foreign_totals == (
        Totals(
            currency="JPY",
            cost=Decimal(9000),
            value=Decimal(8000),
            profit_loss=Decimal(-1000),
            return_pct=Decimal("-11.11"),
            value_without_cost=Decimal(0),
            derivatives_value=Decimal(0),
        ),
        Totals(
            currency="USD",
            cost=Decimal(500),
            value=Decimal(600),
            profit_loss=Decimal(100),
            return_pct=Decimal(20),
            value_without_cost=Decimal(0),
            derivatives_value=Decimal(0),
        ),
    )
    assert {each.instrument.currency: each.weight for each in holdings.positions} == {
        "KRW": Decimal("0.6"),
        "USD": None,
        "JPY": None,
    }
    assert holdings.reconciliation[0].rows_value == 120
    assert holdings.reconciliation[0].rows == 3


@pytest.mark.parametrize("product", ["FUT", "OPT"])
def test_a_derivatives_value_is_not_money_put_in(product):
    holdings = held(
        share("KR4101V60009", 1, 80_000_000, 90_000_000, product=product), share("A", 1, 100, 120)
    )
    totals = holdings.totals
    assert (totals.cost, totals.value, totals.profit_loss) == (100, 120, 20)
    assert totals.derivatives_value == 90_000_000
    assert totals.net_worth == 120
    assert [each.weight for each in holdings.positions] == [None, 1]
    assert holdings.reconciliation[0].rows_value == 120


@pytest.mark.parametrize("other", ["KSP", "ETF", "AAA", None])
def test_what_one_broker_knows_for_a_future_is_one_in_the_totals_and_in_each_account(other):
    holdings = merged(
        read(account(CYBER), share("KR4101V60009", 1, 80, 90, product="FUT"), summed=summary(1)),
        read(account(STAR), share("KR4101V60009", 1, 80, 90, product=other), summed=summary(2)),
    )
    assert (holdings.totals.value, holdings.totals.derivatives_value) == (0, 180)
    assert [each.rows_value for each in holdings.reconciliation] == [0, 0]
    assert holdings.totals.net_worth == sum(each.net_worth or 0 for each in holdings.reconciliation) == 3


def test_weights_and_cash_add_up_to_one():
    holdings = merged(
        read(
            account(),
            share("A", value=250),
            share("B", value=150),
            fund("F", "한빛", 100),
            summed=summary(500),
        )
    )
    assert [each.weight for each in holdings.positions] == [Decimal("0.25"), Decimal("0.15"), Decimal("0.1")]
    cash_weight = Decimal(500) / Decimal(1000)
    assert sum((each.weight or Decimal(0) for each in holdings.positions), cash_weight) == 1


@pytest.mark.parametrize("value", [0, -5])
def test_there_are_no_weights_in_nothing(value):
    assert only(held(share(value=value))).weight is None


def test_with_no_account_linked_everything_is_zero_and_complete():
    holdings = merged()
    totals = holdings.totals
    assert (totals.cash, totals.cost, totals.value, totals.profit_loss) == (0, 0, 0, 0)
    assert (totals.liabilities, totals.net_worth, totals.return_pct) == (0, 0, None)
    assert (holdings.positions, holdings.cash, holdings.complete) == ((), (), True)
    assert holdings.require_complete() is holdings
    assert holdings.as_of == NOW


def test_where_no_account_was_read_the_totals_are_unknown_and_not_zero():
    holdings = merged(failed(account(STAR), DOWN))
    assert holdings.totals == Totals()
    assert holdings.totals.net_worth is None
    assert (holdings.positions, holdings.cash, holdings.reconciliation) == ((), (), ())
    assert holdings.complete is False


def test_an_account_that_holds_nothing_is_not_one_that_was_not_read():
    holdings = merged(read(account(STAR), summed=summary(0)))
    assert (holdings.totals.value, holdings.totals.net_worth, holdings.complete) == (0, 0, True)


def test_a_partial_answer_names_who_is_missing_and_cannot_pass_for_a_whole_one():
    holdings = merged(failed(account(STAR), DOWN), read(account(CYBER), share("A", value=120)))
    assert holdings.totals.value == 120
    assert holdings.complete is False
    assert [(each.account.broker.short_name, each.error) for each in holdings.failures] == [("star", DOWN)]
    with pytest.raises(IncompleteHoldingsError) as caught:
        holdings.require_complete()
    assert caught.value.failures == holdings.failures
    assert "1 of 2 accounts could not be read: star 1606…0099 (star 3600: " in str(caught.value)
    assert "160646584478700099" not in str(caught.value)


def test_reconciliation_shows_what_rows_and_summary_say_differently():
    summed = summary(6_976_542, cost=320, value=400, total=6_976_942, loan=5, receivable=1)
    (line,) = merged(
        read(account(), share("A", 1, 300, 390), bond("국채", 5, 10, 15), summed=summed)
    ).reconciliation
    assert (line.rows, line.rows_value, line.reported_value, line.value_difference) == (2, 405, 400, 5)
    assert (line.rows_cost, line.reported_cost, line.cost_difference) == (310, 320, -10)
    assert (line.cash, line.liabilities, line.net_worth) == (6_976_542, 6, 6_976_941)
    assert line.reported_net_worth == 6_976_942
    assert (line.agrees, line.missing) == (False, ())


def test_reconciliation_agrees_where_rows_and_summary_say_the_same():
    (line,) = merged(
        read(account(), share("A", 1, 300, 390), summed=summary(cost=300, value=390))
    ).reconciliation
    assert (line.agrees, line.value_difference, line.cost_difference) == (True, 0, 0)


@pytest.mark.parametrize(
    ("summed", "missing"),
    [
        (summary(None), ("cash",)),
        (summary(1, loan=None), ("loan",)),
        (summary(None, loan=None, receivable=None), ("cash", "loan", "receivable")),
    ],
)
def test_what_a_summary_lacks_is_named_and_net_worth_is_unknown(summed, missing):
    holdings = merged(read(account(), share("A"), summed=summed))
    (line,) = holdings.reconciliation
    assert line.missing == missing
    assert (line.net_worth, holdings.totals.net_worth) == (None, None)


def test_an_account_without_a_summary_says_so_and_keeps_its_rows():
    holdings = merged(read(account(), share("A", 1, 100, 120), is_summed=False))
    (line,) = holdings.reconciliation
    assert (line.missing, line.rows, line.rows_value, line.agrees) == (("summary",), 1, 120, False)
    assert (holdings.totals.value, holdings.totals.cash, holdings.totals.net_worth) == (120, None, None)


def test_what_the_summaries_report_stands_beside_the_sums():
    holdings = merged(
        read(account(CYBER), share("A", value=120), summed=summary(5, value=130, total=135)),
        read(account(STAR), share("A", value=20), summed=summary(5, value=20, total=25)),
    )
    assert (holdings.totals.reported_value, holdings.totals.reported_net_worth) == (150, 160)
    assert (holdings.totals.value, holdings.totals.net_worth) == (140, 150)

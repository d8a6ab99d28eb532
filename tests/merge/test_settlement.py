"""Cash by settlement day: net worth counts the view that belongs with what has been executed, and says which it is."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async import AccountOutcome
from koscom_async.export.notes import cash_line
from koscom_async.models.discretionary.balance import DiscretionaryBalance, DiscretionaryCash
from tests.merge.accounts import CYBER, NOW, STAR, account, merged, read, share, summary

BUY = (share("KR7005930003", 10, 1_000_000, 1_000_000),)


def line_of(*rows, **summed):
    """The reconciliation of one account."""
    (line,) = merged(read(account(), *rows, summed=summary(**summed))).reconciliation
    return line


def test_a_purchase_that_is_not_settled_yet_counts_its_money_once():
    holdings = merged(
        read(account(), *BUY, summed=summary(1_000_000, d1=1_000_000, d2=0, value=1_000_000, total=1_000_000))
    )
    totals, (line,) = holdings.totals, holdings.reconciliation
    assert (totals.cash, totals.unsettled, totals.value) == (1_000_000, -1_000_000, 1_000_000)
    assert totals.net_worth == totals.assets == line.net_worth == 1_000_000
    assert (line.cash, line.unsettled, line.cash_basis, line.cash_basis_proven) == (
        1_000_000,
        -1_000_000,
        "D2",
        True,
    )
    assert holdings.cash[0].counted == holdings.cash[0].lots[0].counted == 0
    assert [each.weight for each in holdings.positions] == [1]


@pytest.mark.parametrize("total", [None, 0, 1_000_000])
def test_a_sale_that_is_not_settled_yet_keeps_its_money(total):
    holdings = merged(read(account(), summed=summary(0, d2=1_000_000, value=0, total=total)))
    assert (holdings.totals.cash, holdings.totals.unsettled) == (0, 1_000_000)
    assert holdings.totals.net_worth == 1_000_000
    (line,) = holdings.reconciliation
    assert (line.cash_basis, line.cash_basis_proven) == ("D2", total == 1_000_000)


CASES = {
    "what the documents' examples send: D0": (
        {"cash": 50, "d1": 50, "d2": 50, "value": 1_000_000, "total": 1_000_050},
        ("D0", True, 0),
    ),
    "settled shares beside settled cash": (
        {"cash": 70, "d1": 70, "d2": 20, "value": 1_000_000, "total": 1_000_070},
        ("D0", True, 0),
    ),
    "tomorrow's": ({"cash": 70, "d1": 60, "d2": 20, "total": 1_000_060}, ("D1", True, -10)),
    "rows that the summary values otherwise": (
        {"cash": 70, "d2": 20, "value": 999_000, "total": 999_020},
        ("D2", True, -50),
    ),
    "the rows before the summary": (
        {"cash": 70, "d2": 20, "value": 999_950, "total": 1_000_020},
        ("D2", True, -50),
    ),
    "no view": ({"cash": 70, "d1": 60, "d2": 20, "total": 5}, ("D2", False, -50)),
    "no total": ({"cash": 70, "d1": 60, "d2": 20}, ("D2", False, -50)),
    "no total and no D2": ({"cash": 70, "d1": 60}, ("D1", False, -10)),
    "D0 alone": ({"cash": 70}, ("D0", False, 0)),
    "D2 alone": ({"cash": None, "d2": 20}, ("D2", False, None)),
    "nothing": ({"cash": None, "total": 1_000_000}, (None, False, None)),
}


def test_the_view_that_makes_the_brokers_total_counts_and_else_the_latest_that_is_known():
    for case, (summed, expected) in CASES.items():
        line = line_of(*BUY, **summed)
        assert (line.cash_basis, line.cash_basis_proven, line.unsettled) == expected, case
        views = {"D0": summed["cash"], "D1": summed.get("d1"), "D2": summed.get("d2"), None: None}
        counted = views[expected[0]]
        assert line.net_worth == (None if counted is None else 1_000_000 + counted), case


def test_where_only_a_later_view_is_known_net_worth_is_and_what_is_settled_today_is_not():
    totals = merged(read(account(), *BUY, summed=summary(None, d2=20))).totals
    assert (totals.cash, totals.unsettled, totals.assets, totals.net_worth) == (
        None,
        None,
        1_000_020,
        1_000_020,
    )


def test_each_account_is_counted_by_its_own_view():
    holdings = merged(
        read(account(STAR), *BUY, summed=summary(100, d1=100, d2=0, total=1_000_000)),
        read(account(CYBER), *BUY, summed=summary(100, d1=100, d2=0, total=1_000_100)),
    )
    assert [lot.basis for lot in holdings.cash[0].lots] == ["D0", "D2"]
    assert (holdings.totals.unsettled, holdings.totals.net_worth) == (-100, 2_000_100)


def test_groups_add_up_to_the_totals_with_what_is_not_settled():
    holdings = merged(
        read(account(STAR), *BUY, summed=summary(1_000_000, d2=0, total=1_000_000)),
        read(account(CYBER), summed=summary(0, d2=1_000_000, total=1_000_000)),
    )
    groups = {group.key: group for group in holdings.by("broker")}
    assert {key: (group.cash, group.unsettled, group.weight) for key, group in groups.items()} == {
        "star": (1_000_000, -1_000_000, Decimal("0.5")),
        "cyber": (0, 1_000_000, Decimal("0.5")),
    }
    assert [group.weight for group in holdings.by("class")] == [Decimal("0.5")]


def test_a_reader_is_told_which_cash_counts_where_it_is_not_what_is_settled():
    assert cash_line(line_of(*BUY, cash=70, d2=70, total=1_000_070)) is None
    assert cash_line(line_of(*BUY, cash=70, d2=20, total=1_000_020)) == (
        "net worth counts −₩50 of cash from trades not settled yet (D2), which the broker's total confirms"
    )
    assert cash_line(line_of(*BUY, cash=20, d2=70)) == (
        "net worth counts +₩50 of cash from trades not settled yet (D2), which the broker's total does not confirm"
    )


trades = st.lists(
    st.tuples(st.integers(0, 6), st.integers(-9, 9), st.integers(1, 10**6)), max_size=8
)  # day, shares bought (sold: below 0), price


@given(
    trades,
    st.integers(10**8, 10**9),
    st.integers(1, 10**6),
    st.sampled_from(["total", "no total", "settled"]),
)
def test_net_worth_is_the_ledgers_at_every_moment_of_any_trades(traded, deposit, price, broker):
    for today in range(9):
        executed = [trade for trade in traded if trade[0] <= today]

        def cash(days, done=executed, now=today):
            return deposit - sum(shares * at for day, shares, at in done if day + 2 <= now + days)

        # A broker may also list what is settled, beside a total of that.
        counted = [trade for trade in executed if trade[0] + 2 <= today] if broker == "settled" else executed
        shares = sum(trade[1] for trade in counted)
        worth = shares * price + cash(0 if broker == "settled" else 2)
        holdings = merged(
            read(
                account(),
                *([share(quantity=shares, cost=shares * price, value=shares * price)] if shares else []),
                summed=summary(
                    cash(0), d1=cash(1), d2=cash(2), total=None if broker == "no total" else worth
                ),
            )
        )
        totals = holdings.totals
        assert totals.net_worth == worth, (broker, today)
        assert totals.assets == totals.value + totals.cash + totals.unsettled


def contract(*cash):
    """Holdings of a contract account with these rows of cash: code and amount."""
    rows = tuple(DiscretionaryCash(code=code, balance=Decimal(amount)) for code, amount in cash)
    balance = DiscretionaryBalance(account=account(), cash=rows).as_balance()
    return merged(AccountOutcome(account=account(), balance=balance, as_of=NOW))


CONTRACTS = {
    "three views": ((("KRW-D0", 100), ("KRW-D1", 70), ("KRW", 20)), (100, -80, "D2")),
    "two views": ((("KRW-D0", 100), ("KRW", 20)), (100, -80, "D2")),
    "no code, and tomorrow's": (((None, 100), ("krw-d1", 70)), (100, -30, "D1")),
    "one row without a day": ((("KRW", 20),), (20, 0, "D2")),
    "one row without a code": (((None, 20),), (20, 0, "D0")),
    "tomorrow's alone": ((("KRW-D1", 70),), (None, None, "D1")),
}


def test_a_contract_accounts_cash_counts_after_its_settlements():
    for case, (rows, (settled, unsettled, basis)) in CONTRACTS.items():
        holdings = contract(*rows)
        assert (holdings.totals.cash, holdings.totals.unsettled) == (settled, unsettled), case
        assert holdings.reconciliation[0].cash_basis == basis, case
        assert holdings.cash[0].counted == rows[-1][1], case


def test_foreign_cash_and_pence_count_after_their_settlements_each_by_itself():
    holdings = contract(
        ("KRW-D0", 1),
        ("USD-D0", 1000),
        ("USD-D1", 900),
        ("USD", 250),
        ("GBp-D0", 300),
        ("GBP-D0", 3),
        ("JPY(100)", 7),
    )
    assert [(each.currency, each.cash, each.unsettled, each.assets) for each in holdings.foreign_totals] == [
        ("GBP", 3, 0, 3),
        ("GBp", 300, 0, 300),
        ("JPY", 7, 0, 7),
        ("USD", 1000, -750, 250),
    ]
    assert [(each.currency, each.counted) for each in holdings.cash] == [
        ("KRW", 1),
        ("GBP", 3),
        ("GBp", 300),
        ("JPY", 7),
        ("USD", 250),
    ]

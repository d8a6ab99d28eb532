"""What holds of the merge for any accounts and any rows."""

from decimal import Decimal

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from koscom_async import AccountOutcome, AssetClass, BalanceRow, Holdings
from tests.merge.accounts import (
    balance_of,
    merged,
    read,
    summary,
)
from tests.merge.strategies import ACCOUNTS, accounts_outcomes, rows


def said(holdings: Holdings) -> tuple[object, ...]:
    """What a user sees of the holdings, other than the accounts' own raw balances."""
    return (
        holdings.positions,
        holdings.cash,
        holdings.totals,
        holdings.foreign_totals,
        holdings.reconciliation,
        [(each.account, each.error) for each in holdings.outcomes],
        holdings.complete,
    )


def exact_sum(amounts: list[Decimal | None]) -> Decimal | None:
    """A sum with an unknown addend is unknown; integers, so that no context can round the check."""
    known = [amount for amount in amounts if amount is not None]
    return None if len(known) < len(amounts) else Decimal(sum(int(each * 10**4) for each in known)) / 10**4


def rows_of(outcome: AccountOutcome) -> tuple[BalanceRow, ...]:
    return outcome.balance.rows if outcome.balance else ()


@given(accounts_outcomes(), st.randoms(use_true_random=False))
def test_neither_the_order_of_answers_nor_that_of_rows_changes_anything(outcomes, chance):
    expected = said(merged(*outcomes))
    shuffled = []
    for outcome in outcomes:
        if outcome.balance is not None:
            mixed = list(rows_of(outcome))
            chance.shuffle(mixed)
            again = balance_of(outcome.account, *mixed)
            outcome = evolve(outcome, balance=evolve(again, summary=outcome.balance.summary))  # noqa: PLW2901  # the same account, its rows in another order
        shuffled.append(outcome)
    chance.shuffle(shuffled)
    assert said(merged(*shuffled)) == expected


@given(accounts_outcomes())
def test_sums_over_lots_are_the_position(outcomes):
    for position in merged(*outcomes).positions:
        for name in ("quantity", "cost", "value"):
            assert getattr(position, name) == exact_sum([getattr(lot, name) for lot in position.lots])


@given(accounts_outcomes())
def test_every_row_is_a_lot_of_exactly_one_position(outcomes):
    lots = [lot for position in merged(*outcomes).positions for lot in position.lots]
    wire = [(outcome.account.key, row) for outcome in outcomes for row in rows_of(outcome)]

    def numbers(who, each):
        return (who, str(each.trade_type), str(each.quantity), str(each.cost), str(each.value))

    assert sorted(numbers(lot.account.key, lot) for lot in lots) == sorted(
        numbers(who, row) for who, row in wire
    )


@given(accounts_outcomes())
def test_sums_over_positions_and_cash_are_the_totals(outcomes):
    holdings = merged(*outcomes)
    if outcomes and not any(outcome.ok for outcome in outcomes):
        assert holdings.totals.value is None
        return
    won = [each for each in holdings.positions if each.instrument.currency == "KRW"]
    products = [each.instrument.product for each in won]
    derivatives = [
        each for each, product in zip(won, products, strict=True) if product and product.is_derivative
    ]
    counted = [each for each in won if each not in derivatives]
    assert holdings.totals.value == exact_sum([each.value for each in counted])
    assert holdings.totals.cost == exact_sum([each.cost for each in counted])
    assert holdings.totals.derivatives_value == exact_sum([each.value for each in derivatives])
    assert holdings.totals.cash == exact_sum([each.balance for each in holdings.cash])


@given(accounts_outcomes())
def test_sums_over_accounts_are_the_totals(outcomes):
    holdings = merged(*outcomes)
    if not outcomes or holdings.reconciliation:
        lines = holdings.reconciliation
        assert holdings.totals.value == exact_sum([line.rows_value for line in lines])
        assert holdings.totals.cost == exact_sum([line.rows_cost for line in lines])
        assert holdings.totals.cash == exact_sum([line.cash for line in lines])
        assert holdings.totals.liabilities == exact_sum([line.liabilities for line in lines])
        assert holdings.totals.net_worth == exact_sum([line.net_worth for line in lines])


@given(rows, st.data())
def test_splitting_an_account_in_two_changes_only_lots_and_accounts(held, data):
    place = data.draw(st.integers(0, len(held)))
    whole = merged(read(ACCOUNTS[0], *held, summed=summary(100, loan=7)))
    halves = merged(
        read(ACCOUNTS[0], *held[:place], summed=summary(60, loan=7)),
        read(ACCOUNTS[1], *held[place:], summed=summary(40)),
    )

    def without_lots(holdings):
        # What is alike in every number but its lots may stand in another order.
        return sorted((evolve(each, lots=()) for each in holdings.positions), key=repr)

    assert without_lots(halves) == without_lots(whole)
    assert (halves.totals, halves.foreign_totals) == (whole.totals, whole.foreign_totals)


@given(accounts_outcomes())
def test_weights_and_cash_make_the_whole(outcomes):
    holdings = merged(*outcomes)
    value, assets = holdings.totals.value, holdings.totals.assets
    weights = [each.weight for each in holdings.positions if each.weight is not None]
    parts = [each.value for each in holdings.positions if each.counts_in("KRW")]
    if value is None or assets is None or assets <= 0 or min([assets - value, *parts]) < 0:
        assert weights == []
    else:
        assert all(0 <= weight <= 1 for weight in weights)
        off = sum(weights) * assets - value
        assert abs(off) <= assets * len(weights) * Decimal("0.0000005")


@given(accounts_outcomes())
def test_a_profit_and_a_return_are_known_exactly_where_they_can_be_computed(outcomes):
    for position in merged(*outcomes).positions:
        is_fund = position.instrument.asset_class is AssetClass.FUND  # which mostly come without a quantity
        has_costs = all(
            lot.cost or lot.is_empty or (is_fund and not lot.quantity and lot.cost == lot.value == 0)
            for lot in position.lots
        )
        is_known = has_costs and position.cost is not None and position.value is not None
        assert (position.profit_loss is not None) is is_known
        is_long = all(lot.cost is None or lot.cost >= 0 for lot in position.lots)
        assert (position.return_pct is not None) is (is_known and is_long and position.cost != 0)


@given(accounts_outcomes())
def test_complete_is_what_no_failure_means(outcomes):
    holdings = merged(*outcomes)
    assert holdings.complete is (not holdings.failures) is all(outcome.ok for outcome in outcomes)
    assert len(holdings.outcomes) == len(outcomes)

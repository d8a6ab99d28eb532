"""What may be counted twice: named with account, rows, amount and why, never dropped, and rare."""

import json
from decimal import Decimal
from itertools import islice, permutations

import pytest
from attrs import evolve
from hypothesis import given

from koscom_async import AccountOutcome, DiscretionaryBalance, Doubt, EquityRow, FundRow, Holdings
from tests.merge.accounts import CYBER, NOW, STAR, account, bond, fund, held, merged, read, share, summary
from tests.merge.strategies import accounts_outcomes
from tests.wire.recorded import answer, read_balance
from tests.wire.test_discretionary import read as read_case

ETF = "KR7069500007"
SAMSUNG = "KR7005930003"


def facts(doubt):
    return doubt.kind, doubt.label, len(doubt.rows), doubt.amount, doubt.why


def sums(*rows, summed):
    """The doubts of one account and what its reconciliation says."""
    holdings = merged(read(account(), *rows, summed=summed))
    return [facts(doubt) for doubt in holdings.doubts], holdings.reconciliation[0].reason


def test_the_documents_own_examples_have_no_doubts():
    pages = [read_balance(answer(case)) for case in ("balance_all", "balance_blocks")]
    contract = read_case("discretionary_balances", answer("discretionary_balances"))
    balance = DiscretionaryBalance(account=account(CYBER), cash=contract.cash, securities=contract.items)
    outcomes = [
        *(read(account(), *page.rows, summed=page.summary) for page in pages),
        AccountOutcome(account=balance.account, balance=balance.as_balance(), as_of=NOW),
    ]
    for outcome in outcomes:
        holdings = merged(outcome)
        assert holdings.positions
        assert holdings.doubts == ()


PARTS = (
    share(SAMSUNG, 10, 700, 800, trade_type="NRM", name="삼성전자"),
    share(SAMSUNG, 5, 350, 400, trade_type="CRD"),
    share(SAMSUNG, 15, 1050, 1200, trade_type="SUM"),
)


def test_a_sum_row_beside_its_parts_is_doubtful_and_the_summary_says_which_way():
    doubts, reason = sums(*PARTS, summed=summary(0, cost=1050, value=1200, total=1200))
    why = "a row of SUM beside rows of CRD, NRM of the same instrument, whose quantities it adds up to"
    assert doubts == [("sum and parts", "삼성전자", 3, 1200, why)]
    assert reason == (
        "the broker's summary counts the doubtful rows once: without 1,200 the other rows equal it; "
        "brokers reckon summary and rows apart"
    )
    assert held(*PARTS).positions[0].quantity == 30, "nothing is dropped"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (2400, "the broker's summary counts the doubtful rows too: with them the rows equal it"),
        (2300, "the broker's summary equals the rows neither with the doubtful rows nor without them"),
        (None, "there is no sum in the broker's summary to hold the doubtful rows against"),
    ],
)
def test_the_reason_says_what_the_brokers_own_summary_confirms(value, reason):
    _, said = sums(*PARTS, summed=summary(0, value=value))
    assert said.split("; ")[0] == reason


def test_what_makes_the_rows_sum_smaller_is_no_reason_where_it_is_larger():
    more = held_against(share("A", 1, 100, 150, trade_type="SUM"), value=120)
    less = held_against(share("A", 1, 100, 150, trade_type="SUM"), value=180)
    assert more == "brokers reckon summary and rows apart"
    assert less == (
        "the broker leaves loan balances out of its rows (SUM); brokers reckon summary and rows apart"
    )


def held_against(*rows, value):
    return merged(read(account(), *rows, summed=summary(0, value=value))).reconciliation[0].reason


FOR_SALE = (share("A", 1, 10, 100, name="가"), share("B", 2, 20, 200, name="나"))


@pytest.mark.parametrize("name", ["합계", "소계", "[합 계]", "총계", "TOTAL", "Total ", "sub total"])
@pytest.mark.parametrize(
    "make",
    [
        lambda name: share(None, 3, 30, 300, name=name),
        lambda name: share("TOTAL", 3, 30, 300, name=name),
        lambda name: bond(name, 3, 30, 300),
    ],
)
def test_a_row_that_is_named_as_a_total_is_doubtful(name, make):
    doubts, reason = sums(*FOR_SALE, make(name), summed=summary(0, cost=30, value=300))
    why = "a row that is named as a total, and equals the 2 other rows"
    assert doubts == [("total row", name, 1, 300, why)]
    assert reason.startswith("the broker's summary counts the doubtful rows once: without 300 ")


def test_subtotals_and_a_total_are_each_doubtful():
    rows = (
        *FOR_SALE,
        share(None, None, 30, 300, name="소계"),
        fund("F1", "한빛", 50),
        fund(None, "소계", 50),
        bond("합계", None, None, 350),
    )
    doubts, reason = sums(*rows, summed=summary(0, value=350))
    assert [(label, amount, why.partition("equals ")[2]) for _, label, _, amount, why in doubts] == [
        ("합계", 350, "the 3 other rows"),
        ("소계", 300, "the 2 other rows"),
        ("소계", 50, "the other row"),
    ]
    assert reason.startswith("the broker's summary counts the doubtful rows once: without 700 ")


def test_a_total_that_differs_from_the_rest_is_doubtful_by_its_name_alone():
    doubts, _ = sums(*FOR_SALE, share(None, 3, 30, 299, name="합계"), summed=summary())
    assert doubts == [("total row", "합계", 1, 299, "a row that is named as a total")]


def test_a_share_that_is_called_total_is_none():
    assert held(share("FR0000120271", 1, 10, 20, name="TOTAL"), share("B", 1, 5, 20)).doubts == ()


def test_a_row_with_neither_code_nor_name_that_equals_the_others_is_doubtful():
    doubts, _ = sums(*FOR_SALE, share(None, 3, 30, 300), summed=summary())
    assert doubts == [("total row", "KSP", 1, 300, "a row without code and name equals the 2 other rows")]
    assert held(share("A", value=300), share(None, value=300)).doubts == (), "one row may well equal another"


@pytest.mark.parametrize(
    "row",
    [
        share("A", 1, 10, 20, name="가"),
        fund("F1", "한빛", 100, 90),
        fund(None, "한빛", 100, 90),
        bond("국채", 10, 100, 110),
        bond(None, 10, 100, 110),
    ],
    ids=["share", "fund", "fund without code", "bond", "bond without name"],
)
def test_the_same_row_twice_in_one_answer_is_doubtful(row):
    doubts, reason = sums(row, row, summed=summary(0, value=row.value))
    assert doubts == [("repeated row", row.name or "BOND", 2, row.value, "the same row came 2 times")]
    assert reason.startswith(f"the broker's summary counts the doubtful rows once: without {row.value} ")
    numbered = [evolve(row, raw={"seqNo": str(number)}) for number in range(3)]
    (doubt,) = held(*numbered).doubts
    assert (doubt.amount, doubt.why) == (
        2 * row.value,
        "a row that is alike in all that is read came 3 times",
    )


def test_rows_of_one_instrument_that_differ_are_held_and_not_repeated():
    rows = [
        share("A", 1, 10, 20),
        share("A", 2, 20, 40),
        share("A", 1, 10, 20, trade_type="CRD"),
        share("A", 1, 10, 20, currency="USD"),
        fund("F", "한빛", 10),
        fund("F", "한빛", 11),
        fund("G", "한빛", 10),
        share("Z", 0, 0, 0),
        share("Z", 0, 0, 0),
        bond("국채", 10, 100, 110),
        bond("국채", 10, 100, 111),
    ]
    assert held(*rows).doubts == ()


def test_the_same_row_at_two_brokers_is_no_doubt():
    holdings = merged(*(read(account(broker), *PARTS[:2], fund("F", "한빛", 5)) for broker in (CYBER, STAR)))
    assert holdings.doubts == ()
    assert holdings.positions[0].quantity == 30


def test_loans_are_left_out_of_sum_and_may_stand_beside_it():
    assert held(share("A", trade_type="LOAN"), share("A", trade_type="SUM")).doubts == ()


def test_one_code_in_the_lists_of_two_classes_is_doubtful():
    etf = share(ETF, 3, 90, 120, product="ETF", name="KODEX 200")
    doubts, reason = sums(etf, fund(ETF, "KODEX 200", 120, 90), summed=summary(0, value=120, cost=90))
    why = "the same code in the lists of two asset classes"
    assert doubts == [("two classes", "KODEX 200", 2, 120, why)]
    assert reason.startswith("the broker's summary counts the doubtful rows once: without 120 ")
    by_name, _ = sums(etf, fund("069500", "KODEX 200", 120, 90), summed=summary())
    assert by_name == [
        ("two classes", "KODEX 200", 2, 120, "the same name and value in the lists of two asset classes")
    ]
    assert held(etf, fund("069500", "KODEX 200", 121, 90)).doubts == (), "one name, two instruments"
    apart = merged(read(account(CYBER), etf), read(account(STAR), fund(ETF, "KODEX 200", 120)))
    assert apart.doubts == ()


RP = bond("수시RP", 1_000_000, 1_000_000, 1_000_000, product="RRP")


@pytest.mark.parametrize(
    ("total", "reason"),
    [
        (1_000_000, "the broker's total counts the doubtful rows as cash: it adds up without 1,000,000"),
        (2_000_000, "the broker's total counts the doubtful rows beside the cash: with both it adds up"),
        (
            1_500_000,
            "the broker's summary counts the doubtful rows once: without 1,000,000 the other rows equal it",
        ),
        (
            None,
            "the broker's summary counts the doubtful rows once: without 1,000,000 the other rows equal it",
        ),
    ],
)
def test_a_repo_of_the_amount_of_the_cash_may_be_the_cash(total, reason):
    doubts, said = sums(RP, summed=summary(1_000_000, value=0, total=total))
    why = "a row of the same amount as the account's cash"
    assert doubts == [("cash and row", "수시RP", 1, 1_000_000, why)]
    assert said.split("; ")[0] == reason


@pytest.mark.parametrize(
    "row", [fund("F", "우리MMF국공채", 1000), bond("CMA-RP형", 1, 1, 1000, product=None)]
)
def test_money_market_rows_of_the_amount_of_the_cash_may_be_the_cash(row):
    for views in ({"cash": 1000}, {"cash": 5, "d1": 1000}, {"cash": 5, "d2": 1000}):
        holdings = merged(read(account(), row, summed=summary(views.pop("cash"), **views)))
        assert [doubt.kind for doubt in holdings.doubts] == ["cash and row"], views
    assert merged(read(account(), row, summed=summary(999))).doubts == ()


def test_several_repos_that_are_the_cash_together_may_be_the_cash():
    rows = [bond("RP 1호", 1, 1, 400, product="RP"), bond("RP 2호", 1, 1, 600, product="CRP")]
    (doubt,) = merged(read(account(), *rows, summed=summary(1000))).doubts
    assert (doubt.kind, doubt.amount, len(doubt.rows)) == ("cash and row", 1000, 2)


def test_a_bond_of_the_amount_of_the_cash_is_a_bond():
    assert merged(read(account(), bond("국채", 1, 1, 1000), summed=summary(1000))).doubts == ()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (share(None, product="BOND", name="국채"), "BOND in the list of equity rows"),
        (bond("삼성전자", 1, 1, 120, product="KSP"), "KSP in the list of other rows"),
        (FundRow(code="F", value=Decimal(120), product=PARTS[0].product), "KSP in the list of fund rows"),
    ],
)
def test_a_row_in_the_list_of_another_class_is_doubtful(row, why):
    (doubt,) = held(row).doubts
    assert (doubt.kind, doubt.amount, doubt.why) == ("other class", 120, why)


@given(accounts_outcomes())
def test_doubts_do_not_depend_on_any_order_and_change_no_sum(outcomes):
    holdings = merged(*outcomes)
    turned = [
        evolve(each, balance=None if (of := each.balance) is None else turned_around(of))
        for each in reversed(outcomes)
    ]
    assert merged(*turned).doubts == holdings.doubts
    keys = [doubt.account.key for doubt in holdings.doubts]
    assert keys == sorted(keys)
    assert {lot.account.key for doubt in holdings.doubts for lot in doubt.rows} == set(keys)


def turned_around(balance):
    return evolve(
        balance, equities=balance.equities[::-1], funds=balance.funds[::-1], others=balance.others[::-1]
    )


def test_doubts_are_kept_as_json_and_shown_as_plain_data():
    holdings = held(*PARTS)
    assert Holdings.from_json(holdings.to_json()).doubts == holdings.doubts
    (plain,) = holdings.to_dicts()["doubts"]
    assert (plain["kind"], plain["label"], plain["amount"], plain["currency"]) == (
        "sum and parts",
        "삼성전자",
        "1200",
        "KRW",
    )
    assert plain["account"]["number"] == "1606…0099"
    assert [row["trade_type"] for row in plain["rows"]] == ["CRD", "NRM", "SUM"]
    assert len(json.dumps(plain)) > 0


def test_a_doubt_is_a_frozen_record():
    (doubt,) = held(*PARTS).doubts
    assert isinstance(doubt, Doubt)
    assert type(PARTS[0]) is EquityRow
    with pytest.raises(AttributeError):
        doubt.amount = Decimal(0)  # type: ignore[misc]


def test_an_account_full_of_doubtful_rows_is_read_in_time_and_shown_in_part():
    rows = [share(None, index, index, index) for index in range(1, 2_000)] * 2
    holdings = held(*rows, share(None, 1, 1, 2 * sum(range(2_000)), name="합계"))
    assert len(holdings.doubts) == 2_000
    page = holdings.to_html()
    assert page.count(" may count twice") == 20
    assert "(20 of 2,000 doubts are shown)" in page


def test_a_row_with_nothing_in_it_is_no_doubt_beside_one_of_its_code():
    empty = share("KR6020011A14", quantity=0, cost=0, value=0)
    paper = bond("국채1", 30, 20, 30)
    assert merged(read(account(), empty, evolve(paper, code="KR6020011A14"))).doubts == ()
    rows = fund("KRZ1", "한빛배당", 50), fund("KRZ2", "합계", 50)
    assert held(*rows, fund("KRZ3", "가", 0)).doubts == held(*rows).doubts != ()


def test_a_total_is_found_by_any_of_its_names():
    rows = fund("KRZ1", "한빛배당", 50), fund("KRZ2", "합계", 50), fund("KRZ2", "가", 7)
    assert [facts(each)[:2] for each in held(*rows).doubts] == [("total row", "합계")]
    assert held(*reversed(rows)).doubts == held(*rows).doubts


def test_the_order_of_rows_changes_no_doubt():
    # Two funds of one name, a bond of that name worth as much as one of them, and two more pairs that are worth the same.
    funds = [fund("KRZ1", "한빛배당", 50), fund("KRZ2", "한빛배당", 70), fund("KR7005930003", "가", 9)]
    bonds = [bond("한빛배당", 30, 20, 50), evolve(bond("나", 1, 2, 3), code="KR7005930003")]
    shares = [share("KR7005930003", 10, 700, 800), share("KR7000660001", 10, 700, 800)]
    bonds.append(evolve(bond("나", 5, 2, 3), code="KR7000660001"))
    rows = [*shares, *funds, *bonds]
    expected = merged(read(account(), *rows)).doubts
    assert [(each.kind, each.label, each.amount) for each in expected] == [
        ("two classes", "한빛배당", 50),
        ("two classes", "가", 9),
        ("two classes", "가", 3),
        ("two classes", "나", 3),
        ("two classes", "나", 3),
    ]
    for order in islice(permutations(rows), 0, 5000, 313):
        assert merged(read(account(), *order)).doubts == expected

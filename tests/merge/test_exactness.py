"""Exact whatever the caller did to the thread's decimal context."""

from decimal import ROUND_UP, Clamped, Context, Decimal, Inexact, Rounded, Subnormal, getcontext, localcontext

import pytest

from tests.merge.accounts import CYBER, DIAMOND, STAR, account, held, merged, only, read, share, summary

HOSTILE = [
    Context(prec=5),
    Context(prec=1, rounding=ROUND_UP),
    Context(prec=5, traps=[Inexact, Rounded, Subnormal, Clamped]),
    Context(prec=28, Emax=3, Emin=-3),
]


@pytest.fixture(params=HOSTILE, ids=["few digits", "one digit, up", "traps", "small exponents"])
def hostile_context(request):
    with localcontext(request.param) as context:
        yield context


@pytest.fixture
def holdings():
    return merged(
        read(account(CYBER), share(quantity="1186.123456", cost="369827563509", value="389165300498.25")),
        read(
            account(STAR), share(quantity="0.000001", cost="0.01", value="0.02"), summed=summary("6976542.99")
        ),
        read(account(DIAMOND), share("KR7000020008", 19, 181519, 201400)),
    )


def test_a_hostile_context_changes_no_digit(holdings, hostile_context):
    numbers = [
        (CYBER, "1186.123456", "369827563509", "389165300498.25", "0"),
        (STAR, "0.000001", "0.01", "0.02", "6976542.99"),
    ]
    # Text to numbers first: building a Decimal from text never rounds.
    again = merged(
        *(
            read(account(broker), share(quantity=quantity, cost=cost, value=value), summed=summary(cash))
            for broker, quantity, cost, value, cash in numbers
        ),
        read(account(DIAMOND), share("KR7000020008", 19, 181519, 201400)),
    )
    assert again.positions == holdings.positions
    assert again.totals == holdings.totals
    first = again.positions[0]
    assert str(first.quantity) == "1186.123457"
    assert str(first.cost) == "369827563509.01"
    assert str(first.value) == "389165300498.27"
    assert str(first.profit_loss) == "19337736989.26"
    assert str(first.return_pct) == "5.22"
    assert str(again.totals.net_worth) == "389172478441.26"


def test_dicts_written_under_a_hostile_context_lose_no_digit(holdings, hostile_context):
    written = holdings.to_dicts()
    assert written["positions"][0]["value"] == "389165300498.27"
    assert written["totals"]["net_worth"] == "389172478441.26"


def test_the_callers_context_is_left_as_it_was(hostile_context):
    held(share(cost=3, value=1))
    assert getcontext().prec == hostile_context.prec
    assert not any(getcontext().flags.values())


def test_amounts_at_the_edge_of_what_the_wire_lets_in_add_up_exactly():
    long = "9" * 34 + "." + "9" * 34
    position = only(
        merged(
            read(account(CYBER), share(value=long)), read(account(STAR), share(value="0." + "0" * 33 + "1"))
        )
    )
    assert str(position.value) == "1" + "0" * 34 + "." + "0" * 34


def test_the_smallest_cost_of_the_largest_value_is_still_a_percentage():
    position = only(held(share(cost="0." + "0" * 33 + "1", value="9" * 34)))
    assert position.return_pct is not None
    assert position.return_pct > Decimal(10) ** 69

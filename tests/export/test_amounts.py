"""How each kind of number is shown, by value."""

from decimal import Decimal, localcontext

import pytest

from koscom_async.export import amounts

D = Decimal


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        (D("3.69827563509E11"), "KRW", "369,827,563,509"),
        (D(0), "KRW", "0"),
        (D("-0"), "KRW", "0"),
        (D("-36364"), "KRW", "−36,364"),
        (D("1234.5"), "KRW", "1,235"),
        (D("-0.4"), "KRW", "0"),
        (D("157.0"), "KRW", "157"),
        (D("1912.4"), "USD", "USD 1,912.40"),
        (D("1912.12345"), "USD", "USD 1,912.12345"),
        (D("-0.5"), "USD", "−USD 0.50"),
        (D(1500), "JPY", "JPY 1,500"),
        (D("1500.25"), "JPY", "JPY 1,500.25"),
        (None, "KRW", "—"),
    ],
)
def test_an_amount_is_whole_won_or_foreign_money_with_its_decimals(value, currency, shown):
    assert amounts.amount(value, currency) == shown


def test_no_digit_of_a_long_amount_is_lost_whatever_the_context():
    value = D("1234567890123456789012345678901234")
    with localcontext(prec=5):
        assert amounts.amount(value) == "1,234,567,890,123,456,789,012,345,678,901,234"
        assert amounts.quantity(-value) == "−1,234,600,000,000,000,000,000,000,000,000,000"  # negated above
        assert amounts.change(value.copy_negate(), "USD").endswith("901,234.00")


@pytest.mark.parametrize(
    ("value", "shown"), [(D(5), "+5"), (D(-5), "−5"), (D(0), "0"), (D("0.3"), "0"), (None, "—")]
)
def test_a_gain_and_a_loss_are_told_by_their_sign(value, shown):
    assert amounts.change(value) == shown


@pytest.mark.parametrize(
    ("value", "currency", "plain", "changed"),
    [
        (D(1000), "KRW", "₩1,000", "+₩1,000"),
        (D(-1000), "KRW", "−₩1,000", "−₩1,000"),
        (D("12.5"), "USD", "USD 12.50", "+USD 12.50"),
        (None, "KRW", "—", "—"),
    ],
)
def test_money_names_its_currency(value, currency, plain, changed):
    assert (amounts.money(value, currency), amounts.money_change(value, currency)) == (plain, changed)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(D("1.0E10"), "10,000,000,000"), (D("157.0"), "157"), (D("0.125"), "0.125"), (D(0), "0"), (None, "—")],
)
def test_a_quantity_has_the_decimals_that_it_has(value, shown):
    assert amounts.quantity(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (D("22.73"), "+22.73%"),
        (D("-12.9"), "−12.90%"),
        (D("0.00"), "0.00%"),
        (D("12345.6"), "+12,345.60%"),
        (None, "—"),
    ],
)
def test_a_return_is_a_percentage_with_a_sign(value, shown):
    assert amounts.percent(value) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (D("0.383234"), "38.3%"),
        (D("0.0005"), "0.1%"),
        (D("0.000499"), "<0.1%"),
        (D(0), "0.0%"),
        (D(1), "100.0%"),
        (None, "—"),
    ],
)
def test_a_small_weight_is_not_shown_as_nothing(share, shown):
    assert amounts.weight(share) == shown

"""Minor units are currencies of their own, and a rate is used only where something proves for how many units it is."""

from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from koscom_async import AccountOutcome, AssetClass
from koscom_async.export.notes import notes
from koscom_async.models.codes import InstrumentCode
from koscom_async.models.currencies import MINOR_UNITS, currency_of, units_by_deposits, units_of
from koscom_async.models.discretionary.balance import DiscretionaryBalance, DiscretionaryRow
from tests.merge.accounts import CYBER, NOW, STAR, account, held, merged, only, read, share


def foreign(currency, value, rate=None, *, code="JP3633400001", rate_units=None):
    row = share(code, 1, value, value, currency=currency)
    return evolve(row, rate=None if rate is None else Decimal(rate), rate_units=rate_units)


def test_pence_and_pounds_are_never_added():
    holdings = merged(
        read(account(STAR), foreign("GBp", 24_300, code="GB0002374006")),
        read(account(CYBER), foreign("GBP", 243, code="GB0002374006")),
    )
    assert [(each.instrument.currency, each.value) for each in holdings.positions] == [
        ("GBP", 243),
        ("GBp", 24_300),
    ]
    assert [(each.currency, each.value) for each in holdings.foreign_totals] == [
        ("GBP", 243),
        ("GBp", 24_300),
    ]


SPELLINGS = {
    **{minor: minor for minor in MINOR_UNITS},
    "krw": "KRW",
    "Usd": "USD",
    "gbp": "GBP",
    "Gbp": "GBP",
    "gbx": "GBX",
    "ZAC": "ZAc",
    "zac": "ZAc",
    "ila": "ILA",
    "ils": "ILS",
    "JPY(100)": "JPY",
    "jpy (100)": "JPY",
    "JPY100": "JPY",
    "JPY/100": "JPY",
    "100JPY": "JPY",
    "100 vnd": "VND",
    "JPY（100）": "JPY",
    "JPY(1000)": "JPY(1000)",
    "원": "원",
}


def test_codes_are_compared_without_case_but_for_minor_units():
    for code, currency in SPELLINGS.items():
        assert currency_of(code) == currency, code


RATES = {
    ("JPY", "905.12"): 100,
    ("JPY", "9.0512"): 1,
    ("JPY", "90.5"): None,
    ("JPY", "90512"): None,
    ("VND", "5.43"): 100,
    ("VND", "0.0543"): 1,
    ("IDR", "8.71"): 100,
    ("IDR", "0.0871"): 1,
    ("USD", "1388.6"): 1,
    ("USD", "13.886"): None,
    ("GBp", "17.55"): 1,
    ("GBp", "1755.2"): 100,
    ("GBp", "175"): None,
    ("KWF", "4.5"): 1,
    ("KWF", "4500"): 1000,
    ("XAU", "905.12"): None,
    ("JPY", "0"): None,
    ("JPY", "-9.05"): None,
}


def test_the_order_of_magnitude_proves_for_how_many_units_a_rate_is():
    for (currency, rate), units in RATES.items():
        assert units_of(currency, Decimal(rate)) == units, (currency, rate)


def test_yen_at_a_rate_for_a_hundred_are_worth_what_they_are_worth():
    holdings = held(foreign("JPY", 280_000, "905.12"))
    position = only(holdings)
    assert position.value_in_won == holdings.totals.value_in_won == Decimal(2_534_336)
    (lot,) = position.lots
    assert (lot.rate, lot.rate_units) == (Decimal("905.12"), 100)
    assert "value in KRW: 280,000 * 905.12 / 100 = 2,534,336" in str(holdings.explain(position))


@pytest.mark.parametrize(("currency", "rate"), [("JPY", "90.5"), ("XAU", "905.12"), ("USD", "13.886")])
def test_a_rate_that_nothing_proves_is_not_used_and_named(currency, rate):
    holdings = held(foreign(currency, 280_000, rate))
    position = only(holdings)
    assert (position.value, position.value_in_won, holdings.totals.value_in_won) == (280_000, None, None)
    assert position.lots[0].rate_units is None
    (note,) = (each for each in notes(holdings) if "nothing proves" in each)
    assert note == (
        f"JP3633400001 has no value in KRW: 스타 증권 1606…0099 gives a rate of {rate}, "
        f"and nothing proves for how many {currency} it is"
    )


def test_deposits_in_both_currencies_prove_a_rate():
    assert units_by_deposits(Decimal("905.12"), Decimal(1000), Decimal(9051)) == 100
    assert units_by_deposits(Decimal("9.0512"), Decimal(1000), Decimal(9200)) == 1
    assert units_by_deposits(Decimal("905.12"), Decimal(1000), Decimal(5_000_000)) is None, "another deposit"
    for absent in (None, Decimal(0)):
        assert units_by_deposits(Decimal("905.12"), absent, Decimal(9051)) is None
        assert units_by_deposits(Decimal("905.12"), Decimal(1000), absent) is None
    # A currency of which no usual rate is known, and one whose usual rates contradict the deposits.
    assert only(held(foreign("XAU", 200, "905.12", rate_units=100))).value_in_won == Decimal("1810.24")
    assert only(held(foreign("JPY", 200, "905.12", rate_units=1))).value_in_won is None


def test_a_second_rate_of_the_currency_proves_the_first():
    holdings = merged(
        read(account(STAR), foreign("XAU", 200, "905.12"), foreign("XAU", 100, "901.5", code="JP3436100006")),
        read(account(CYBER), foreign("XAU", 1000, "9.02", code="JP3866800000")),
    )
    in_won = {each.instrument.code: each.value_in_won for each in holdings.positions}
    assert in_won == {
        "JP3633400001": Decimal("1810.24"),
        "JP3436100006": Decimal("901.5"),
        "JP3866800000": Decimal(9020),
    }
    assert {lot.rate_units for each in holdings.positions for lot in each.lots} == {1, 100}


def test_a_second_rate_that_is_much_the_same_proves_nothing():
    holdings = held(foreign("XAU", 200, "905.12"), foreign("XAU", 100, "901.5", code="JP3436100006"))
    assert [each.value_in_won for each in holdings.positions] == [None, None]


usual = st.decimals(min_value=4, max_value=30, places=4)


@given(usual, st.integers(0, 10**12))
def test_a_rate_for_a_hundred_gives_what_the_same_rate_for_one_does(rate, value):
    once, hundred = (only(held(foreign("JPY", value, str(each)))) for each in (rate, rate * 100))
    assert once.value_in_won == hundred.value_in_won == value * rate


def contract_row(currency, rate, **deposits):
    return DiscretionaryRow(
        asset_class=AssetClass.EQUITY,
        currency=currency,
        value=Decimal(200),
        rate=Decimal(rate),
        codes=(InstrumentCode(code="JP3633400001"),),
        **{name: Decimal(amount) for name, amount in deposits.items()},
    )


def test_a_contract_accounts_deposits_prove_the_rate_of_its_rows():
    for currency, rate, deposits, expected in (
        ("XAU", "905.12", {"foreign_deposit": 1000, "won_deposit": 9051}, "1810.24"),
        ("XAU", "905.12", {"foreign_deposit": 1000, "won_deposit": 905_120}, "181024"),
        ("XAU", "905.12", {"foreign_deposit": 0, "won_deposit": 0}, None),
        ("JPY", "905.12", {}, "1810.24"),
    ):
        contract = DiscretionaryBalance(
            account=account(), securities=(contract_row(currency, rate, **deposits),)
        )
        outcome = AccountOutcome(account=account(), balance=contract.as_balance(), as_of=NOW)
        in_won = only(merged(outcome)).value_in_won
        assert in_won == (None if expected is None else Decimal(expected)), (currency, deposits)

"""Single values: every spelling that the platform has, exactly; and nothing else."""

from datetime import date
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async._wire.values import (
    MAX_DIGITS,
    ScalarError,
    is_absent,
    read_count,
    read_date,
    read_number,
    read_text,
)
from tests.loops import each
from tests.wire.recorded import ABSENT_VALUES

READERS = (read_number, read_count, read_text, read_date)


@each("reader", READERS)
@each("absent", ABSENT_VALUES)
def test_each_spelling_of_absent_reads_as_none(reader, absent) -> None:  # type: ignore[no-untyped-def]
    assert is_absent(absent)
    assert reader(absent) is None


@pytest.mark.parametrize("value", [Decimal(0), "0", "nothing", "nul", False, [], {}])
def test_what_only_looks_empty_is_not_absent(value: object) -> None:
    assert not is_absent(value)


# The documents' own spellings come first. What is left of the arrow is on the wire.
NUMBERS: list[tuple[object, str]] = [
    (Decimal("157.0"), "157"),
    (Decimal(0), "0"),
    ("0", "0"),
    (Decimal("3.69827563509E11"), "369827563509"),
    ("3.69827563509E11", "369827563509"),
    (Decimal("1.0E10"), "10000000000"),
    (Decimal("9.816358E7"), "98163580"),
    (Decimal("-36364.0"), "-36364"),
    (Decimal("-12.9"), "-12.9"),
    ("-12.90", "-12.9"),
    (" 5 ", "5"),
    ("\t5\n", "5"),
    ("+5", "5"),
    ("007", "7"),
    ("5.", "5"),
    (".5", "0.5"),
    ("1e3", "1000"),
    ("1E+3", "1000"),
    ("15E-1", "1.5"),
    (Decimal("-0.0"), "0"),
    ("-0", "0"),
    ("0E999", "0"),
    (Decimal("0E-999999"), "0"),
    ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
    ("9" * MAX_DIGITS, "9" * MAX_DIGITS),
    (Decimal("12345678901234567890.12345678901234567890"), "12345678901234567890.1234567890123456789"),
]


@each(("spelling", "plain"), NUMBERS)
def test_a_number_comes_out_exact_and_without_exponent(spelling: object, plain: str) -> None:
    number = read_number(spelling)
    assert number is not None
    assert str(number) == plain
    assert number == Decimal(plain)


def test_a_number_is_exact_whatever_the_threads_own_decimal_context() -> None:
    with localcontext() as context:
        context.prec = 3
        assert str(read_number("369827563509.25")) == "369827563509.25"


NO_NUMBERS = [
    True,
    False,
    1.5,
    7,
    "1,234",
    "abc",
    "１２",
    "٣",
    "1_000",
    "NaN",
    "Infinity",
    "-Infinity",
    "sNaN",
    Decimal("NaN"),
    Decimal("Infinity"),
    "1E999999",
    "1E9999",
    Decimal("1E999999"),
    Decimal("1E-999999"),
    "9" * 5000,
    Decimal("9" * 5000),
    "0." + "1" * 5000,
    "1 2",
    "--1",
    "1e",
    "e5",
    ".",
    "0x10",
    "₩5",
    "5원",
    [Decimal(5)],
    {"value": Decimal(5)},
]


@each("value", NO_NUMBERS)
@each("reader", [read_number, read_count])
def test_what_is_no_number_is_refused(reader, value: object) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScalarError, match="expected"):
        reader(value)


def test_a_refusal_tells_the_kind_of_value_and_never_the_value() -> None:
    with pytest.raises(ScalarError) as caught:
        read_number("김가람의 계좌")
    assert str(caught.value) == "expected a number, got text of 7 characters"


@pytest.mark.parametrize(
    ("spelling", "count"),
    [(Decimal("157.0"), 157), (Decimal(0), 0), ("0", 0), ("157", 157), ("1.0E2", 100), (" 3 ", 3)],
)
def test_a_count_is_a_whole_number(spelling: object, count: int) -> None:
    assert read_count(spelling) == count


@pytest.mark.parametrize("spelling", [Decimal(-1), "-1", Decimal("1.5"), "0.1"])
def test_a_count_below_zero_or_broken_is_refused(spelling: object) -> None:
    with pytest.raises(ScalarError, match="number of rows"):
        read_count(spelling)


@pytest.mark.parametrize(
    ("spelling", "text"),
    [
        (" ID00002", "ID00002"),
        ("  삼성 중소형 ", "삼성 중소형"),
        (Decimal("200.0"), "200"),
        (Decimal(200), "200"),
        (Decimal(160678007213500001), "160678007213500001"),
        (Decimal("1.60678007213500001E17"), "160678007213500001"),
        ("nullable", "nullable"),
    ],
)
def test_text_comes_without_the_spaces_around_it_and_a_number_as_its_digits(
    spelling: object, text: str
) -> None:
    assert read_text(spelling) == text


@pytest.mark.parametrize("value", [True, [], {}, ["a"], "\ud800", "a\udfff", 3, 1.5])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(ScalarError, match="expected text"):
        read_text(value)


@pytest.mark.parametrize(
    ("spelling", "day"),
    [
        ("20160112", date(2016, 1, 12)),
        ("2016-01-12", date(2016, 1, 12)),
        (" 20160112 ", date(2016, 1, 12)),
        (Decimal(20160112), date(2016, 1, 12)),
        ("20160229", date(2016, 2, 29)),
        ("00000000", None),
        ("99999999", None),
        ("9999-99-99", None),
        ("0000-00-00", None),
        (" 00000000", None),
    ],
)
def test_a_date_is_a_day_or_one_of_the_spellings_of_no_date(spelling: object, day: date | None) -> None:
    assert read_date(spelling) == day


@pytest.mark.parametrize(
    "value",
    [
        "20160230",
        "20161301",
        "2016",
        "160112",
        "201601120",
        "2016/01/12",
        "12-01-2016",
        "２０１６０１１２",
        "soon",
        True,
        [],
    ],
)
def test_what_is_no_date_is_refused(value: object) -> None:
    with pytest.raises(ScalarError):
        read_date(value)


amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6)


@given(amount=amounts, spell=st.sampled_from(["{:f}", "{:E}", "{:e}", " {:f} ", "{:f}000", "{:.26E}"]))
def test_an_amount_survives_any_spelling(amount: Decimal, spell: str) -> None:
    as_text = spell.format(amount)
    assert read_number(as_text) == amount
    as_number = read_number(Decimal(as_text.strip()))
    assert as_number == amount
    assert "E" not in str(as_number)


any_text = st.text(alphabet=st.characters(exclude_categories=()))  # lone surrogates included


@given(value=any_text | amounts | st.none() | st.booleans() | st.lists(st.none()))
def test_text_that_is_returned_can_be_encoded(value: object) -> None:
    try:
        text = read_text(value)
    except ScalarError:
        text = None
    assert text is None or text.encode().decode() == text


@given(value=any_text | st.from_regex(r"[-+0-9.eE _,]{1,12}"))
def test_a_scalar_reader_returns_its_own_kind_or_refuses(value: str) -> None:
    kinds = {read_number: Decimal, read_count: int, read_text: str, read_date: date}
    for reader, kind in kinds.items():
        try:
            result = reader(value)
        except ScalarError:
            continue
        assert result is None or isinstance(result, kind)

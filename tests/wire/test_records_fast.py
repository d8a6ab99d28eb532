"""The fast way is only fast: it reads what the careful way reads, and leaves every row that is not plain to it."""

import copy
import json
import pickle
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async._cooperative import SLICE_ODD_ROWS, SLICE_ROWS, run_now
from koscom_async._wire.json import fast
from koscom_async._wire.json.core import read_json
from koscom_async._wire.records import fast as fast_records
from koscom_async._wire.records.converter import names_of, read_record
from koscom_async._wire.records.fast import generated, read_row, read_row_list
from koscom_async._wire.records.field_table import RECORDS
from koscom_async._wire.values import read_number
from koscom_async.brokers import find_broker
from koscom_async.errors import MalformedResponseError
from koscom_async.models import currencies
from koscom_async.models.account import EquityRow, FundRow
from koscom_async.models.codes import AssetClass, Measure
from koscom_async.models.discretionary import balance
from koscom_async.models.discretionary.account import DiscretionaryAccount
from koscom_async.models.discretionary.balance import DiscretionaryCash
from koscom_async.models.portfolio import PortfolioEquity
from tests.loops import each

KINDS = RECORDS

# What a row does not say itself, and a record cannot do without.
GIVEN = {"asset_class": AssetClass.EQUITY, "broker": find_broker(short_name="star"), "number": "1"}


def given_to(kind):
    names = {each.name for each in attrs.fields(kind)} - set(names_of(kind))
    return {name: value for name, value in GIVEN.items() if name in names}


def keys_of(kind):
    return sorted({spelling for names in names_of(kind).values() for spelling in names} | {"x"})


TEXTS = (
    "",
    "null",
    " ",
    "KSP",
    "BOND",
    "ZZZ",
    "SUM",
    "20160112",
    "00000000",
    "20161340",
    "삼성",
    " padded ",
    "5",
    "1",
    "BID",
    "20160112093015",
    "2016011209301512",
    "00000000000000",
)
OTHERS = (
    None,
    "null ",
    ["A", " ", "B "],
    {"a": 1},
    "3.4E5",
    "USD",
    "KRW",
    True,
    [],
    {},
    [1],
    0,
    7,
    -12.9,
    245400.0,
    1.0e10,
    1e300,
    "\ud800",
)
values = st.sampled_from((*TEXTS, *OTHERS))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_it_reads_what_the_careful_way_reads_or_nothing(kind, data):
    row = data.draw(st.dictionaries(st.sampled_from(keys_of(kind)), values, min_size=1))
    block = read_json(json.dumps(row).encode())
    fast_one = generated(kind)(block, **given_to(kind))
    if fast_one is None:
        return
    careful = read_record(kind, block, "row", **given_to(kind))
    assert fast_one == careful
    assert repr(fast_one) == repr(careful)
    assert type(fast_one) is kind
    if hasattr(kind, "raw"):
        assert fast_one.raw is block


@each("kind", KINDS)
def test_a_row_of_any_kind_may_take_the_fast_way(kind):
    """Each field in a plain spelling: a number, or else a text that its type takes."""
    block = {}
    for attribute, spellings in names_of(kind).items():
        annotation = str(attrs.fields_dict(kind)[attribute].type)
        block[spellings[0]] = (
            Decimal("1.50")
            if "Decimal" in annotation
            else "20160112093015" if "datetime.datetime" in annotation
            else "20160112" if "date" in annotation
            else None if "codes." in annotation
            else "text"
        )  # fmt: skip
    fast_one = generated(kind)(block, **given_to(kind))
    assert fast_one is not None
    assert fast_one == read_record(kind, block, "row", **given_to(kind))


@each("kind", KINDS)
def test_no_record_has_a_validator_or_a_converter_that_the_fast_way_would_pass_by(kind):
    assert [each.name for each in attrs.fields(kind) if each.validator or each.converter] == []


@each("kind", KINDS)
def test_a_fast_record_can_be_pickled_copied_and_evolved(kind):
    row = {"accNo": "1"} if kind is DiscretionaryAccount else {"x": "y"}
    record = generated(kind)(row, **given_to(kind))
    assert pickle.loads(pickle.dumps(record)) == record  # noqa: S301  # our own
    assert copy.deepcopy(record) == record
    assert attrs.evolve(record) == record


def test_what_a_record_cannot_do_without_must_be_in_its_row():
    assert generated(DiscretionaryAccount)({"accName": "홍길동"}, broker=GIVEN["broker"]) is None


def test_what_a_row_does_not_say_is_given_to_its_record():
    fast_one = generated(PortfolioEquity)({"qty": Decimal("12.50")}, measure=Measure.SHARE)
    assert (fast_one.measure, str(fast_one.share)) == (Measure.SHARE, "12.5")
    with pytest.raises(TypeError, match="broker"):
        generated(DiscretionaryAccount)({"accNo": "1"})


def test_rows_of_a_list_are_read_whichever_way_they_need_and_named_by_their_place():
    rows = [{"qty": Decimal("1.0")}, {}, None, {"qty": " 2 "}, {"assetType": "ZZZ"}]
    records = run_now(read_row_list(EquityRow, rows, "list"))
    assert [record.quantity for record in records] == [1, 2, None]
    assert records[2].product == "ZZZ"
    with pytest.raises(MalformedResponseError, match=r"list\[4\]\.qty: expected a number"):
        run_now(read_row_list(EquityRow, [*rows[:4], {"qty": "many"}], "list"))
    with pytest.raises(MalformedResponseError, match=r"list\[0\]: expected an object"):
        run_now(read_row_list(EquityRow, ["row"], "list"))
    assert run_now(read_row_list(EquityRow, {"qty": Decimal(3)}, "list")) == [EquityRow(quantity=Decimal(3))]
    assert run_now(read_row_list(EquityRow, "null", "list")) == []


@pytest.mark.parametrize(("rows", "stops"), [(0, 0), (1, 1), (SLICE_ROWS, 1), (10 * SLICE_ROWS, 10)])
def test_no_more_than_a_slice_of_rows_is_read_between_two_stops(rows, stops):
    assert len(list(read_row_list(EquityRow, [{"qty": Decimal(1)}] * rows, "list"))) == stops


@pytest.mark.parametrize(
    ("number", "text"),
    [("245400.0", "245400"), ("-12.90", "-12.9"), ("-0.0", "0"), ("1.0E10", "10000000000"), ("-0", "0"), ("0.50E-5", "0.000005"),
     ("1" * 34 + ".10", "1" * 34 + ".1"), ("1E34", "1" + "0" * 34)],
)  # fmt: skip
def test_numbers_are_plain_in_a_record_and_as_sent_in_its_raw_row(number, text):
    for read in (read_json, fast.read_json):
        row = read(f'{{"qty": {number}}}'.encode())
        record = read_row(EquityRow, row, "row")
        assert str(record.quantity) == str(read_number(Decimal(number)))
        assert f"{record.quantity:f}" == text
        assert record.raw["qty"] == Decimal(number)


@pytest.mark.parametrize(
    "row",
    [
        {
            "isinCode": "HK0000050325",
            "qty": 120.0,
            "tradeType": "SUM",
            "valAtCur": 245400.0,
            "earningRate": -12.9,
        },
        {"isinCode": "", "productName": "null", "assetType": None, "unknown": {"a": [1]}},
        {"valueAtCur": 1},
        {"crcyCode": "usd"},
    ],
    ids=["the documents' row", "absent", "the other spelling", "a currency"],
)
def test_a_plain_row_takes_the_fast_way(row):
    block = read_json(json.dumps(row).encode())
    assert generated(EquityRow)(block) == read_record(EquityRow, block, "row")


@pytest.mark.parametrize(
    "row",
    [
        {"productName": " 삼성전자"},
        {"qty": "120"},
        {"qty": True},
        {"assetType": "ZZZ"},
        {"assetType": ["KSP"]},
        {"valAtCur": 1, "valueAtCur": 1},
        {"productName": "\ud800"},
        {"valAtCur": 1e300},
    ],
    ids=str,
)
def test_what_is_not_plain_is_left_to_the_careful_way(row):
    assert generated(EquityRow)(read_json(json.dumps(row).encode())) is None


def test_the_fast_way_never_lets_pass_what_the_careful_way_refuses():
    block = read_json(b'{"valAtCur": 1E999}')
    assert generated(EquityRow)(block) is None
    with pytest.raises(MalformedResponseError, match="valAtCur"):
        read_record(EquityRow, block, "row")


def test_a_fast_record_is_as_frozen_as_any():
    record = generated(EquityRow)({"qty": Decimal(1)})
    with pytest.raises(AttributeError):
        record.quantity = Decimal(2)


def test_a_code_that_was_read_once_is_one_text_in_every_record_and_what_is_kept_of_codes_is_bounded():
    read = generated(EquityRow)
    first, again = (read({"isinCode": "KR7005930003 ".strip()}) for _ in range(2))
    assert first is not None
    assert again is not None
    assert (first.code, first.code is again.code) == ("KR7005930003", True)
    long = "A1" * 100
    for code in (long, "kr7005930003", " KR7005930003 ", *(f"Z{number:09d}1" for number in range(2**15))):
        row = read({"isinCode": code})
        assert row is not None
        assert row.code == code.strip().upper()
    assert len(fast_records._known_codes) <= 2**15
    assert max(map(len, fast_records._known_codes)) <= 12


def test_a_text_much_longer_than_any_code_is_none_and_stays_reachable():
    row = read_row(EquityRow, {"isinCode": "A1" * 5000}, "row")
    assert (row.code, row.raw) == (None, {"isinCode": "A1" * 5000})


def test_long_texts_are_not_kept_in_memory():
    caches = [fast_records._day, currencies._currency_of, balance._cut_code]
    read_row(FundRow, {"qty": Decimal(1)}, "row")
    before = [cached.cache_info().currsize for cached in caches]
    for kind, name in ((FundRow, "maturity"), (FundRow, "crcyCode"), (DiscretionaryCash, "crcyCode")):
        for filler in ("0", "-", "K"):
            row = read_row(kind, {name: "KRW" + filler * 500, "x": 1}, "row", {})
            assert row is not None
            if kind is DiscretionaryCash:
                assert row.currency
    assert [cached.cache_info().currsize for cached in caches] == before


def test_rows_that_are_spelled_oddly_are_fewer_in_a_step():
    row = {"assetType": "KSP", "isinCode": " KR7005930003", "qty": "1"}
    for odd, stops in ((0, 1), (SLICE_ODD_ROWS, 2), (SLICE_ROWS, 1 + SLICE_ROWS // SLICE_ODD_ROWS)):
        rows = [row] * odd + [row | {"isinCode": "KR7005930003", "qty": Decimal(1)}] * (SLICE_ROWS - odd)
        steps = read_row_list(EquityRow, rows, "equityList")
        assert len(list(steps)) == stops
        assert len(run_now(read_row_list(EquityRow, rows, "equityList"))) == SLICE_ROWS

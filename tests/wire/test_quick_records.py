"""The quick way is only quick: what it reads is what the careful way reads, and what is not plain it leaves to it."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async._wire.exact_json import read_json
from koscom_async._wire.quick_records import generated
from koscom_async._wire.records import WIRE_NAMES, read_record
from koscom_async.errors import MalformedResponseError
from koscom_async.models.account import EquityRow, FundRow, OtherRow

KINDS = (EquityRow, FundRow, OtherRow)
QUICK = {kind: generated(kind) for kind in KINDS}
KEYS = sorted(
    {spelling for kind in KINDS for names in WIRE_NAMES[kind].values() for spelling in names} | {"x"}
)

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
)
OTHERS = (None, "3.4E5", "USD", "KRW", True, [], {}, [1], 0, 7, -12.9, 245400.0, 1.0e10, 1e300, "\ud800")
values = st.sampled_from((*TEXTS, *OTHERS))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(row=st.dictionaries(st.sampled_from(KEYS), values, min_size=1))
def test_it_reads_what_the_careful_way_reads_or_nothing(kind, row):
    block = read_json(json.dumps(row).encode())
    quick = QUICK[kind](block)
    if quick is None:
        return
    assert quick == read_record(kind, block, "row")
    assert quick.raw is block


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
def test_a_plain_row_takes_the_quick_way(row):
    block = read_json(json.dumps(row).encode())
    assert QUICK[EquityRow](block) == read_record(EquityRow, block, "row")


@pytest.mark.parametrize(
    "row",
    [
        {"isinCode": " KR7000020008"},
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
    assert QUICK[EquityRow](read_json(json.dumps(row).encode())) is None


def test_the_quick_way_never_lets_pass_what_the_careful_way_refuses():
    block = read_json(b'{"valAtCur": 1E999}')
    assert QUICK[EquityRow](block) is None
    with pytest.raises(MalformedResponseError, match="valAtCur"):
        read_record(EquityRow, block, "row")


def test_a_quick_record_is_as_frozen_as_any():
    record = QUICK[EquityRow]({"qty": Decimal(1)})
    with pytest.raises(AttributeError):
        record.quantity = Decimal(2)

"""Instruments' codes as they are read: in capitals, and absent where a placeholder stands for one."""

import json
import string

from hypothesis import given
from hypothesis import strategies as st
from stdnum.isin import calc_check_digit

from koscom_async import (
    EquityRow,
    FundRow,
    InstrumentCode,
    OtherRow,
    PortfolioEquity,
    PortfolioFund,
    PortfolioOther,
    Transaction,
    WatchGroup,
)
from koscom_async._wire.account import sent_symbols
from koscom_async._wire.json.core import read_json
from koscom_async._wire.records.converter import names_of, read_record
from koscom_async._wire.records.fast import read_row
from tests.loops import each

CODED = (
    EquityRow,
    FundRow,
    OtherRow,
    PortfolioEquity,
    PortfolioFund,
    PortfolioOther,
    Transaction,
    InstrumentCode,
)

PLACEHOLDERS = [
    "000000000000", "0", "000000", "A000000", "KR0000000000", "KR0000000009", "999999999999", "XXXXXXXXXXXX",
    "-", "--", "---", ".", "***", "_", "NULL", "null", "None", "N/A", "n/a", "NA", "NaN", "nil", "unknown",
    "없음", "해당없음", "01", "A", "A1", "1-", " 01 ", "\uff10\uff10\uff10\uff10", 0, 1, 10, 0.0,
]  # fmt: skip

CODES = {
    "KR7005930003": "KR7005930003",
    "kr7005930003": "KR7005930003",
    " Kr7005930003 ": "KR7005930003",
    "\uff2b\uff327005930003": "KR7005930003",
    "KR7006400000": "KR7006400000",
    "a005930": "A005930",
    "005930": "005930",
    "000020": "000020",
    "KRZ1": "KRZ1",
    "IBM": "IBM",
    "cash": "CASH",
}

each_way = each("read", [read_row, read_record])


def row_of(kind: type, code: object) -> dict[str, object]:
    """A row with just that code, as the JSON readers give it."""
    document = read_json(json.dumps({names_of(kind)["code"][0]: code}).encode())
    assert isinstance(document, dict)
    return document


@each_way
@each("kind", CODED)
@each("placeholder", PLACEHOLDERS)
def test_a_placeholder_is_no_code_and_stays_in_what_came(read, kind, placeholder):
    row = row_of(kind, placeholder)
    record = read(kind, row, "row")
    assert record.code is None
    assert getattr(record, "raw", row) == row


@each_way
@each("kind", CODED)
@each("sent, code", CODES.items())
def test_a_code_is_read_in_capitals_and_stays_in_what_came(read, kind, sent, code):
    row = row_of(kind, sent)
    record = read(kind, row, "row")
    assert record.code == code
    assert getattr(record, "raw", row) == row


@each_way
def test_a_watchlist_has_its_codes_in_capitals_and_no_placeholders(read):
    row = {"isinCode": ["kr7005930003", "-", "000000000000", None, "A005930", "null", "f"]}
    group = read(WatchGroup, row, "row")
    assert group.symbols == ("KR7005930003", "A005930", "F")
    assert sent_symbols(group) == ("kr7005930003", "-", "000000000000", "A005930", "f")


bodies = st.text(string.ascii_uppercase, min_size=2, max_size=2).flatmap(
    lambda country: st.text(string.ascii_uppercase + string.digits, min_size=9, max_size=9).map(
        lambda rest: country + rest
    )
)


@given(bodies.filter(lambda body: body[2:].strip("0")), st.booleans())
def test_every_standard_code_is_a_code_in_both_ways_whatever_its_case(body, is_lower):
    code = body + calc_check_digit(body)
    row = row_of(EquityRow, code.lower() if is_lower else code)
    assert read_row(EquityRow, row, "row").code == read_record(EquityRow, row, "row").code == code


@given(st.text(max_size=14))
def test_both_ways_read_any_text_as_the_same_code(text):
    row = {"isinCode": text}
    assert read_row(EquityRow, row, "row").code == read_record(EquityRow, row, "row").code

"""Which kinds of code identify an instrument, and which of several codes is the best."""

from koscom_async import AssetClass, DiscretionaryRow, InstrumentCode
from koscom_async._identifiers import is_isin, is_placeholder
from koscom_async.models.codes import token_of
from tests.loops import each

SAMSUNG, HYNIX = "KR7005930003", "KR7000660001"
EQUITY, FUND = AssetClass.EQUITY, AssetClass.FUND


def test_an_isin_is_one_by_its_form_and_check_digit():
    assert [is_isin(code) for code in (SAMSUNG, "KR7005930004", "KR7-00593-0003", "A005930", "")] == [
        True, False, False, False, False,
    ]  # fmt: skip


@each(
    "kind",
    ["상품코드", "축약영문", "종목명", " 상품 코드 ", "한글종목명", "거래소코드", "펀드상품코드", "SECTOR"],
)
@each("code", ["A005930", SAMSUNG])
def test_a_code_of_a_kind_that_does_not_identify_joins_nothing(kind, code):
    assert token_of(code, kind, EQUITY) is None


@each("kind", ["표준코드", "ISIN", "isin", "국제표준코드", "단축코드", "펀드코드", "축약코드", None])
def test_what_checks_as_an_isin_is_one_whatever_its_identifying_kind(kind):
    assert token_of(SAMSUNG, kind, EQUITY) == token_of(SAMSUNG, None, FUND)


@each("first, second", [("단축코드", None), ("단축코드", "표준코드"), ("펀드코드", "단축코드")])
def test_the_same_text_of_two_kinds_is_two_codes(first, second):
    assert token_of("A005930", first, EQUITY) != token_of("A005930", second, EQUITY)


def test_a_fund_services_code_is_its_fund_code():
    assert token_of("K55101", None, FUND) == token_of("K55101", "펀드코드", FUND)


def code_of(*codes, asset_class=EQUITY):
    row = DiscretionaryRow(
        asset_class=asset_class, codes=tuple(InstrumentCode(kind=kind, code=code) for kind, code in codes)
    )
    return row.code


def test_a_row_is_called_by_the_code_that_identifies_best():
    assert code_of(("상품코드", "P123"), ("단축코드", "A005930"), ("표준코드", SAMSUNG)) == SAMSUNG
    assert code_of(("단축코드", "A005930"), ("표준코드", "A05930")) == "A05930"
    assert code_of(("단축코드", "A005930"), ("펀드코드", "K55101")) == "K55101"
    assert code_of(("상품코드", "P123"), ("단축코드", "A005930")) == "A005930"
    assert code_of(("상품코드", "P123")) == "P123"
    assert code_of() is None


def test_a_korean_name_is_none_of_the_words_that_stand_for_no_name():
    for text in ("없음", "해당 없음", "- 미정 -", "(미상)", "해당없음.", "00000", "N/A"):
        assert is_placeholder(text), text
    for text in ("국민주택1종", "미정산주식", "당해", "상", "없음증권", "0000국채", "해당없음아님"):
        assert not is_placeholder(text), text

"""Rows and summaries as records: every field in every spelling of absent, every variant of a name."""

from datetime import date
from decimal import Decimal
from typing import Any

import attrs
import pytest

from koscom_async._wire.records.converter import read_record
from koscom_async.errors import MalformedResponseError
from koscom_async.models.account import BalanceSummary, EquityRow, FundRow, OtherRow
from koscom_async.models.codes import Product, TradeType
from tests.loops import each
from tests.wire.recorded import each_absent, with_value

# A full block of each kind by the documents' field tables, each wire field with the attribute that it fills.
SUMMARY: dict[str, tuple[str, Any, Any]] = {
    "cashBalance": ("cash", "1.0E1", Decimal(10)),
    "d1": ("cash_d1", Decimal("11.0"), Decimal(11)),
    "d2": ("cash_d2", "12", Decimal(12)),
    "substitute": ("substitute", Decimal("9.816358E7"), Decimal(98163580)),
    "receivable": ("receivable", Decimal("0.0"), Decimal(0)),
    "subsMargin": ("substitute_margin", Decimal("762635.0"), Decimal(762635)),
    "loanCredit": ("loan", " 16 ", Decimal(16)),
    "valAtTrade": ("cost", Decimal("3.69827563509E11"), Decimal(369827563509)),
    "valueAtCur": ("value", Decimal("3.89165300498E11"), Decimal(389165300498)),
    "proLoss": ("profit_loss", Decimal("-1.5"), Decimal("-1.5")),
    "totalAccVal": ("total_value", Decimal("3.8917227704E11"), Decimal(389172277040)),
    "cashAvWithdraw": ("withdrawable", "21", Decimal(21)),
}
EQUITY: dict[str, tuple[str, Any, Any]] = {
    "assetType": ("product", "KSP", Product.KOSPI),
    "productType": ("product_type", " 01 ", "01"),
    "isinCode": ("code", "KR7005930003", "KR7005930003"),
    "productName": ("name", "삼성전자 ", "삼성전자"),
    "qty": ("quantity", Decimal("120.0"), Decimal(120)),
    "tradeType": ("trade_type", "CRD", TradeType.MARGIN),
    "valAtTrade": ("cost", Decimal("281764.0"), Decimal(281764)),
    "valAtCur": ("value", "245400", Decimal(245400)),
    "proLoss": ("profit_loss", "-36364.0", Decimal(-36364)),
    "earningRate": ("return_rate", "-12.90", Decimal("-12.9")),
    "crcyCode": ("currency", "usd", "USD"),
}
FUND: dict[str, tuple[str, Any, Any]] = {
    "assetType": ("product", "KSP", Product.KOSPI),
    "fundType": ("fund_type", "02", "02"),
    "fundCode": ("code", "KRZ500395135", "KRZ500395135"),
    "fundName": ("name", "삼성중소형FOCUS증권자1호[주식]", "삼성중소형FOCUS증권자1호[주식]"),
    "qty": ("quantity", "1", Decimal(1)),
    "tradeType": ("trade_type", "NRM", TradeType.NORMAL),
    "valAtTrade": ("cost", Decimal("0.0"), Decimal(0)),
    "valAtCur": ("value", Decimal("7.2329965E7"), Decimal(72329965)),
    "proLoss": ("profit_loss", Decimal("7.2329965E7"), Decimal(72329965)),
    "firstDateBuy": ("first_bought_on", "20160112", date(2016, 1, 12)),
    "lastDateBuy": ("last_bought_on", "2016-01-13", date(2016, 1, 13)),
    "maturity": ("matures_on", "20300101", date(2030, 1, 1)),
    "earningRate": ("return_rate", Decimal("-9.58"), Decimal("-9.58")),
    "crcyCode": ("currency", "JPY", "JPY"),
}
OTHER: dict[str, tuple[str, Any, Any]] = {
    "assetType": ("product", "BOND", Product.BOND),
    "isinCode": ("code", "KR101501DG19", "KR101501DG19"),
    "assetName": ("name", "국민주택1종11-07", "국민주택1종11-07"),
    "qty": ("quantity", Decimal("1.0E10"), Decimal(10000000000)),
    "tradeType": ("trade_type", "SUM", TradeType.TOTAL),
    "valAtTrade": ("cost", Decimal("9.438E9"), Decimal(9438000000)),
    "valueAtCur": ("value", Decimal("1.1584E10"), Decimal(11584000000)),
    "proLoss": ("profit_loss", "5", Decimal(5)),
    "earningRate": ("return_rate", "22.73", Decimal("22.73")),
    "crcyCode": ("currency", "KRW", "KRW"),
}
KINDS: dict[type, dict[str, tuple[str, Any, Any]]] = {
    BalanceSummary: SUMMARY,
    EquityRow: EQUITY,
    FundRow: FUND,
    OtherRow: OTHER,
}
FIELDS = [(kind, name) for kind, table in KINDS.items() for name in table]

each_kind = each("kind", KINDS)
each_field = each(("kind", "name"), FIELDS)


def block_of(kind: type) -> dict[str, Any]:
    return {name: spelling for name, (_, spelling, _) in KINDS[kind].items()}


def default_of(kind: type, attribute: str) -> object:
    return "KRW" if attribute == "currency" else None


@each_kind
def test_every_field_of_the_documents_tables_is_read(kind: type) -> None:
    record: Any = read_record(kind, block_of(kind), "row")
    expected = {attribute: value for attribute, _, value in KINDS[kind].values()}
    assert {attribute: getattr(record, attribute) for attribute in expected} == expected
    # The discretionary service's, which these tables lack.
    borrowed = {"raw", "rate", "rate_units", "loan", "other_codes", "code_kinds"}
    assert {each.name for each in attrs.fields(kind)} | borrowed == set(expected) | borrowed


def test_a_foreign_row_may_carry_the_discretionary_services_currency_rate_and_loan() -> None:
    row = {"crcyCode": "usd", "currencyRate": "1385.5", "loanCreditAmt": Decimal(100), "other_codes": 7}
    record = read_record(EquityRow, row, "row")
    assert (record.currency, record.rate, record.loan, record.other_codes) == (
        "USD",
        Decimal("1385.5"),
        Decimal(100),
        (),
    )


@each_absent
@each_field
def test_an_absent_field_is_none_and_the_others_stay(kind: type, name: str, absent: object) -> None:
    whole = attrs.asdict(read_record(kind, block_of(kind), "row"), filter=lambda a, _: a.name != "raw")
    block = block_of(kind)
    with_value(block, name, absent)
    read = attrs.asdict(read_record(kind, block, "row"), filter=lambda a, _: a.name != "raw")
    attribute = KINDS[kind][name][0]
    assert read == whole | {attribute: default_of(kind, attribute)}


@each_field
def test_a_field_that_does_not_fit_is_named_and_its_value_is_not(kind: type, name: str) -> None:
    block = block_of(kind) | {name: {"deep": "SECRET-MARK"}}
    with pytest.raises(MalformedResponseError) as caught:
        read_record(kind, block, "row[3]")
    assert caught.value.message.startswith(f"row[3].{name}: expected ")
    assert "SECRET" not in str(caught.value)


def test_every_field_that_does_not_fit_is_named() -> None:
    with pytest.raises(MalformedResponseError) as caught:
        read_record(EquityRow, {"qty": "abc", "valAtCur": True}, "row")
    assert caught.value.message.split("; ") == [
        "row.qty: expected a number, got text of 3 characters",
        "row.valAtCur: expected a number, got a boolean",
    ]


@each_kind
def test_unknown_keys_do_not_hurt_and_stay_in_raw(kind: type) -> None:
    block = block_of(kind) | {"newIn2030": [1, {"a": "\ud800"}], ":raw": "trick", "": None}
    record: Any = read_record(kind, block, "row")
    assert record == read_record(kind, block_of(kind), "row")
    assert record.raw == block


VARIANTS = [
    (BalanceSummary, "value", "valueAtCur", "valAtCur"),
    (BalanceSummary, "substitute", "substitute", "substiture"),
    (EquityRow, "value", "valAtCur", "valueAtCur"),
    (FundRow, "value", "valAtCur", "valueAtCur"),
    (OtherRow, "value", "valAtCur", "valueAtCur"),
]
each_variant = each(("kind", "attribute", "first", "second"), VARIANTS)


@each_variant
def test_either_spelling_of_a_name_fills_the_field(
    kind: type, attribute: str, first: str, second: str
) -> None:
    assert getattr(read_record(kind, {first: "5.0"}, "row"), attribute) == Decimal(5)
    assert getattr(read_record(kind, {second: "5.0"}, "row"), attribute) == Decimal(5)


@each_absent
@each_variant
def test_a_spelling_that_is_absent_leaves_the_other_its_say(
    kind: type, attribute: str, first: str, second: str, absent: object
) -> None:
    for here, absent_one in ((first, second), (second, first)):
        block: dict[str, object] = {here: Decimal("7.0")}
        with_value(block, absent_one, absent)
        assert getattr(read_record(kind, block, "row"), attribute) == Decimal(7)


@each_variant
def test_both_spellings_with_one_value_are_that_value(
    kind: type, attribute: str, first: str, second: str
) -> None:
    record: Any = read_record(kind, {first: Decimal("1.0E10"), second: "10000000000"}, "row")
    assert getattr(record, attribute) == Decimal(10000000000)


@each_variant
def test_both_spellings_with_two_values_are_refused(
    kind: type, attribute: str, first: str, second: str
) -> None:
    with pytest.raises(MalformedResponseError, match=rf"row\.{second}: two spellings of one field"):
        read_record(kind, {first: "5", second: "6"}, "row")


@each_variant
@each("junk", ["abc", True, [1], {"a": 1}])
def test_junk_in_either_spelling_is_named_as_it_stands_on_the_wire(
    kind: type, attribute: str, first: str, second: str, junk: object
) -> None:
    for block in ({first: junk}, {second: junk}):
        with pytest.raises(MalformedResponseError, match=rf"^malformed: row\.{next(iter(block))}: expected"):
            read_record(kind, block, "row")
    for block in ({first: "5", second: junk}, {first: junk, second: "5"}):
        with pytest.raises(MalformedResponseError, match=rf"row\.{second} or its other spelling: expected"):
            read_record(kind, block, "row")


@pytest.mark.parametrize("code", ["ZZZ", "kospi", "주식", "00", "한" * 50])
def test_a_code_that_no_document_lists_keeps_its_text(code: str) -> None:
    row = read_record(EquityRow, {"assetType": code, "tradeType": code}, "row")
    assert row.product is not None
    assert row.trade_type is not None
    assert (str(row.product), row.product.is_known) == (code, False)
    assert (str(row.trade_type), row.trade_type.is_known) == (code, False)


def test_a_funds_spellings_of_no_date_are_none() -> None:
    row = read_record(
        FundRow, {"maturity": "00000000", "firstDateBuy": "9999-99-99", "lastDateBuy": "99999999"}, "row"
    )
    assert (row.matures_on, row.first_bought_on, row.last_bought_on) == (None, None, None)


def test_a_block_without_any_field_is_a_record_without_any_value() -> None:
    assert read_record(EquityRow, {"other": 1}, "row") == EquityRow()

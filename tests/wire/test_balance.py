"""Reading a balance: the documents' own answer, and the other shapes that brokers give it."""

from decimal import Decimal
from typing import Any

import attrs
import pytest

from koscom_async.errors import MalformedResponseError, ResponseMismatchError
from koscom_async.models.account import BalanceSummary, EquityRow, FundRow, OtherRow
from koscom_async.models.codes import AssetClass, Product, TradeType
from tests.loops import each
from tests.wire.recorded import ABSENT_VALUES, MISSING, answer, each_absent, read_balance, with_value

LISTS = {AssetClass.EQUITY: "equityList", AssetClass.FUND: "fundList", AssetClass.OTHER: "etcList"}


def blocks(document: Any) -> Any:
    return document["balanceList"]["balance"]


def result(document: Any) -> Any:
    return document["balanceResponseBody"]["queryResult"]


def test_the_documents_example_reads_to_the_last_won() -> None:
    page = read_balance(answer())
    assert page.summary == BalanceSummary(
        cash=Decimal(6976542),
        cash_d1=Decimal(6976542),
        cash_d2=Decimal(6976542),
        substitute=Decimal(98163580),
        receivable=Decimal(0),
        substitute_margin=Decimal(762635),
        loan=Decimal(0),
        cost=Decimal(369827563509),
        value=Decimal(389165300498),
        profit_loss=Decimal(19337736989),
        total_value=Decimal(389172277040),
        withdrawable=Decimal(6976542),
    )
    assert str(page.summary.cost) == "369827563509"
    assert (page.total, page.next_page, page.notes) == (157, None, ())
    assert [type(row) for row in page.rows] == [EquityRow] * 4 + [FundRow] * 3 + [OtherRow] * 13


def test_the_documents_example_has_each_kind_of_row() -> None:
    rows = read_balance(answer()).rows
    assert rows[0] == EquityRow(
        product=Product.KOSPI,
        code="HK0000050325",
        quantity=Decimal(120),
        trade_type=TradeType.TOTAL,
        cost=Decimal(281764),
        value=Decimal(245400),
        profit_loss=Decimal(-36364),
        return_rate=Decimal("-12.9"),
    )
    fund, bond = rows[4], rows[7]
    assert isinstance(fund, FundRow)
    assert (fund.code, fund.cost) == ("KRZ500395135", Decimal(0))
    assert fund.value == fund.profit_loss == Decimal(72329965)
    assert (fund.quantity, fund.trade_type, fund.product, fund.matures_on) == (None, None, None, None)
    assert bond == OtherRow(
        product=Product.BOND,
        name="국민주택1종11-07",
        quantity=Decimal(10000000000),
        trade_type=TradeType.TOTAL,
        cost=Decimal(9438000000),
        value=Decimal(11584000000),
        return_rate=Decimal("22.73"),
    )


def test_two_funds_of_one_name_stay_two() -> None:
    funds = [row for row in read_balance(answer()).rows if isinstance(row, FundRow)]
    assert funds[0].name == funds[1].name == "삼성중소형FOCUS증권자1호[주식]"
    assert [fund.code for fund in funds] == ["KRZ500395135", "KRZ500395136", "KRZ501831185"]


def test_an_array_of_blocks_says_the_same_as_an_object() -> None:
    page, whole = read_balance(answer("balance_blocks")), read_balance(answer())
    assert (page.summary, page.rows) == (whole.summary, whole.rows)
    assert (page.total, page.next_page, page.notes) == (20, None, ())


def test_lists_split_over_several_blocks_are_put_together() -> None:
    document = answer("balance_blocks")
    equities = blocks(document)[1]["equityList"]
    document["balanceList"]["balance"] += [{"equityList": equities[2:]}, {"equityList": None}]
    blocks(document)[1]["equityList"] = equities[:2]
    read = [row for row in read_balance(document).rows if isinstance(row, EquityRow)]
    assert read == list(read_balance(answer()).rows[:4])


def test_a_page_of_one_class_may_hold_a_single_object_and_absent_blocks() -> None:
    page = read_balance(answer("balance_class"), asset_class=AssetClass.EQUITY)
    assert page.rows == (
        EquityRow(
            product=Product.KOSPI,
            code="KR7005930003",
            name="삼성전자",
            quantity=Decimal(120),
            trade_type=TradeType.NORMAL,
            cost=Decimal(5400000),
            value=Decimal(5280000),
            profit_loss=Decimal(-120000),
        ),
    )
    assert (page.summary, page.total, page.next_page) == (None, 3, "20181105000000000001")


def test_an_account_without_rows_is_an_empty_page() -> None:
    page = read_balance(answer("balance_empty"), asset_class=AssetClass.FUND)
    assert (page.summary, page.rows, page.total, page.next_page, page.notes) == (None, (), 0, None, ())


@each_absent
@pytest.mark.parametrize("name", ["summary", *LISTS.values()])
def test_an_absent_block_is_no_summary_or_no_rows_and_the_rest_stays(name: str, absent: object) -> None:
    document = answer()
    with_value(blocks(document), name, absent)
    page, whole = read_balance(document), read_balance(answer())
    kept = {"equityList": EquityRow, "fundList": FundRow, "etcList": OtherRow}.get(name, BalanceSummary)
    assert page.rows == tuple(row for row in whole.rows if not isinstance(row, kept))
    assert page.summary == (None if name == "summary" else whole.summary)


@pytest.mark.parametrize("empty", [[], {}, [{}], [None]])
@pytest.mark.parametrize("name", LISTS.values())
def test_an_empty_list_has_no_rows(name: str, empty: object) -> None:
    document = answer()
    blocks(document).clear()
    blocks(document)[name] = empty
    assert read_balance(document).rows == ()


@each_absent
@pytest.mark.parametrize("where", ["balanceList", "balance"])
def test_an_absent_list_block_beside_a_body_holds_nothing(where: str, absent: object) -> None:
    document = answer()
    with_value(document if where == "balanceList" else document["balanceList"], where, absent)
    page = read_balance(document)
    assert (page.summary, page.rows, page.total) == (None, (), 157)


@each("body", [MISSING, *ABSENT_VALUES, {}])
@each("container", [MISSING, *ABSENT_VALUES, {}])
def test_an_answer_with_neither_body_nor_list_is_not_an_empty_account(
    body: object, container: object
) -> None:
    document = answer()
    with_value(document, "balanceResponseBody", body)
    with_value(document, "balanceList", container)
    with pytest.raises(MalformedResponseError, match="neither balanceResponseBody nor balanceList"):
        read_balance(document)


@each_absent
@pytest.mark.parametrize("name", ["totalCnt", "page"])
def test_an_absent_total_or_page_key_is_none(name: str, absent: object) -> None:
    document = answer("balance_class")
    with_value(result(document), name, absent)
    page = read_balance(document, asset_class=AssetClass.EQUITY)
    assert (page.total if name == "totalCnt" else page.next_page) is None
    assert (page.next_page if name == "totalCnt" else page.total) is not None


@each_absent
def test_an_absent_query_result_tells_neither_total_nor_page(absent: object) -> None:
    document = answer()
    with_value(document["balanceResponseBody"], "queryResult", absent)
    page = read_balance(document)
    assert (page.total, page.next_page, len(page.rows)) == (None, None, 20)


@pytest.mark.parametrize(
    ("spelling", "total"),
    [(Decimal("157.0"), 157), ("157", 157), ("1.57E2", 157), (Decimal(0), 0), (" 0 ", 0)],
)
def test_a_total_comes_in_any_spelling_of_a_number(spelling: object, total: int) -> None:
    document = answer()
    result(document)["totalCnt"] = spelling
    assert read_balance(document).total == total


@pytest.mark.parametrize("key", ["2", "k" * 24, "20181105 0001", Decimal("2.0"), " 2 "])
def test_a_page_key_is_any_text_or_number_and_stays_as_it_came(key: object) -> None:
    document = answer()
    result(document)["page"] = key
    read = read_balance(document).next_page
    assert (type(read), str(read)) == (type(key), str(key))


@pytest.mark.parametrize("key", [True, ["2"], {"page": "2"}, "\ud800"])
def test_what_is_neither_text_nor_number_is_no_page_key(key: object) -> None:
    document = answer()
    result(document)["page"] = key
    with pytest.raises(MalformedResponseError, match=r"queryResult\.page: expected text"):
        read_balance(document)


def test_a_page_key_as_long_as_a_book_is_not_sent_back() -> None:
    document = answer()
    result(document)["page"] = "k" * 1001
    with pytest.raises(MalformedResponseError, match=r"expected a page's key, got text of 1001 characters"):
        read_balance(document)


@pytest.mark.parametrize("asset_class", [AssetClass.CASH, *LISTS])
def test_rows_of_a_class_that_was_not_asked_for_are_refused(asset_class: AssetClass) -> None:
    for other, name in LISTS.items():
        document = answer()
        document["balanceList"]["balance"] = {name: blocks(document)[name]}
        if other is asset_class:
            assert {row.asset_class for row in read_balance(document, asset_class=asset_class).rows} == {
                other
            }
        else:
            with pytest.raises(ResponseMismatchError, match=f"asked for {asset_class}, .* of {other}"):
                read_balance(document, asset_class=asset_class)


@pytest.mark.parametrize("asset_class", [AssetClass.CASH, *LISTS])
def test_a_summary_beside_the_rows_of_any_class_is_welcome(asset_class: AssetClass) -> None:
    document = answer()
    wanted = LISTS.get(asset_class)
    for name in set(LISTS.values()) - {wanted}:
        blocks(document)[name] = []
    page = read_balance(document, asset_class=asset_class)
    assert page.summary == read_balance(answer()).summary


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda d: blocks(d)["equityList"][2].update(qty="abc"), "equityList[2].qty"),
        (lambda d: blocks(d)["fundList"][0].update(valAtTrade="20.161.301"), "fundList[0].valAtTrade"),
        (lambda d: blocks(d)["etcList"][12].update(valueAtCur=True), "etcList[12].valueAtCur"),
        (lambda d: blocks(d)["summary"].update(d1=[]), "summary.d1"),
        (lambda d: blocks(d).update(summary=[]), "summary"),
        (lambda d: blocks(d).update(fundList=["row"]), "fundList[0]"),
        (lambda d: d["balanceList"].update(balance="rows"), "balanceList.balance"),
        (lambda d: d.update(balanceList=[]), "balanceList"),
        (lambda d: d.update(balanceResponseBody=True), "balanceResponseBody"),
        (lambda d: d["balanceResponseBody"].update(queryResult=[1]), "balanceResponseBody.queryResult"),
        (lambda d: result(d).update(totalCnt="-1"), "queryResult.totalCnt"),
        (lambda d: result(d).update(page={"next": 1}), "queryResult.page"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(change: Any, path: str) -> None:
    document = answer()
    change(document)
    with pytest.raises(MalformedResponseError) as caught:
        read_balance(document)
    assert caught.value.message.startswith(f"{path}: expected ")


@pytest.mark.parametrize("document", [None, [], "text", True, Decimal(5), [{"balanceList": {}}]])
def test_a_document_that_is_no_object_is_refused(document: object) -> None:
    with pytest.raises(MalformedResponseError, match="not an object"):
        read_balance(document)


def test_a_row_keeps_the_wires_own_words_in_raw() -> None:
    row = read_balance(answer()).rows[7]
    assert row.raw["valueAtCur"] == Decimal("1.1584E10")
    assert attrs.asdict(row, recurse=False)["raw"]["assetName"] == "국민주택1종11-07"

"""Shapes of portfolio, transactions and watchlist that the documents allow, or that were seen."""

from decimal import Decimal

import pytest

from koscom_async._wire.account import MOST_SYMBOLS
from koscom_async._wire.portfolio import measured
from koscom_async.errors import MalformedResponseError, RequestRejectedError, ResponseMismatchError
from koscom_async.models.codes import AssetClass, Measure, TransactionType
from koscom_async.models.portfolio import PortfolioEquity, PortfolioFund
from koscom_async.models.transactions import Transaction
from tests.wire.recorded import answer, each_absent, with_value
from tests.wire.test_account_examples import TRANSACTIONS, WATCHLIST, portfolio_reader


def test_a_portfolio_may_come_as_an_array_of_blocks():
    document = answer("portfolio_all")
    blocks = document["portfolioList"]["portfolio"]
    document["portfolioList"]["portfolio"] = [{name: block} for name, block in blocks.items()]
    assert portfolio_reader()(document) == portfolio_reader()(answer("portfolio_all"))


@pytest.mark.parametrize(("reader", "case"), [(portfolio_reader(), "portfolio_all"), (TRANSACTIONS, "transactions"), (WATCHLIST, "watchlist")])  # fmt: skip
def test_the_account_may_stand_inside_the_body_and_the_header_be_called_otherwise(reader, case):
    document = answer(case)
    body = next(name for name in document if name.endswith("ResponseBody"))
    document[body]["accInfo"] = document.pop("accInfo")
    document["commHeader"] = document.pop("commonHeader")
    assert reader(document) == reader(answer(case))


@pytest.mark.parametrize(("reader", "case"), [(portfolio_reader(), "portfolio_all"), (TRANSACTIONS, "transactions"), (WATCHLIST, "watchlist")])  # fmt: skip
def test_another_accounts_answer_is_refused(reader, case):
    document = answer(case)
    document["accInfo"]["vtAccNo"] = "160678007213500002"
    with pytest.raises(ResponseMismatchError, match="another account"):
        reader(document)
    document = answer(case)
    document["commonHeader"]["reqIdConsumer"] = "ID99"
    with pytest.raises(ResponseMismatchError, match="another call"):
        reader(document)


@pytest.mark.parametrize("echo", ["queryParams", "queryPrams"])
@pytest.mark.parametrize("result", ["queryResult", "queryRequest"])
def test_the_tables_spellings_are_read_as_the_examples(echo, result):
    document = answer("transactions")
    body = document["transactionHistoryResponseBody"]
    body[echo], body[result] = body.pop("queryParams"), body.pop("queryResult")
    assert TRANSACTIONS(document) == TRANSACTIONS(answer("transactions"))


@pytest.mark.parametrize("body", ["interestSymbolListResponseBody", "interestSymbolReponseBody"])
def test_each_spelling_of_the_watchlists_body_is_read(body):
    document = answer("watchlist")
    document[body] = document.pop("interestSymbolListResponseBody")
    assert WATCHLIST(document) == WATCHLIST(answer("watchlist"))


@each_absent
def test_nothing_moved_is_no_rows_in_each_spelling(absent):
    for path in (("transList",), ("transList", "transaction")):
        document = answer("transactions")
        block = document if len(path) == 1 else document["transList"]
        with_value(block, path[-1], absent)
        assert TRANSACTIONS(document).rows == ()


@each_absent
def test_nothing_watched_is_no_groups_in_each_spelling(absent):
    for path in (("groupList",), ("groupList", "group")):
        document = answer("watchlist")
        block = document["interestSymbolListResponseBody"]
        with_value(block if len(path) == 1 else block["groupList"], path[-1], absent)
        assert WATCHLIST(document).rows == ()


def test_a_single_row_and_a_single_symbol_may_stand_alone():
    document = answer("transactions")
    document["transList"]["transaction"] = document["transList"]["transaction"][0]
    assert [row.amount_change for row in TRANSACTIONS(document).rows] == [14399400]
    document = answer("watchlist")
    group = document["interestSymbolListResponseBody"]["groupList"]["group"][0] | {
        "isinCode": " KR7122870009 "
    }
    document["interestSymbolListResponseBody"]["groupList"]["group"] = group
    assert [row.symbols for row in WATCHLIST(document).rows] == [("KR7122870009",)]


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("Date Range Exceeded (30)", 30),
        ("Date Range Exceeded [max 90 days]", 90),
        ("조회기간은 최대 365일까지 가능합니다", 365),
        ("6006: 30일", 30),
        ("최대 3개월까지", 89),
        ("최대 3 개월 까지 조회 가능합니다", 89),
        ("6개월 이내", 180),
        ("1개월", 28),
        ("12개월", 363),
        ("1,000일", 1000),
        ("최대 1,000 일", 1000),
        ("1년", 365),
        ("최대 １０년", 3650),
        ("최대 ９０일", 90),
        ("최대 ３개월", 89),
        ("2주 이내", 14),
        ("3달", 89),
        ("3 months", 89),
        ("maximum of 6 Months", 180),
        ("1 year", 365),
        ("최대 3 months까지", 89),
        ("90 days", 90),
        ("a 90-day range", 90),
        ("90 calendar days", 90),
        ("90 영업일", 90),
        ("최소 1일, 최대 90일", 90),
        ("2018년 1월 1일부터 2020년 12월 31일까지는 최대 90일을 넘습니다", 90),
        ("20180101~20201231: 90일", 90),
        ("2019-01-01 ~ 2019-12-31, max 3개월", 89),
        ("2018년 이후", None),
        ("Date Range Exceeded (1,000)", 1000),
        ("0일", None),
        ("Date Range Exceeded", None),
        (None, None),
    ],
)
def test_6006_tells_the_days_wherever_the_number_stands(words, days):
    document = answer("transactions") | {"resp": {"respCode": "6006", "respMsg": words}}
    with pytest.raises(RequestRejectedError) as caught:
        TRANSACTIONS(document)
    assert (caught.value.code, caught.value.most_days) == ("6006", days)


def test_rows_of_a_class_that_was_not_asked_for_are_refused():
    with pytest.raises(ResponseMismatchError, match="asked for FUND, answered with rows of EQTY"):
        portfolio_reader(AssetClass.FUND)(answer("portfolio_all"))


def shares(*numbers, measure=Measure.SHARE):
    return [PortfolioEquity(number=Decimal(number), measure=measure) for number in numbers]


@pytest.mark.parametrize(
    ("numbers", "are_shares"),
    [
        (["46", "5", "49"], True),
        (["33.34", "33.33", "33.34"], True),
        (["34", "34", "34"], False),
        (["33.4", "33.3", "33.4", "0"], False),
        (["100.4"], False),
        (["33", "33", "35"], True),
        (["120", "1186"], False),
        (["101"], False),
        (["-5", "50"], False),
        ([], True),
    ],
)
def test_numbers_that_exceed_the_whole_are_no_shares(numbers, are_shares):
    rows, note = measured(shares(*numbers))
    assert (note is None) is are_shares
    assert {row.measure for row in rows} <= {Measure.SHARE if are_shares else None}
    assert [row.number for row in rows] == [Decimal(number) for number in numbers]
    assert not are_shares or all(row.quantity is None for row in rows)
    assert are_shares or all(row.quantity is None and row.share is None for row in rows)


def test_quantities_are_never_taken_for_shares():
    rows, note = measured(shares("120", "5", measure=Measure.QUANTITY))
    assert ([row.quantity for row in rows], [row.share for row in rows], note) == (
        [120, 5],
        [None, None],
        None,
    )


def test_a_broker_that_says_that_it_answers_otherwise_is_believed():
    document = answer("portfolio_all")
    document["portfolioResponseBody"]["queryType"]["rspType"] = "QTY"
    page = portfolio_reader()(document)
    assert {row.measure for row in page.rows} == {Measure.QUANTITY}
    assert page.rows[0].share is None
    assert page.notes == ("asked for RAT, the broker says that it answers QTY",)


@pytest.mark.parametrize(
    ("number", "asked", "measure"),
    [
        ("6976542", "RAT", Measure.QUANTITY),
        ("3.16", "RAT", Measure.SHARE),
        ("0.5", "RAT", Measure.SHARE),
        ("50", "RAT", None),
        ("0", "RAT", None),
        ("50", "QTY", Measure.QUANTITY),
        ("-1", "RAT", Measure.QUANTITY),
    ],
)
def test_cash_is_an_amount_or_a_share_or_cannot_be_told(number, asked, measure):
    document = answer("portfolio_all")
    document["portfolioList"]["portfolio"]["cash"]["amt"] = Decimal(number)
    document["portfolioResponseBody"]["queryType"]["rspType"] = asked
    cash = portfolio_reader(measure=Measure(asked))(document).cash
    assert (cash.number, cash.measure) == (Decimal(number), measure)


@pytest.mark.parametrize(
    ("kind", "amount", "quantity", "contradicts"),
    [
        ("BID", 900, -3, False),
        ("BID", -900, 3, True),
        ("BID", -900, 0, True),
        ("BID", 900, 3, True),
        ("BID", None, None, False),
        ("BID", 0, 0, False),
        ("ASK", -900, 3, False),
        ("ASK", 900, -3, True),
        ("ASK", None, -3, True),
        ("DEP", 100, 0, False),
        ("DEP", -100, 0, True),
        ("WID", -100, 0, False),
        ("WID", 100, 0, True),
        ("ETC", -100, 5, False),
        ("XYZ", -100, 5, False),
    ],
)
def test_signs_that_contradict_the_documented_meaning_are_flagged(kind, amount, quantity, contradicts):
    row = Transaction(
        type=TransactionType(kind),
        amount_change=None if amount is None else Decimal(amount),
        quantity_change=None if quantity is None else Decimal(quantity),
    )
    assert row.signs_contradict is contradicts


def test_a_code_that_no_document_lists_keeps_its_text():
    document = answer("transactions")
    document["transList"]["transaction"][0]["transType"] = "DIV"
    row = TRANSACTIONS(document).rows[0]
    assert (str(row.type), row.type.is_known, row.direction) == ("DIV", False, None)


@pytest.mark.parametrize(
    ("reader", "case", "words"),
    [
        (portfolio_reader(), "portfolio_all", "neither portfolioResponseBody nor portfolioList"),
        (TRANSACTIONS, "transactions", "neither transactionHistoryResponseBody nor transList"),
        (WATCHLIST, "watchlist", "neither interestSymbolListResponseBody nor resp"),
    ],
)
def test_an_answer_without_anything_of_ours_is_malformed(reader, case, words):
    document = {name: answer(case)[name] for name in ("commonHeader", "accInfo")}
    with pytest.raises(MalformedResponseError, match=words):
        reader(document)


def test_a_fund_keeps_the_day_on_which_it_matures():
    document = answer("portfolio_all")
    document["portfolioList"]["portfolio"]["fundList"][0]["maturity"] = "20310115"
    funds = [row for row in portfolio_reader()(document).rows if isinstance(row, PortfolioFund)]
    assert [f"{row.matures_on}" for row in funds] == ["2031-01-15", "None", "None"]


def test_a_watchlist_of_more_symbols_than_a_person_looks_at_is_refused():
    document = answer("watchlist")
    for count, is_read in ((MOST_SYMBOLS // 2, True), (MOST_SYMBOLS // 2 + 1, False)):
        groups = [{"groupName": name, "isinCode": ["F"] * count} for name in "AB"]
        document["interestSymbolListResponseBody"]["groupList"] = {"group": groups}
        if is_read:
            assert len(WATCHLIST(document).rows) == 2
        else:
            with pytest.raises(MalformedResponseError, match="more than 20,000 symbols"):
                WATCHLIST(document)

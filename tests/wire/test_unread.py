"""A field that no sum uses and that cannot be read is absent, with a note; one that a sum uses costs the account."""

import json
from datetime import date
from decimal import Decimal

import pytest

from koscom_async import MalformedResponseError
from koscom_async._wire.account import WatchlistReader
from koscom_async._wire.envelope import Question
from koscom_async._wire.json import core, fast
from koscom_async._wire.portfolio import PortfolioReader
from koscom_async.models.codes import AssetClass, Measure
from tests.wire.recorded import ACCOUNT, REQUEST_ID, answer, read_balance
from tests.wire.test_discretionary import CASES
from tests.wire.test_discretionary import read as read_case

READERS = [core.read_json, fast.read_json]
QUESTION = Question(account_number=ACCOUNT, request_id=REQUEST_ID)


def plain_balance(**lists):
    """An answer with these rows, as a broker writes it."""
    return {
        "commonHeader": {"reqIdConsumer": REQUEST_ID},
        "accInfo": {"vtAccNo": ACCOUNT},
        "balanceResponseBody": {"queryResult": {"totalCnt": sum(map(len, lists.values()))}},
        "balanceList": {"balance": lists},
    }


def parsed(document):
    return core.read_json(json.dumps(document).encode())


SHARE = {"assetType": "KSP", "isinCode": "KR7005930003", "qty": 1, "valAtTrade": 70, "valAtCur": 80}
FUND = {"fundCode": "KRZ500000001", "fundName": "한빛", "valAtTrade": 70, "valAtCur": 80}
LEFT_OUT = "{} could not be read in {} {}, and is left out"


def read_both(document):
    """The page, which both readers of JSON agree on."""
    body = json.dumps(document, ensure_ascii=False).encode()
    first, second = (read_balance(read(body)) for read in READERS)
    assert first == second
    return first


@pytest.mark.parametrize("rate", ["NaN", "-", "해당없음", "1,234.5", True, [], {"a": 1}, "12.9%%", "%%"])
def test_a_rate_of_return_that_cannot_be_read_is_absent_and_noted(rate):
    page = read_both(
        plain_balance(equityList=[SHARE | {"earningRate": rate}, SHARE, SHARE | {"earningRate": rate}])
    )
    assert page.notes == (LEFT_OUT.format("earningRate", 2, "rows"),)
    assert [(row.return_rate, row.value) for row in page.rows] == [(None, 80)] * 3


@pytest.mark.parametrize(
    ("rate", "read"), [("-12.9%", "-12.9"), (" 3.0% ", "3"), ("0%", "0"), ("12 %", "12")]
)
def test_a_percent_sign_behind_a_rate_is_a_matter_of_spelling(rate, read):
    page = read_both(plain_balance(equityList=[SHARE | {"earningRate": rate}]))
    assert (page.rows[0].return_rate, page.notes) == (Decimal(read), ())


@pytest.mark.parametrize("profit", ["NaN", "-12.9%", "1,234", "해당없음"])
def test_a_profit_of_the_brokers_that_cannot_be_read_is_absent_and_noted(profit):
    page = read_both(plain_balance(equityList=[SHARE | {"proLoss": profit}]))
    assert page.notes == (LEFT_OUT.format("proLoss", 1, "row"),)
    assert [(row.profit_loss, row.value) for row in page.rows] == [(None, 80)]


@pytest.mark.parametrize("day", [0, "0", "무기한", 20250230, "20250230", "2025/01/01", False])
@pytest.mark.parametrize("name", ["maturity", "firstDateBuy", "lastDateBuy"])
def test_a_day_that_is_none_is_absent_and_noted(name, day):
    page = read_both(plain_balance(fundList=[FUND | {"maturity": "20300101", name: day}]))
    assert page.notes == (LEFT_OUT.format(name, 1, "row"),)
    (fund,) = page.rows
    assert (fund.matures_on, fund.value) == (None if name == "maturity" else date(2030, 1, 1), 80)


def test_several_fields_are_noted_each():
    page = read_both(
        plain_balance(fundList=[FUND | {"maturity": 0, "earningRate": "x"}, FUND | {"maturity": "x"}])
    )
    assert page.notes == (
        LEFT_OUT.format("earningRate", 1, "row"),
        LEFT_OUT.format("maturity", 2, "rows"),
    )


@pytest.mark.parametrize("name", ["qty", "valAtTrade", "valAtCur", "currencyRate", "loanCreditAmt"])
@pytest.mark.parametrize("value", ["NaN", "12.9%", "1,234"])
def test_a_field_that_a_sum_uses_costs_the_account_whatever_else_is_wrong(name, value):
    document = plain_balance(equityList=[SHARE | {name: value, "earningRate": "NaN"}])
    for read in READERS:
        with pytest.raises(MalformedResponseError, match=rf"equityList\[0\]\.{name}: expected a number"):
            read_balance(read(json.dumps(document).encode()))


@pytest.mark.parametrize("name", ["cashBalance", "loanCredit", "receivable", "valueAtCur", "totalAccVal"])
def test_a_summary_is_read_whole_or_not_at_all(name):
    document = plain_balance()
    document["balanceList"]["balance"] = {"summary": {name: "12.9%"}}
    with pytest.raises(MalformedResponseError, match=rf"summary\.{name}: expected a number"):
        read_balance(core.read_json(json.dumps(document).encode()))


def test_a_portfolio_is_read_alike():
    document = {
        "commonHeader": {"reqIdConsumer": REQUEST_ID},
        "accInfo": {"vtAccNo": ACCOUNT},
        "portfolioResponseBody": {"queryResult": {"totalCnt": 1}},
        "portfolioList": {
            "portfolio": {
                "fundList": [{"fundCode": "F1", "qty": 1, "maturity": "무기한", "earningRate": "NaN"}]
            }
        },
    }
    reader = PortfolioReader(question=QUESTION, asset_class=AssetClass.ALL, measure=Measure.QUANTITY)
    for read in READERS:
        page = reader(read(json.dumps(document).encode()))
        assert [(row.number, row.return_rate, row.matures_on) for row in page.rows] == [(1, None, None)]
        assert page.notes == (
            LEFT_OUT.format("earningRate", 1, "row"),
            LEFT_OUT.format("maturity", 1, "row"),
        )


def test_a_watchlist_is_read_alike():
    document = answer("watchlist")
    groups = document["interestSymbolListResponseBody"]["groupList"]["group"]
    groups[0]["modifyDate"] = "어제"
    number = document["accInfo"]["vtAccNo"]
    request = document["commonHeader"]["reqIdConsumer"]
    reader = WatchlistReader(question=Question(account_number=number, request_id=request))
    page = reader(document)
    assert page.rows[0].modified_on is None
    assert LEFT_OUT.format("modifyDate", 1, "row") in page.notes


def test_a_discretionary_row_is_read_alike():
    document = answer("discretionary_balances")
    security = document["balanceList"]["balance"][0]["securitiesBalInfo"][0]
    security |= {"earningRate": "NaN", "maturity": 0}
    assert "discretionary_balances" in CASES
    page = read_case("discretionary_balances", document)
    assert (page.items[0].return_rate, page.items[0].matures_on) == (None, None)
    assert page.notes[-2:] == (
        LEFT_OUT.format("earningRate", 1, "row"),
        LEFT_OUT.format("maturity", 1, "row"),
    )
    security["qty"] = "NaN"
    with pytest.raises(MalformedResponseError, match=r"securitiesBalInfo\[0\]\.qty: expected a number"):
        read_case("discretionary_balances", document)


@pytest.mark.parametrize("profit", ["NaN", "1e999999", True, [], "1,234.5"])
def test_a_summarys_own_profit_costs_no_account_either(profit):
    """No sum uses it; what one uses costs the account in the summary, too."""
    document = plain_balance(equityList=[SHARE])
    document["balanceList"]["balance"]["summary"] = {"valueAtCur": 80, "proLoss": profit}
    document["balanceResponseBody"]["queryResult"]["totalCnt"] = 1
    page = read_both(document)
    assert (page.summary.value, page.summary.profit_loss) == (80, None)
    assert LEFT_OUT.format("proLoss", 1, "row") in page.notes
    document["balanceList"]["balance"]["summary"] = {"valueAtCur": profit}
    with pytest.raises(MalformedResponseError, match=r"summary\.valueAtCur: expected "):
        read_both(document)

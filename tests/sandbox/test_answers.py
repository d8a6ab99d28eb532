"""What the brokers answer: each dialect's spelling, and that all pages together are the ledger."""

import json
from decimal import Decimal

import pytest

from koscom_async.brokers import BROKERS
from koscom_async.sandbox.ledger import Equity, Fund, Other
from koscom_async.sandbox.reply import java_double, json_text, plain, scientific_text
from tests.manuals_investor import manuals_ledger
from tests.sandbox.asking import ACCOUNTS, CONSENT, REGISTER, asking

ONE_BY_ONE = ["CASH", "EQTY", "FUND", "ETC"]
LISTS = {"EQTY": "equityList", "FUND": "fundList", "ETC": "etcList"}


def blocks_of(answer) -> dict:
    """Read either shape of a balance, each list as a list."""
    balance = answer.get("balanceList", {}).get("balance", {})
    if isinstance(balance, list):
        balance = {name: block for part in balance for name, block in part.items()}
    return {
        name: [block] if name in LISTS.values() and isinstance(block, dict) else block
        for name, block in balance.items()
    }


def rows_of(answer, asset_type) -> list:
    rows = blocks_of(answer).get(LISTS.get(asset_type))
    return rows if isinstance(rows, list) else []


def key_of(row):
    names = {"isinCode": str, "fundCode": str, "assetName": str, "tradeType": str}
    amounts = [row.get(name) for name in ("valAtTrade", "valAtCur", "valueAtCur") if name in row]
    texts = tuple(row[name].strip() for name in names if row.get(name))
    return (*texts, *(Decimal(str(amount)) for amount in amounts))


def key_in_ledger(record):
    match record:
        case Equity():
            return (record.isin, record.trade_type, record.cost, record.value)
        case Fund():
            return (record.code, record.cost, record.value)
        case Other():
            return (record.name, record.trade_type, record.cost, record.value)


@pytest.mark.parametrize("broker", ["diamond", "cyber", "star"])
@pytest.mark.parametrize("asset_type", ["EQTY", "FUND", "ETC"])
async def test_all_pages_together_are_the_ledger(ask, broker, asset_type):
    pages = await ask.pages(broker, asset_type)
    expected = ask.gateway.ledger.of(broker).rows_of(asset_type)
    rows = [row for page in pages for row in rows_of(page, asset_type)]
    assert [key_of(row) for row in rows] == [key_in_ledger(row) for row in expected]
    for page in pages:
        result = page["balanceResponseBody"]["queryResult"]
        assert Decimal(str(result["totalCnt"])) == len(expected)
        assert Decimal(str(result["count"])) == len(rows_of(page, asset_type))


async def test_all_at_once_is_the_ledger(ask):
    answer = (await ask.balance("diamond", "ALL")).json()
    rows = [row for asset_type in LISTS for row in rows_of(answer, asset_type)]
    account = ask.gateway.ledger.of("diamond")
    assert [key_of(row) for row in rows] == [key_in_ledger(row) for row in account.rows]
    assert answer["balanceResponseBody"]["queryResult"] == {"totalCnt": 20.0, "count": 20.0, "page": "null"}


@pytest.mark.parametrize("broker", ["diamond", "cyber", "star"])
async def test_a_query_for_cash_brings_the_summary_and_no_row(ask_quickly, broker):
    (answer,) = await ask_quickly.pages(broker, "CASH")
    summary = blocks_of(answer)["summary"]
    expected = ask_quickly.gateway.ledger.of(broker).summary
    wire = ("cashBalance", "receivable", "loanCredit", "valAtTrade", "valueAtCur", "proLoss", "totalAccVal")
    assert [Decimal(str(summary[name])) for name in wire] == [
        expected.cash,
        expected.receivable,
        expected.loan,
        expected.cost,
        expected.value,
        expected.profit_loss,
        expected.total,
    ]
    assert [rows_of(answer, asset_type) for asset_type in LISTS] == [[], [], []]
    assert Decimal(str(answer["balanceResponseBody"]["queryResult"]["totalCnt"])) == 0


@pytest.mark.parametrize(("count", "sizes"), [(0, [2, 2, 2, 1]), (100, [2, 2, 2, 1]), (1, [1] * 7)])
async def test_a_page_has_never_more_rows_than_asked(ask_quickly, count, sizes):
    pages = await ask_quickly.pages("cyber", "EQTY", count=count)
    assert [len(rows_of(page, "EQTY")) for page in pages] == sizes


@pytest.mark.parametrize(("page_sizes", "sizes"), [({"cyber": 3}, [3, 3, 1]), ({"star": 3}, [2, 2, 2, 1])])
async def test_a_page_has_as_many_rows_as_the_broker_is_given(page_sizes, sizes):
    async with asking(page_sizes=page_sizes) as ask:
        pages = await ask.pages("cyber", "EQTY")
    assert [len(rows_of(page, "EQTY")) for page in pages] == sizes


async def test_the_echo_is_what_was_asked(ask):
    answer = (await ask.balance("cyber", "FUND", count=5)).json()
    header = answer["commonHeader"]
    assert (header["reqIdConsumer"], header["certDn"], header["ci"]) == (
        "ask-1",
        "",
        ask.gateway.investor.ci,
    )
    assert header["reqIdPlatform"].startswith("fa")
    assert answer["accInfo"] == {"realAccNo": "", "vtAccNo": "160613251214500099"}
    assert answer["balanceResponseBody"]["queryType"] == {"assetType": "FUND", "count": 5, "page": "null"}
    assert answer["resp"] == {"respCode": "200", "respMsg": "OK"}


async def test_diamond_spells_as_the_documents_do(ask_quickly):
    answer = await ask_quickly.balance("diamond", "ALL")
    for spelled in (
        '"cashBalance":6976542.0,',
        '"substitute":9.816358E7,',
        '"valAtTrade":3.69827563509E11,',
        '"totalAccVal":3.8917227704E11,',
        '"isinCode":"KR7000020008","qty":19.0,"tradeType":"SUM","valAtTrade":181519.0,"valAtCur":201400.0,',
        '"valAtCur":201400.0,"proLoss":19881.0,"earningRate":10.95',
        '"qty":1.0E10,"tradeType":"SUM","valAtTrade":9.438E9,"valueAtCur":1.1584E10,"earningRate":22.73',
        '"firstDateBuy":"20160112","lastDateBuy":"20160113","maturity":"00000000"',
        f'"ci":" {ask_quickly.gateway.investor.ci}"',
        '"reqIdConsumer":" ask-1"',
        '"queryType":{"assetType":"ALL","count":"0","page":"null"}',
    ):
        assert spelled in answer.text


async def test_diamonds_rows_do_not_add_up_to_its_summary(ask_quickly):
    account = ask_quickly.gateway.ledger.of("diamond")
    assert len(account.rows) == 20
    assert sum(row.value for row in account.rows) != account.summary.value
    assert account.summary.value + account.summary.cash == account.summary.total


@pytest.mark.parametrize("broker", ["cyber", "star"])
def test_the_others_rows_in_won_add_up(broker):
    account = manuals_ledger().of(broker)
    won = [row for row in account.rows if row.currency == "KRW"]
    assert sum(row.value for row in won) == account.summary.value
    assert sum(row.cost for row in won) == account.summary.cost
    assert account.summary.value - account.summary.cost == account.summary.profit_loss
    assert account.summary.value + account.summary.cash == account.summary.total
    margin = [row.cost for row in account.equities if row.trade_type == "CRD"]
    assert sum(margin) == account.summary.loan


async def test_cyber_ends_each_class_in_a_way_of_its_own(ask_quickly):
    ends = []
    for asset_type in ONE_BY_ONE:
        last = (await ask_quickly.pages("cyber", asset_type))[-1]
        ends.append(last["balanceResponseBody"]["queryResult"].get("page", "missing"))
    assert ends == ["null", None, "", "missing"]


async def test_cyber_spells_whole_numbers_and_empty_lists(ask_quickly):
    answer = await ask_quickly.balance("cyber", "EQTY")
    assert '"qty":50,"tradeType":"NRM","valAtTrade":480000,"valAtCur":530000,' in answer.text
    assert '"summary":null,' in answer.text
    empty = (await ask_quickly.balance("cyber", "ETC")).json()
    balance = {"summary": None, "equityList": [], "fundList": None, "etcList": None}
    assert empty["balanceList"] == {"balance": balance}


async def test_star_answers_in_an_array_of_blocks(ask_quickly):
    cash = (await ask_quickly.balance("star", "CASH")).json()
    assert cash["balanceList"]["balance"] == [
        {
            "summary": {
                "cashBalance": "3.4E+5",
                "d1": None,
                "d2": "null",
                "receivable": "0",
                "subsMargin": "",
                "loanCredit": "0",
                "valAtTrade": "9.229E+6",
                "valueAtCur": "1.04046E+7",
                "proLoss": "1.1756E+6",
                "totalAccVal": "1.07446E+7",
                "cashAvWithdraw": "3.4E+5",
                "seqNo": "1",
            }
        }
    ]
    assert "accInfo" not in cash
    assert cash["balanceResponseBody"]["accInfo"] == {"realAccNo": None, "vtAccNo": "160646584478700099 "}
    assert cash["balanceResponseBody"]["queryType"]["assetType"] == "SUM"


async def test_star_has_single_objects_missing_blocks_and_no_resp(ask_quickly):
    etc = (await ask_quickly.balance("star", "ETC")).json()
    ((block,),) = [list(part.values()) for part in etc["balanceList"]["balance"]]
    assert block["assetName"] == " 국민주택1종11-07  "
    assert "resp" not in etc
    fund = (await ask_quickly.balance("star", "FUND")).json()
    assert "balanceList" not in fund
    assert fund["balanceResponseBody"]["queryResult"] == {"totalCnt": "0", "count": "0"}


async def test_star_spells_absent_in_another_way_in_each_row(ask_quickly):
    pages = await ask_quickly.pages("star", "EQTY")
    rows = [row for page in pages for row in rows_of(page, "EQTY")]
    assert [row.get("productType", "missing") for row in rows] == ["missing", None, "missing"]
    assert [row["isinCode"] for row in rows] == ["KR7000020008 ", "KR7005930003 ", "US0378331005 "]
    assert isinstance(pages[1]["balanceList"]["balance"][0]["equityList"], dict)


async def test_a_row_in_dollars_says_so(ask_quickly):
    pages = await ask_quickly.pages("star", "EQTY")
    apple = rows_of(pages[-1], "EQTY")[0]
    assert (apple["crcyCode"], apple["valAtTrade"], apple["valAtCur"]) == ("USD", "1500.25", "1912.4")
    assert all("crcyCode" not in row for row in rows_of(pages[0], "EQTY"))


async def test_the_consent_list_links_the_gateways_own_addresses(ask):
    answer = await ask.client.post(CONSENT, json=ask.member_message(), headers=ask.api_key)
    codes = {broker.short_name: broker.code for broker in BROKERS}
    assert answer.json() == {
        "vtAccList": [
            {
                "comId": codes[broker],
                "vtAccNo": ask.gateway.ledger.of(broker).number,
                "vtAccAlias": broker,
                "endpoint": f"{ask.gateway.url}/v1/{broker}/account/",
            }
            for broker in ("diamond", "cyber", "star")
        ],
        "serviceTermsExpireDate": "20991231",
    }


@pytest.mark.parametrize(
    ("ci", "name", "expected"),
    [
        (None, None, {"result": "member", "commonTermsExpireDate": "20991231"}),
        ("A" * 88, None, {"result": "nonMember"}),
        (None, "이몽룡", {"result": "nonMember"}),
    ],
)
async def test_the_register_knows_its_members(ask_quickly, ci, name, expected):
    message = ask_quickly.member_message()
    message["commonHeader"]["ci"] = ci or message["commonHeader"]["ci"]
    message["body"]["korName"] = name or message["body"]["korName"]
    answer = await ask_quickly.client.post(REGISTER, json=message, headers=ask_quickly.api_key)
    assert answer.json() == expected


async def test_the_discretionary_accounts_are_listed(ask):
    message = {
        "partner": {"comId": "F0995", "srvId": "297"},
        "commonHeader": {"reqIdConsumer": "ask-3"},
        "accountListRequestBody": {"queryParameter": {"count": 0, "page": None}},
    }
    answer = (await ask.client.post(ACCOUNTS.format("star"), json=message, headers=ask.basic)).json()
    assert answer["accountList"]["account"] == {
        "accNo": "0019923122221",
        "accName": "홍길동",
        "virtualAccNo": "160646584478700099",
        "contractStatus": "0",
    }  # star's single object for a single row
    assert answer["accountListResponseBody"]["queryResult"] == {"totalCnt": 1, "count": 1, "page": "null"}
    assert answer["commonHeader"]["reqIdConsumer"].strip() == "ask-3"


def is_isin(code: str) -> bool:
    digits = "".join(str(int(character, 36)) for character in code)[::-1]
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(digits))
    return sum(sum(divmod(number, 10)) for number in doubled) % 10 == 0


@pytest.mark.parametrize("broker", ["cyber", "star"])
async def test_made_up_codes_have_valid_check_digits(ask_quickly, broker):
    account = ask_quickly.gateway.ledger.of(broker)
    codes = [row.isin for row in account.equities] + [row.code for row in account.funds]
    # The documents' own fund has none.
    assert [code for code in codes if not is_isin(code) and code != "KRZ500395135"] == []


@pytest.mark.parametrize(
    ("number", "java", "text", "unscaled"),
    [
        ("0", "0.0", "0", "0"),
        ("157", "157.0", "157", "157"),
        ("-12.9", "-12.9", "-12.9", "-12.9"),
        ("9999999", "9999999.0", "9999999", "9999999"),
        ("10000000", "1.0E7", "1E+7", "10000000"),
        ("369827563509", "3.69827563509E11", "369827563509", "369827563509"),
        ("1912.40", "1912.4", "1912.4", "1912.40"),
        ("0.0001", "1.0E-4", "0.0001", "0.0001"),
    ],
)
def test_numbers_are_spelled_as_brokers_do(number, java, text, unscaled):
    value = Decimal(number)
    assert (java_double(value).text, scientific_text(value), plain(value).text) == (java, text, unscaled)
    assert Decimal(java) == value


def test_the_writer_writes_what_json_reads():
    value = {"가": ['"\\\n', None, True, False, 1, []], "b": {}}
    assert json.loads(json_text(value)) == value
    with pytest.raises(TypeError, match="cannot spell a float"):
        json_text(1.5)

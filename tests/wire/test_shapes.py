"""A block under a misspelt name is read where the spelling is known, and else never reads as nothing held."""

import pytest

from koscom_async import MalformedResponseError, ResponseMismatchError
from koscom_async._wire.account import TransactionsReader
from koscom_async._wire.envelope import Question
from koscom_async._wire.portfolio import PortfolioReader
from koscom_async.brokers import find_broker
from koscom_async.models.codes import AssetClass, Measure
from koscom_async.models.member import VirtualAccount
from tests.wire.recorded import ACCOUNT, REQUEST_ID, answer, read_balance
from tests.wire.test_discretionary import read as read_case
from tests.wire.test_unread import FUND, SHARE, parsed, plain_balance

QUESTION = Question(account_number=ACCOUNT, request_id=REQUEST_ID)
SUMMARY = {"cashBalance": 0, "valueAtCur": 800_000, "totalAccVal": 800_000}
MISSPELT = [
    ("equtyList", "equityList"),
    ("equityLst", "equityList"),
    ("EquityList", "equityList"),
    ("equity_list", "equityList"),
    ("fundlist", "fundList"),
    ("etcLists", "etcList"),
    ("sumary", "summary"),
]


@pytest.mark.parametrize(("name", "expected"), MISSPELT)
@pytest.mark.parametrize("as_array", [False, True])
def test_a_misspelt_block_of_a_balance_fails_the_account(name, expected, as_array):
    blocks = {"summary": SUMMARY, "equityList": [], "fundList": [], "etcList": []}
    del blocks[expected]
    blocks[name] = SUMMARY if expected == "summary" else [SHARE]
    document = plain_balance()
    document["balanceList"]["balance"] = (
        [{key: value} for key, value in blocks.items()] if as_array else blocks
    )
    with pytest.raises(MalformedResponseError) as caught:
        read_balance(parsed(document))
    assert caught.value.message == (
        f"balanceList.balance: the block {name!r} is not known, and {expected} is missing"
    )


@pytest.mark.parametrize(
    ("asset_class", "expected"),
    [(AssetClass.ALL, "equityList"), (AssetClass.EQUITY, "equityList"), (AssetClass.FUND, "fundList")],
)
def test_rows_under_any_unknown_name_are_not_nothing(asset_class, expected):
    blocks = {"summary": SUMMARY, "주식\x1b[31m" + "목록" * 30: [SHARE if expected == "equityList" else FUND]}
    document = plain_balance()
    document["balanceList"]["balance"] = blocks
    with pytest.raises(MalformedResponseError) as caught:
        read_balance(parsed(document), asset_class=asset_class)
    assert caught.value.message.startswith("balanceList.balance: the block '주식 [31m목록")
    assert caught.value.message.endswith(f"…' is not known, and {expected} is missing")
    assert len(caught.value.message) < 120


@pytest.mark.parametrize(
    "further",
    [
        {"meta": {"page": 1, "took": 3}},
        {"warnings": ["slow"]},
        {"equtyList": []},
        {"equtyList": None},
        {"equtyList": "null"},
        {"remark": "text"},
    ],
    ids=str,
)
def test_other_unknown_keys_do_not_hurt(further):
    document = plain_balance()
    document["balanceList"]["balance"] = {"summary": SUMMARY, "fundList": [FUND], **further}
    assert len(read_balance(parsed(document)).rows) == 1


def test_the_missing_block_is_not_looked_for_among_thousands():
    document = plain_balance()
    document["balanceList"]["balance"] = {"summary": SUMMARY} | {f"zz{number}": [0] for number in range(101)}
    with pytest.raises(MalformedResponseError, match="is missing, beside more than 100 blocks"):
        read_balance(parsed(document))
    del document["balanceList"]["balance"]["zz7"]
    assert read_balance(parsed(document)).rows == ()


def test_where_nothing_is_missing_unknown_blocks_do_not_hurt():
    document = plain_balance(equityList=[SHARE], fundList=[], etcList=[])
    document["balanceList"]["balance"] |= {"summary": SUMMARY, "equityList2": [SHARE]}
    assert len(read_balance(parsed(document)).rows) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda d: d.update(balancList=d.pop("balanceList")),
            "the answer: the block 'balancList' is not known, and balanceList is missing",
        ),
        (
            lambda d: d["balanceList"].update(balanse=d["balanceList"].pop("balance")),
            "balanceList: the block 'balanse' is not known, and balance is missing",
        ),
    ],
)
def test_a_misspelt_container_fails_the_account(change, message):
    document = plain_balance(equityList=[SHARE])
    change(document)
    with pytest.raises(MalformedResponseError) as caught:
        read_balance(parsed(document))
    assert caught.value.message == message


def test_transactions_and_portfolios_are_guarded_alike():
    document = answer("transactions")
    account = VirtualAccount(broker=find_broker(short_name="diamond"), number=document["accInfo"]["vtAccNo"])
    question = Question(account_number=account.number, request_id=document["commonHeader"]["reqIdConsumer"])
    document["transList"]["transactions"] = document["transList"].pop("transaction")
    with pytest.raises(MalformedResponseError, match="transList: the block 'transactions' is not known"):
        TransactionsReader(question=question, account=account)(document)
    portfolio = {
        "commonHeader": {"reqIdConsumer": REQUEST_ID},
        "accInfo": {"vtAccNo": ACCOUNT},
        "portfolioResponseBody": {"queryResult": {"totalCnt": 0}},
        "portfolioList": {"portfolio": {"equtyList": [{"isinCode": "KR7005930003", "qty": 5}]}},
    }
    reader = PortfolioReader(question=QUESTION, asset_class=AssetClass.ALL, measure=Measure.SHARE)
    with pytest.raises(MalformedResponseError, match="the block 'equtyList' is not known"):
        reader(parsed(portfolio))


def account_of(document):
    return document["balanceList"]["balance"][0]


def test_the_spelling_of_the_operators_sample_program_is_read():
    document = answer("discretionary_balances")
    wanted = read_case("discretionary_balances", document)
    account_of(document)["cachBalInfo"] = account_of(document).pop("cashBalInfo")
    page = read_case("discretionary_balances", document)
    assert page == wanted
    assert page.cash != ()


@pytest.mark.parametrize(
    ("name", "expected"), [("cashBalInf", "cashBalInfo"), ("securityBalInfo", "securitiesBalInfo")]
)
def test_a_misspelt_block_of_a_discretionary_balance_fails_the_account(name, expected):
    document = answer("discretionary_balances")
    account_of(document)[name] = account_of(document).pop(expected)
    with pytest.raises(MalformedResponseError) as caught:
        read_case("discretionary_balances", document)
    assert caught.value.message == (
        f"balanceList.balance[0]: the block {name!r} is not known, and {expected} is missing"
    )


def test_dashes_in_an_echoed_account_number_are_the_same_account():
    document = plain_balance(equityList=[SHARE])
    document["accInfo"]["vtAccNo"] = f"{ACCOUNT[:4]}-{ACCOUNT[4:9]} -{ACCOUNT[9:]}"
    assert read_balance(parsed(document)).notes == ()
    document["accInfo"]["vtAccNo"] = f"{ACCOUNT[:4]}-{ACCOUNT[4:-1]}"
    with pytest.raises(ResponseMismatchError, match="about another account"):
        read_balance(parsed(document))


@pytest.mark.parametrize("echoed", ["EQTY", "FUND", "ETC", "ALL", "CASH", "SUM", "KSP", None])
@pytest.mark.parametrize("asked", [AssetClass.EQUITY, AssetClass.FUND, AssetClass.ALL, AssetClass.CASH])
def test_an_echo_of_another_class_of_securities_is_refused(asked, echoed):
    document = plain_balance()
    document["balanceResponseBody"]["queryType"] = {"assetType": echoed}
    if asked in {AssetClass.EQUITY, AssetClass.FUND} and echoed in {"EQTY", "FUND", "ETC"} - {asked.value}:
        with pytest.raises(ResponseMismatchError, match=f"asked for {asked}, answered about {echoed}"):
            read_balance(parsed(document), asset_class=asked)
    else:
        assert read_balance(parsed(document), asset_class=asked).rows == ()

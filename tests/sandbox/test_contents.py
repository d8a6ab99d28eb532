"""What the sandbox sends where a fault changes the content of an answer; what a client makes of it is tested elsewhere."""

import json
import re

from tests.loops import each
from tests.sandbox.asking import ACCOUNTS
from tests.sandbox.test_answers import rows_of


def result_of(answer):
    return answer.json()["balanceResponseBody"]["queryResult"]


@each(
    ("kind", "broker", "asset_type", "sent"),
    [
        ("dashed-account", "star", "CASH", '"vtAccNo":"160-64-6584478700099 "'),
        ("deep-nesting", "diamond", "ALL", f'"remark":{"[" * 500}{"]" * 500}'),
        ("lower-case", "cyber", "EQTY", '"assetType":"ksp","isinCode":"kr7000020008"'),
        ("minor-units", "cyber", "EQTY", '"crcyCode":"GBp"'),
        ("misspelt-rows", "cyber", "EQTY", '"eqiutyList":[{"assetType":"KSP"'),
        ("negative-debts", "cyber", "CASH", '"loanCredit":-2760000'),
        ("odd-fields", "cyber", "FUND", '"firstDateBuy":"20250230","lastDateBuy":"-","maturity":"무기한"'),
        ("odd-keys", "star", "EQTY", '"$decimal":"1","remark":"\\ud800"'),
        ("other-class", "star", "EQTY", '"queryType":{"assetType":"FUND"'),
        ("other-paging-block", "diamond", "ALL", '"queryRequest":{"totalCnt":20.0,"count":20.0'),
        ("placeholder-codes", "star", "EQTY", '"isinCode":"000000000000"'),
        ("placeholder-codes", "cyber", "FUND", '"fundCode":"-"'),
        ("rate-per-100", "star", "EQTY", '"crcyCode":"JPY","currencyRate":"905.12"'),
        (
            "repeated-account",
            "cyber",
            "EQTY",
            '"vtAccNo":"160600000000000099","vtAccNo":"160613251214500099"',
        ),
        ("repeated-amounts", "diamond", "ALL", '"valueAtCur":1.0E9,"valueAtCur":8'),
        ("unknown-block", "star", "EQTY", '"stocks":[{"assetType":"KSP"'),
        ("unsettled-purchase", "cyber", "CASH", '"cashBalance":1550000,"d1":1550000,"d2":1250000'),
        ("unsettled-sale", "cyber", "CASH", '"cashBalance":950000,"d1":950000,"d2":1250000'),
    ],
)
async def test_a_fault_of_the_content_changes_what_it_says_and_nothing_else(
    ask_quickly, kind, broker, asset_type, sent
):
    whole = (await ask_quickly.balance(broker, asset_type)).text
    ask_quickly.gateway.set_fault(broker, kind)
    changed = (await ask_quickly.balance(broker, asset_type)).text
    ask_quickly.gateway.clear_faults()
    assert sent in changed
    assert sent not in whole
    assert list(json.loads(changed)) == list(json.loads(whole))
    assert re.findall('"totalCnt":[^,]*', changed) == re.findall('"totalCnt":[^,]*', whole)


@each(
    ("kind", "sent"),
    [
        ("misspelt-cash", '"cachBalInfo":[{"cashBalance"'),
        ("shared-codes", '{"isinType":"상품코드","isinCode":"01","isinName":null}'),
        ("placeholder-codes", '"isinType":"표준코드","isinCode":"000000000000"'),
    ],
)
async def test_contracts_have_the_same_faults(ask_quickly, kind, sent):
    message = ask_quickly.message()
    (account, *_) = [each for each in ask_quickly.gateway.ledger.discretionary if each.broker == "cyber"]
    message["balanceListRequestBody"] = {
        "queryParameter": {"qrAccNo": account.number, "qrAssetType": "EQTY", "count": 0, "page": None}
    }
    ask_quickly.gateway.set_fault("cyber", kind)
    path = ACCOUNTS.format("cyber").replace("accountlist", "balancelist")
    answer = await ask_quickly.client.post(path, json=message, headers=ask_quickly.basic)
    ask_quickly.gateway.clear_faults()
    assert sent in answer.text


async def pages_of(ask, kind):
    ask.gateway.set_fault("cyber", kind)
    pages = await ask.pages("cyber", "EQTY")
    ask.gateway.clear_faults()
    totals = [page["balanceResponseBody"]["queryResult"]["totalCnt"] for page in pages]
    return totals, ["".join(row["isinCode"][6:9] for row in rows_of(page, "EQTY")) for page in pages]


@each(
    ("kind", "totals", "rows"),
    [
        ("drifting-pages", [7, 8, 8, 8], ["020930", "930930", "660420", "500900"]),
        ("drifting-pages:1", [7, 8, 7, 7], ["020930", "930930", "420500", "900"]),
        ("moved-row", [7, 7, 7, 7], ["020930", "930660", "660500", "500"]),
        ("empty-row", [8, 8, 8, 8], ["020930", "930660", "420500", "900900"]),
    ],
)
async def test_rows_come_in_or_change_places_between_pages(ask_quickly, kind, totals, rows):
    assert await pages_of(ask_quickly, kind) == (totals, rows)


async def test_odd_page_keys_are_taken_back_as_they_came(ask_quickly):
    ask_quickly.gateway.set_fault("cyber", "odd-page-keys")
    key = result_of(await ask_quickly.balance("cyber", "EQTY"))["page"]
    assert key == " K1 "
    assert (await ask_quickly.balance("cyber", "EQTY", page=key.strip())).json()["code"] == 6003
    assert len(await ask_quickly.pages("cyber", "EQTY")) == 4

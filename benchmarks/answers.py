"""The answers that a gateway of fixed answers gives: what a broker says of an account, and which accounts there are.

They echo neither account nor request, since one answer serves all; a client has to tolerate that, and ours does.
"""

import json
from typing import Any

from decode import answer
from responder import Answer

from koscom_async.brokers import Broker

# Each of them holds one row, so that a fan-out measures calls and not decoding.
CLASSES = {"CASH": "summary", "EQTY": "equityList", "FUND": "fundList", "ETC": "etcList"}
ALL = "ALL"
MEMBER_PATH = b"/common/member/consent/search"
_ROWS: dict[str, Any] = {
    "summary": {"cashBalance": 6976542.0, "receivable": 0.0, "loanCredit": 0.0},
    "equityList": [
        {
            "assetType": "KSP",
            "isinCode": "KR7005930003",
            "productName": "삼성전자",
            "qty": 157.0,
            "tradeType": "SUM",
            "valAtTrade": 281764.0,
            "valAtCur": 245400.0,
        }
    ],
    "fundList": [{"fundCode": "KRZ500395135", "fundName": "증권자1호", "valAtTrade": 5e6, "valAtCur": 4.5e6}],
    "etcList": [
        {"assetType": "BND", "assetName": "국고채", "qty": 1e7, "tradeType": "NRM", "valueAtCur": 1.0e7}
    ],
}


def equities(rows: int) -> bytes:
    """Return an answer to `ALL` of that many shares."""
    document = json.loads(answer(rows))
    del document["commonHeader"]  # a fixed answer cannot echo an id that is new for each call
    return json.dumps(document, ensure_ascii=False).encode()


def whole_gateway(linked: list[tuple[Broker, str]]) -> list[Answer]:
    """Return the answers of a gateway to which these accounts are linked, each of one row a class."""
    by_class = [Answer(_balance([block]), f'"{name}"'.encode()) for name, block in CLASSES.items()]
    return [Answer(_consent(linked), MEMBER_PATH), *by_class, Answer(_balance(list(CLASSES.values())))]


def _consent(linked: list[tuple[Broker, str]]) -> bytes:
    accounts = [
        {"comId": broker.code, "vtAccNo": number, "vtAccAlias": broker.short_name}
        for broker, number in linked
    ]
    return json.dumps({"vtAccList": accounts, "serviceTermsExpireDate": "20991231"}).encode()


def _balance(blocks: list[str]) -> bytes:
    rows = sum(len(_ROWS[block]) for block in blocks if block != "summary")
    document = {
        "balanceResponseBody": {"queryResult": {"totalCnt": rows, "count": rows, "page": "null"}},
        "balanceList": {"balance": {block: _ROWS[block] for block in blocks}},
        "resp": {"respCode": "200", "respMsg": "OK"},
    }
    return json.dumps(document, ensure_ascii=False).encode()

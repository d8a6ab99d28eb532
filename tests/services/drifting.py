"""One account at a broker whose pages are scripted, asked through any service that pages."""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any

import httpx
from attrs import define, field, frozen

from koscom_async import BrokerOverrides, Koscom, VirtualAccount
from koscom_async._wire.json.core import write_json
from koscom_async.brokers import find_broker
from tests.client.fake_gateway import NUMBERS, URL, investor_of, settings_of, share

FIRST_PAGES = (None, "", "null")
CODES = {
    "A": "KR7005930003",
    "B": "KR7000660001",
    "C": "KR7035420009",
    "D": "KR7035720002",
    "E": "KR7051910008",
    "F": "KR7000270009",
    "G": "KR7000020008",
    "H": "KR7000400002",
}


@frozen
class ScriptedPage:
    """A page on the wire: its rows by the letters of `CODES`, and what its paging block says."""

    letters: str
    total: object = None
    key: object = "null"


@frozen
class Service:
    """How one service is asked, how it spells its rows, and which letters came of an answer."""

    name: str
    ask: Callable[[Koscom], Awaitable[Any]]
    row: Callable[[str], Any]
    answer: Callable[[list[Any], dict[str, Any]], dict[str, Any]]
    read: Callable[[Any], list[str]]


def letters_of(codes: Sequence[str | None]) -> list[str]:
    known = {code: letter for letter, code in CODES.items()}
    return [known[code] for code in codes if code is not None]


def account() -> VirtualAccount:
    broker = find_broker(short_name="star")
    assert broker is not None
    return VirtualAccount(broker=broker, number=NUMBERS["star"], endpoint=f"{URL}/v1/star/account/")


def _listed(body: str, container: str, rows: str, *, inside: bool = False):
    def answer(content: Any, result: dict[str, Any]) -> dict[str, Any]:
        block: dict[str, Any] = {"queryResult": result}
        document: dict[str, Any] = {body: block}
        (block if inside else document)[container] = {rows: content}
        return document

    return answer


def _equities(body: str, container: str, rows: str):
    listed = _listed(body, container, rows)
    return lambda content, result: listed({"equityList": content}, result)


def _moved(letter: str) -> dict[str, Any]:
    number = ord(letter)
    return {
        "transDate": "20240105",
        "transType": "ASK",
        "isinCode": CODES[letter],
        "changeAmt": -100 * number,
        "changeQty": number,
        "qty": number,
    }


def _security(letter: str) -> dict[str, Any]:
    held = share(CODES[letter], quantity=ord(letter))
    return {
        "assetType": "KSP",
        "qty": held["qty"],
        "valAtTrade": held["valAtTrade"],
        "valAtCur": held["valAtCur"],
        "isinInfo": [{"isinType": "표준코드", "isinCode": CODES[letter], "isinName": letter}],
    }


def _contract_account(content: Any, result: dict[str, Any]) -> dict[str, Any]:
    balance = [{"accNo": NUMBERS["star"], "securitiesBalInfo": content}]
    return {"balanceListResponseBody": {"queryResult": result}, "balanceList": {"balance": balance}}


SERVICES = (
    Service(
        "balance",
        lambda koscom: koscom.account.balance(investor_of(), account()),
        lambda letter: share(CODES[letter], quantity=ord(letter)),
        _equities("balanceResponseBody", "balanceList", "balance"),
        lambda balance: letters_of([row.code for row in balance.equities]),
    ),
    Service(
        "portfolio",
        lambda koscom: koscom.account.portfolio(investor_of(), account()),
        lambda letter: {"assetType": "KSP", "isinCode": CODES[letter], "qty": 10},
        _equities("portfolioResponseBody", "portfolioList", "portfolio"),
        lambda portfolio: letters_of([row.code for row in portfolio.equities]),
    ),
    Service(
        "transactions",
        lambda koscom: koscom.account.transactions(
            investor_of(), account(), date(2024, 1, 1), date(2024, 1, 31)
        ),
        _moved,
        _listed("transactionHistoryResponseBody", "transList", "transaction"),
        lambda answer: letters_of([row.code for row in answer.rows]),
    ),
    Service(
        "watchlist",
        lambda koscom: koscom.account.watchlist(investor_of(), account()),
        lambda letter: {"groupName": letter, "isinCode": [CODES[letter]]},
        _listed("interestSymbolListResponseBody", "groupList", "group", inside=True),
        lambda watchlist: letters_of(watchlist.symbols),
    ),
    Service(
        "discretionary balance",
        lambda koscom: koscom.discretionary.balances("star", NUMBERS["star"]),
        _security,
        _contract_account,
        lambda balance: letters_of([row.code for row in balance.securities]),
    ),
    Service(
        "discretionary accounts",
        lambda koscom: koscom.discretionary.accounts("star"),
        lambda letter: {"accNo": CODES[letter]},
        _listed("accountListResponseBody", "accountList", "account"),
        lambda accounts: letters_of([each.number for each in accounts]),
    ),
)


@define
class DriftingBroker:
    """Answers each reading from its script; the last script stands for all further readings."""

    service: Service
    readings: Sequence[Sequence[ScriptedPage]]
    result: str = "queryResult"
    backend: str = "core"
    keys: list[object] = field(factory=list)
    """The page keys that were asked for, as they were written"""
    _reading: int = -1
    _page: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        query = query_of(body)
        if query.get("assetType", query.get("qrAssetType")) in {"CASH", "FUND", "ETC"}:
            return self._reply(body, self._document([], {"totalCnt": 0, "page": None}))
        self.keys.append(re.search(rb'"page":("[^"]*"|[^,}]*)', request.content)[1].decode())
        if query.get("page") in FIRST_PAGES:
            self._reading, self._page = min(self._reading + 1, len(self.readings) - 1), 0
        page = self.readings[self._reading][self._page]
        self._page += 1
        rows = [self.service.row(letter) for letter in page.letters]
        return self._reply(body, self._document(rows, {"totalCnt": page.total, "page": page.key}))

    def _document(self, rows: list[Any], result: dict[str, Any]) -> dict[str, Any]:
        document = self.service.answer(rows, result)
        for name, block in document.items():
            if name.endswith("ResponseBody"):
                block[self.result] = block.pop("queryResult")
        return document

    def _reply(self, body: dict[str, Any], document: dict[str, Any]) -> httpx.Response:
        header = {"reqIdConsumer": body["commonHeader"]["reqIdConsumer"]}
        info = {"vtAccNo": body.get("accInfo", {}).get("vtAccNo")}
        answer = {"commonHeader": header, "accInfo": info, **document, "resp": {"respCode": "200"}}
        return httpx.Response(200, content=write_json(answer))

    async def ask(self, **overrides: Any) -> Any:
        """Ask the service; `overrides` are the broker's."""
        override = BrokerOverrides(supports_all=False, supports_interest_query=True, **overrides)
        settings = settings_of(brokers={"star": override}, check_service_hours=False, backend=self.backend)
        async with Koscom(settings, transport=httpx.MockTransport(self)) as koscom:
            return await self.service.ask(koscom)


def query_of(body: dict[str, Any]) -> dict[str, Any]:
    (block,) = (value for name, value in body.items() if name.endswith("RequestBody"))
    (query,) = block.values()
    return query

"""A scriptable gateway behind httpx.MockTransport: honest by default, and at each account as odd as a test wants."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

import anyio
import httpx
from attrs import define, field, frozen

from koscom_async import BrokerLimits, Device, Investor, Koscom, Limits, Retry, Settings, Token
from koscom_async._transport.limits.limiter import Limiter

URL = "https://gateway.example"
CODES = {"diamond": "00992", "cyber": "00991", "star": "00993", "samsung": "00030"}
NUMBERS = {
    "diamond": "160635473367600099",
    "cyber": "160613251214500099",
    "star": "160646584478700099",
    "samsung": "160600000000300012",
}
LISTS = {"EQTY": "equityList", "FUND": "fundList", "ETC": "etcList"}

Wire = dict[str, Any]


@frozen(kw_only=True)
class Question:
    """A balance call, as the gateway sees it."""

    path: str
    broker: str
    number: str
    asset_class: str
    page: str
    request_id: str
    headers: httpx.Headers = field(repr=False)
    body: Wire = field(repr=False)


Reply = httpx.Response | Exception
Script = Callable[[Question], "Reply | Awaitable[Reply]"]


def share(code: str = "KR7005930003", quantity: float = 10, cost: float = 100, value: float = 120) -> Wire:
    return {
        "assetType": "KSP",
        "isinCode": code,
        "qty": quantity,
        "tradeType": "NRM",
        "valAtTrade": cost,
        "valAtCur": value,
    }


def fund(code: str = "KRZ500395135", value: float = 50) -> Wire:
    return {
        "fundCode": code,
        "fundName": "한빛배당성장",
        "valAtTrade": 0,
        "valAtCur": value,
        "proLoss": value,
    }


def bond(name: str = "국민주택1종11-07", value: float = 30) -> Wire:
    return {"assetType": "BOND", "assetName": name, "qty": 30, "valAtTrade": 20, "valueAtCur": value}


def cash(balance: float = 1000) -> Wire:
    return {"cashBalance": balance, "receivable": 0, "loanCredit": 0}


def said(question: Question, blocks: Wire, *, total: object, page: object = "null", **echoes: object) -> Wire:
    """The documents' answer; `number` and `request_id` echo something else, or nothing if `None`."""
    number = echoes.get("number", question.number)
    request_id = echoes.get("request_id", question.request_id)
    return {
        "commonHeader": {} if request_id is None else {"reqIdConsumer": request_id},
        "accInfo": {} if number is None else {"realAccNo": "", "vtAccNo": number},
        "balanceResponseBody": {"queryResult": {"totalCnt": total, "page": page}},
        "balanceList": {"balance": blocks},
        "resp": {"respCode": "200", "respMsg": "OK"},
    }


def ok(document: object) -> httpx.Response:
    return httpx.Response(200, json=document)


def refusal(code: str, status: int = 500, category: str = "star", **headers: str) -> httpx.Response:
    body = {"category": category, "code": code, "message": "refused", "description": ""}
    return httpx.Response(status, json=body, headers=headers)


def transactions(question: Question, *, most_days: int = 10_000) -> httpx.Response:
    """Answer with no transactions, for so many days at most."""
    dates = question.body["transactionHistoryRequestBody"]["queryParams"]
    since, until = (date.fromisoformat(dates[name]) for name in ("fromDate", "toDate"))
    if (until - since).days >= most_days:
        body = {"category": question.broker, "code": "6006", "message": f"최대 {most_days}일"}
        return httpx.Response(500, json=body)
    document = said(question, {}, total=0)
    document["transactionHistoryResponseBody"] = document.pop("balanceResponseBody")
    return ok(document | {"transList": {"transaction": []}})


@define
class Book:
    """What an account holds, sent by a broker that answers `ALL` or does not, in pages or not."""

    rows: dict[str, list[Wire]] = field(factory=dict)
    summary: Wire = field(factory=cash)
    answers_all: bool = True
    page_size: int | None = None

    def __call__(self, question: Question) -> httpx.Response:
        asked = question.asset_class
        if asked == "ALL":
            if not self.answers_all:
                return refusal("6001", category=question.broker)
            blocks = {"summary": self.summary} | {
                name: self.rows.get(each, []) for each, name in LISTS.items()
            }
            return ok(said(question, blocks, total=sum(len(rows) for rows in self.rows.values())))
        if asked == "CASH":
            return ok(said(question, {"summary": self.summary}, total=0))
        rows = self.rows.get(asked, [])
        start = 0 if question.page == "null" else int(question.page)
        end = len(rows) if self.page_size is None else min(len(rows), start + self.page_size)
        page = "null" if end >= len(rows) else str(end)
        return ok(said(question, {LISTS[asked]: rows[start:end]}, total=len(rows), page=page))


@define
class FakeGateway:
    """The consent list, and a script for each account; remembers what it was asked."""

    scripts: dict[str, Script] = field(factory=dict)
    linked: Sequence[Wire] | None = None
    authorization: Callable[[dict[str, str]], httpx.Response] = lambda _: httpx.Response(
        400, json={"error": "invalid_grant", "error_description": "it was used before"}
    )
    grants: list[dict[str, str]] = field(factory=list, repr=False)
    consent: Script | None = None
    questions: list[Question] = field(factory=list)
    requests: list[httpx.Request] = field(factory=list)
    cancelled: list[str] = field(factory=list)

    def listed(self) -> Sequence[Wire]:
        if self.linked is not None:
            return self.linked
        return [link(broker) for broker in self.scripts]

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path.startswith("/auth/"):
            form = dict(parse_qsl(request.content.decode()))
            self.grants.append(form)
            return self.authorization(form)
        body = json.loads(request.content)
        if "/common/member/" in request.url.path:
            question = self._question(request, body, broker="common")
            reply: Any = self.consent or (lambda _: ok({"vtAccList": list(self.listed())}))
        else:
            question = self._question(request, body, broker=request.url.path.split("/")[2])
            self.questions.append(question)
            # By number first, since a broker may have several accounts.
            reply = self.scripts.get(question.number) or self.scripts[question.broker]
        reply = reply(question)
        if isinstance(reply, Awaitable):
            try:
                reply = await reply
            except anyio.get_cancelled_exc_class():
                self.cancelled.append(question.broker)
                raise
        if isinstance(reply, Exception):
            raise reply
        assert isinstance(reply, httpx.Response)
        return reply

    def _question(self, request: httpx.Request, body: Wire, *, broker: str) -> Question:
        query = body.get("balanceRequestBody", {}).get("queryType", {})
        return Question(
            path=request.url.path,
            broker=broker,
            number=body.get("accInfo", {}).get("vtAccNo", ""),
            asset_class=query.get("assetType", ""),
            page=query.get("page", ""),
            request_id=body["commonHeader"]["reqIdConsumer"],
            headers=request.headers,
            body=body,
        )

    @property
    def asked(self) -> list[str]:
        """The balance calls in their order, each as `broker class`."""
        return [f"{each.broker} {each.asset_class}" for each in self.questions]

    def client(self, *, limiter: Limiter | None = None, **changes: Any) -> Koscom:
        return Koscom(settings_of(**changes), transport=httpx.MockTransport(self), limiter=limiter)


def link(broker: str, number: str | None = None, **changes: object) -> Wire:
    """One line of the consent list."""
    return {
        "comId": CODES[broker],
        "vtAccNo": number or NUMBERS[broker],
        "vtAccAlias": broker,
        "endpoint": f"{URL}/v1/{broker}/account/",
    } | changes


def settings_of(**changes: Any) -> Settings:
    given: dict[str, Any] = {
        "base_url": URL,
        "api_key": "KEY-MARK-0000",
        "api_secret": "SECRET-MARK-0000",
        "com_id": "F0995",
        "srv_id": "297",
        # Times of no account: what is tested here is what becomes of answers, and not how long that takes.
        "retry": Retry(attempts=1),
        "limits": Limits(default=BrokerLimits(rate=1e6, burst=1000, in_flight=100)),
    }
    return Settings(**given | changes)


def investor_of(mark: str = "A", name: str = "홍길동") -> Investor:
    return Investor(
        ci=mark * 86 + "==",
        name=name,
        token=Token(access=f"TOKEN-MARK-{mark}", refresh=f"REFRESH-MARK-{mark}"),
        device=Device(ip="123.45.12.34", mac="70:54:D2:7E:E2:47"),
    )

"""Answers of brokers for any accounts: as the documents have them, in the spellings of real ones.

A broker here has no state: each question has its one answer, made before it is asked, so that the client and the
reference read the same.
"""

import copy
import json
from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.client.fake_gateway import CODES
from tests.fuzz.reference import REQUEST_ID

ISINS = ("KR7005930003", "KR7000660001", "US0378331005", "kr7005930003")
PLACEHOLDERS = (None, "", "null", "000000000000", "NULL", "-", "N/A", 0, "A")
CLASSES = ("EQTY", "FUND", "ETC")
LISTS = {"EQTY": "equityList", "FUND": "fundList", "ETC": "etcList"}
FIRST = ("null", "", None)
REFUSED = 500, b'{"category": "star", "code": "6003", "message": "page"}'


@dataclass
class Broker:
    """One account's answers, by asset class and page key; what is not there is refused as a page that is unknown."""

    name: str
    number: str
    takes_all: bool
    in_korean: bool = False
    """Whether it writes in the Korean code page, and says so"""
    answers: dict = field(default_factory=dict)
    """(asset class, text of the page key) → (status, body)"""

    def answer(self, asked, key):
        key = "" if key in FIRST else str(key)
        return self.answers.get((asked, key), REFUSED)


@dataclass
class World:
    """Every account of one investor, and what was done to their answers."""

    brokers: list
    mutations: list

    def __repr__(self):
        lines = [f"mutations: {self.mutations}"]
        for broker in self.brokers:
            lines.append(f"{broker.name} {broker.number} takes ALL: {broker.takes_all}")
            lines += [
                f"  {asked} {key!r}: {status} {body!r}"
                for (asked, key), (status, body) in broker.answers.items()
            ]
        return "\n".join(lines)


# Rows: a plain one with a few fields changed, each to one of few values, so that many rows are alike.

AMOUNTS = (0, 1, 100, 120, 250, -5, 0.5, 1e10, "100", " 120 ", "1.0E2", "314159.265358979", "0.000001", 3.69827563509e11,
           "99999999999999999999.5", None)  # fmt: skip
NAMES = (None, "삼성전자", "국민주택1종11-07", "합계", "-", "RP 예수금", "  삼성전자 ")
PRODUCTS = ("KSP", "KDQ", "ETF", "FUT", "fut", "BOND", "RP", None, "새상품")
TRADES = ("NRM", "SUM", "CRD", "LOAN", None)
CURRENCIES = (None, "KRW", "USD", "usd", "JPY(100)", "JPY", "GBp", "GBP")

PLAIN = {
    "EQTY": {"assetType": "KSP", "isinCode": "KR7005930003", "qty": 10, "tradeType": "NRM", "valAtTrade": 700, "valAtCur": 800},
    "FUND": {"fundCode": "KRZ500395135", "fundName": "한빛배당성장", "valAtTrade": 0, "valAtCur": 50, "proLoss": 50},
    "ETC": {"assetType": "BOND", "assetName": "국민주택1종11-07", "qty": 30, "valAtTrade": 20, "valueAtCur": 30},
}  # fmt: skip


def options(**fields):
    return [(name, value) for name, values in fields.items() for value in values]


CHANGED = options(
    qty=AMOUNTS,
    valAtTrade=AMOUNTS,
    valAtCur=AMOUNTS,
    valueAtCur=AMOUNTS,
    assetType=PRODUCTS,
    tradeType=TRADES,
    crcyCode=CURRENCIES,
    earningRate=("-12.9%", "NaN", -12.9, "무기한"),
    maturity=("무기한", "20250230", "99991231", 0),
    unknown=(None, {"$decimal": "1"}, [[1]], "x", True),
)
CODED = {
    "EQTY": options(isinCode=(*ISINS, *PLACEHOLDERS), productName=NAMES),
    "FUND": options(fundCode=("KRZ500395136", *ISINS, *PLACEHOLDERS), fundName=NAMES),
    "ETC": options(isinCode=(*ISINS, *PLACEHOLDERS), assetName=NAMES),
}


def rows(kind):
    """One row of a list, with the names of its class."""
    changed = (
        st.sampled_from(CHANGED)
        | st.sampled_from(CODED[kind])
        | st.tuples(st.just("qty"), st.integers(0, 10**9))
    )
    return st.lists(changed, max_size=4).map(lambda some: PLAIN[kind] | dict(some))


HELD = {kind: st.lists(rows(kind), max_size=3) for kind in CLASSES}

SUMMARY = {
    "cashBalance": 1000,
    "d1": 1000,
    "d2": 300,
    "receivable": 0,
    "loanCredit": 0,
    "valueAtCur": 800,
    "totalAccVal": 1100,
}
SUMMED = options(
    cashBalance=AMOUNTS,
    d1=AMOUNTS,
    d2=AMOUNTS,
    valueAtCur=AMOUNTS,
    valAtCur=AMOUNTS,
    totalAccVal=(None, 0, 1800, 800, 300, 1000),
    receivable=(-30, "30", None),
    loanCredit=(400, "-400", None),
)
summaries = st.lists(st.sampled_from(SUMMED), max_size=4).map(lambda some: SUMMARY | dict(some))


# An account: what it holds, and how its broker says so.

KEYS = (("K1", "K2", "K3"), (" K1 ", "0002", "K3"), (1, 2, 3))
STYLES = st.tuples(st.booleans(), st.sampled_from((1, 2, 9)), st.sampled_from(KEYS))
"""How a broker answers: one choice that each service reads its own way, the rows of a page, and the page keys"""


@st.composite
def accounts(draw, name, number, service, *, takes_all):
    """One account, answered class by class, or with one answer for everything."""
    held = {kind: draw(HELD[kind]) for kind in CLASSES}
    broker = Broker(name, number, takes_all, in_korean=draw(st.sampled_from((False, False, False, True))))
    service(broker, held, draw(summaries), draw(STYLES))
    return broker


def balance_answers(broker, held, summary, style):
    """Fill in the answers about a balance, as documents that can still be mutated."""
    as_blocks, size, keys = style
    lists = {LISTS[kind]: held[kind] for kind in CLASSES}
    whole = {"summary": summary, **lists}
    count = sum(map(len, held.values()))
    broker.answers["ALL", ""] = balance_document(broker, "ALL", whole, count, "null", as_blocks=as_blocks)
    broker.answers["CASH", ""] = balance_document(
        broker, "CASH", {"summary": summary}, 0, None, as_blocks=as_blocks
    )
    for kind in CLASSES:
        for key, page, after in paged(held[kind], size, keys):
            blocks = {LISTS[kind]: page}
            broker.answers[kind, key] = balance_document(
                broker, kind, blocks, len(held[kind]), after, as_blocks=as_blocks
            )


def balance_document(broker, asked, blocks, total, after, *, as_blocks):
    content = [{name: each} for name, each in blocks.items()] if as_blocks else dict(blocks)
    return {
        "commonHeader": {"reqIdConsumer": REQUEST_ID},
        "accInfo": {"realAccNo": "", "vtAccNo": broker.number},
        "balanceResponseBody": {
            "queryType": {"assetType": asked, "page": "null"},
            "queryResult": {"totalCnt": total, "page": after},
        },
        "balanceList": {"balance": content},
        "resp": {"respCode": "200"},
    }


# The other services: the same rows, in their own words.

CODE_LISTS = (
    (("표준코드", "KR7005930003"),),
    (("표준코드", "KR7005930003"), ("단축코드", "A005930")),
    (("단축코드", "A005930"), ("표준코드", "KR7000660001")),
    (("단축코드", "A005930"),),
    (("상품코드", "001"), ("표준코드", "kr7000660001")),
    (("상품코드", "001"),),
    (("표준코드", "KR7005930003"), ("표준코드", "KR7000660001")),
    (("표준코드", "KR0065300"), ("단축코드", "000000")),
    (("펀드코드", "KRZ500395136"), ("종목코드", "123456")),
    ((None, "123456"), ("단축코드", "-")),
    (),
)


def contract_row(kind, row):
    """Return a row of the account service as the discretionary service has it."""
    name = row.pop("fundName", None) or row.pop("assetName", None) or row.pop("productName", None)
    word = row.pop("isinCode", None) or row.pop("fundCode", None)
    codes = CODE_LISTS[hash_of(row) % len(CODE_LISTS)] or ((None, word),)
    return row | {
        "isinInfo": [{"isinType": sort, "isinCode": each, "isinName": name} for sort, each in codes]
    }


def hash_of(row):
    """Return a number that is the same for equal rows, in every process."""
    return sum(map(ord, repr(sorted(map(str, row.values())))))


def contract_answers(broker, held, summary, style):
    """Fill in the answers about a contract account; each has the cash again."""
    has_views, size, keys = style
    debts = {"receivable": summary["receivable"], "totCreditAmt": 0, "totLoanAmt": summary["loanCredit"]}
    views = (
        (("KRW-D0", "cashBalance"), ("KRW-D1", "d1"), ("KRW", "d2"))
        if has_views
        else ((None, "cashBalance"),)
    )
    cash = [{"crcyCode": code, "cashBalance": summary[name], **debts} for code, name in views]
    if size == 2:
        cash.append({"crcyCode": "USD-D0", "cashBalance": summary["d1"], **debts})
    for kind in CLASSES:
        rows_ = [contract_row(kind, dict(row)) for row in held[kind]]
        for key, page, after in paged(rows_, size, keys):
            block = {"accInfo": {"accNo": broker.number}, "cashBalInfo": cash, "securitiesBalInfo": page}
            broker.answers[kind, key] = copy.deepcopy({
                "commonHeader": {"reqIdConsumer": REQUEST_ID},
                "balanceListResponseBody": {
                    "queryParameter": {"qrAssetType": kind, "qrAccNo": broker.number},
                    "queryResult": {"totalCnt": len(rows_), "page": after},
                },
                "balanceList": {"balance": [block]},
                "resp": {"respCode": "200"},
            })  # fmt: skip


def paged(rows_, size, keys):
    """Yield each page with its own key and the next one's."""
    pages = [rows_[at : at + size] for at in range(0, len(rows_), size)] or [[]]
    for place, page in enumerate(pages):
        yield (
            "" if place == 0 else str(keys[place - 1]),
            page,
            keys[place] if place + 1 < len(pages) else "null",
        )


def portfolio_answers(broker, held, summary, style):
    """Fill in the answers about a portfolio."""
    as_blocks, size, keys = style
    cash = {"cash": {"amt": summary["cashBalance"]}}
    lists = {LISTS[kind]: held[kind] for kind in CLASSES}
    asked = [
        ("ALL", "", {**cash, **lists}, sum(map(len, held.values())), "null"),
        ("CASH", "", cash, 0, None),
    ]
    for kind in CLASSES:
        for key, page, after in paged(held[kind], size, keys):
            asked.append((kind, key, {LISTS[kind]: page}, len(held[kind]), after))
    for kind, key, blocks, total, after in asked:
        document = balance_document(broker, kind, blocks, total, after, as_blocks=as_blocks)
        document["portfolioResponseBody"] = document.pop("balanceResponseBody")
        document["portfolioResponseBody"]["queryType"]["rspType"] = "QTY" if size < 9 else None
        document["portfolioList"] = {"portfolio": document.pop("balanceList")["balance"]}
        broker.answers[kind, key] = copy.deepcopy(document)


DAYS = ("20240105", "20240105", "2024-01-09", "20240131", "20240201", "00000000", None)
KINDS = ("ASK", "BID", "DEP", "WID", "ask", "새거래", None)


def transaction_answers(broker, held, summary, style):
    """Fill in the answers about transactions: the rows that are held as what was moved."""
    _, size, keys = style
    moved = [
        {
            "transDate": DAYS[hash_of(row) % len(DAYS)],
            "transType": KINDS[hash_of(row) % len(KINDS)],
            "isinCode": row.get("isinCode", row.get("fundCode")),
            "changeAmt": row.get("valAtCur", row.get("valueAtCur")),
            "changeQty": row.get("qty"),
            "qty": row.get("valAtTrade"),
        }
        for kind in CLASSES
        for row in held[kind]
    ]
    for key, page, after in paged(moved, size, (*keys, *range(10, 20))):
        broker.answers["", key] = copy.deepcopy({
            "commonHeader": {"reqIdConsumer": REQUEST_ID},
            "accInfo": {"vtAccNo": broker.number},
            "transactionHistoryResponseBody": {"queryResult": {"totalCnt": len(moved), "page": after}},
            "transList": {"transaction": page},
            "resp": {"respCode": "200"},
        })  # fmt: skip


def watchlist_answers(broker, held, summary, style):
    """Fill in the answers about a watchlist: a group for each class, of the codes that are held."""
    counts_symbols, size, keys = style
    groups = [
        {
            "groupName": f"관심 {kind}",
            "isinCode": [row.get("isinCode", row.get("fundCode")) for row in held[kind]],
        }
        for kind in CLASSES
    ]
    symbols = sum(each not in {None, "", "null"} for group in groups for each in group["isinCode"])
    for key, page, after in paged(groups, size, keys):
        broker.answers["", key] = copy.deepcopy({
            "commonHeader": {"reqIdConsumer": REQUEST_ID},
            "accInfo": {"vtAccNo": broker.number},
            "interestSymbolListResponseBody": {
                "queryResult": {"totalCnt": symbols if counts_symbols else len(groups), "page": after},
                "groupList": {"group": page},
            },
            "resp": {"respCode": "200"},
        })  # fmt: skip


PLACES = (("diamond", "160635473367600099"), ("cyber", "160613251214500099"), ("star", "160646584478700099"),
          ("star", "160646584478700111"))  # fmt: skip


def consent_list(world, url):
    """Return the list of linked accounts."""
    return [
        {
            "comId": CODES[each.name],
            "vtAccNo": each.number,
            "vtAccAlias": each.name,
            "endpoint": f"{url}/v1/{each.name}/account/",
        }
        for each in world.brokers
    ]


def written(document):
    text = json.dumps(document, ensure_ascii=False).replace("Infinity", "1e400")
    return text.encode("utf-8", "surrogatepass")

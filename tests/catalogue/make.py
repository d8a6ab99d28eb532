"""Makes `koscom_async/_wire/catalogue.json` and the stub of `koscom.ask` from the facts: python -m tests.catalogue.make.

`facts.json` has what the documents say of each endpoint, `names.py` what they leave open. Here stands how endpoints
become operations: the same question in both versions, or at two boards, is one.
"""

import json
import re
import sys
from pathlib import Path

from tests.catalogue.names import SECRET, UNITS, kind_of, name_of
from tests.catalogue.stub import stub_of
from tests.source import HOME

HERE = Path(__file__).parent
CATALOGUE = HOME / "koscom_async/_wire/catalogue.json"
STUB = HOME / "koscom_async/_services/catalogue/ask.pyi"

BOARDS = {"kospi": "kospi", "kosdaq": "kosdaq"}
ALL_BOARDS = {**BOARDS, "konex": "konex"}
DAYS = {"day": 140, "week": 694, "month": 2990}
EVERY = {"day": "D", "week": "W", "month": "M"}
INTRADAY = {"10s": "10", "1m": "60", "10m": "600"}

PARAMETERS = {
    "issue": {"kind": "code", "place": "path", "required": True, "ko": "종목코드"},
    "codes": {"kind": "codes", "wire": "isuCd", "most": 20, "required": True, "ko": "종목코드"},
    "board": {"place": "path", "values": BOARDS, "required": True, "ko": "시장코드"},
    "board.any": {"name": "board", "place": "path", "values": ALL_BOARDS, "required": True, "ko": "시장코드"},
    "board.found": {
        "name": "board",
        "place": "path",
        "values": ALL_BOARDS,
        "found_by": "issue",
        "ko": "시장코드",
    },
    "market": {"kind": "code", "place": "path", "required": True, "ko": "시장코드"},
    "index.market": {
        "name": "market",
        "place": "path",
        "values": {name: name for name in ("kospi", "kosdaq", "sector", "etc")},
        "required": True,
        "ko": "시장코드",
    },
    "index": {"kind": "code", "place": "path", "required": True, "ko": "업종코드"},
    "nation": {"kind": "code", "place": "path", "default": "KR", "ko": "국가코드"},
    "every": {"wire": "trnsmCycleTpCd", "values": EVERY, "default": "day", "ko": "전송주기구분코드"},
    "every.intraday": {
        "name": "every",
        "wire": "inddCycleTpCd",
        "values": INTRADAY,
        "default": "1m",
        "ko": "일중전송주기구분코드",
    },
    "since": {"kind": "date", "wire": "inqStrtDd", "required": True, "ko": "조회시작일자"},
    "until": {"kind": "date", "wire": "inqEndDd", "default": "today", "ko": "조회종료일자"},
    "on": {"kind": "date", "wire": "inqStrtDd", "ko": "조회일자"},
    "since.time": {"name": "since", "kind": "time", "wire": "strtTm", "required": True, "ko": "개시시각"},
    "until.time": {"name": "until", "kind": "time", "wire": "endTm", "required": True, "ko": "종료시각"},
    "rows": {"wire": "reqCnt", "fixed": "100"},
    "fields": {"kind": "fields", "most": 10, "required": True, "ko": "요구형항목"},
    "algorithm": {"kind": "number", "wire": "algrthSn", "ko": "알고리즘 번호"},
    "since.ra": {"name": "since", "kind": "date", "wire": "startDate", "ko": "시작일자"},
    "until.ra": {"name": "until", "kind": "date", "wire": "endDate", "ko": "종료일자"},
    "keyword": {"kind": "digits", "place": "body", "required": True, "secret": True, "ko": "검색 키워드"},
    "keyword_type": {
        "place": "body",
        "values": {"phone": "phone", "account": "account", "auto": "auto"},
        "required": True,
        "ko": "검색 키워드 유형",
    },
    "access_type": {
        "place": "body",
        "values": {"user": "user", "service": "service"},
        "default": "user",
        "ko": "조회 유형",
    },
    "add_info": {"kind": "text", "place": "body", "default": "", "ko": "여분 필드"},
    "crpno": {"kind": "digits", "ko": "법인 번호"},
    "bizno": {"kind": "digits", "ko": "사업자번호"},
    "stockcd": {"kind": "code", "ko": "주식종목코드"},
    "kiscode": {"kind": "code", "ko": "업체코드"},
    "period": {
        "wire": "stacdivcd",
        "values": {"q1": "F", "half": "B", "q3": "T", "year": "K"},
        "ko": "결산구분",
    },
    "statement": {"wire": "fatpcd", "values": {"separate": "0", "consolidated": "1"}, "ko": "재무제표유형"},
    "years": {"wire": "yr", "values": {"3": "3", "5": "5"}, "ko": "조회범위"},
    "unit": {
        "wire": "amtuit",
        "values": {"won": "1", "thousand": "2", "million": "3", "hundred_million": "4"},
        "ko": "금액단위",
    },
    "settled": {"kind": "date", "wire": "stac_date", "ko": "결산일자"},
}

BARS = ("every", "since", "until", "rows")
INTRADAY_BARS = ("every.intraday", "since.time", "until.time", "on")
MINUTES = {"10s": 16, "1m": 99, "10m": 990}
HISTORY = {"rows_per_call": 100, "window": DAYS}
DAILY = {"rows_per_call": 100, "window": {"*": 140}}
WITHIN_A_DAY = {"rows_per_call": 100, "window": MINUTES}


def at_board(word, *ask, board="board.found", **more):
    """A question about an issue of a board, or about the board."""
    return {"v3": f"closed.kospi.{word}", "v2": f"stocks.{word}", "ask": (board, *ask), **more}


def derivative(kind, word, *ask, v3="realtime", **more):
    """A question about a futures or options contract, or their market."""
    return {"v3": f"{v3}.{kind}.{word}", "v2": f"{kind}.{word}", "ask": ("market", *ask), **more}


def of_index(word, *ask, v3="realtime", **more):
    """A question about an index."""
    more = {"units": "index", **more}
    return {"v3": f"{v3}.index.{word}", "v2": f"index.{word}", "ask": ("index.market", "index", *ask), **more}


def multiquote(word, *ask, **more):
    """A question about many issues of one board."""
    return {"v3": f"realtime.kospi.multiquote.{word}", "ask": ("board", *ask), **more}


MARKET = {
    "stocks.lists": at_board("lists", board="board.any"),
    "stocks.master": at_board("master", "issue"),
    "stocks.selectivemaster": at_board("selectivemaster", "issue", "fields"),
    "stocks.closeprice": at_board("closeprice", "issue", ready="15:40"),
    "stocks.shortsell": at_board("shortsell", "issue", "since", "until", ready="18:00", **DAILY),
    "stocks.foreignhistory": at_board("foreignhistory", "issue", "since", "until", "rows", **DAILY),
    "stocks.history": at_board("history", "issue", *BARS, **HISTORY),
    "stocks.index": at_board("index", board="board", units="index"),
    "stocks.closenav": at_board("closenav", "issue", ready="16:00") | {"v3": "closed.etf.closenav"},
    "stocks.investors": at_board("investors", "issue", ready="15:30") | {"v3": "investors.kospi.issue"},
    "stocks.market_investors": at_board("market_investors", board="board", ready="15:40")
    | {"v3": "investors.kospi.market"},
    "stocks.price": at_board("price", "issue") | {"v3": "realtime.kospi.price"},
    "stocks.orderbook": at_board("orderbook", "issue") | {"v3": "realtime.kospi.orderbook"},
    "stocks.intraday": at_board("intraday", "issue", *INTRADAY_BARS, **WITHIN_A_DAY)
    | {"v3": "realtime.kospi.intraday"},
    "stocks.traderanking": at_board("traderanking", "issue") | {"v3": "realtime.kospi.traderanking"},
    "multiquote.price": multiquote("price", "codes", v2="multiquote.price"),
    "multiquote.orderbook": multiquote("orderbook", "codes", v2="multiquote.orderbook"),
    "multiquote.lists": multiquote("lists", v2="multiquote.lists"),
    "multiquote.ohlclists": multiquote("ohlclists", v2="multiquote.ohlclists"),
    "multiquote.ahtohlclists": multiquote("ahtohlclists"),
    "multiquote.quotelists": multiquote("quotelists"),
    **{
        f"{kind}.{word}": made
        for kind in ("futures", "options")
        for word, made in {
            "lists": derivative(kind, "lists", v3="closed"),
            "master": derivative(kind, "master", "issue", v3="closed"),
            "closeprice": derivative(kind, "closeprice", "issue", v3="closed", ready="15:30"),
            "history": derivative(kind, "history", "issue", *BARS, v3="closed", **HISTORY),
            "price": derivative(kind, "price", "issue"),
            "orderbook": derivative(kind, "orderbook", "issue"),
            "market_investors": derivative(kind, "market_investors"),
            "intraday": derivative(kind, "intraday", "issue", *INTRADAY_BARS, **WITHIN_A_DAY),
        }.items()
    },
    "index.index": of_index("index"),
    "index.closeindex": of_index("closeindex", v3="closed", ready="15:40"),
    "index.history": of_index("history", *BARS, v3="closed", **HISTORY),
    "index.intraday": of_index("intraday", *INTRADAY_BARS, **WITHIN_A_DAY),
    "index.marketcap": of_index("marketcap"),
    "index.prospectindex": of_index("prospectindex"),
    "index.investors": of_index("investors", units="*"),
    "extra.pdf": {"v3": "extra.pdf", "ask": ("board.found", "issue")},
    "extra.nav": {"v3": "extra.nav", "ask": ("board.found", "issue")},
    "extra.navhistory": {"v3": "extra.navhistory", "ask": ("board.found", "issue", *BARS), **HISTORY},
    "extra.holiday": {"v3": "extra.holiday", "ask": ("nation",)},
}

OTHERS = {
    "ratestbed.algoapi": (),
    "ratestbed.rateapi": ("algorithm", "since.ra", "until.ra"),
    "ratestbed.riskapi": ("algorithm", "since.ra", "until.ra"),
    "thecheat.fraudsearch": ("keyword", "keyword_type", "access_type", "add_info"),
    "nice.kiscode": ("crpno", "bizno", "stockcd"),
    "nice.companyShortOutline": ("bizno", "kiscode"),
    "nice.financialRateBaseDate": ("kiscode", "period", "statement"),
    "nice.financialRate": ("kiscode", "period", "years", "statement", "settled"),
    "nice.financialStateTableBaseDate": ("bizno", "kiscode", "period"),
    "nice.financialStateTable": ("kiscode", "statement", "years", "unit", "settled", "period"),
}
ONE_OF = {
    "nice.kiscode": ["crpno", "bizno", "stockcd"],
    "nice.companyShortOutline": ["bizno", "kiscode"],
    "nice.financialStateTableBaseDate": ["bizno", "kiscode"],
}

# Asked through a typed method, with the platform's envelope around it.
TYPED = {
    "auth.authorize": "koscom.oauth.authorize_url",
    "auth.token": "koscom.oauth.exchange",
    "auth.refresh": "koscom.oauth.refresh",
    "auth.revoke": "koscom.oauth.revoke",
    "common.member.register": "koscom.member.registration",
    "common.member.consent": "koscom.member.accounts",
    "account.balance": "koscom.account.balance",
    "account.portfolio": "koscom.account.portfolio",
    "account.transaction": "koscom.account.transactions",
    "account.interest": "koscom.account.watchlist",
    "b2baccount.accountlist": "koscom.discretionary.accounts",
    "b2baccount.balancelist": "koscom.discretionary.balance",
    "b2baccount.orderdetail": "koscom.discretionary.orders",
    "b2baccount.settlelist": "koscom.discretionary.settlements",
    "b2baccount.tradebook": "koscom.discretionary.trades",
}

_ORDER_DOCUMENT = (
    "FIX_REST_API_v1.03.pdf and the REST API Developer Guide 1.05 (2017-08-22), for firms with a contract"
)
_UNSEEN = "names and types of its answer"

# Without a public specification: what is missing, and which document has it.
UNDOCUMENTED = {
    "orders.place": ("order", ["path, authentication and every JSON name"], _ORDER_DOCUMENT),
    "orders.amend": ("order", ["path, authentication and every JSON name"], _ORDER_DOCUMENT),
    "orders.cancel": ("order", ["path, authentication and every JSON name"], _ORDER_DOCUMENT),
    "bccard.sectors": (
        "bccard",
        ["path, parameters and every JSON name"],
        "[BC 카드] API 서비스 명세서 (2017-11-13, v0.1)",
    ),
    "market.stocks.selectivereal": (
        "market.v2.stocks.selectivereal",
        ["answer: the manual announced the call, and never offered it"],
        "the platform's answer to an inquiry",
    ),
    **{
        name.replace("market.v2", "market"): (
            name,
            ["address of its WebSocket"],
            "the platform's page on WebSocket push, taken from the manual in 2018-12",
        )
        for name in (
            *("market.v2.streaming.tick", "market.v2.streaming.quote", "market.v2.streaming.quote10"),
            *("market.v2.streaming.tick10", "market.v2.streaming.index", "market.v2.streaming.change"),
            "market.v2.streaming.all_issues",
        )
    },
    **{
        name: (name, [_UNSEEN], f"the {service} document of the platform's partner")
        for service, names in {
            "BIGBOT": ("bigbot.stock_analyzer", "bigbot.ranked_stock_indicators"),
            "Fabotdw": ("fabotdw.sectors", "fabotdw.sector"),
            "Bookkeeper": ("bookkeeper.ifrs", "bookkeeper.gaap"),
            "Haystack": ("haystack.search", "haystack.trends", "haystack.companies", "haystack.trending"),
            "Wavelet": ("wavelet.prices",),
        }.items()
        for name in names
    },
}
# The beginning of a status, and where the specification comes from in few words.
SPECIFICATIONS = {
    "current in the newest manual": "manual of 2022-10",
    "retired": "manual of 2022-10, retired",
    "removed from the online manual on 2022-02-11": "manual until 2022-02",
    "removed from the manual": "manual until 2018-12",
    "not": "older manual",
    "from public client code": "public client code",
    "overview only": "overview only",
}
ORDER_TITLES = {
    "place": ("신규주문", "New order"),
    "amend": ("주문정정", "Amended order"),
    "cancel": ("주문취소", "Cancelled order"),
}


class Maker:
    """Makes the catalogue."""

    def __init__(self, facts):
        self.fields, self.endpoints = facts["fields"], facts["endpoints"]
        self.made_fields, self.shapes, self.operations = {}, {}, {}

    def make(self):
        for name, plan in MARKET.items():
            self.add_market(f"market.{name}", dict(plan))
        for name, ask in OTHERS.items():
            self.add_other(name, ask)
        for name, (fact, missing, document) in UNDOCUMENTED.items():
            self.add_undocumented(name, fact, missing, document)
        for fact, method in TYPED.items():
            endpoint = self.endpoints[fact]
            self.operations[fact] = self.described(endpoint) | {
                "paths": {"*": endpoint["path"]},
                "python": method,
                "repeatable": fact != "auth.token",
            }
        return {
            "fields": dict(sorted(self.made_fields.items())),
            "parameters": {
                name: {key: value for key, value in each.items() if value is not None}
                for name, each in PARAMETERS.items()
            },
            "shapes": self.shapes,
            "operations": dict(sorted(self.operations.items())),
        }

    def described(self, endpoint):
        """What is told of any operation."""
        english = re.sub(r"^(?:KOSPI|NICE)( multi-quote)?: ", "", endpoint["en"])
        made = {
            "title": english[:1].upper() + english[1:],
            "title_ko": (endpoint.get("ko") or "").replace("KOSPI ", "") or None,
            "method": endpoint.get("method"),
            "scheme": {"api_key": None, "oauth2": "bearer"}.get(endpoint.get("auth"), endpoint.get("auth")),
            "licence": endpoint.get("licence"),
            "hours": endpoint.get("hours"),
            "status": endpoint["status"],
            "source": endpoint["source"],
            "specification": next(
                words for begin, words in SPECIFICATIONS.items() if endpoint["status"].startswith(begin)
            ),
        }
        return {key: value for key, value in made.items() if value}

    def add_market(self, name, plan):
        new, old = f"market.v3.{plan['v3']}", f"market.v2.{plan.get('v2')}"
        made = self.described(self.endpoints[new])
        made["paths"] = {"v3": self.path(self.endpoints[new], plan)}
        if old in self.endpoints:
            made["paths"]["v2"] = self.path(self.endpoints[old], plan)
        made["parameters"] = list(plan["ask"])
        hours = re.search(r"from (\d\d:\d\d)", made.get("hours", ""))
        if plan.get("ready"):
            made["ready_from"] = plan["ready"]
        elif hours and "same day" not in made["hours"]:
            made["available_from"] = hours[1]
        made |= {key: plan[key] for key in ("rows_per_call", "window") if key in plan}
        shape, older = self.shape(new, plan), self.shape(old, plan) if old in self.endpoints else None
        if older is not None:
            shape = self.joined(shape, older)
        if name.endswith("intraday"):
            # The older version's volume is of the day so far, and it has no other.
            unit = {"unit": 1000} if plan.get("units") == "index" else {}
            swapped = {
                "inddTrdvol": {"name": "accumulated_volume", "kind": "quantity", **unit},
                "inddAccTrdvol": {"name": "volume", "kind": "quantity", **unit},
            }
            self.shapes[f"{name}.v2"] = shape | {"as": swapped}
            made["v2_shape"] = f"{name}.v2"
        if "lists" in name and name.startswith("market.multiquote"):
            shape["as"] = {"trdTm": {"name": "time", "kind": "clock6"}}
        made["shape"] = self.named(name, shape)
        self.operations[name] = made

    def path(self, endpoint, plan):
        """The path with the parameters' own names."""
        path = endpoint["path"].replace("/kospi/", "/{board}/").replace("{nationcode}", "{nation}")
        kind = "board" if any(each.startswith("board") for each in plan["ask"]) else "market"
        path = path.replace("{marketcode}", f"{{{kind}}}")
        return path.replace("{issuecode}", "{index}" if "index" in plan["ask"] else "{issue}")

    def add_other(self, name, ask):
        endpoint = self.endpoints[name]
        made = self.described(endpoint) | {"paths": {"*": endpoint["path"]}, "parameters": list(ask)}
        required = {each["wire"]: True for each in endpoint.get("ask", ()) if each.get("required")}
        needed = [each for each in ask if PARAMETERS[each].get("wire", each) in required]
        if needed:
            made["needs"] = [PARAMETERS[each].get("name", each) for each in needed]
        if name in ONE_OF:
            made["one_of"] = ONE_OF[name]
        shape = self.shape(name, {})
        if name == "thecheat.fraudsearch":
            shape |= {"success": ["result_code", "1", "result_msg"]}
        if name.startswith("nice"):
            shape["loose"] = True  # the workbook has neither types nor samples
        made["shape"] = self.named(name, shape)
        self.operations[name] = made

    def add_undocumented(self, name, fact, missing, document):
        endpoint = self.endpoints[fact]
        made = self.described(endpoint)
        if name.startswith("orders."):
            made["title_ko"], made["title"] = ORDER_TITLES[name.rpartition(".")[2]]
            made["specification"] = "overview only"
            made["repeatable"] = False
            made["python"] = f"koscom.{name}"
        path = endpoint.get("path")
        if path and "unknown" not in path:
            made["paths"] = {"*": path}
        made |= {"missing": missing, "document": document}
        known = [each["wire"] for each in endpoint.get("ask", ())]
        if known:
            made["known"] = known
        self.operations[name] = made

    def shape(self, name, plan):
        """Where the rows of an endpoint's answer are, and which fields stand in them and above them."""
        paths = [path for path in self.endpoints[name]["answer"] if not path.startswith("paramVO")]
        arrays = [path for path in paths if path.endswith("[]")]
        if name == "thecheat.fraudsearch":
            rows, paths = "content", [path for path in paths if "com_id" not in path]
        elif arrays:
            rows = min(arrays, key=len).removesuffix("[]")
        else:
            rows = "result" if any(path.startswith("result.") for path in paths) else ""
        inside = f"{rows}[]." if arrays else f"{rows}." if rows else ""
        row = [path.removeprefix(inside) for path in paths if path.startswith(inside) and path != inside]
        above = rows.rpartition(".")[0]
        head = [
            path.rpartition(".")[2]
            for path in paths
            if path.rpartition(".")[0] == above and not path.endswith("[]") and path not in (rows, "items")
        ]
        if arrays and not row:
            row = [rows.rpartition(".")[2]]  # a list of values
        row.sort(
            key=lambda wire: wire not in {"isuSrtCd", "trdDd", "inddTm"}
        )  # what a row is about comes first
        made = {"rows": rows, "row": row}
        if arrays or name == "thecheat.fraudsearch":
            made["head"] = head
        else:
            made["one"] = True
        if name == "thecheat.fraudsearch":
            made["one"] = True
        if plan.get("units", "*") != "*":
            made["units"] = plan["units"]
        return made

    @staticmethod
    def joined(new, old):
        """One shape for both versions, the newer one's order first."""
        joined = dict(new)
        for part in ("row", "head"):
            if part in new:
                joined[part] = list(dict.fromkeys((*new[part], *old.get(part, ()))))
        return joined

    def named(self, name, shape):
        """The name under which a shape is kept: that of the first operation that has it."""
        for wire in (*shape["row"], *shape.get("head", ())):
            self.add_field(wire)
        for known, each in self.shapes.items():
            if each == shape:
                return known
        self.shapes[name] = shape
        return name

    def add_field(self, wire):
        fact = self.fields.get(wire, {"type": "string", "en": wire})
        made = {"name": name_of(wire, fact.get("en") or wire), "kind": kind_of(wire, fact["type"])}
        if fact.get("ko"):
            made["ko"] = fact["ko"]
        if wire in UNITS:
            made["unit"] = UNITS[wire]
        if wire in SECRET:
            made["secret"] = True
        self.made_fields[wire] = made


def lines(document):
    """The document as JSON with a line an entry, so that a change is seen."""
    parts = (
        f"{json.dumps(part)}: {{\n"
        + ",\n".join(
            f"{json.dumps(key)}: {json.dumps(each, ensure_ascii=False)}" for key, each in entries.items()
        )
        + "\n}"
        for part, entries in document.items()
    )
    return "{\n" + ",\n".join(parts) + "\n}\n"


def make():
    """Each file that is made, with its text."""
    facts = json.loads(HERE.joinpath("facts.json").read_text(encoding="utf-8"))
    catalogue = Maker(facts).make()
    return {CATALOGUE: lines(catalogue), STUB: stub_of(catalogue)}


if __name__ == "__main__":
    for path, text in make().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(HOME)}: {len(text)} characters\n")

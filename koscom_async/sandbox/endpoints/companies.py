"""Company data (NICE): the companies of the market's listing, under made-up codes, with made-up figures that add up."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from koscom_async.sandbox.endpoints.endpoint import Request, document_endpoint
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.faults import COMPANY_SERVICE
from koscom_async.sandbox.market.figures import number
from koscom_async.sandbox.market.listing import BOARDS
from koscom_async.sandbox.market.market import Market
from koscom_async.sandbox.market.prices import Instrument, draws
from koscom_async.sandbox.market.question import WRONG_PARAMETER, Unanswerable
from koscom_async.sandbox.state import State

Document = dict[str, Any]
YEARS = 3
UNITS = {"1": (1, "원"), "2": (1_000, "천원"), "3": (1_000_000, "백만원"), "4": (100_000_000, "억원")}
_MARKETS = dict(zip(BOARDS, "123", strict=True))


@cache
def _tables() -> Document:
    text = files("koscom_async.sandbox.documents").joinpath("companies.json").read_text(encoding="utf-8")
    tables: Document = json.loads(text)
    return tables


def company_codes(code: str) -> dict[str, str]:
    """Return the codes of an issue's company, by the names that the queries have for them: they follow from its own."""
    return {"kiscode": code[::-1], "bizno": f"220{code}7", "crpno": f"110111{code}9", "stockcd": code}


def _find(request: Request, market: Market, *names: str) -> Instrument | None:
    """Return the company that a query names; `None` where there is no such."""
    given = {name: code for name, code in request.parameters().items() if name in names and code}
    if not given:
        raise Unanswerable(WRONG_PARAMETER.format(" | ".join(names)))
    for board in BOARDS:
        for issue in market.board(board).values():
            codes = company_codes(issue.code)
            if issue.kind == "stock" and all(codes[name] == code for name, code in given.items()):
                return issue
    return None


def _choice(request: Request, name: str, allowed: str, default: str = "") -> str:
    value = request.parameters().get(name) or default
    if value not in tuple(allowed):
        raise Unanswerable(WRONG_PARAMETER.format(name))
    return value


def _company_code(request: Request, state: State, _: FaultKind) -> Document:
    company = _find(request, state.market, "crpno", "bizno", "stockcd")
    return _items([] if company is None else [{"kiscode": company_codes(company.code)["kiscode"]}])


def _items(rows: list[Document] | Document, **head: Any) -> Document:
    return {"items": {**head, "item": rows}}


def _outline(request: Request, state: State, _: FaultKind) -> Document:
    company = _find(request, state.market, "bizno", "kiscode")
    if company is None:
        return _items([])
    codes = company_codes(company.code)
    listed = f"{state.market.days.day(company.listed):%Y%m%d}"
    known = codes | {
        "stkcd": company.code,
        "korentrnm": company.name,
        "opt_entrnm": company.name,
        "engentrnm": company.english,
        "kor_itemnm": company.name,
        "korreprnm": "홍길동",
        "epr_cnu_yn": "Y",
        "crprgrnstscd": "00",
        "nts_sbqcdivcd": "03",
        "scl": "대기업",
        "ltgmktdivcd": _MARKETS[company.board],
        "etb_date": "19690113",
        "ltg_date": listed,
        "empnum": str(company.shares // 50_000),
        "stacmm": "12",
        "fadivcd": "00",
    }
    # One row comes as an object of its own, not in a list; what is not known is an empty text.
    return _items({name: known.get(name, "") for name in _tables()["names"]["outline"]["item"]})


def _settled(market: Market) -> list[date]:
    """Return the ends of the last business years, the latest first."""
    year = market.moment().at.year
    return [date(year - back, 12, 31) for back in range(1, YEARS + 1)]


def _rate_dates(request: Request, state: State, _: FaultKind) -> Document:
    company = _find(request, state.market, "kiscode")
    _choice(request, "stacdivcd", "FBTK")
    _choice(request, "fatpcd", "01")
    days = [] if company is None else _settled(state.market)
    return _items([{"stac_date": f"{day:%Y%m%d}"} for day in days])


def _statement_dates(request: Request, state: State, _: FaultKind) -> Document:
    company = _find(request, state.market, "bizno", "kiscode")
    kind = _choice(request, "stacdivcd", "FBTK", "K")
    days = [] if company is None else _settled(state.market)
    return _items(
        [
            {"fadivcd": "00", "stac_date": f"{day:%Y%m%d}", "stac_yymm": f"{day:%Y%m}", "stacdivcd": kind}
            for day in days
        ]
    )


def _figures(
    request: Request, state: State, name: str, rows: Callable[[Instrument], Iterator[Document]]
) -> Document:
    """Return a table of three years: a head for each of them, and rows."""
    company = _find(request, state.market, "kiscode")
    chosen = {
        "fatpcd": _choice(request, "fatpcd", "01", "0"),
        "yr": _choice(request, "yr", "35", "3"),
        "stacdivcd": _choice(request, "stacdivcd", "FBTK", "K"),
        "amtuit": _choice(request, "amtuit", "1234", "2"),
    }
    if company is None:
        return _items([])
    days = _settled(state.market)
    known = chosen | {
        "kiscode": company_codes(company.code)["kiscode"],
        "stac_date": f"{days[0]:%Y%m%d}",
    }
    for place, day in enumerate(days):
        known |= {
            f"stac_date{place}": f"{day:%Y%m%d}",
            f"stac_yyyy{place}": f"{day:%Y}",
            f"korentrnm{place}": company.name,
            f"engentrnm{place}": company.english,
        }
    names = _tables()["names"][name]
    made = [{field: row.get(field, "") for field in names["item"]} for row in rows(company)]
    head = {field: known.get(field, "") for field in names["head"]}
    if "count" in head:
        head["count"] = str(len(made))
    return _items(made, **head)


def _ratios(request: Request, state: State, _: FaultKind) -> Document:
    def rows(company: Instrument) -> Iterator[Document]:
        for report, item, korean, english, rate in _tables()["ratios"]:
            chance = draws(state.market.seed, company.code, "ratio", item)
            row = {"farptcd": report, "farptitemcd": item, "name_kor": korean, "name_eng": english}
            for place in range(YEARS):
                row[f"biyul{place}"] = str(number(rate * (0.5 + chance[place])))
                row[f"nice{place}"] = row[f"han{place}"] = str(rate)
            yield row

    return _figures(request, state, "ratios", rows)


def _statement(request: Request, state: State, _: FaultKind) -> Document:
    unit, unit_name = UNITS[_choice(request, "amtuit", "1234", "2")]

    def rows(company: Instrument) -> Iterator[Document]:
        chance = draws(state.market.seed, company.code, "statement")
        # Whole hundreds of the unit, so that parts add up.
        totals = [
            int(company.price * company.shares * (0.8 + 0.4 * chance[place])) // (100 * unit) * 100
            for place in range(YEARS)
        ]
        for report, item, korean, english, tier, part in _tables()["accounts"]:
            row = {"farptcd": report, "farptitemcd": item, "name_kor": korean, "name_eng": english}
            row |= {"tlevel": str(tier), "monunit": unit_name}
            for place, total in enumerate(totals):
                row[f"fvl{place}"] = str(round(total * part))
                row[f"cmprt{place}"] = str(number(100.0 * part))
            yield row

    return _figures(request, state, "statement", rows)


COMPANY_ENDPOINTS = tuple(
    document_endpoint(
        f"{COMPANY_SERVICE}.{path.rpartition('/')[2]}", f"/v1/{COMPANY_SERVICE}/{path}", COMPANY_SERVICE, make
    )
    for path, make in (
        ("companyOutlineIfo/kiscode", _company_code),
        ("companyOutlineIfo/companyShortOutline", _outline),
        ("companyFinancialAnalIfo/financialRateBaseDate", _rate_dates),
        ("companyFinancialAnalIfo/financialRate", _ratios),
        ("companyFinancialIfo/financialStateTableBaseDate", _statement_dates),
        ("companyFinancialIfo/financialStateTable", _statement),
    )
)

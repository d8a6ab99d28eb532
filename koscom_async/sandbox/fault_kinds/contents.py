"""Faults of what stands in a whole and well-formed answer: each is a small function that changes the document.

An object is recognised by its keys, so that a fault works in every endpoint and dialect that has such objects. Numbers
keep the spelling that the broker gave them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import cycle
from typing import Any

from attrs import evolve

from koscom_async.sandbox.fault_kinds.kind import BrokerFault
from koscom_async.sandbox.reply import Literal, Reply, json_text, plain

Wire = dict[str, Any]
Change = Callable[[Wire], None]


class OddContent(BrokerFault):
    """An answer that is changed by the function of that name in `CONTENTS`."""

    def corrupt(self, reply: Reply) -> Reply:
        """Change the document."""
        document = json.loads(reply.body, parse_float=Literal, parse_int=Literal)
        _, change = CONTENTS[self.name]
        change(document)
        return evolve(reply, body=json_text(document).encode())


def _objects(value: Any) -> Iterator[Wire]:
    """Yield every object in a document, outer ones first."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _objects(each)


def _rows(document: Wire) -> Iterator[Wire]:
    """Yield the rows of a balance: what has a cost, but for its summary and its cash, which have one, too."""
    return (each for each in _objects(document) if "valAtTrade" in each and "cashBalance" not in each)


def _number(value: Any) -> Decimal:
    return Decimal(value.text if isinstance(value, Literal) else value)


def _unsettled(amount: int) -> Change:
    """Leave today's trades unsettled: cash of today is `amount` won below that of later days, or above if negative."""

    def change(document: Wire) -> None:
        for summary in _objects(document):
            if "totalAccVal" not in summary:
                continue
            later = _number(summary["cashBalance"])
            today, total = later - amount, _number(summary["valueAtCur"]) + later
            summary.update(
                cashBalance=plain(today), d1=plain(today), d2=plain(later), totalAccVal=plain(total)
            )

    return change


def _owe_below_zero(document: Wire) -> None:
    for summary in _objects(document):
        for name in ("loanCredit", "receivable"):
            if name in summary:
                summary[name] = plain(-abs(_number(summary[name])))


_PLACEHOLDERS = ("000000000000", "-", "NULL", "N/A", "0")


def _put_placeholders(document: Wire) -> None:
    placeholders = cycle(_PLACEHOLDERS)
    for row in _rows(document):
        if "isinInfo" not in row:
            row["fundCode" if "fundCode" in row else "isinCode"] = next(placeholders)
    for code in _objects(document):
        if "isinType" in code:
            code["isinCode"] = next(placeholders)


_SHARED = (("상품코드", "01"), ("단축코드", "000000"))


def _share_second_codes(document: Wire) -> None:
    shared = [{"isinType": kind, "isinCode": code, "isinName": None} for kind, code in _SHARED]
    for row in _objects(document):
        if "isinInfo" in row:
            codes = row["isinInfo"]
            row["isinInfo"] = [*(codes if isinstance(codes, list) else [codes]), *shared]


def _in_currencies(*codes: str, **more: str) -> Change:
    """Quote each security with a code in one of the currencies, in turn."""

    def change(document: Wire) -> None:
        securities = (row for row in _rows(document) if "isinCode" in row or "isinInfo" in row)
        for row, code in zip(securities, cycle(codes), strict=False):
            row.update(crcyCode=code, **more)

    return change


def _called(name: str, other: str) -> Change:
    """Call a key by another name."""

    def change(document: Wire) -> None:
        for each in _objects(document):
            if name in each:
                each[other] = each.pop(name)

    return change


def _repeat_amounts(document: Wire) -> None:
    for row in _rows(document):
        for name in {"valAtCur", "valueAtCur"} & row.keys():
            row[name] = Literal(f'{json_text(row[name])},"{name}":8')


def _repeat_account(document: Wire) -> None:
    for block in _objects(document):
        for name in {"vtAccNo", "qrAccNo"} & block.keys():
            block[name] = Literal(f'"160600000000000099","{name}":{json_text(block[name])}')


_CODES = ("isinCode", "fundCode", "assetType", "tradeType", "crcyCode")


def _lower_codes(document: Wire) -> None:
    for each in _objects(document):
        for name in _CODES:
            if isinstance(each.get(name), str):
                each[name] = each[name].lower()


_ODD: Mapping[str, str] = {
    "earningRate": "NaN",
    "maturity": "무기한",
    "firstDateBuy": "20250230",
    "lastDateBuy": "-",
    "lastBuyDate": "20250230",
}


def _spoil_unused(document: Wire) -> None:
    for row in _objects(document):
        row.update({name: odd for name, odd in _ODD.items() if name in row})


_UNREAD: Mapping[str, Any] = {"$decimal": "1", "remark": Literal('"\\ud800"'), "mark": {"$decimal": "1"}}


def _add_unread(document: Wire) -> None:
    for row in _rows(document):
        row.update(_UNREAD)


def _nest(document: Wire) -> None:
    for row in _rows(document):
        row["remark"] = Literal("[" * 500 + "]" * 500)


def _with_dashes(document: Wire) -> None:
    for each in _objects(document):
        for name in {"vtAccNo", "accNo", "qrAccNo"} & each.keys():
            number = str(each[name])
            if "-" not in number:
                each[name] = f"{number[:3]}-{number[3:5]}-{number[5:]}"


_NEXT_CLASS: Mapping[object, str] = {"EQTY": "FUND", "FUND": "ETC", "ETC": "EQTY"}


def _of_another_class(document: Wire) -> None:
    for each in _objects(document):
        for name in ("assetType", "qrAssetType"):
            if "count" in each and each.get(name) in _NEXT_CLASS:
                each[name] = _NEXT_CLASS[each[name]]


CONTENTS: Mapping[str, tuple[str, Change]] = {
    "dashed-account": ("The account's number is echoed with dashes.", _with_dashes),
    "deep-nesting": ("A key that no document knows holds 500 lists, one in the other.", _nest),
    "lower-case": ("Every code is in lower case.", _lower_codes),
    "minor-units": ("Securities are quoted in pence and in pounds, in turn.", _in_currencies("GBp", "GBP")),
    "misspelt-cash": (
        "`cachBalInfo` for `cashBalInfo`, as in the operator's own sample; discretionary.",
        _called("cashBalInfo", "cachBalInfo"),
    ),
    "misspelt-rows": ("`eqiutyList` for `equityList`.", _called("equityList", "eqiutyList")),
    "negative-debts": ("What is owed is below zero.", _owe_below_zero),
    "odd-fields": ("Rates and dates that no sum uses are NaN, 무기한, or no day.", _spoil_unused),
    "odd-keys": ("Rows have keys that no document knows, with half a character and `$`.", _add_unread),
    "other-class": ("The echo of the query names another asset class.", _of_another_class),
    "other-paging-block": ("`queryRequest` for `queryResult`.", _called("queryResult", "queryRequest")),
    "placeholder-codes": (
        "Zeros, dashes and NULL for every code, or where there is none.",
        _put_placeholders,
    ),
    "rate-per-100": (
        "Securities are quoted in yen, and the rate is won for 100 of them.",
        _in_currencies("JPY", "JPY(100)", currencyRate="905.12"),
    ),
    "repeated-account": ("The account's number comes twice, another's first.", _repeat_account),
    "repeated-amounts": ("The value of every row comes twice, and the second time it is 8.", _repeat_amounts),
    "shared-codes": ("Every instrument has the same second codes; discretionary.", _share_second_codes),
    "unknown-block": ("`stocks` for `equityList`.", _called("equityList", "stocks")),
    "unsettled-purchase": ("Today's purchases have not lowered the settled cash yet.", _unsettled(-300_000)),
    "unsettled-sale": ("Today's sales have not raised the settled cash yet.", _unsettled(300_000)),
}
"""What is odd in the answer, in words and as a function, by the fault's name."""

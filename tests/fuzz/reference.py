"""A second reading of the wire, small and slow: what a careful person makes of the answers, to hold the client against.

It shares nothing with the client: the standard library's JSON, `Decimal`, and the platform's rules in other words. It
refuses what must not be believed, and lets pass what no sum uses: the client may refuse more, and never less.
"""

import json
import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

REQUEST_ID = "@ID@"
"""Stands for the id of the request, in every answer."""
SECURITIES = {
    "EQTY": ("equityList", "isinCode", "productName"),
    "FUND": ("fundList", "fundCode", "fundName"),
    "ETC": ("etcList", "isinCode", "assetName"),
}
"""For each asset class: the list, and in it the names of an instrument's code and name."""
MINOR = {"GBp": "GBp", "GBX": "GBX", "ZAc": "ZAc", "ILA": "ILA"}
"""Parts of a currency, which are currencies of their own; all others are written in capitals."""
LARGEST = 60
"""Digits before or behind the point; a number with more of them is no amount, and is refused."""
ENVELOPE = {"commonHeader", "commHeader", "accInfo", "resp", "partner"}


class RefusedError(Exception):
    """The answer must not be believed."""


class ContradictionError(RefusedError):
    """The pages do not make one whole."""


@dataclass
class Row:
    """One row of one account; `tokens` are the codes that identify its instrument, the best first."""

    kind: str
    currency: str
    product: str | None
    name: str | None
    tokens: list
    quantity: Decimal | None
    cost: Decimal | None
    value: Decimal | None
    sent: dict

    @property
    def is_empty(self):
        quantity = (
            (self.quantity or 0) if self.kind == "FUND" else self.quantity
        )  # funds mostly come without one
        return quantity == self.cost == self.value == 0

    @property
    def lasting(self):
        """What makes a row with a code the same one on another page: of a holding, what the market does not move."""
        moving = MOVING if self.quantity and self.cost else ()
        sent = {name: each for name, each in self.sent.items() if name not in moving}
        return (self.kind, json.dumps(sent, sort_keys=True, default=str)) if self.tokens else None


MOVING = {"valAtCur", "valueAtCur", "proLoss", "earningRate", "currencyRate", "foreignDeposit", "wonDeposit"}


@dataclass
class Account:
    """What one account holds; cash by currency, in three views: settled today, tomorrow, the day after."""

    rows: list
    cash: dict = field(default_factory=dict)
    debts: dict = field(default_factory=dict)
    value: Decimal | None = None
    total: Decimal | None = None
    has_two_views: bool = False
    """Whether two answers show different cash"""


@dataclass
class Page:
    rows: list
    total: int | None
    next_key: object
    summary: dict


# Values.


def is_absent(value):
    return value is None or (isinstance(value, str) and value.strip() in {"", "null"})


def number(value):
    if is_absent(value):
        return None
    if not isinstance(value, str | Decimal):
        raise RefusedError(f"no number: {value!r}")
    try:
        amount = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise RefusedError(f"no number: {value!r}") from None
    if not amount.is_finite() or (amount and abs(amount.adjusted()) > LARGEST):
        raise RefusedError("no amount")
    return amount + 0


def text(value):
    if is_absent(value):
        return None
    if isinstance(value, Decimal):
        return f"{number(value).normalize():f}"
    if not isinstance(value, str):
        raise RefusedError(f"no text: {value!r}")
    return value.strip()


def code(value):
    """Return an instrument's code, or `None` for what stands in the place of one."""
    word = unicodedata.normalize("NFKC", text(value) or "").strip().upper()
    letters = re.sub(r"[\W_]", "", word)
    return None if len(letters) < 3 or is_filler(letters) else word


def is_filler(letters):
    """Whether letters and digits stand for none."""
    return letters in {"", "NULL", "NONE", "NA", "NAN", "NIL"} or set(letters) in ({"0"}, {"9"}, {"X"})


def amount(row, *names):
    """Return the number under one of the names; where two of them have one, they must agree."""
    found = {number(row.get(name)) for name in names} - {None}
    if len(found) > 1:
        raise RefusedError(f"two values of {names[0]}")
    return found.pop() if found else None


def added(amounts):
    """Return a sum, which is unknown where an addend is."""
    amounts = list(amounts)
    return None if None in amounts else sum(amounts, Decimal(0))


def owed(*debts):
    return added(None if debt is None else abs(debt) for debt in debts)


def block(value):
    return value if isinstance(value, dict) else {}


def listed(value, kind=dict):
    """Return what stands in the place of rows: a list, one row alone, or nothing; an empty object is no row."""
    entries = [] if is_absent(value) else value if isinstance(value, list) else [value]
    entries = [entry for entry in entries if not is_absent(entry)]
    if not all(isinstance(entry, kind) for entry in entries):
        raise RefusedError("a row that is none")
    return [entry for entry in entries if entry]


def currency(value):
    word = text(value) or "KRW"
    word = re.sub(r"^100\s*|[(/\[]?100[)\]]?$", "", word) if re.search(r"[A-Za-z]{3}", word) else word
    return MINOR.get(word) or MINOR.get({"GBX": "GBX", "ILA": "ILA"}.get(word.upper(), "")) or word.upper()


def is_isin(word):
    """Whether the check digit holds: Luhn's, over the digits and the letters as numbers from 10."""
    if not re.fullmatch(r"[A-Z]{2}[A-Z0-9]{9}[0-9]", word):
        return False
    digits = "".join(str(int(letter, 36)) for letter in word)[::-1]
    return sum(sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(digits)) % 10 == 0


# One answer.


def read_json(body):
    def once(pairs):
        found = dict(pairs)
        if any(repr(found[name]) != repr(value) for name, value in pairs):
            raise RefusedError("a key with two values")
        return found

    def never(word):
        raise RefusedError(word)

    try:
        document = json.loads(
            body, parse_int=Decimal, parse_float=Decimal, parse_constant=never, object_pairs_hook=once
        )
    except (ValueError, RecursionError, InvalidOperation):
        raise RefusedError("no JSON") from None
    if not isinstance(document, dict):
        raise RefusedError("no object")
    return document


def open_answer(body, number_asked=None):
    """Return the document of an answer that is a success, to this request and about this account."""
    document = read_json(body)
    resp = block(document.get("resp"))
    refusal = resp.get("respCode")
    if not resp and {"category", "message"} <= set(document):
        refusal = document.get("code")
    if not is_absent(refusal) and text(refusal) not in {"200", "200.0"}:
        raise RefusedError(f"refused: {refusal}")
    for name in ("commonHeader", "commHeader"):
        echo = text(block(document.get(name)).get("reqIdConsumer"))
        if echo not in {None, REQUEST_ID}:
            raise RefusedError("another request's answer")
    bodies = [block(each) for name, each in document.items() if name.endswith("ResponseBody")]
    for each in (document, *bodies):
        echo = text(block(each.get("accInfo")).get("vtAccNo"))
        if number_asked and echo and re.sub("[ -]", "", echo) != number_asked:
            raise RefusedError("another account's answer")
    return document


def blocks_of(document, container, inner, names):
    """Return the blocks of an answer, from an object or from an array of objects; a list may come in parts."""
    if is_absent(document.get(container)):
        refuse_hidden(document, ENVELOPE | {name for name in document if name.endswith("Body")})
    box = {} if is_absent(document.get(container)) else document[container]
    if not isinstance(box, dict):
        raise RefusedError("no container")
    if is_absent(box.get(inner)):
        refuse_hidden(box, set())
    blocks = {}
    for part in listed(box.get(inner)):
        for name, value in part.items():
            if name not in names or is_absent(value) or name not in blocks:
                blocks[name] = value if name not in names or not is_absent(value) else blocks.get(name)
            elif name.endswith("List"):
                blocks[name] = [*listed(blocks[name]), *listed(value)]
            else:
                raise RefusedError("one block twice")
    if any(is_absent(blocks.get(name)) for name in names):
        refuse_hidden(blocks, {each[0] for each in SECURITIES.values()} | {"summary", "cash"})
    return blocks


def refuse_hidden(blocks, known):
    """Refuse rows with money in them under an unknown name, where a known one is absent."""
    for name, value in blocks.items():
        if name in known or not isinstance(value, list | dict):
            continue
        for row in value if isinstance(value, list) else [value]:
            has_money = isinstance(row, dict) and any(
                row.get(each) not in (None, 0, "0", "") for each in MONEY
            )
            if has_money and len(row.keys() & FIELDS) > 3:
                raise RefusedError("rows under an unknown name")


MONEY = ("valAtCur", "valueAtCur", "cashBalance", "changeAmt")
FIELDS = {
    *MONEY,
    "assetType",
    "isinCode",
    "fundCode",
    "qty",
    "valAtTrade",
    "tradeType",
    "d1",
    "d2",
    "loanCredit",
    "transDate",
    "transType",
    "changeQty",
}


def rows_in(document, container, inner):
    """Return the rows of a plain list."""
    blocks_of(document, container, inner, ())
    return listed(block(document.get(container)).get(inner))


def paging(document, body_name):
    body = block(document.get(body_name))
    result = block(body.get("queryResult")) or block(body.get("queryRequest"))
    total = number(result.get("totalCnt"))
    if total is not None and (total < 0 or total != int(total)):
        raise RefusedError("no number of rows")
    key = result.get("page")
    return total, None if is_absent(key) else key


def echoed_class(document, body_name, asked):
    """Refuse an answer that says that it is about another class of securities."""
    echo = text(block(block(document.get(body_name)).get("queryType")).get("assetType"))
    if asked in SECURITIES and echo in SECURITIES and echo != asked:
        raise RefusedError("another class's answer")


def read_balance_page(body, number_asked, asked):
    document = open_answer(body, number_asked)
    if not document.get("balanceList") and not block(document.get("balanceResponseBody")):
        raise RefusedError("no balance")
    echoed_class(document, "balanceResponseBody", asked)
    wanted = {"CASH": ["summary"], "ALL": ["summary", *(each[0] for each in SECURITIES.values())]}
    names = wanted.get(asked) or [SECURITIES[asked][0]]
    blocks = blocks_of(document, "balanceList", "balance", names)
    rows = []
    for kind, (name, *fields) in SECURITIES.items():
        found = listed(blocks.get(name))
        if found and asked not in {"ALL", kind}:
            raise RefusedError("rows of another class")
        rows += [read_row(each, kind, *fields) for each in found]
    return Page(rows, *paging(document, "balanceResponseBody"), block(blocks.get("summary")))


def read_row(sent, kind, code_name, name_name):
    found = code(sent.get(code_name))
    return Row(
        kind=kind,
        currency=currency(sent.get("crcyCode")),
        product=(text(sent.get("assetType")) or "").upper() or None,
        name=text(sent.get(name_name)),
        tokens=[] if found is None else [(0, "", found)],
        quantity=number(sent.get("qty")),
        cost=number(sent.get("valAtTrade")),
        value=amount(sent, "valAtCur", "valueAtCur"),
        sent=sent,
    )


# One account: its pages, asset class by asset class.


def read_pages(ask, read_page, asked):
    """Return every page of one query; `ask` gives the answer to a page key."""
    pages, key, seen = [], None, []
    while True:
        page = read_page(ask(asked, key), asked)
        pages.append(page)
        key = page.next_key
        if key is None:
            break
        if key in seen or not page.rows:
            raise RefusedError("pages without end")
        seen.append(key)
    count, totals = sum(len(page.rows) for page in pages), {page.total for page in pages} - {None}
    totals -= {0} if count else set()  # a total of 0 beside rows announces nothing
    if asked != "CASH" and totals and totals != {count}:
        raise ContradictionError(f"{count} rows of {totals}")
    before = set()
    for page in pages if len(pages) > 1 else ():
        whole = repr([row.sent for row in page.rows])
        if page.rows and whole in before:
            raise ContradictionError("a page twice")
        before.add(whole)
        lasting = {row.lasting for row in page.rows} - {None}
        if lasting & before:
            raise ContradictionError("a row of one page on another")
        before |= lasting
    return pages


def read_by_class(ask, read_page, *, takes_all):
    """Return the pages of an account: of one query for everything, where the broker takes that and it is whole."""
    if takes_all:
        try:
            return read_pages(ask, read_page, "ALL")
        except ContradictionError:
            pass
    return [page for each in ("CASH", *SECURITIES) for page in read_pages(ask, read_page, each)]


def read_balance(ask, number_asked, *, takes_all):
    """Return one account's balance, or raise `RefusedError`."""
    pages = read_by_class(
        ask, lambda body, asked: read_balance_page(body, number_asked, asked), takes_all=takes_all
    )
    account = Account([row for page in pages for row in page.rows])
    summaries = [page.summary for page in pages if page.summary]
    for summary in summaries[:1]:
        account.cash["KRW"] = [number(summary.get(name)) for name in ("cashBalance", "d1", "d2")]
        account.debts["KRW"] = owed(number(summary.get("loanCredit")), number(summary.get("receivable")))
        account.value = amount(summary, "valueAtCur", "valAtCur")
        account.total = number(summary.get("totalAccVal"))
    account.has_two_views = any(each != summaries[0] for each in summaries)
    return account

"""The second reading, of the services beside the balance: contract accounts, portfolios, transactions."""

import re
from datetime import date
from itertools import pairwise

from tests.fuzz.reference import (
    SECURITIES,
    Account,
    ContradictionError,
    Page,
    RefusedError,
    Row,
    amount,
    block,
    blocks_of,
    code,
    currency,
    echoed_class,
    is_absent,
    is_isin,
    listed,
    number,
    open_answer,
    owed,
    paging,
    read_by_class,
    read_pages,
    refuse_hidden,
    rows_in,
    text,
)

# Contract accounts (일임): each class is asked for by itself, and each answer has the cash again.

JOINING_NOTHING = ("상품", "영문", "종목명")
RANKS = (("펀드", (1, "fund")), ("표준", (2, "standard")), ("ISIN", (2, "standard")), ("단축", (3, "short")),
         ("축약코드", (3, "abbreviated")), ("종목코드", (3, "")))  # fmt: skip
DAYS = {"D0": 0, "DO": 0, "D1": 1, "D2": 2, "": 2}


def tokens_of(codes, kind):
    """Return what identifies an instrument of several codes, the best first; each code once."""
    best = {}
    for each in codes:
        word, sort = code(each.get("isinCode")), "".join((text(each.get("isinType")) or "").upper().split())
        plain_rank = (1, "fund") if kind == "FUND" else (3, "")
        rank = plain_rank if not sort else next((rank for part, rank in RANKS if part in sort), None)
        if word is None or rank is None or any(part in sort for part in JOINING_NOTHING):
            continue
        token = (0, "", word) if is_isin(word) else (*rank, word)
        best[word] = min(token, best.get(word, token))
    return sorted(best.values())


def read_contract_row(sent, kind):
    codes = listed(sent.get("isinInfo"))
    return Row(
        kind=kind,
        currency=currency(sent.get("crcyCode")),
        product=(text(sent.get("assetType")) or "").upper() or None,
        name=next((text(each["isinName"]) for each in codes if not is_absent(each.get("isinName"))), None),
        tokens=tokens_of(codes, kind),
        quantity=number(sent.get("qty")),
        cost=number(sent.get("valAtTrade")),
        value=amount(sent, "valAtCur", "valueAtCur"),
        sent=sent,
    )


def read_cash(sent):
    """Return whose money it is: the currency and the day after whose settlement it stands so, and the amounts."""
    word = text(sent.get("crcyCode"))
    name, day = re.fullmatch(r"(.+?)(?:-(D[012O]))?", word or "KRW", re.IGNORECASE).groups(default="")
    debts = owed(owed(number(sent.get("totCreditAmt")), amount(sent, "totLoanAmt", "totlLoanAmt")))
    owing = (debts, number(sent.get("receivable")))
    return (
        (currency(name), None if word is None else DAYS[day.upper()]),
        number(sent.get("cashBalance")),
        owing,
    )


def read_contract_page(body, number_asked, asked):
    document = open_answer(body)
    body_block = block(document.get("balanceListResponseBody"))
    echo = block(body_block.get("queryParameter"))
    answered = text(echo.get("qrAssetType"))
    if answered in SECURITIES and answered != asked:
        raise RefusedError("another class's answer")
    if not body_block and not document.get("balanceList"):
        raise RefusedError("no balance")
    rows, cash = [], []
    for each in rows_in(document, "balanceList", "balance"):
        for owner in (echo.get("qrAccNo"), each.get("accNo"), block(each.get("accInfo")).get("accNo")):
            if not is_absent(owner) and re.sub("[ -]", "", text(owner)) != number_asked:
                raise RefusedError("another account's answer")
        if is_absent(each.get("securitiesBalInfo")) or is_absent(each.get("cashBalInfo")):
            refuse_hidden(each, {"cashBalInfo", "securitiesBalInfo", "cachBalInfo"})
        rows += [read_contract_row(row, asked) for row in listed(each.get("securitiesBalInfo"))]
        name = "cachBalInfo" if is_absent(each.get("cashBalInfo")) else "cashBalInfo"
        cash += [read_cash(row) for row in listed(each.get(name))]
    views = {}
    for whose, money, owing in cash:
        if views.setdefault(whose, (money, owing)) != (money, owing):
            raise RefusedError("two amounts of one view")
    return Page(rows, *paging(document, "balanceListResponseBody"), views)


def read_contract(ask, number_asked, *, takes_all):
    """Return one contract account, or raise `RefusedError`."""
    pages, seen = [], []
    for kind in SECURITIES:
        found = read_pages(ask, lambda body, asked: read_contract_page(body, number_asked, asked), kind)
        sent = [row.sent for page in found for row in page.rows]
        if sent and sent in seen:
            raise RefusedError("the same rows in two classes")
        seen.append(sent)
        pages += found
    views = {}
    changed = False
    for page in pages:
        for whose, each in page.summary.items():
            changed |= views.setdefault(whose, each) != each
    account = Account([row for page in pages for row in page.rows], has_two_views=changed)
    for name in {name for name, _ in views}:
        days = {day: each for (whose, day), each in views.items() if whose == name}
        money = {day: each[0] for day, each in days.items()}
        settled = money[2] if days.keys() == {2} else money.get(0, money.get(None))
        account.cash[name] = [settled, money.get(1), money.get(2)]
        first = [days[day][1] for day in sorted(days, key=lambda day: day or 0)]
        debts = [next((each[place] for each in first if each[place] is not None), None) for place in (0, 1)]
        account.debts[name] = owed(*debts)
    return account


# Portfolios.


def read_portfolio_page(body, number_asked, asked):
    document = open_answer(body, number_asked)
    if not document.get("portfolioList") and not block(document.get("portfolioResponseBody")):
        raise RefusedError("no portfolio")
    echoed_class(document, "portfolioResponseBody", asked)
    wanted = {"CASH": ["cash"], "ALL": ["cash", *(each[0] for each in SECURITIES.values())]}
    blocks = blocks_of(document, "portfolioList", "portfolio", wanted.get(asked) or [SECURITIES[asked][0]])
    measure = text(block(block(document.get("portfolioResponseBody")).get("queryType")).get("rspType"))
    rows = []
    for kind, (name, code_name, name_name) in SECURITIES.items():
        found = listed(blocks.get(name))
        if found and asked not in {"ALL", kind}:
            raise RefusedError("rows of another class")
        for sent in found:
            word = code(sent.get(code_name))
            held = number(sent.get("qty"))
            rows.append(
                Row(
                    kind=kind,
                    currency="KRW",
                    product=(text(sent.get("assetType")) or "").upper() or None,
                    name=text(sent.get(name_name)),
                    tokens=[] if word is None else [(0, "", word)],
                    quantity=held if measure is None or measure.upper() == "QTY" else None,
                    cost=None,
                    value=held,
                    sent=sent,
                )
            )
    return Page(rows, *paging(document, "portfolioResponseBody"), {})


def read_portfolio(ask, number_asked, *, takes_all):
    """Return one account's portfolio; the number of each row stands as its value."""
    pages = read_by_class(
        ask, lambda body, asked: read_portfolio_page(body, number_asked, asked), takes_all=takes_all
    )
    return Account([row for page in pages for row in page.rows])


# Transactions.


class Moved(tuple):
    """One transaction: day, kind, code, money, quantity, and what is left."""

    __slots__ = ()

    @property
    def lasting(self):
        return self if self[2] else None

    @property
    def sent(self):
        return self


def read_day(value):
    word = text(value)
    if word is None or word.replace("-", "") in {"00000000", "99999999"}:
        return None
    parts = re.fullmatch(r"(\d{4})-?(\d\d)-?(\d\d)", word)
    try:
        return date(*map(int, parts.groups()))
    except (AttributeError, ValueError):
        raise RefusedError("no date") from None


def read_transactions(ask, number_asked, *, takes_all, since, until):
    """Return the transactions of one account between two days, in no order."""

    def read_page(body, _):
        document = open_answer(body, number_asked)
        if not document.get("transList") and not block(document.get("transactionHistoryResponseBody")):
            raise RefusedError("no transactions")
        rows = [
            Moved(
                (
                    read_day(sent.get("transDate")),
                    text(sent.get("transType")),
                    code(sent.get("isinCode")),
                    number(sent.get("changeAmt")),
                    number(sent.get("changeQty")),
                    number(sent.get("qty")),
                )
            )
            for sent in rows_in(document, "transList", "transaction")
        ]
        return Page(rows, *paging(document, "transactionHistoryResponseBody"), {})

    pages = read_pages(ask, read_page, "")
    rows = [row for page in pages for row in page.rows]
    return Account([row for row in rows if row[0] is None or since <= row[0] <= until])


# Watchlists, and the list of linked accounts.

WATCHLIST_BODIES = ("interestSymbolListResponseBody", "interestSymbolReponseBody", "interestSymbolResponseBody",
                    "InterestStmbolListResponseBody")  # fmt: skip


def watched_code(value):
    """Return a symbol, which may be as short as one letter."""
    return code(value) if len(text(value) or "") > 2 else code(f"{text(value) or ''}###") or short_code(value)


def short_code(value):
    word = (text(value) or "").upper()
    return word if re.search(r"[A-Z1-8]", word) and word not in {"X", "XX", "NA"} else None


def read_watchlist(ask, number_asked, *, takes_all):
    """Return the symbols that are watched in one account, each once for each group."""

    def read_page(body, _):
        document = open_answer(body, number_asked)
        name = next((each for each in WATCHLIST_BODIES if block(document.get(each))), WATCHLIST_BODIES[0])
        body_block = block(document.get(name))
        if not body_block and "resp" not in document:
            raise RefusedError("no watchlist")
        groups = rows_in(body_block, "groupList", "group")
        rows = []
        for each in groups:
            sent = each.get("isinCode")
            symbols = sent if isinstance(sent, list) else [] if is_absent(sent) else [sent]
            rows.append(
                (text(each.get("groupName")), [symbol for symbol in symbols if not is_absent(symbol)])
            )
        total, key = paging(document, name)
        return rows, total, key

    rows, key, seen, totals = [], None, [], set()
    while True:
        page, total, key = read_page(ask("", key), "")
        rows.append(page)
        totals |= {total} - {None}
        if key is None:
            break
        if key in seen or not page:
            raise RefusedError("pages without end")
        seen.append(key)
    groups = [group for page in rows for group in page]
    counts = {len(groups), sum(len(symbols) for _, symbols in groups)}
    halves = sum(page[0][0] == before[-1][0] for before, page in pairwise(rows) if page and before)
    watched = [(name, watched_code(symbol)) for name, symbols in groups for symbol in symbols]
    read = [each for each in watched if each[1] is not None]
    empty = sum(not any(watched_code(each) for each in symbols) for _, symbols in groups)
    counts |= {len(groups) - halves, len(read), len(read) + empty}
    totals -= {0} if groups else set()
    if len(totals) > 1 or not totals <= counts:
        raise ContradictionError(f"{counts} are not {totals}")
    return Account(read)


def read_linked(body):
    """Return the broker's code and the number of each linked account."""
    document = open_answer(body)
    if "vtAccList" not in document and "serviceTermsExpireDate" not in document:
        raise RefusedError("no list")
    found = []
    for each in listed(document.get("vtAccList")):
        number_, broker = text(each.get("vtAccNo")), text(each.get("comId"))
        if number_ is None or broker is None:
            raise RefusedError("an account without a number or a broker")
        shapes = (number_.replace("-", "0"), 30), (broker, 5)
        if not all(each.isascii() and each.isalnum() and len(each) <= most for each, most in shapes):
            raise RefusedError("what is no account number or no broker's code")
        found.append((broker, number_))
    ends = read_day(document.get("serviceTermsExpireDate"))
    if not found and ends is not None and ends < date(2026, 1, 1):
        raise RefusedError("the consent has ended")
    return found

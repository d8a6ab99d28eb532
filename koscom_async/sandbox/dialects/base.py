"""The documents' shape of a balance answer, and the points at which a broker may spell it differently.

Knows how an answer is written, and not what is in it: a `Balance` comes ready.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum, auto
from functools import lru_cache
from typing import Any, ClassVar

from attrs import frozen

from koscom_async.sandbox.ledger import (
    Account,
    AssetClass,
    Entry,
    Equity,
    Fund,
    Movement,
    Other,
    Part,
    Summary,
    WatchGroup,
)
from koscom_async.sandbox.question import (
    FIRST_PAGE,
    AccountQuestion,
    PortfolioQuestion,
    TransactionsQuestion,
    WatchlistQuestion,
)
from koscom_async.sandbox.reply import Literal, Reply, json_reply, json_text, plain

OK = "200"

Wire = dict[str, Any]
"""A JSON object that is being written."""

ABSENT = object()
"""Stands for a key that is not written at all."""


class Service(Enum):
    """Which of the account service's endpoints an answer is of."""

    BALANCE = auto()
    PORTFOLIO = auto()
    TRANSACTIONS = auto()
    WATCHLIST = auto()


@frozen
class Layout:
    """What the blocks of an endpoint's answer are called."""

    body: str
    container: str
    rows: str
    echo: str = "queryType"
    result: str = "queryResult"
    header: str = "commonHeader"


BALANCE = Layout("balanceResponseBody", "balanceList", "balance")
LAYOUTS: Mapping[Service, Layout] = {
    Service.BALANCE: BALANCE,
    Service.PORTFOLIO: Layout("portfolioResponseBody", "portfolioList", "portfolio"),
    Service.TRANSACTIONS: Layout(
        "transactionHistoryResponseBody", "transList", "transaction", echo="queryParams"
    ),
    Service.WATCHLIST: Layout("interestSymbolListResponseBody", "groupList", "group"),
}


@frozen(kw_only=True)
class Balance:
    """An answer to a query of the account service, before a broker spells it; mostly one for a balance."""

    service: Service = Service.BALANCE

    question: AccountQuestion
    asset_class: AssetClass
    account: Account
    platform_id: str
    rows: tuple[Entry, ...]
    total: int
    next_page: str | None
    request_id: str
    code: str = OK
    message: str = "OK"


# Wire name, and the field of the ledger's record.
_SUMMARY = (
    ("cashBalance", "cash"),
    ("d1", "d1"),
    ("d2", "d2"),
    ("substitute", "substitute"),
    ("receivable", "receivable"),
    ("subsMargin", "substitute_margin"),
    ("loanCredit", "loan"),
    ("valAtTrade", "cost"),
    ("valueAtCur", "value"),
    ("proLoss", "profit_loss"),
    ("totalAccVal", "total"),
    ("cashAvWithdraw", "withdrawable"),
)
_EQUITY = (
    ("assetType", "product"),
    ("productType", "product_type"),
    ("isinCode", "isin"),
    ("productName", "name"),
    ("qty", "quantity"),
    ("tradeType", "trade_type"),
    ("valAtTrade", "cost"),
    ("valAtCur", "value"),
    ("proLoss", "profit_loss"),
    ("earningRate", "return_pct"),
)
_FUND = (
    ("fundType", "fund_type"),
    ("fundCode", "code"),
    ("fundName", "name"),
    ("valAtTrade", "cost"),
    ("valAtCur", "value"),
    ("proLoss", "profit_loss"),
    ("firstDateBuy", "first_bought"),
    ("lastDateBuy", "last_bought"),
    ("maturity", "maturity"),
    ("earningRate", "return_pct"),
)
_OTHER = (
    ("assetType", "product"),
    ("assetName", "name"),
    ("qty", "quantity"),
    ("tradeType", "trade_type"),
    ("valAtTrade", "cost"),
    ("valAtCur", "value"),
    ("earningRate", "return_pct"),
)
_PARTS = {
    AssetClass.EQTY: (
        ("assetType", "product"),
        ("isinCode", "code"),
        ("qty", "number"),
        ("earningRate", "return_pct"),
    ),
    AssetClass.FUND: (
        ("fundCode", "code"),
        ("fundName", "name"),
        ("qty", "number"),
        ("earningRate", "return_pct"),
        ("maturity", "maturity"),
    ),
    AssetClass.ETC: (
        ("assetType", "product"),
        ("assetName", "name"),
        ("qty", "number"),
        ("earningRate", "return_pct"),
    ),
}
_MOVEMENT = (
    ("transDate", "day"),
    ("transType", "kind"),
    ("isinCode", "code"),
    ("changeAmt", "amount"),
    ("changeQty", "quantity"),
    ("qty", "after"),
)
_WATCH_GROUP = (("isinCode", "symbols"), ("groupName", "name"), ("modifyDate", "modified"))
_FIELDS: dict[type, tuple[tuple[str, str], ...]] = {
    Summary: _SUMMARY,
    Equity: _EQUITY,
    Fund: _FUND,
    Other: _OTHER,
    Movement: _MOVEMENT,
    WatchGroup: _WATCH_GROUP,
}
_LISTS: dict[AssetClass, tuple[str, type]] = {
    AssetClass.EQTY: ("equityList", Equity),
    AssetClass.FUND: ("fundList", Fund),
    AssetClass.ETC: ("etcList", Other),
}


# Spelling is most of the work of a call, and benchmarks ask for the same rows over and over.
@lru_cache(maxsize=4096)
def _spelled(dialect: "Dialect", record: Entry | Summary, at: int) -> Literal:
    return Literal(json_text(dialect.record(record, at)))


class Dialect:
    """A broker that spells as the documents' tables do; the subclasses say what is different."""

    broker: ClassVar[str]
    supports_all: ClassVar[bool] = False
    page_size: ClassVar[int] = 100
    history_page_size: ClassVar[int] = 50
    max_days: ClassVar[int] = 90
    """How long a range of dates a query for transactions may have."""
    newest_first: ClassVar[bool] = False
    """Whether transactions come the latest first."""
    supports_quantities: ClassVar[bool] = True
    """Whether a portfolio may be asked for as quantities."""
    mixes_up_shares: ClassVar[bool] = False
    """Whether it answers quantities where shares are asked for."""
    supports_interest_query: ClassVar[bool] = False
    layouts: ClassVar[Mapping[Service, Layout]] = LAYOUTS
    cash_code: ClassVar[object] = ABSENT
    """What stands in the place of an instrument's code where money is transferred."""
    end_of_lists: ClassVar[object] = "null"
    """How "no next page" is spelled for transactions and watchlists."""
    dead_token_status: ClassVar[int] = 401
    no_date: ClassVar[str] = "00000000"
    renamed: ClassVar[dict[tuple[type, str], str]] = {}
    """Keys that this broker spells otherwise, by record and the tables' name."""
    end_of_pages: ClassVar[dict[AssetClass, object]] = {}
    """How "no next page" is spelled, by asset class; otherwise the text "null"."""

    def number(self, number: Decimal) -> Literal | str:
        """Spell an amount, a quantity or a rate."""
        return plain(number)

    def tally(self, count: int) -> Literal | str:
        """Spell a number of rows."""
        return self.number(Decimal(count))

    def reply(self, balance: Balance) -> Reply:
        """Return the whole answer."""
        return json_reply(self.document(balance))

    def document(self, balance: Balance) -> Wire:
        """Return the answer in the documents' order of blocks."""
        layout = self.layouts[balance.service]
        document: Wire = {
            layout.header: self.header(balance),
            "accInfo": self.account_block(balance),
            layout.body: self.body(balance, layout),
        }
        if balance.code == OK:
            # The watchlist's rows stand inside the body block, all others beside it.
            inside = balance.service is Service.WATCHLIST
            (document[layout.body] if inside else document)[layout.container] = {
                layout.rows: self.content(balance)
            }
        document["resp"] = {"respCode": balance.code, "respMsg": balance.message}
        return document

    def body(self, balance: Balance, layout: Layout) -> Wire:
        """Echo the query, and say how many rows there are; an answer to no query says neither."""
        question = balance.question
        if isinstance(question, WatchlistQuestion):
            return {layout.result: self.result(balance)} if question.has_query else {}
        return {layout.echo: self.echo(balance), layout.result: self.result(balance)}

    def content(self, balance: Balance) -> Any:
        """Return what the rows' block holds."""
        if balance.service in {Service.BALANCE, Service.PORTFOLIO}:
            return self.balance(balance)
        return self.listed([_spelled(self, row, at) for at, row in enumerate(balance.rows)])

    def listed(self, rows: list[Literal]) -> Any:
        """Return the rows of a plain list."""
        return rows

    def header(self, balance: Balance) -> Wire:
        """Echo the header."""
        return {
            "reqIdPlatform": balance.platform_id,
            "reqIdConsumer": balance.request_id,
            "certDn": "",
            "ci": balance.question.ci,
        }

    def account_block(self, balance: Balance) -> Wire:
        """Echo the account."""
        return {"realAccNo": "", "vtAccNo": balance.account.number}

    def echo(self, balance: Balance) -> Wire:
        """Echo the query."""
        question = balance.question
        paged = {"count": question.paged.count, "page": question.paged.page}
        match question:
            case TransactionsQuestion():
                page = "" if question.paged.page == FIRST_PAGE else question.paged.page
                return {
                    "fromDate": f"{question.since:%Y%m%d}",
                    "toDate": f"{question.until:%Y%m%d}",
                    "isinCode": question.isin,
                    "side": question.side,
                    **paged,
                    "page": page,
                }
            case PortfolioQuestion():
                return {"assetType": balance.asset_class.value, "rspType": question.measure, **paged}
        return {"assetType": balance.asset_class.value, **paged}

    def result(self, balance: Balance) -> Wire:
        """Say how many rows there are, how many came, and where to go on."""
        result = {"totalCnt": self.tally(balance.total), "count": self.tally(len(balance.rows))}
        by_class = balance.service in {Service.BALANCE, Service.PORTFOLIO}
        end = self.end_of_pages.get(balance.asset_class, "null") if by_class else self.end_of_lists
        page = end if balance.next_page is None else balance.next_page
        return result if page is ABSENT else {**result, "page": page}

    def balance(self, balance: Balance) -> Any:
        """Return summary and lists, as one object."""
        return self.blocks(balance)

    def blocks(self, balance: Balance) -> Wire:
        """Return the summary, where it was asked for, and each list that was."""
        blocks: Wire = {}
        if balance.asset_class in {AssetClass.CASH, AssetClass.ALL}:
            if balance.service is Service.PORTFOLIO:
                blocks["cash"] = {"amt": self.number(self.cash(balance.account.summary))}
            else:
                blocks["summary"] = _spelled(self, balance.account.summary, 0)
        for asset_class, (name, kind) in _LISTS.items():
            if balance.asset_class in {asset_class, AssetClass.ALL}:
                blocks[name] = [
                    _spelled(self, row, at)
                    for at, row in enumerate(balance.rows)
                    if type(row) is kind or (isinstance(row, Part) and row.asset_class is asset_class)
                ]
        return blocks

    def cash(self, summary: Summary) -> Decimal:
        """Return what a portfolio says of the cash: the balance, as in the example."""
        return summary.cash

    def record(self, record: Entry | Summary, at: int) -> Wire:
        """Return a row or the summary; `at` is its place in the answer."""
        kind = type(record)
        spelled: Wire = {}
        for name, attribute in _PARTS[record.asset_class] if isinstance(record, Part) else _FIELDS[kind]:
            value = self.value(attribute, getattr(record, attribute), at)
            if value is not ABSENT:
                spelled[self.renamed.get((kind, name), name)] = value
        if isinstance(record, Equity | Fund | Other) and record.currency != "KRW":
            spelled["crcyCode"] = record.currency
        return spelled

    def value(self, attribute: str, value: Any, at: int) -> Any:  # a table by kind
        """Spell one field; what the ledger does not have is left out."""
        if isinstance(value, Decimal):
            return self.number(value)
        if isinstance(value, tuple):
            return self.symbols(value)
        if attribute == "maturity" and value is None:
            return self.no_date
        if attribute == "code" and value is None:
            return self.cash_code
        if value is None:
            return self.absent(attribute, at)
        return value if isinstance(value, str) else f"{value:%Y%m%d}"

    def symbols(self, codes: tuple[str, ...]) -> Any:
        """Spell the codes of a group."""
        return list(codes)

    def absent(self, attribute: str, at: int) -> Any:
        """Spell what the broker does not report."""
        return ABSENT

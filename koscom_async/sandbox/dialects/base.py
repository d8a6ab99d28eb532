"""The documents' shape of a balance answer, and the points at which a broker may spell it differently.

Knows how an answer is written, and not what is in it: a `Balance` comes ready.
"""

from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar

from attrs import frozen

from koscom_async.sandbox.ledger import Account, AssetClass, Equity, Fund, Other, Row, Summary
from koscom_async.sandbox.question import AccountQuestion
from koscom_async.sandbox.reply import Reply, json_reply
from koscom_async.sandbox.spelling import Literal, json_text, plain

__all__ = ["ABSENT", "Balance", "Dialect", "Wire"]

OK = "200"

Wire = dict[str, Any]
"""A JSON object that is being written."""

ABSENT = object()
"""Stands for a key that is not written at all."""


@frozen(kw_only=True)
class Balance:
    """An answer to a balance query, before a broker spells it."""

    question: AccountQuestion
    asset_class: AssetClass
    account: Account
    platform_id: str
    rows: tuple[Row, ...]
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
_FIELDS: dict[type, tuple[tuple[str, str], ...]] = {
    Summary: _SUMMARY,
    Equity: _EQUITY,
    Fund: _FUND,
    Other: _OTHER,
}
_LISTS: dict[AssetClass, tuple[str, type]] = {
    AssetClass.EQTY: ("equityList", Equity),
    AssetClass.FUND: ("fundList", Fund),
    AssetClass.ETC: ("etcList", Other),
}


# Spelling is most of the work of a call, and benchmarks ask for the same rows over and over.
@lru_cache(maxsize=4096)
def _spelled(dialect: "Dialect", record: Row | Summary, at: int) -> Literal:
    return Literal(json_text(dialect.record(record, at)))


class Dialect:
    """A broker that spells as the documents' tables do; the subclasses say what is different."""

    broker: ClassVar[str]
    supports_all: ClassVar[bool] = False
    page_size: ClassVar[int] = 100
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
        document: Wire = {
            "commonHeader": self.header(balance),
            "accInfo": self.account_block(balance),
            "balanceResponseBody": {
                "queryType": self.echo(balance),
                "queryResult": self.result(balance),
            },
        }
        if balance.code == OK:
            document["balanceList"] = {"balance": self.balance(balance)}
        document["resp"] = {"respCode": balance.code, "respMsg": balance.message}
        return document

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
        paged = balance.question.paged
        return {"assetType": balance.asset_class.value, "count": paged.count, "page": paged.page}

    def result(self, balance: Balance) -> Wire:
        """Say how many rows there are, how many came, and where to go on."""
        result = {"totalCnt": self.tally(balance.total), "count": self.tally(len(balance.rows))}
        end = self.end_of_pages.get(balance.asset_class, "null")
        page = end if balance.next_page is None else balance.next_page
        return result if page is ABSENT else {**result, "page": page}

    def balance(self, balance: Balance) -> Any:
        """Return summary and lists, as one object."""
        return self.blocks(balance)

    def blocks(self, balance: Balance) -> Wire:
        """Return the summary, where it was asked for, and each list that was."""
        blocks: Wire = {}
        if balance.asset_class in {AssetClass.CASH, AssetClass.ALL}:
            blocks["summary"] = _spelled(self, balance.account.summary, 0)
        for asset_class, (name, kind) in _LISTS.items():
            if balance.asset_class in {asset_class, AssetClass.ALL}:
                blocks[name] = [
                    _spelled(self, row, at) for at, row in enumerate(balance.rows) if type(row) is kind
                ]
        return blocks

    def record(self, record: Row | Summary, at: int) -> Wire:
        """Return a row or the summary; `at` is its place in the answer."""
        kind = type(record)
        spelled: Wire = {}
        for name, attribute in _FIELDS[kind]:
            value = self.value(attribute, getattr(record, attribute), at)
            if value is not ABSENT:
                spelled[self.renamed.get((kind, name), name)] = value
        if not isinstance(record, Summary) and record.currency != "KRW":
            spelled["crcyCode"] = record.currency
        return spelled

    def value(self, attribute: str, value: Any, at: int) -> Any:
        """Spell one field; what the ledger does not have is left out."""
        if isinstance(value, Decimal):
            return self.number(value)
        if attribute == "maturity" and value is None:
            return self.no_date
        if value is None:
            return self.absent(attribute, at)
        return value if isinstance(value, str) else f"{value:%Y%m%d}"

    def absent(self, attribute: str, at: int) -> Any:  # noqa: ARG002  # a dialect may choose by field and place
        """Spell what the broker does not report."""
        return ABSENT

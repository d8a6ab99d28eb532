"""How the virtual brokers spell: Diamond as the documents do, Cyber with small pages, Star in the older standard.

A class says what its broker spells differently from `base`, and nothing else.
"""

from decimal import Decimal
from typing import Any

from koscom_async.sandbox.dialects.base import ABSENT, LAYOUTS, OK, Balance, Dialect, Layout, Service, Wire
from koscom_async.sandbox.ledger import AssetClass, Entry, Other, Summary
from koscom_async.sandbox.reply import Literal, java_double, scientific_text

__all__ = ["DIALECTS", "Balance", "Dialect", "Service"]


class Diamond(Dialect):
    """Java doubles for every number, the echoed count as text, and a space before what is echoed."""

    broker = "diamond"
    supports_all = True
    supports_interest_query = True
    max_days = 365
    cash_code = ""
    renamed = {(Other, "valAtCur"): "valueAtCur"}

    def number(self, number: Decimal) -> Literal | str:
        return java_double(number)

    def header(self, balance: Balance) -> Wire:
        """Echo the header with the space that stands in the documents."""
        echoed = super().header(balance)
        return {**echoed, "reqIdConsumer": f" {balance.request_id}", "ci": f" {balance.question.ci}"}

    def echo(self, balance: Balance) -> Wire:
        return {**super().echo(balance), "count": str(balance.question.paged.count)}


class Cyber(Dialect):
    """Two rows a page; beside the list that was asked for stand the others, empty in one way or another."""

    broker = "cyber"
    page_size = 2
    mixes_up_shares = True
    cash_code = "CASH"
    end_of_lists = None
    no_date = "99999999"
    end_of_pages = {
        AssetClass.CASH: "null",
        AssetClass.EQTY: None,
        AssetClass.FUND: "",
        AssetClass.ETC: ABSENT,
    }

    def blocks(self, balance: Balance) -> Wire:
        """Return the blocks, those that were not asked for empty."""
        first = "cash" if balance.service is Service.PORTFOLIO else "summary"
        empty: Wire = {first: None, "equityList": [], "fundList": None, "etcList": "null"}
        blocks = super().blocks(balance)
        if balance.asset_class is AssetClass.ETC and not balance.rows:
            return {**empty, "etcList": None}
        return {**empty, **blocks}

    def listed(self, rows: list[Literal]) -> Any:
        """Return the rows, and nothing where there are none."""
        return rows or None


_ABSENT_SPELLINGS = (ABSENT, None, "null", "")
# What the summary does not report, each in a way of its own.
_SUMMARY_ABSENT: dict[str, Any] = {"d1": None, "d2": "null", "substitute": ABSENT, "substitute_margin": ""}
_PADDED = {"isin": "{} ", "name": " {}  ", "trade_type": "{}  "}


class Star(Dialect):
    """The broker that a client has to be careful with; a dead token is answered with 400."""

    broker = "star"
    page_size = 2
    history_page_size = 20
    max_days = 30
    newest_first = True
    supports_quantities = False
    end_of_lists = ""
    # The tables' spellings, where they differ from the examples'.
    layouts = {
        **LAYOUTS,
        Service.TRANSACTIONS: Layout(
            "transactionHistoryResponseBody",
            "transList",
            "transaction",
            echo="queryPrams",
            result="queryRequest",
        ),
        Service.WATCHLIST: Layout("interestSymbolReponseBody", "groupList", "group", header="commHeader"),
    }
    dead_token_status = 400
    no_date = "9999-99-99"
    end_of_pages = {AssetClass.CASH: None, AssetClass.FUND: ABSENT, AssetClass.ETC: ""}

    def number(self, number: Decimal) -> Literal | str:
        return scientific_text(number)

    def tally(self, count: int) -> Literal | str:
        return str(count)

    def document(self, balance: Balance) -> Wire:
        """Return the answer with the account inside the body block, and without what may be missing."""
        document = super().document(balance)
        document[self.layouts[balance.service].body]["accInfo"] = document.pop("accInfo")
        document["sysInfo"] = {"node": "st-02", "elapsed": "12"}
        if balance.asset_class is AssetClass.FUND and not balance.rows:
            document.pop(self.layouts[balance.service].container, None)
        if balance.asset_class is AssetClass.ETC and balance.code == OK:
            del document["resp"]
        return document

    def account_block(self, balance: Balance) -> Wire:
        """Echo the account, padded."""
        return {"realAccNo": None, "vtAccNo": f"{balance.account.number} "}

    def echo(self, balance: Balance) -> Wire:
        """Echo the query; the class of the summary by its name in the tables."""
        is_cash = balance.asset_class is AssetClass.CASH
        return {**super().echo(balance), "assetType": "SUM" if is_cash else balance.asset_class.value}

    def balance(self, balance: Balance) -> Any:
        """Return an array of blocks, with one key each."""
        return [{name: _single(block)} for name, block in self.blocks(balance).items()]

    def listed(self, rows: list[Literal]) -> Any:
        """Return the rows, or the only one by itself."""
        return _single(rows)

    def symbols(self, codes: tuple[str, ...]) -> Any:
        """Return the codes padded, or the only one by itself."""
        return _single([f"{code} " for code in codes])

    def cash(self, summary: Summary) -> Decimal:
        """Return the share of cash in all assets, in percent."""
        return (summary.cash * 100 / summary.total).quantize(Decimal("0.01")) if summary.total else Decimal(0)

    def record(self, record: Entry | Summary, at: int) -> Wire:
        """Return a row with a key that no document knows."""
        return {**super().record(record, at), "seqNo": str(at + 1)}

    def value(self, attribute: str, value: Any, at: int) -> Any:
        """Spell one field; texts are padded."""
        spelled = super().value(attribute, value, at)
        return _PADDED[attribute].format(spelled) if attribute in _PADDED and value is not None else spelled

    def absent(self, attribute: str, at: int) -> Any:
        """Spell absent in another way in each row."""
        return _SUMMARY_ABSENT.get(attribute, _ABSENT_SPELLINGS[at % len(_ABSENT_SPELLINGS)])


def _single(block: Any) -> Any:
    return block[0] if isinstance(block, list) and len(block) == 1 else block


DIALECTS: dict[str, Dialect] = {dialect.broker: dialect for dialect in (Diamond(), Cyber(), Star())}

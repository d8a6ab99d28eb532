"""Cyber spells plain numbers and small pages, and ends them in another way for each asset class."""

from typing import Any

from koscom_async.sandbox.dialects.base import ABSENT, Balance, Dialect, Service, Wire
from koscom_async.sandbox.ledger import AssetClass
from koscom_async.sandbox.reply import Literal


class Cyber(Dialect):
    """Two rows a page; beside the list that was asked for stand the others, empty in one way or another."""

    broker = "cyber"
    page_size = 2
    mixes_up_shares = True
    cash_code = "CASH"
    end_of_lists = None
    no_date = "99999999"
    end_of_pages = {  # noqa: RUF012  # declared a ClassVar where it is annotated
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

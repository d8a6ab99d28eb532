"""One account's whole balance: every page of every asset class, as one record.

It does not put accounts together: that is the merge.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from attrs import frozen

from koscom_async._services.by_class import Capabilities, ask_by_class
from koscom_async._services.query import AccountQuery
from koscom_async._wire.account import BalancePage, BalanceReader
from koscom_async._wire.endpoints import BALANCE, Endpoint
from koscom_async._wire.envelope import Question
from koscom_async._wire.requests import balance_request
from koscom_async.models.account import Balance, BalanceRow, EquityRow, FundRow, OtherRow
from koscom_async.models.codes import AssetClass

Row = TypeVar("Row", bound=BalanceRow)


@frozen(kw_only=True)
class BalanceQuery(AccountQuery[AssetClass, BalancePage]):
    """The query for one account's balance."""

    endpoint: Endpoint = BALANCE
    capabilities: Capabilities

    async def balance(self) -> Balance:
        """Return the balance, or raise the error that makes it unbelievable."""
        pages = await ask_by_class(self, self.capabilities)
        rows = [row for page in pages for row in page.rows]
        return Balance(
            account=self.account,
            summary=next((page.summary for page in pages if page.summary is not None), None),
            equities=_of(EquityRow, rows),
            funds=_of(FundRow, rows),
            others=_of(OtherRow, rows),
            notes=tuple(self.trace.notes),
        )

    def body(self, part: AssetClass, page: str | None, **envelope: Any) -> Mapping[str, object]:
        return balance_request(asset_class=part, page=page, **envelope)

    def reader(self, part: AssetClass, question: Question) -> Callable[[object], BalancePage]:
        return BalanceReader(question=question, asset_class=part)


def _of(kind: type[Row], rows: list[BalanceRow]) -> tuple[Row, ...]:
    return tuple(row for row in rows if isinstance(row, kind))

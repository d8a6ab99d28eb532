"""One account's whole portfolio: every page of every asset class, as one record.

Also checks that the numbers of a class can be what the broker calls them: shares, or quantities.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from attrs import frozen

from koscom_async._services.by_class import Capabilities, ask_by_class
from koscom_async._services.query import AccountQuery
from koscom_async._wire.endpoints import PORTFOLIO, Endpoint
from koscom_async._wire.envelope import Question
from koscom_async._wire.portfolio import PortfolioPage, PortfolioReader, measured
from koscom_async._wire.requests import portfolio_request
from koscom_async.models.codes import AssetClass, Measure
from koscom_async.models.portfolio import (
    Portfolio,
    PortfolioEquity,
    PortfolioFund,
    PortfolioOther,
    PortfolioRow,
)

Row = TypeVar("Row", bound=PortfolioRow)


@frozen(kw_only=True)
class PortfolioQuery(AccountQuery[AssetClass, PortfolioPage]):
    """The query for one account's portfolio."""

    endpoint: Endpoint = PORTFOLIO
    capabilities: Capabilities
    measure: Measure

    async def portfolio(self) -> Portfolio:
        """Return the portfolio, or raise the error that makes it unbelievable."""
        pages = await ask_by_class(self, self.capabilities)
        rows = [row for page in pages for row in page.rows]
        equities, funds, others = (
            self._measured(PortfolioEquity, rows),
            self._measured(PortfolioFund, rows),
            self._measured(PortfolioOther, rows),
        )
        return Portfolio(
            account=self.account,
            measure=self.measure,
            cash=next((page.cash for page in pages if page.cash is not None), None),
            equities=equities,
            funds=funds,
            others=others,
            notes=tuple(self.trace.notes),
        )

    def _measured(self, kind: type[Row], rows: list[PortfolioRow]) -> tuple[Row, ...]:
        found, note = measured([row for row in rows if isinstance(row, kind)])
        if note is not None:
            self.trace.note(note)
        return found

    def body(self, part: AssetClass, page: str | None, **envelope: Any) -> Mapping[str, object]:
        return portfolio_request(asset_class=part, measure=self.measure, page=page, **envelope)

    def reader(self, part: AssetClass, question: Question) -> Callable[[object], PortfolioPage]:
        return PortfolioReader(question=question, asset_class=part, measure=self.measure)

"""One account's whole portfolio: `ALL` where it works and a query for each class where it does not, to the last page.

Owns that choice, and the check that the numbers of a class can be what the broker says they are.
"""

from functools import partial
from typing import TypeVar

from attrs import frozen

from koscom_async._services.query import AccountAsker, Capabilities, check_announced, read_pages
from koscom_async._services.tasks import gather
from koscom_async._wire.envelope import Question
from koscom_async._wire.portfolio import PortfolioPage, PortfolioReader, measured
from koscom_async._wire.requests import portfolio_request
from koscom_async.errors import RequestRejectedError, TruncatedResponseError
from koscom_async.models.codes import AssetClass, Measure
from koscom_async.models.portfolio import (
    Portfolio,
    PortfolioEquity,
    PortfolioFund,
    PortfolioOther,
    PortfolioRow,
)

CLASSES = (AssetClass.CASH, AssetClass.EQUITY, AssetClass.FUND, AssetClass.OTHER)
ALL_NOT_SUPPORTED, TOO_MANY_ROWS = "6001", "6005"
Row = TypeVar("Row", bound=PortfolioRow)


@frozen(kw_only=True)
class PortfolioQuery:
    """The question about one account's portfolio."""

    asker: AccountAsker
    capabilities: Capabilities
    measure: Measure

    async def read(self) -> Portfolio:
        """Return the portfolio, every page of every class, or raise the error that makes it unbelievable."""
        if self.capabilities.supports_all(self.asker.account) is not False:
            pages = await self._read_all()
            if pages is not None:
                return self._portfolio(pages)
        by_class = await gather([partial(self._read_class, each) for each in CLASSES])
        return self._portfolio([page for pages in by_class for page in pages])

    async def _read_all(self) -> list[PortfolioPage] | None:
        """Ask for every class at once; `None` where the broker has to be asked class by class instead."""
        try:
            return await self._read_class(AssetClass.ALL)
        except RequestRejectedError as error:
            if error.code == ALL_NOT_SUPPORTED:
                self.capabilities.learn_per_class(self.asker.account)
            elif error.code != TOO_MANY_ROWS:
                raise
            self.asker.log.note(f"ALL was refused ({error.code}); each class was asked for")
        except TruncatedResponseError as error:
            self.asker.log.note(f"ALL came short ({error.message}); each class was asked for")
        return None

    async def _read_class(self, asset_class: AssetClass) -> list[PortfolioPage]:
        pages = await read_pages(
            partial(self._ask_page, asset_class),
            limit=self.asker.settings.page_limit,
            log=self.asker.log,
        )
        # Cash is no row, and brokers disagree on whether a query for cash alone counts it.
        if asset_class is not AssetClass.CASH:
            check_announced(
                str(asset_class),
                received=sum(len(page.rows) for page in pages),
                totals=[page.total for page in pages],
                trusted=self.asker.trusts_totals,
                note=self.asker.log.note,
            )
        return pages

    async def _ask_page(self, asset_class: AssetClass, page: str | None) -> PortfolioPage:
        def reader(question: Question) -> PortfolioReader:
            return PortfolioReader(question=question, asset_class=asset_class, measure=self.measure)

        return await self.asker.ask(
            portfolio_request, reader, asset_class=asset_class, measure=self.measure, page=page
        )

    def _portfolio(self, pages: list[PortfolioPage]) -> Portfolio:
        rows = [row for page in pages for row in page.rows]
        equities, funds, others = (
            self._measured(PortfolioEquity, rows),
            self._measured(PortfolioFund, rows),
            self._measured(PortfolioOther, rows),
        )
        return Portfolio(
            account=self.asker.account,
            measure=self.measure,
            cash=next((page.cash for page in pages if page.cash is not None), None),
            equities=equities,
            funds=funds,
            others=others,
            notes=tuple(self.asker.log.notes),
        )

    def _measured(self, kind: type[Row], rows: list[PortfolioRow]) -> tuple[Row, ...]:
        found, note = measured([row for row in rows if isinstance(row, kind)])
        if note is not None:
            self.asker.log.note(note)
        return found

"""One account's whole balance: `ALL` where it works and a query for each class where it does not, to the last page.

Owns the choice between the two. Whether the rows are all there, each once, is `row_count`'s question; putting accounts
together is nobody's here.
"""

import logging
from functools import partial
from typing import TypeVar

from attrs import frozen

from koscom_async._services.query import Capabilities, find_contradiction, read_pages, secrets_of
from koscom_async._services.tasks import gather
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.account import BalancePage, BalanceReader
from koscom_async._wire.endpoints import BALANCE, Call, account_path
from koscom_async._wire.envelope import Question
from koscom_async._wire.requests import balance_request, new_request_id
from koscom_async.errors import RequestRejectedError, ResponseError, TruncatedResponseError
from koscom_async.models.account import Balance, BalanceRow, EquityRow, FundRow, OtherRow
from koscom_async.models.codes import AssetClass
from koscom_async.models.investor import Investor
from koscom_async.models.member import VirtualAccount
from koscom_async.settings import Settings

logger = logging.getLogger("koscom_async.services")

CLASSES = (AssetClass.CASH, AssetClass.EQUITY, AssetClass.FUND, AssetClass.OTHER)
Row = TypeVar("Row", bound=BalanceRow)
ALL_NOT_SUPPORTED, TOO_MANY_ROWS = "6001", "6005"


@frozen(kw_only=True)
class BalanceQuery:
    """The question about one account's balance."""

    gateway: Gateway
    settings: Settings
    capabilities: Capabilities
    investor: Investor
    account: VirtualAccount
    log: TraceBuilder

    async def read(self) -> Balance:
        """Return the balance, every page of every class, or raise the error that makes it unbelievable."""
        if self.capabilities.supports_all(self.account) is not False:
            pages = await self._read_all()
            if pages is not None:
                return self._balance(pages)
        by_class = await gather([partial(self._read_class, each) for each in CLASSES])
        return self._balance([page for pages in by_class for page in pages])

    async def _read_all(self) -> list[BalancePage] | None:
        """Ask for every class at once; `None` where the broker has to be asked class by class instead."""
        try:
            pages = await self._read_pages(AssetClass.ALL)
        except RequestRejectedError as error:
            if error.code == ALL_NOT_SUPPORTED:
                self.capabilities.learn_per_class(self.account)
            elif error.code != TOO_MANY_ROWS:
                raise
            self.log.note(f"ALL was refused ({error.code}); each class was asked for")
            return None
        wrong = self._contradiction(AssetClass.ALL, pages)
        if wrong is not None:
            how = "came short" if isinstance(wrong, TruncatedResponseError) else "contradicted itself"
            self.log.note(f"ALL {how} ({wrong.message}); each class was asked for")
            logger.warning("%s: ALL %s (%s); each class is asked for", self._broker, how, wrong.message)
            return None
        return pages

    async def _read_class(self, asset_class: AssetClass) -> list[BalancePage]:
        pages = await self._read_pages(asset_class)
        # The summary is no row, and brokers disagree on whether a query for cash alone counts it.
        wrong = None if asset_class is AssetClass.CASH else self._contradiction(asset_class, pages)
        if wrong is not None:
            raise wrong
        return pages

    async def _read_pages(self, asset_class: AssetClass) -> list[BalancePage]:
        return await read_pages(
            partial(self._ask_page, asset_class), limit=self.settings.page_limit, log=self.log
        )

    def _contradiction(self, asset_class: AssetClass, pages: list[BalancePage]) -> ResponseError | None:
        overrides = self.settings.overrides_of(self._broker)
        return find_contradiction(asset_class, pages, trust_totals=overrides.trust_totals, note=self.log.note)

    @property
    def _broker(self) -> str:
        return self.account.broker.short_name

    async def _ask_page(self, asset_class: AssetClass, page: str | None) -> BalancePage:
        request_id = new_request_id()
        answer = await self.gateway.ask(
            Call(
                endpoint=BALANCE,
                path=account_path(BALANCE, self.account, self.settings.base_url),
                broker=self._broker,
                account=self.account.masked_number,
                investor=self.investor,
                body=balance_request(
                    self.settings,
                    self.investor,
                    request_id=request_id,
                    account_number=self.account.number,
                    asset_class=asset_class,
                    page=page,
                ),
                read=BalanceReader(
                    question=Question(
                        account_number=self.account.number,
                        request_id=request_id,
                        strict_request_id=self.settings.overrides_of(self._broker).check_request_id,
                    ),
                    asset_class=asset_class,
                ),
                secrets=secrets_of(self.settings, self.investor, self.account),
            ),
            self.log,
        )
        self.log.note(*answer.notes)
        return answer

    def _balance(self, pages: list[BalancePage]) -> Balance:
        rows = [row for page in pages for row in page.rows]
        return Balance(
            account=self.account,
            summary=next((page.summary for page in pages if page.summary is not None), None),
            equities=_of(EquityRow, rows),
            funds=_of(FundRow, rows),
            others=_of(OtherRow, rows),
            notes=tuple(self.log.notes),
        )


def _of(kind: type[Row], rows: list[BalanceRow]) -> tuple[Row, ...]:
    return tuple(row for row in rows if isinstance(row, kind))

"""What is asked class by class, a balance and a portfolio: one query for `ALL` where the broker takes it, else four.

Accounts are put together elsewhere: that is the merge.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic
from typing import Any, TypeVar

from attrs import frozen

from koscom_async import error_codes
from koscom_async._services.lessons import BELIEVED_SECONDS, EVERYTHING, NOTHING, Lessons, forget_a_broker
from koscom_async._services.query import AccountQuery, AnyPage
from koscom_async._services.tasks import gather
from koscom_async._wire.account import BalancePage, BalanceReader
from koscom_async._wire.endpoints import BALANCE, PORTFOLIO, Endpoint
from koscom_async._wire.envelope import Question
from koscom_async._wire.portfolio import PortfolioPage, PortfolioReader, measured
from koscom_async._wire.requests import balance_request, portfolio_request
from koscom_async._wire.values import PageKey
from koscom_async.errors import RequestRejectedError, TruncatedResponseError
from koscom_async.models.account import Balance, BalanceRow, EquityRow, FundRow, OtherRow
from koscom_async.models.codes import AssetClass, Measure
from koscom_async.models.portfolio import (
    Portfolio,
    PortfolioEquity,
    PortfolioFund,
    PortfolioOther,
    PortfolioRow,
)

logger = logging.getLogger("koscom_async.services")

SECURITIES = (AssetClass.EQUITY, AssetClass.FUND, AssetClass.OTHER)
CLASSES = (AssetClass.CASH, *SECURITIES)

AnyBalanceRow = TypeVar("AnyBalanceRow", bound=BalanceRow)
AnyPortfolioRow = TypeVar("AnyPortfolioRow", bound=PortfolioRow)


class AllSupport:
    """Which accounts answer one query for all asset classes: as the settings, refusals, or the registry say."""

    def __init__(self) -> None:
        self.lessons = Lessons(error_codes.ALL_NOT_SUPPORTED)
        self._proven_until: dict[str, float] = {}

    def at(self, query: AccountQuery[Any, Any]) -> bool | None:
        """Whether the query's account answers `ALL`; `None` where it is not known yet."""
        override = query.overrides.supports_all
        if override is not None:
            return override
        if query.broker in self.lessons.taught and self.lessons.allowed(query.broker, query.key) == NOTHING:
            return False
        return query.account.broker.supports_all

    def record_refusal(self, query: AccountQuery[Any, Any]) -> None:
        """Remember that a query for all classes was refused."""
        logger.info("%s does not answer ALL; the account is asked for each class", query.account)
        self.lessons.record_refusal(query.broker, query.key, NOTHING)

    def record_success(self, query: AccountQuery[Any, Any]) -> None:
        """Remember that the broker answered a query for all classes; to do so now and then is enough."""
        now = monotonic()
        if self._proven_until.get(query.broker, now) <= now:
            self._proven_until[query.broker] = now + BELIEVED_SECONDS / 2
            forget_a_broker(self._proven_until)
            self.lessons.record_answer(query.broker, EVERYTHING)


async def ask_by_class(query: AccountQuery[AssetClass, AnyPage], all_support: AllSupport) -> list[AnyPage]:
    """Return every page of every asset class."""
    if all_support.at(query) is not False:
        pages = await _ask_all(query, all_support)
        if pages is not None:
            return pages
    by_class = await gather([partial(query.read, each) for each in CLASSES])
    return [page for pages in by_class for page in pages]


async def _ask_all(query: AccountQuery[AssetClass, AnyPage], all_support: AllSupport) -> list[AnyPage] | None:
    """Ask for every class in one query; `None` where the broker has to be asked class by class instead."""
    try:
        pages, wrong = await query.read_pages(AssetClass.ALL)
    except RequestRejectedError as error:
        if error.code == error_codes.ALL_NOT_SUPPORTED:
            all_support.record_refusal(query)
        elif error.code != error_codes.TOO_MANY_ROWS:
            raise
        query.trace.note(f"ALL was refused ({error.code}); each class was asked for")
        return None
    if wrong is None:
        all_support.record_success(query)
        return pages
    how = "came short" if isinstance(wrong, TruncatedResponseError) else "contradicted itself"
    query.trace.note(f"ALL {how} ({wrong.message}); each class was asked for")
    logger.warning("%s: ALL %s (%s); each class is asked for", query.broker, how, wrong.message)
    return None


@frozen(kw_only=True, eq=False, repr=False)
class BalanceQuery(AccountQuery[AssetClass, BalancePage]):
    """The query for one account's balance."""

    endpoint: Endpoint = BALANCE
    all_support: AllSupport

    async def balance(self) -> Balance:
        """Return the balance, or raise the error that makes it unbelievable."""
        pages = await ask_by_class(self, self.all_support)
        rows = [row for page in pages for row in page.rows]
        return Balance(
            account=self.account,
            summary=next((page.summary for page in pages if page.summary is not None), None),
            equities=_of(EquityRow, rows),
            funds=_of(FundRow, rows),
            others=_of(OtherRow, rows),
            notes=tuple(self.trace.notes),
        )

    def body(self, part: AssetClass, page: PageKey | None, **envelope: Any) -> Mapping[str, object]:
        return balance_request(asset_class=part, page=page, **envelope)

    def reader(self, part: AssetClass, question: Question) -> Callable[[object], BalancePage]:
        return BalanceReader(question=question, asset_class=part)


def _of(kind: type[AnyBalanceRow], rows: list[BalanceRow]) -> tuple[AnyBalanceRow, ...]:
    return tuple(row for row in rows if isinstance(row, kind))


@frozen(kw_only=True, eq=False, repr=False)
class PortfolioQuery(AccountQuery[AssetClass, PortfolioPage]):
    """The query for one account's portfolio."""

    endpoint: Endpoint = PORTFOLIO
    all_support: AllSupport
    measure: Measure

    async def portfolio(self) -> Portfolio:
        """Return the portfolio, or raise the error that makes it unbelievable."""
        pages = await ask_by_class(self, self.all_support)
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

    def _measured(self, kind: type[AnyPortfolioRow], rows: list[PortfolioRow]) -> tuple[AnyPortfolioRow, ...]:
        found, note = measured([row for row in rows if isinstance(row, kind)])
        if note is not None:
            self.trace.note(note)
        return found

    def body(self, part: AssetClass, page: PageKey | None, **envelope: Any) -> Mapping[str, object]:
        return portfolio_request(asset_class=part, measure=self.measure, page=page, **envelope)

    def reader(self, part: AssetClass, question: Question) -> Callable[[object], PortfolioPage]:
        return PortfolioReader(question=question, asset_class=part, measure=self.measure)

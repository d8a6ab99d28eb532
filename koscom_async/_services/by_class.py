"""Every asset class of an account: one query for `ALL` where the broker takes it, else one for each class.

What a broker does not take is learned from its refusal, and remembered for the life of the client.
"""

import logging
from functools import partial

from koscom_async import error_codes
from koscom_async._services.query import AccountQuery, AnyPage
from koscom_async._services.tasks import gather
from koscom_async.errors import RequestRejectedError, TruncatedResponseError
from koscom_async.models.codes import AssetClass
from koscom_async.models.member import VirtualAccount
from koscom_async.settings import Settings

logger = logging.getLogger("koscom_async.services")

SECURITIES = (AssetClass.EQUITY, AssetClass.FUND, AssetClass.OTHER)
CLASSES = (AssetClass.CASH, *SECURITIES)


class Capabilities:
    """What each broker supports: the settings first, then what its refusals taught, then the registry."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._per_class: set[str] = set()
        self._no_interest_query: set[str] = set()

    def supports_all(self, account: VirtualAccount) -> bool | None:
        """Whether one query for all asset classes works at the account's broker; `None`: not known yet."""
        name = account.broker.short_name
        override = self._settings.overrides_of(name).supports_all
        if override is not None:
            return override
        return False if name in self._per_class else account.broker.supports_all

    def record_all_refused(self, account: VirtualAccount) -> None:
        """Remember that the account's broker refused a query for all classes."""
        name = account.broker.short_name
        if name not in self._per_class:
            logger.info("%s does not answer ALL; from now on it is asked for each class", name)
        self._per_class.add(name)

    def supports_interest_query(self, account: VirtualAccount) -> bool:
        """Whether the account's broker takes the query block of the watchlist; a refusal counts most."""
        name = account.broker.short_name
        if name in self._no_interest_query:
            return False
        override = self._settings.overrides_of(name).supports_interest_query
        return account.broker.supports_interest_query if override is None else override

    def record_interest_query_refused(self, account: VirtualAccount) -> None:
        """Remember that the account's broker refused the query block of the watchlist."""
        self._no_interest_query.add(account.broker.short_name)


async def ask_by_class(query: AccountQuery[AssetClass, AnyPage], capabilities: Capabilities) -> list[AnyPage]:
    """Return every page of every asset class."""
    if capabilities.supports_all(query.account) is not False:
        pages = await _ask_all(query, capabilities)
        if pages is not None:
            return pages
    by_class = await gather([partial(query.read, each) for each in CLASSES])
    return [page for pages in by_class for page in pages]


async def _ask_all(
    query: AccountQuery[AssetClass, AnyPage], capabilities: Capabilities
) -> list[AnyPage] | None:
    """Ask for every class in one query; `None` where the broker has to be asked class by class instead."""
    try:
        pages = await query.read_pages(AssetClass.ALL)
    except RequestRejectedError as error:
        if error.code == error_codes.ALL_NOT_SUPPORTED:
            capabilities.record_all_refused(query.account)
        elif error.code != error_codes.TOO_MANY_ROWS:
            raise
        query.trace.note(f"ALL was refused ({error.code}); each class was asked for")
        return None
    wrong = query.find_contradiction(AssetClass.ALL, pages)
    if wrong is None:
        return pages
    how = "came short" if isinstance(wrong, TruncatedResponseError) else "contradicted itself"
    query.trace.note(f"ALL {how} ({wrong.message}); each class was asked for")
    logger.warning("%s: ALL %s (%s); each class is asked for", query.broker, how, wrong.message)
    return None

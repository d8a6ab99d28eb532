"""What each broker supports: what the registry says, what the settings override, and what was learned by asking."""

import logging

from koscom_async.models.member import VirtualAccount
from koscom_async.settings import Settings

logger = logging.getLogger("koscom_async.services")


class Capabilities:
    """Lives as long as the client; only its `learn_…` methods change it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._per_class: set[str] = set()
        self._no_interest_query: set[str] = set()

    def supports_all(self, account: VirtualAccount) -> bool | None:
        """Whether one query for all asset classes works at the account's broker; `None`: nobody knows yet."""
        name = account.broker.short_name
        override = self._settings.overrides_of(name).supports_all
        if override is not None:
            return override
        return False if name in self._per_class else account.broker.supports_all

    def learn_per_class(self, account: VirtualAccount) -> None:
        """Remember that the account's broker refused a query for all classes."""
        name = account.broker.short_name
        if name not in self._per_class:
            logger.info("%s does not answer ALL; from now on it is asked for each class", name)
        self._per_class.add(name)

    def supports_interest_query(self, account: VirtualAccount) -> bool:
        """Whether the account's broker takes the query block of the watchlist; its own answer counts most."""
        name = account.broker.short_name
        if name in self._no_interest_query:
            return False
        override = self._settings.overrides_of(name).supports_interest_query
        return account.broker.supports_interest_query if override is None else override

    def learn_no_interest_query(self, account: VirtualAccount) -> None:
        """Remember that the account's broker refused the query block of the watchlist."""
        self._no_interest_query.add(account.broker.short_name)

"""What each broker supports: what the registry says, what the settings override, and what was learned by asking."""

import logging

from koscom_async.models.member import VirtualAccount
from koscom_async.settings import Settings

logger = logging.getLogger("koscom_async.services")


class Capabilities:
    """Lives as long as the client; only `learn_per_class` changes it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._per_class: set[str] = set()

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

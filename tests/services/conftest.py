"""An investor and linked accounts for the services to ask about."""

from collections.abc import Callable

import pytest

from koscom_async import Broker, Investor, VirtualAccount
from koscom_async.brokers import find_broker
from tests.client.fake_gateway import NUMBERS, URL, investor_of

__all__ = ["account", "investor"]


@pytest.fixture
def investor() -> Investor:
    return investor_of()


@pytest.fixture
def account() -> Callable[..., VirtualAccount]:
    """Make the linked account of a broker; one that the registry does not list is called newcomer."""

    def made(broker: str = "star", number: str | None = None) -> VirtualAccount:
        known = find_broker(short_name=broker) or Broker("00777", broker, broker, broker)
        return VirtualAccount(
            broker=known,
            number=number or NUMBERS.get(broker, "160677777777770000"),
            endpoint=f"{URL}/v1/{broker}/account/",
        )

    return made

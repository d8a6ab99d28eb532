"""Three accounts at the platform's virtual brokers, and a clock that can be set forward."""

import asyncio
from collections.abc import Callable

import pytest

from koscom_async import Investor
from tests.client.fake_gateway import Book, FakeGateway, bond, cash, fund, investor_of, share


@pytest.fixture
def investor() -> Investor:
    return investor_of()


@pytest.fixture
def gateway() -> FakeGateway:
    """One share at all three brokers; diamond answers `ALL`, the others do not."""
    return FakeGateway(
        {
            "diamond": Book({"EQTY": [share(quantity=1)], "FUND": [fund()]}, cash(1000)),
            "cyber": Book({"EQTY": [share(quantity=2)], "ETC": [bond()]}, cash(200), answers_all=False),
            "star": Book({"EQTY": [share(quantity=3)]}, cash(30), answers_all=False),
        }
    )


@pytest.fixture
async def jump(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the event loop's clock forward, so that deadlines strike without anybody waiting for them."""
    loop = asyncio.get_running_loop()
    real, ahead = loop.time, 0.0

    def forward(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds

    monkeypatch.setattr(loop, "time", lambda: real() + ahead)
    return forward

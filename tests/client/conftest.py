"""Three accounts at the platform's virtual brokers."""

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


@pytest.fixture(autouse=True)
def _odd_rows(manuals_investor):
    """Try everything with the manual's odd rows, where a test has no ledger of its own."""

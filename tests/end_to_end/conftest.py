"""The whole path is tried with the manual's odd rows, where a test has no ledger of its own."""

import pytest


@pytest.fixture(autouse=True)
def _odd_rows(manuals_investor):
    """Give them to every sandbox."""

"""What holds for all tests: machines are slow and noisy, so no example is bounded in time. And the two backends."""

import pytest
from hypothesis import settings

from tests.backends import BACKENDS, CHOICE

settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(params=BACKENDS)
def backend(request, monkeypatch):
    """Which backend carries the test; it runs once over each."""
    monkeypatch.setattr(CHOICE, "backend", request.param)
    return request.param

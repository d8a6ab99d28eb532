"""What holds for all tests: no example is bounded in time, time can be set, and there are two backends."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import settings

from tests.backends import BACKENDS, CHOICE

# Machines are slow and noisy.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(params=BACKENDS)
def backend(request, monkeypatch):
    """Which backend carries the test; it runs once over each."""
    monkeypatch.setattr(CHOICE, "backend", request.param)
    return request.param


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

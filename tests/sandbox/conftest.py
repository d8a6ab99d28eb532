"""The two ways to reach the gateway: over a socket, and in process."""

import pytest

from tests.sandbox.asking import MODES, asking


@pytest.fixture(params=MODES, ids=["socket", "in process"])
async def ask(request):
    async with asking(in_process=request.param) as asker:
        yield asker


@pytest.fixture
async def ask_quickly():
    """Ask without a socket, where the way makes no difference."""
    async with asking() as asker:
        yield asker

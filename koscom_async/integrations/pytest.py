"""A pytest plugin: a sandbox gateway, its settings, its investor and faults on demand, as fixtures.

pytest finds it by its entry point, and imports it at every start, so it imports nothing heavy. The gateway runs in a
thread of its own, so that the fixtures work under pytest-asyncio, anyio's plugin, and in tests without an event loop.
Does nothing unless a test uses a fixture.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from koscom_async.models.investor import Investor
    from koscom_async.sandbox import Fault, SandboxGateway
    from koscom_async.settings import Settings


@pytest.fixture(scope="session")
def koscom_sandbox_options() -> dict[str, Any]:
    """Return what `SandboxGateway` is made with; override it to give `latency`, `ledger`, `rate_limits`, …."""
    return {}


@pytest.fixture
def koscom_gateway(koscom_sandbox_options: dict[str, Any]) -> Iterator[SandboxGateway]:
    """Run a sandbox gateway on a loopback socket for the test; it knows its calls, its ledger and its faults."""
    with _running(koscom_sandbox_options) as gateway:
        yield gateway


@pytest.fixture
def koscom_settings(koscom_gateway: SandboxGateway) -> Settings:
    """Return the settings of a client that asks the gateway."""
    return koscom_gateway.settings


@pytest.fixture
def koscom_investor(koscom_gateway: SandboxGateway) -> Investor:
    """Return an investor with accounts at three brokers, and a token that is alive."""
    return koscom_gateway.investor


@pytest.fixture
def koscom_fault(koscom_gateway: SandboxGateway) -> Callable[[str, Fault | str], None]:
    """Return what lets a broker go wrong from now on: `koscom_fault("star", "down")`; `FAULT_KINDS` lists them."""
    return koscom_gateway.set_fault


@contextmanager
def _running(options: dict[str, Any]) -> Iterator[SandboxGateway]:
    # Needs the extra `sandbox`: its ImportError names it.
    from koscom_async.sandbox import SandboxGateway

    with SandboxGateway(**options) as gateway:
        yield gateway

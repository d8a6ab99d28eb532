"""A client of the sandbox's market at a time of day, in one process."""

from contextlib import asynccontextmanager
from datetime import datetime

import pytest
from attrs import evolve

from koscom_async import Koscom, Retry
from koscom_async._clock import KST
from koscom_async.sandbox import SandboxGateway

MORNING = datetime(2026, 1, 30, 10, 3, 25, tzinfo=KST)
EVENING = MORNING.replace(hour=19)


@pytest.fixture
def market_at():
    """Opens a client and its gateway: `async with market_at(EVENING, faults=…) as (koscom, gateway)`."""

    @asynccontextmanager
    async def opened(now=MORNING, *, version=3, **options):
        with SandboxGateway(in_process=True, now=lambda: now, **options) as gateway:
            settings = evolve(gateway.settings, market_version=version, retry=Retry(attempts=1))
            async with Koscom(settings, transport=gateway.transport, now=lambda: now) as koscom:
                yield koscom, gateway

    return opened


def calls_to(koscom):
    """How many calls the market has had."""
    return koscom.statistics().of("market").calls

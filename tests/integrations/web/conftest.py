"""The shop over a sandbox in this process, and what is left of its client's work."""

import pytest
from attrs import evolve

from koscom_async import BrokerLimits, Koscom, Limits, Timeouts
from koscom_async.integrations.fastapi import RequestDeadline
from koscom_async.sandbox import SandboxGateway
from tests.integrations.web.shop import make_shop

QUICK = Limits(default=BrokerLimits(rate=1e6, burst=10_000))
"""The slots of a client by default, and no wait for its rates."""

PATIENT = RequestDeadline(600, longest=600)
UNHURRIED = Timeouts(read=600, attempt=600)
"""What is held back by a broker ends by its client's leave alone."""


class Shop:
    """An application and the sandbox behind it; `koscom` is the client of its last start."""

    def __init__(self, gateway, *, limits=QUICK, deadline=PATIENT, behind_middleware=False):
        self.gateway, self.limits = gateway, limits
        self.app = make_shop(
            self._make_client, gateway.investors, deadline=deadline, behind_middleware=behind_middleware
        )

    def _make_client(self):
        settings = evolve(
            self.gateway.settings,
            limits=self.limits,
            timeouts=UNHURRIED,
            redirect_uri="https://you.example/callback",
        )
        self.koscom = Koscom(settings, transport=self.gateway.transport)
        return self.koscom


@pytest.fixture
async def gateway():
    async with SandboxGateway(in_process=True) as gateway:
        yield gateway


@pytest.fixture
def shop(gateway):
    return Shop(gateway)

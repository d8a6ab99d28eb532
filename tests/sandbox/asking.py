"""Asks the sandbox with plain httpx, and reads its answers: nothing of the client that it is to judge."""

from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import Any

import httpx

from koscom_async.sandbox import SandboxGateway
from tests.manuals_investor import manuals_ledger

BALANCE = "/v1/{}/account/balance/search"
CONSENT = "/v1/common/member/consent/search"
REGISTER = "/v1/common/member/register/search"
ACCOUNTS = "/v1/{}/b2baccount/accountlist/search"

MODES = [False, True]


class Asker:
    """A caller with the gateway's credentials, who can get everything wrong on purpose."""

    def __init__(self, gateway: SandboxGateway, client: httpx.AsyncClient) -> None:
        self.gateway = gateway
        self.client = client

    def message(self, broker="star", asset_type="CASH", *, page="null", count=0) -> dict[str, Any]:
        """Return a balance request that is right."""
        return {
            "partner": {"comId": "F0995", "srvId": "297"},
            "commonHeader": {
                "reqIdPlatform": "",
                "reqIdConsumer": "ask-1",
                "ci": self.gateway.investor.ci,
            },
            "devInfo": {"ipAddr": "192000002010", "macAddr": "00005E005301"},
            "accInfo": {"vtAccNo": self.gateway.ledger.of(broker).number},
            "balanceRequestBody": {"queryType": {"assetType": asset_type, "count": count, "page": page}},
        }

    def member_message(self) -> dict[str, Any]:
        """Return a request to the member service that is right."""
        return {
            "partner": {"comId": "F0995", "srvId": "297"},
            "commonHeader": {"reqIdConsumer": "ask-2", "ci": self.gateway.investor.ci},
            "body": {"korName": self.gateway.investor.name},
        }

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.gateway.investor.token.access}"}

    @property
    def api_key(self) -> dict[str, str]:
        return {"apikey": self.gateway.settings.api_key}

    @property
    def basic(self) -> dict[str, str]:
        settings = self.gateway.settings
        pair = b64encode(f"{settings.api_key}:{settings.api_secret}".encode()).decode()
        return {"Authorization": f"Basic {pair}", "comId": settings.com_id}

    async def balance(self, broker="star", asset_type="CASH", **query) -> httpx.Response:
        return await self.send(broker, self.message(broker, asset_type, **query))

    async def send(self, broker: str, message: object) -> httpx.Response:
        return await self.client.post(BALANCE.format(broker), json=message, headers=self.bearer)

    async def pages(self, broker: str, asset_type: str, **query) -> list[Any]:
        """Return every page of a class, as JSON."""
        pages, page = [], "null"
        while True:
            answer = (await self.balance(broker, asset_type, page=page, **query)).json()
            pages.append(answer)
            page = answer["balanceResponseBody"]["queryResult"].get("page")
            if page in {None, "", "null"}:
                return pages


def changed(message: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return a message with one field changed, or gone where the value is `...`."""
    message = deepcopy(dict(message))
    *blocks, name = path.split(".")
    block = message
    for step in blocks:
        block = block[step]
    if value is ...:
        del block[name]
    else:
        block[name] = value
    return message


@asynccontextmanager
async def asking(**options) -> AsyncIterator[Asker]:
    """Run a gateway, by default without a socket and with the manual's odd rows, and give a caller."""
    options = {"in_process": True, "ledger": manuals_ledger()} | options
    async with (
        SandboxGateway(**options) as gateway,
        httpx.AsyncClient(base_url=gateway.url, transport=gateway.transport, timeout=5) as client,
    ):
        yield Asker(gateway, client)

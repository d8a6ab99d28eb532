"""The client, asked about a world of answers, and the gateway behind it."""

import asyncio
import atexit
import json
from contextlib import suppress

import httpx

from koscom_async import BrokerOverrides, Koscom, KoscomError
from tests.client.fake_gateway import URL, investor_of, settings_of
from tests.fuzz.answers import consent_list
from tests.fuzz.reference import REQUEST_ID

BACKENDS = ("core", "fast")
INVESTOR = investor_of()

_RUNNER = asyncio.Runner()
atexit.register(_RUNNER.close)


def run(function):
    """Return what an async function returns."""
    return _RUNNER.run(function())


def ask(world, question, *, backend="core"):
    """Return what a client says whose brokers are the world's, or the `KoscomError` that it raises."""
    return run(lambda: _ask(world, question, backend))


async def _ask(world, question, backend):
    overrides = {
        each.name: BrokerOverrides(supports_all=each.takes_all, supports_interest_query=True)
        for each in world.brokers
    }
    names = tuple(dict.fromkeys(each.name for each in world.brokers))
    settings = settings_of(
        brokers=overrides, backend=backend, check_service_hours=False, discretionary_brokers=names
    )
    async with Koscom(settings, transport=httpx.MockTransport(Gateway(world))) as koscom:
        try:
            return await question(koscom)
        except KoscomError as error:
            return error


class Gateway:
    """Gives each question of an account its one answer, with the request's id in it."""

    def __init__(self, world):
        self.world = world
        self.brokers = {(each.name, each.number): each for each in world.brokers}

    def __call__(self, request):
        asked = json.loads(request.content, parse_float=str, parse_int=str)
        name = request.url.path.split("/")[2]
        if name == "common":
            if "common" in {name for name, _ in self.brokers}:
                return self.reply(*self.brokers["common", ""].answer("", None), asked)
            return httpx.Response(200, json={"vtAccList": consent_list(self.world, URL)})
        query = next(each for part, each in asked.items() if part.endswith("RequestBody"))
        ((_, query),) = query.items()
        number = query.get("qrAccNo") or asked.get("accInfo", {}).get("vtAccNo")
        if "qrAccNo" not in query and number is None:
            return self.accounts_of(name, asked)
        kind = query.get("qrAssetType") or query.get("assetType") or ""
        status, body = self.brokers[name, number].answer(kind, query.get("page"))
        return self.reply(status, body, asked, in_korean=self.brokers[name, number].in_korean)

    def accounts_of(self, name, asked):
        listed = [{"accNo": each.number} for each in self.world.brokers if each.name == name]
        document = {
            "commonHeader": {"reqIdConsumer": REQUEST_ID},
            "accountListResponseBody": {"queryResult": {"totalCnt": len(listed)}},
            "accountList": {"account": listed},
        }
        return self.reply(200, json.dumps(document).encode(), asked)

    def reply(self, status, body, asked, *, in_korean=False):
        mine = asked["commonHeader"]["reqIdConsumer"].encode()
        headers = {"content-type": "application/json"}
        if in_korean:
            with suppress(UnicodeError):
                body = body.decode().encode("cp949")
                headers = {"content-type": "application/json; charset=euc-kr"}
        return httpx.Response(status, content=body.replace(REQUEST_ID.encode(), mine), headers=headers)

"""The stacks that one call is measured through: ours, on both backends, and what users write without it.

Each gives a question that can be asked over and over. What is compared with what is the benchmarks' own.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from decimal import Decimal
from functools import partial
from importlib.util import find_spec
from typing import Any

import httpx
from attrs import frozen
from cattrs import Converter
from decode import ACCOUNT, REQUEST_ID, decoded

from koscom_async import BrokerLimits, Device, Investor, Limits, Settings, Token, VirtualAccount
from koscom_async._services.balance import AllSupport, BalanceQuery
from koscom_async._transport.backend import LIBRARIES, json_of
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async.brokers import find_broker
from koscom_async.models.codes import AssetClass
from koscom_async.settings import Backend

POOL = 10
PATH = "/v1/diamond/account/balance/search"
BODY = {"commonHeader": {"reqIdConsumer": REQUEST_ID, "ci": "A" * 88}, "accInfo": {"vtAccNo": ACCOUNT}}
INVESTOR = Investor(
    ci="A" * 86 + "==",
    name="홍길동",
    token=Token(access="t"),
    device=Device(ip="192.0.2.10", mac="00:00:5E:00:53:01"),
)

Ask = Callable[[], Awaitable[object]]
Read = Callable[[bytes], object]
Rival = Callable[[str, int, AsyncExitStack], Awaitable[Ask]]


def settings_for(url: str, *, in_flight: int, backend: Backend) -> Settings:
    """Return settings whose limits are there, and are never reached."""
    return Settings(
        base_url=url,
        api_key="k",
        api_secret="s",  # noqa: S106  # made up
        com_id="F0995",
        srv_id="297",
        backend=backend,
        limits=Limits(
            default=BrokerLimits(rate=1e6, burst=10**6, in_flight=in_flight), in_flight=max(in_flight, 1)
        ),
    )


def query_over(gateway: Gateway, settings: Settings) -> BalanceQuery:
    """Return the question about the account that all rivals ask about."""
    broker = find_broker(short_name="diamond")
    assert broker is not None  # noqa: S101  # it is in the registry
    return BalanceQuery(
        gateway=gateway,
        settings=settings,
        all_support=AllSupport(),
        investor=INVESTOR,
        account=VirtualAccount(broker=broker, number=ACCOUNT),
        trace=TraceBuilder(),
    )


async def ours(url: str, in_flight: int, stack: AsyncExitStack, *, backend: Backend) -> Ask:
    """Ask through the whole stack: limits, retries, breaker, checks, and records with decimals."""
    settings = settings_for(url, in_flight=in_flight, backend=backend)
    gateway = Gateway(settings)
    stack.push_async_callback(gateway.aclose)

    async def ask() -> object:
        # One call, without paging around it. A query counts its calls and rows, so that each is asked once.
        return await query_over(gateway, settings).ask(AssetClass.ALL, None)

    return ask


async def over_httpx(url: str, in_flight: int, stack: AsyncExitStack, *, read: Read) -> Ask:
    """Ask over "sound" httpx: clients with pools of ten, and as many connections kept alive."""
    limits = httpx.Limits(max_connections=POOL, max_keepalive_connections=POOL)
    clients = [
        await stack.enter_async_context(httpx.AsyncClient(limits=limits, trust_env=False, verify=False))  # noqa: S501  # plain loopback; a context takes 70 ms
        for _ in range(-(-in_flight // POOL))
    ]
    turn = 0

    async def ask() -> object:
        nonlocal turn
        turn += 1
        response = await clients[turn % len(clients)].post(url + PATH, json=BODY)
        return read(response.content)

    return ask


async def over_aiohttp(url: str, in_flight: int, stack: AsyncExitStack, *, read: Read) -> Ask:
    """Ask over aiohttp."""
    import aiohttp  # optional here

    connector = aiohttp.TCPConnector(limit=in_flight)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))

    async def ask() -> object:
        async with session.post(url + PATH, json=BODY) as response:
            return read(await response.read())

    return ask


@frozen
class Equity:
    """The ten fields of a row, under the names that they come with: the least that a user writes."""

    assetType: str  # noqa: N815  # as it comes
    productType: str  # noqa: N815
    isinCode: str  # noqa: N815
    productName: str  # noqa: N815
    qty: Decimal
    tradeType: str  # noqa: N815
    valAtTrade: Decimal  # noqa: N815
    valAtCur: Decimal  # noqa: N815
    proLoss: Decimal  # noqa: N815
    earningRate: Decimal  # noqa: N815


CONVERTER = Converter()
CONVERTER.register_structure_hook(Decimal, lambda value, _: Decimal(value))


def with_cattrs(body: bytes) -> list[Equity]:
    """Read as users do: exact numbers, a plain converter, and no check of anything."""
    document = json.loads(body, parse_float=Decimal)
    return CONVERTER.structure(document["balanceList"]["balance"]["equityList"], list[Equity])


def as_ours(body: bytes) -> object:
    """Read as we do, checks included, with the faster libraries where they are there."""
    return decoded(_OURS, body)


_OURS = json_of(Backend.AUTO)

CORE, FAST = "ours, core", "ours, fast"
HTTPX, AIOHTTP = "sound httpx", "raw aiohttp"
HTTPX_CATTRS, AIOHTTP_CATTRS = "httpx + cattrs", "aiohttp + cattrs"
AIOHTTP_OURS = "aiohttp + our reader"

_RIVALS: Mapping[str, tuple[Rival, tuple[str, ...]]] = {
    CORE: (partial(ours, backend=Backend.CORE), ()),
    FAST: (partial(ours, backend=Backend.FAST), LIBRARIES),
    HTTPX: (partial(over_httpx, read=json.loads), ()),
    AIOHTTP: (partial(over_aiohttp, read=json.loads), ("aiohttp",)),
    HTTPX_CATTRS: (partial(over_httpx, read=with_cattrs), ()),
    AIOHTTP_CATTRS: (partial(over_aiohttp, read=with_cattrs), ("aiohttp",)),
    AIOHTTP_OURS: (partial(over_aiohttp, read=as_ours), ("aiohttp",)),
}
"""Each stack, and the libraries without which it cannot run."""


def available() -> dict[str, Any]:
    """Return the stacks that can run here, by name."""
    return {
        name: rival
        for name, (rival, needs) in _RIVALS.items()
        if all(find_spec(library) for library in needs)
    }


def missing() -> list[str]:
    """Return the names of the stacks that cannot."""
    return [name for name in _RIVALS if name not in available()]

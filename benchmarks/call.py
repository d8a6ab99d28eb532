"""What one call costs: CPU of this process, through the whole stack, against sound httpx and raw aiohttp.

Ours limits, retries, guards, verifies and decodes into records with decimals; the rivals do `json.loads` and nothing
else. "Sound" httpx is httpx as it has to be set up to be flat: pools of ten, and as many kept alive. The server
runs in another process. Rounds are interleaved; medians of CPU time, and ratios, are shown. aiohttp is measured where
it is installed.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import httpx
from decode import ACCOUNT, REQUEST_ID, answer
from static_server import StaticServer

from koscom_async import BrokerLimits, Device, Investor, Limits, Settings, Token, VirtualAccount
from koscom_async._services.balance import BalanceQuery
from koscom_async._services.capabilities import Capabilities
from koscom_async._transport.call_log import CallLog
from koscom_async._transport.gateway import Gateway
from koscom_async.brokers import find_broker
from koscom_async.models.codes import AssetClass

POOL = 10
CALLS = 400
Ask = Callable[[], Awaitable[object]]


async def ours(url: str, in_flight: int, stack: AsyncExitStack) -> Ask:
    """Return a question through the whole stack: one page of one account, with its checks and its records."""
    settings = Settings(
        base_url=url,
        api_key="k",
        api_secret="s",  # noqa: S106  # made up
        com_id="F0995",
        srv_id="297",
        limits=Limits(
            default=BrokerLimits(rate=1e6, burst=10**6, in_flight=in_flight), in_flight=max(in_flight, 1)
        ),
    )
    gateway = Gateway(settings)
    stack.push_async_callback(gateway.aclose)
    broker = find_broker(short_name="diamond")
    assert broker is not None  # noqa: S101  # it is in the registry
    investor = Investor(
        ci="A" * 86 + "==",
        name="홍길동",
        token=Token(access="t"),
        device=Device(ip="192.0.2.10", mac="00:00:5E:00:53:01"),
    )
    query = BalanceQuery(
        gateway=gateway,
        settings=settings,
        capabilities=Capabilities(settings),
        investor=investor,
        account=VirtualAccount(broker=broker, number=ACCOUNT),
        log=CallLog(),
    )
    return partial(query._ask_page, AssetClass.ALL, None)  # noqa: SLF001  # one call, without paging around it


async def sound_httpx(url: str, in_flight: int, stack: AsyncExitStack) -> Ask:
    """Return a question over httpx clients with pools of ten."""
    limits = httpx.Limits(max_connections=POOL, max_keepalive_connections=POOL)
    clients = [
        await stack.enter_async_context(httpx.AsyncClient(limits=limits, trust_env=False))
        for _ in range(-(-in_flight // POOL))
    ]
    turn = 0

    async def ask() -> object:
        nonlocal turn
        turn += 1
        response = await clients[turn % len(clients)].post(
            url + "/v1/diamond/account/balance/search", json=BODY
        )
        return json.loads(response.content)

    return ask


async def raw_aiohttp(url: str, in_flight: int, stack: AsyncExitStack) -> Ask:
    """Return a question over aiohttp."""
    import aiohttp  # noqa: PLC0415  # optional here

    connector = aiohttp.TCPConnector(limit=in_flight)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))

    async def ask() -> object:
        async with session.post(url + "/v1/diamond/account/balance/search", json=BODY) as response:
            return json.loads(await response.read())

    return ask


BODY = {"commonHeader": {"reqIdConsumer": REQUEST_ID, "ci": "A" * 88}, "accInfo": {"vtAccNo": ACCOUNT}}
RIVALS = {"ours": ours, "sound httpx": sound_httpx, "raw aiohttp": raw_aiohttp}


async def cpu_of(ask: Ask, in_flight: int, calls: int) -> float:
    """Return the CPU seconds of one call, with that many workers asking."""
    left = calls

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await ask()

    began = time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(worker())
    return (time.process_time() - began) / calls


async def measured(rows: int, in_flight: int, rounds: int, names: list[str]) -> dict[str, float]:
    """Return the median for each rival."""
    document = json.loads(answer(rows))
    del document["commonHeader"]  # a fixed answer cannot echo an id that is new for each call
    taken: dict[str, list[float]] = {name: [] for name in names}
    with StaticServer(json.dumps(document, ensure_ascii=False).encode()) as server:
        async with AsyncExitStack() as stack:
            asks = {name: await RIVALS[name](server.url, in_flight, stack) for name in names}
            for ask in asks.values():
                await cpu_of(ask, in_flight, max(in_flight, 20))  # opens the connections
            for _ in range(rounds):
                for name, ask in asks.items():
                    taken[name].append(await cpu_of(ask, in_flight, max(CALLS, 2 * in_flight)))
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    """Print a table of ratios; `--json FILE` keeps it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[1, 10, 50, 200])
    parser.add_argument("--rows", type=int, nargs="+", default=[4, 100])
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args()
    names = list(RIVALS)
    try:
        import aiohttp  # noqa: F401, PLC0415  # optional here
    except ImportError:
        names.remove("raw aiohttp")
    print(f"CPU of one call in us, median of {options.rounds} rounds; ratios are ours to each rival")
    print(f"{'rows':>5} {'in flight':>10} " + " ".join(f"{name:>13}" for name in names) + "   ratios")
    kept = []
    for rows in options.rows:
        for in_flight in options.in_flight:
            times = asyncio.run(measured(rows, in_flight, options.rounds, names))
            kept.append({"rows": rows, "in_flight": in_flight} | times)
            ratios = " ".join(f"{times['ours'] / times[name]:.2f}" for name in names[1:])
            print(
                f"{rows:>5} {in_flight:>10} "
                + " ".join(f"{times[name] * 1e6:>13.0f}" for name in names)
                + f"   {ratios}"
            )
    if options.json:
        options.json.write_text(json.dumps(kept, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()

"""One balance call as a user would otherwise write it, doing the same work, beside ours.

Each stack asks the same gateway of fixed answers: at a rate with a burst, with a bound of calls in flight and a
deadline, with retries for what may pass, checks that the answer is about the account that was asked, and makes records
with decimals of every row. What users take for it: aiolimiter and tenacity; cattrs over aiohttp, pydantic over httpx.
httpx gets clients with pools of ten, as its pool scans all its connections at each call.
Breaker, retry budget, daily quota, statistics and observer are ours alone, and are on.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from decimal import Decimal
from functools import partial
from importlib.util import find_spec
from itertools import cycle
from typing import Any

import anyio
import httpx
from answers import equities
from call import allow_many_connections, calls_for
from decode import ACCOUNT
from harness import Row, Sample, Timed, arguments, cpu_of, interleaved, report, say
from responder import Answer, Responder
from rivals import BODY, CONVERTER, CORE, FAST, PATH, POOL, Ask, Equity, Rival, available
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

ROWS, IN_FLIGHT = (4, 100), (10, 200)
RATE = 1e6
DEADLINE_SECONDS = 60.0
"""Never reached: a deadline costs the same however long it is."""
AIOHTTP, HTTPX = "aiohttp, aiolimiter, tenacity, cattrs", "httpx, aiolimiter, tenacity, pydantic"

_NEEDS = {
    AIOHTTP: ("aiohttp", "aiolimiter"),
    HTTPX: ("aiolimiter", "pydantic"),
    CORE: (),
    FAST: ("httptools", "msgspec"),
}


class Passing(Exception):  # noqa: N818  # what the retries wait for
    """An answer that may be another one the next time."""


def retrying() -> AsyncRetrying:
    """Return the retries of a user who has read tenacity's manual."""
    return AsyncRetrying(
        stop=stop_after_attempt(4),
        wait=wait_random_exponential(multiplier=0.2, max=5.0),
        retry=retry_if_exception_type((Passing, OSError, httpx.TransportError)),
        reraise=True,
    )


def checked(document: Any) -> Any:
    """Return the balance of an answer that is about the account that was asked."""
    listed = document["balanceList"]
    if listed.get("accInfo", {}).get("vtAccNo", ACCOUNT) != ACCOUNT:
        raise ValueError("the answer is about another account")
    return listed["balance"]


async def over_aiohttp(url: str, in_flight: int, stack: AsyncExitStack) -> Ask:
    """Ask over aiohttp, and make attrs records with cattrs."""
    import aiohttp  # optional here
    from aiolimiter import AsyncLimiter

    session = await stack.enter_async_context(
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=in_flight), timeout=aiohttp.ClientTimeout(total=30)
        )
    )
    limiter, places = AsyncLimiter(RATE, 1), asyncio.Semaphore(in_flight)

    async def send() -> bytes:
        async with places, limiter, session.post(url + PATH, json=BODY) as response:
            if response.status in {429, 500, 502, 503, 504}:
                raise Passing(response.status)
            response.raise_for_status()
            return await response.read()

    async def ask() -> object:
        async with asyncio.timeout(DEADLINE_SECONDS):
            async for attempt in retrying():
                with attempt:
                    body = await send()
        balance = checked(json.loads(body, parse_float=Decimal))
        return CONVERTER.structure(balance["equityList"], list[Equity])

    return ask


async def over_httpx(url: str, in_flight: int, stack: AsyncExitStack) -> Ask:
    """Ask over httpx, and make pydantic models."""
    from aiolimiter import AsyncLimiter  # optional here
    from pydantic import BaseModel, TypeAdapter

    class Row(BaseModel):
        """The ten fields of a row, under the names that they come with."""

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

    rows = TypeAdapter(list[Row])
    limits = httpx.Limits(max_connections=POOL, max_keepalive_connections=POOL)
    clients = [
        await stack.enter_async_context(
            httpx.AsyncClient(limits=limits, timeout=30, trust_env=False, verify=False)  # noqa: S501  # plain loopback
        )
        for _ in range(-(-in_flight // POOL))
    ]
    turns = cycle(clients)
    limiter, places = AsyncLimiter(RATE, 1), asyncio.Semaphore(in_flight)

    async def send() -> bytes:
        async with places, limiter:
            response = await next(turns).post(url + PATH, json=BODY)
        if response.status_code in {429, 500, 502, 503, 504}:
            raise Passing(response.status_code)
        return response.raise_for_status().content

    async def ask() -> object:
        async with asyncio.timeout(DEADLINE_SECONDS):
            async for attempt in retrying():
                with attempt:
                    body = await send()
        return rows.validate_python(checked(json.loads(body, parse_float=Decimal))["equityList"])

    return ask


async def ours(url: str, in_flight: int, stack: AsyncExitStack, *, name: str) -> Ask:
    """Ask through the whole stack, with a deadline."""
    ask: Callable[[], Awaitable[object]] = await available()[name](url, in_flight, stack)

    async def within() -> object:
        with anyio.fail_after(DEADLINE_SECONDS):
            return await ask()

    return within


STACKS: dict[str, Rival] = {
    CORE: partial(ours, name=CORE),
    FAST: partial(ours, name=FAST),
    AIOHTTP: over_aiohttp,
    HTTPX: over_httpx,
}


async def samples(rows: int, in_flight: int, rounds: int, calls: int) -> dict[str, Sample]:
    """Return what a call costs each stack, all interleaved with one another."""
    with Responder([Answer(equities(rows))]) as server:
        async with AsyncExitStack() as stack:
            works: dict[str, Timed] = {}
            for name, make in STACKS.items():
                if all(find_spec(library) for library in _NEEDS[name]):
                    ask = await make(server.url, in_flight, stack)
                    await cpu_of(ask, in_flight=in_flight, calls=max(in_flight, 20))  # opens the connections
                    works[name] = partial(cpu_of, ask, in_flight=in_flight, calls=calls)
            return await interleaved(works, rounds)


def rows_of(taken: dict[str, Sample], rows: int, in_flight: int) -> list[Row]:
    """Return what each costs, and ours against what a user would write."""
    case = {"rows": f"{rows} rows", "in_flight": f"{in_flight} in flight"}
    made = [
        Row(case=case, measure=name, unit="us", value=sample.median * 1e6, spread=sample.spread * 1e6)
        for name, sample in taken.items()
    ]
    made += [
        Row(
            case=case,
            measure=f"{name} / {other}",
            unit="x",
            value=taken[name].median / taken[other].median,
            spread=(taken[name].spread + taken[other].spread) / taken[other].median,
            target=None,
        )
        for name in (CORE, FAST)
        for other in (AIOHTTP, HTTPX)
        if name in taken and other in taken
    ]
    return made


def main() -> None:
    """Print a table of costs and ratios; `--json FILE` keeps it."""
    parser = arguments(__doc__, rounds=7)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS)
    parser.add_argument("--in-flight", type=int, nargs="+", default=IN_FLIGHT)
    parser.add_argument("--calls", type=int, help="calls a round; as many as it takes by default")
    options = parser.parse_args()
    allow_many_connections()
    lacking = sorted({library for needs in _NEEDS.values() for library in needs if not find_spec(library)})
    if lacking:
        say(f"not installed here, so left out with their stacks: {', '.join(lacking)}")
    made: list[Row] = []
    for rows in options.rows:
        for in_flight in options.in_flight:
            say(f"{rows} rows, {in_flight} in flight")
            calls = options.calls or calls_for(rows, in_flight)
            made += rows_of(asyncio.run(samples(rows, in_flight, options.rounds, calls)), rows, in_flight)
    report("stacks", "One balance call, the same work", made, options)


if __name__ == "__main__":
    main()

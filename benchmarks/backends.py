"""What carries HTTP: our stack with each parser, httpx's transports, and two others, with one prepared `httpx.Request`.

First what each does with answers and servers that are not simple, over loopback; then the CPU of this process for a
call, in interleaved rounds against a server in another process; medians and ratios to the first. Raw aiohttp is shown
for comparison. What is not installed is left out: httpx-aiohttp, pyreqwest, aiohttp. (pyreqwest works in threads of its
own: their CPU counts.)
"""

import argparse
import asyncio
import json
import statistics
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
from backend_checks import CHECKS, verdict
from harness import cpu_of
from rivals import Ask
from static_server import StaticServer

from koscom_async._http.h11_parser import H11Response
from koscom_async._http.llhttp_parser import LlhttpResponse
from koscom_async._http.transport import REUSE, PooledTransport, Reuse
from koscom_async._transport.backend import HttpxPools

Make = Callable[[int], httpx.AsyncBaseTransport]
EXTENSIONS = {"timeout": httpx.Timeout(10.0).as_dict(), REUSE: Reuse.ANY}
BODY = json.dumps({"commonHeader": {"ci": "A" * 88}, "accInfo": {"vtAccNo": "1" * 18}}).encode()
CALLS = 300


def candidates() -> Iterator[tuple[str, Make]]:
    """Yield what is installed: a name, and how to make one for so many calls in flight."""
    context = httpx.create_ssl_context()
    yield "fast", lambda in_flight: PooledTransport(LlhttpResponse, keep=in_flight, context=context)
    yield "core", lambda in_flight: PooledTransport(H11Response, keep=in_flight, context=context)
    yield "httpx", lambda in_flight: HttpxPools(in_flight=in_flight, context=context)
    try:
        import httpx_aiohttp  # optional here

        yield (
            "httpx-aiohttp",
            lambda in_flight: httpx_aiohttp.AiohttpTransport(
                limits=httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
            ),
        )
    except ImportError:
        pass
    try:
        from pyreqwest.compatibility.httpx import HttpxTransport  # optional here

        yield "pyreqwest", lambda _: HttpxTransport()
    except ImportError:
        pass


def over(transport: httpx.AsyncBaseTransport, url: str) -> Ask:
    """Return a question over a transport: one request, made once, and the whole body of its answer."""
    headers = {"Content-Type": "application/json", "Accept": "application/json", "apikey": "k" * 32}
    request = httpx.Request("POST", url, headers=headers, content=BODY, extensions=EXTENSIONS)

    async def ask() -> object:
        response = await transport.handle_async_request(request)
        try:
            return await response.aread()
        finally:
            await response.aclose()

    return ask


async def raw_aiohttp(url: str, in_flight: int, stack: AsyncExitStack) -> Ask:
    """Return the same question over aiohttp itself."""
    import aiohttp  # optional here

    connector = aiohttp.TCPConnector(limit=in_flight)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
    headers = {"Content-Type": "application/json", "Accept": "application/json", "apikey": "k" * 32}

    async def ask() -> object:
        async with session.post(url, data=BODY, headers=headers) as response:
            return await response.read()

    return ask


async def measured(size: int, in_flight: int, rounds: int) -> dict[str, float]:
    """Return the median CPU seconds of a call for each candidate."""
    taken: dict[str, list[float]] = {}
    with StaticServer(b'"' + b"x" * (size - 2) + b'"') as server:
        url = server.url + "/v1/diamond/account/balance/search"
        async with AsyncExitStack() as stack:
            asks: dict[str, Ask] = {}
            for name, make in candidates():
                transport = make(in_flight)
                stack.push_async_callback(transport.aclose)
                asks[name] = over(transport, url)
            if "httpx-aiohttp" in asks:
                asks["raw aiohttp"] = await raw_aiohttp(url, in_flight, stack)
            for ask in asks.values():
                await cpu_of(ask, in_flight, max(in_flight, 20))  # opens the connections
            for _ in range(rounds):
                for name, ask in asks.items():
                    spent = await cpu_of(ask, in_flight, max(CALLS, 2 * in_flight))
                    taken.setdefault(name, []).append(spent)
    return {name: statistics.median(times) for name, times in taken.items()}


def check_all() -> None:
    """Print what each does with what is not simple."""
    for name, make in candidates():
        for check in CHECKS:
            print(f"{name:>14}  {check.__doc__:<74} {asyncio.run(verdict(check, make))}")


def main() -> None:
    """Print both tables; `--json FILE` keeps the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[1, 10, 50, 200, 1000])
    parser.add_argument("--bytes", type=int, nargs="+", default=[1024, 20480])
    parser.add_argument("--no-checks", action="store_true", help="measure only")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args()
    if not options.no_checks:
        check_all()
    print(f"CPU of one call in us, median of {options.rounds} rounds, and its ratio to `fast`")
    kept = []
    for size in options.bytes:
        for in_flight in options.in_flight:
            times = asyncio.run(measured(size, in_flight, options.rounds))
            kept.append({"bytes": size, "in_flight": in_flight} | times)
            cells = [
                f"{name} {spent * 1e6:.0f} ({spent / times['fast']:.2f})" for name, spent in times.items()
            ]
            print(f"{size:>6} bytes {in_flight:>5} in flight   " + "   ".join(cells), flush=True)
    if options.json:
        options.json.write_text(json.dumps(kept, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()

"""How long one investor waits: wall time of `holdings`, against the least that latency and limits allow.

The lower bound is the list of accounts, and after it the slowest of: the broker whose calls take longest, one after
another where they depend on each other, as many at once as may be in flight, and no faster than its rate; and all
calls together in as many rounds as the total in flight makes of them. The gateway is one of fixed answers, each late
by the same time, in a process of its own: the sandbox has three brokers, and its Python would be the bottleneck.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import product

import anyio
import httpx
from answers import CLASSES, whole_gateway
from attrs import evolve
from harness import Row, Sample, arguments, report, say, tidied
from responder import Answer, Responder
from rivals import CORE, FAST, INVESTOR, settings_for

from koscom_async import BrokerLimits, Koscom, Limits
from koscom_async._transport.backend import is_fast
from koscom_async.brokers import BROKERS, Broker
from koscom_async.settings import Backend

ACCOUNTS, LATENCIES_MS = (3, 16, 64), (20, 50, 100, 200, 400)
FIRST_NUMBER = 160700000000000000
LIMITS = {
    "no limits": Limits(default=BrokerLimits(rate=1e6, burst=10**5, in_flight=1000), in_flight=1000),
    "usual rates": Limits(default=BrokerLimits(in_flight=1000), in_flight=1000),
    "usual limits": Limits(),
}
"""Without any, with the usual calls a second alone, and with the usual numbers in flight beside them."""

SLACK_SECONDS = 0.015
NO_HTTP = "ours, no HTTP"
BACKENDS = {CORE: Backend.CORE, FAST: Backend.FAST, NO_HTTP: Backend.CORE}
"""Both backends, and a transport that only sleeps: what scheduling alone costs."""


def linked(accounts: int) -> list[tuple[Broker, str]]:
    """Return accounts at brokers in turn, those that answer `ALL` and those that do not mixed."""
    real = [broker for broker in BROKERS if not broker.is_virtual]
    return [(real[seat % len(real)], str(FIRST_NUMBER + seat)) for seat in range(accounts)]


def calls_by_broker(accounts: Sequence[tuple[Broker, str]]) -> Counter[str]:
    """Return how many calls each broker has to answer."""
    return Counter(
        {
            name: sum(
                1 if broker.supports_all else len(CLASSES)
                for broker, _ in accounts
                if broker.short_name == name
            )
            for name in {broker.short_name for broker, _ in accounts}
        }
    )


def lower_bound(calls: Counter[str], limits: Limits, latency: float) -> float:
    """Return the seconds that no client can undercut: two dependent calls, the rates, and the places in flight."""

    def of_broker(name: str) -> float:
        own = limits.of(name)
        by_rate = max(calls[name] - own.burst, 0) / own.rate + latency
        return max(by_rate, math.ceil(calls[name] / own.in_flight) * latency)

    in_rounds = math.ceil(calls.total() / limits.in_flight) * latency
    return latency + max(in_rounds, *map(of_broker, calls))


class Sleeping(httpx.AsyncBaseTransport):
    """Gives the gateway's answers after its latency, without a connection."""

    def __init__(self, answers: Sequence[Answer], latency: float) -> None:
        self._answers = answers
        self._latency = latency

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sleep, and answer."""
        await anyio.sleep(self._latency)
        asked = request.url.raw_path + request.content
        return httpx.Response(200, content=next(each.body for each in self._answers if each.needle in asked))


class Asker:
    """A client that has its connections, and that asks again only when its rates have recovered."""

    def __init__(self, koscom: Koscom, limits: Limits) -> None:
        self._koscom = koscom
        self._rest = limits.default.burst / limits.default.rate
        self._done_at = -math.inf

    async def seconds(self) -> float:
        """Return the seconds of one `holdings`."""
        await anyio.sleep(max(self._done_at + self._rest - time.perf_counter(), 0))
        tidied()
        began = time.perf_counter()
        holdings = await self._koscom.holdings(INVESTOR)
        self._done_at = time.perf_counter()
        holdings.require_complete()
        return self._done_at - began


def target(accounts: int, latency_ms: float, limits: str, bound: float) -> float | None:
    """Return the most bounds that are allowed: for 16 accounts at 200 ms, and for 64 under rate limits."""
    if (accounts, latency_ms) == (16, 200):
        return 1.05 + SLACK_SECONDS / bound
    if accounts == 64 and limits != "no limits":
        return 1.10
    return None


async def measured(accounts: int, latency_ms: float, rounds: int, names: Sequence[str]) -> list[Row]:
    """Return the rows for one number of accounts at one latency, everything interleaved."""
    asked = linked(accounts)
    async with AsyncExitStack() as stack:
        answers = whole_gateway(asked)
        server = stack.enter_context(Responder(answers, latency=(latency_ms, latency_ms)))
        askers = {}
        for limits, name in product(LIMITS, names):
            settings = evolve(
                settings_for(server.url, in_flight=1, backend=BACKENDS[name]), limits=LIMITS[limits]
            )
            transport = Sleeping(answers, latency_ms / 1000) if name == NO_HTTP else None
            koscom = await stack.enter_async_context(Koscom(settings, transport=transport))
            askers[limits, name] = Asker(koscom, LIMITS[limits])
        taken: dict[tuple[str, str], list[float]] = {key: [] for key in askers}
        for number in range(rounds + 1):
            for key, asker in askers.items():
                seconds = await asker.seconds()
                if number > 0:  # the first opens the connections
                    taken[key].append(seconds)
    calls = calls_by_broker(asked)
    return [
        _row(accounts, latency_ms, limits, name, seconds, calls) for (limits, name), seconds in taken.items()
    ]


def _row(  # noqa: PLR0917  # each is a column
    accounts: int, latency_ms: float, limits: str, name: str, seconds: list[float], calls: Counter[str]
) -> Row:
    bound = lower_bound(calls, LIMITS[limits], latency_ms / 1000)
    sample = Sample.of(seconds)
    case = {
        "accounts": f"{accounts} accounts",
        "latency": f"{latency_ms:g} ms",
        "limits": limits,
        "bound": f"at least {bound * 1000:.0f} ms",
    }
    most = target(accounts, latency_ms, limits, bound)
    return Row(
        case=case,
        measure=name,
        unit="x",
        value=sample.median / bound,
        spread=sample.spread / bound,
        target=None if most is None or name == NO_HTTP else round(most, 4),
    )


def main() -> None:
    """Print a table of times and ratios, with the targets; `--json FILE` keeps it."""
    parser = arguments(__doc__, rounds=3)
    parser.add_argument("--accounts", type=int, nargs="+", default=ACCOUNTS)
    parser.add_argument("--latency-ms", type=float, nargs="+", default=LATENCIES_MS)
    options = parser.parse_args()
    names = [name for name in BACKENDS if name != FAST or is_fast(Backend.AUTO)]
    rows: list[Row] = []
    for accounts in options.accounts:
        for latency in options.latency_ms:
            say(f"{accounts} accounts at {latency:g} ms")
            rows += asyncio.run(measured(accounts, latency, options.rounds, names))
    report("fanout", "Wall time of holdings, in times of the lower bound", rows, options)


if __name__ == "__main__":
    main()

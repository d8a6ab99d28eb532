"""What the wrapper adds to a call that succeeds at once: limiter, retry, breaker, deadline, statistics, observer.

The investor's token is looked up in it, too. The gateway and its sender are asked over a transport that answers
at once, so that the difference is the wrapper's. Building the request, reading the body and decoding are in both.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager, nullcontext
from functools import partial

import httpx
from answers import equities
from harness import Row, Sample, Timed, arguments, cpu_of, interleaved, report
from responder import Answer, Responder
from rivals import HTTPX, INVESTOR, available, settings_for

from koscom_async._services.operation import deadline_at, until
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.endpoints import BALANCE, Call
from koscom_async.observer import Attempt, Operation
from koscom_async.settings import Backend

BODY = b'{"resp": {"respCode": "200", "respMsg": "OK"}}'
CALL: Call[object] = Call(
    endpoint=BALANCE,
    path="/v1/diamond/account/balance/search",
    broker="diamond",
    body={"accInfo": {"vtAccNo": "160635473367600099"}},
    investor=INVESTOR,
    read=lambda document: document,
)
QUOTA = ((b"X-RateLimit-Limit-Day", b"50000"), (b"X-RateLimit-Remaining-Day", b"49999"))
DEADLINE_SECONDS = 8.0
DEMANDED = "gateway, deadline"
TARGET_US, TARGET_SHARE = 20.0, 0.03


class _Body(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield BODY


class AtOnce(httpx.AsyncBaseTransport):
    """Answers without a network."""

    def __init__(self, *headers: tuple[bytes, bytes]) -> None:
        self._headers = [(b"Content-Type", b"application/json"), *headers]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:  # httpx's form
        """Answer."""
        return httpx.Response(200, headers=list(self._headers), stream=_Body())


class Watching:
    """An observer that does as little as one can."""

    def __init__(self) -> None:
        self.seen = 0

    def operation(self, operation: Operation) -> AbstractContextManager[object]:  # none is begun here
        """Look away."""
        return nullcontext()

    @contextmanager
    def attempt(self, attempt: Attempt) -> Iterator[None]:  # only counted
        """Count it."""
        self.seen += 1
        yield


async def bare(gateway: Gateway) -> object:
    """Send and read, without the policies: what is wrapped."""
    return await gateway.send(CALL, INVESTOR.token)


async def whole(gateway: Gateway) -> object:
    """Ask as the services do."""
    return await gateway.ask(CALL, TraceBuilder())


async def whole_until(gateway: Gateway) -> object:
    """Ask within a deadline."""
    with until(deadline_at(DEADLINE_SECONDS), "the answer"):
        return await gateway.ask(CALL, TraceBuilder())


async def samples(rounds: int, calls: int) -> dict[str, Sample]:
    """Return what a call costs alone, wrapped in each way, and through sound httpx for the share."""
    settings = settings_for("http://localhost", in_flight=10, backend=Backend.CORE)
    async with AsyncExitStack() as stack:
        plain, watched, metered = gateways = (
            Gateway(settings, transport=AtOnce()),
            Gateway(settings, transport=AtOnce(), observer=Watching()),
            Gateway(settings, transport=AtOnce(*QUOTA)),
        )
        for gateway in gateways:
            stack.push_async_callback(gateway.aclose)
        asks: dict[str, Callable[[], Awaitable[object]]] = {
            "send and read": partial(bare, plain),
            "gateway": partial(whole, plain),
            DEMANDED: partial(whole_until, plain),
            "gateway, deadline, observer": partial(whole_until, watched),
            "gateway, deadline, the day's quota": partial(whole_until, metered),
        }
        server = stack.enter_context(Responder([Answer(equities(4))]))
        asks[HTTPX] = await available()[HTTPX](server.url, 1, stack)
        works: dict[str, Timed] = {
            name: partial(cpu_of, ask, in_flight=1, calls=calls if name != HTTPX else max(calls // 5, 10))
            for name, ask in asks.items()
        }
        return await interleaved(works, rounds)


def rows_of(taken: dict[str, Sample]) -> list[Row]:
    """Return the costs, and what is added."""
    base, httpx_call = taken["send and read"], taken[HTTPX]
    case = {"calls": "a call that succeeds at once"}
    made = [
        Row(case=case, measure=name, unit="us", value=each.median * 1e6, spread=each.spread * 1e6)
        for name, each in taken.items()
    ]
    for name, each in taken.items():
        if not name.startswith("gateway"):
            continue
        added = each.median - base.median
        most = max(TARGET_US, TARGET_SHARE * httpx_call.median * 1e6)
        made.append(
            Row(
                case=case,
                measure=f"{name}: added",
                unit="us",
                value=added * 1e6,
                spread=(each.spread + base.spread) * 1e6,
                target=round(most, 1) if name == DEMANDED else None,
            )
        )
        made.append(
            Row(case=case, measure=f"{name}: added / {HTTPX}", unit="x", value=added / httpx_call.median)
        )
    return made


def main() -> None:
    """Print a table; `--json FILE` keeps it."""
    parser = arguments(__doc__, rounds=75)
    parser.add_argument("--calls", type=int, default=200, help="calls a round")
    options = parser.parse_args()
    taken = asyncio.run(samples(options.rounds, options.calls))
    report("wrapper", "What the wrapper adds to a call", rows_of(taken), options)


if __name__ == "__main__":
    main()

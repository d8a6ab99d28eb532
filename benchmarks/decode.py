"""What decoding costs: an answer's bytes to exact, checked records, against `json.loads` of the same bytes.

`json.loads` makes floats and checks nothing; it is the yardstick, not a rival. `core` reads with the standard library,
`fast` with msgspec. Rounds are interleaved, medians of CPU time shown, with the garbage collector on. Also how long one
answer holds the event loop on its way through the gateway: the longest time between two turns of another task.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio
import httpx
from harness import longest_hold, ratio_of

from koscom_async import Settings
from koscom_async._cooperative import SLICE_LENGTH, run_now
from koscom_async._transport.backend import Json, json_of
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.account import BalancePage, BalanceReader
from koscom_async._wire.endpoints import AuthScheme, Call, Endpoint
from koscom_async._wire.envelope import Question
from koscom_async.models.codes import AssetClass
from koscom_async.settings import Backend

ACCOUNT = "160635473367600099"
REQUEST_ID = "bench"
SIZES = (4, 100, 5000)
BACKENDS = (Backend.CORE, Backend.FAST)
SECONDS_A_ROUND = 0.04
LONGEST_HOLD = 0.010
TARGETS = {
    (Backend.CORE, 100): 2.4,
    (Backend.CORE, 5000): 3.0,
    (Backend.FAST, 100): 1.75,
    (Backend.FAST, 5000): 2.2,
}
READER = BalanceReader(
    question=Question(account_number=ACCOUNT, request_id=REQUEST_ID), asset_class=AssetClass.ALL
)


def answer(rows: int) -> bytes:
    """Return an answer to `ALL` of that many equity rows, spelled as the documents' example is."""
    equities = [
        {
            "assetType": "KSP",
            "productType": "",
            "isinCode": f"KR7{number:06d}003",
            "productName": "삼성전자",
            "qty": float(number % 900 + 1),
            "tradeType": "SUM",
            "valAtTrade": 281764.0 + number,
            "valAtCur": 245400.0 + 3 * number,
            "proLoss": -36364.0 + 2 * number,
            "earningRate": round(-36364 / (281764 + number) * 100, 2),
        }
        for number in range(rows)
    ]
    document = {
        "commonHeader": {"reqIdPlatform": "", "reqIdConsumer": REQUEST_ID, "certDn": "", "ci": ""},
        "accInfo": {"realAccNo": "", "vtAccNo": ACCOUNT},
        "balanceResponseBody": {
            "queryResult": {"totalCnt": float(rows), "count": float(rows), "page": "null"}
        },
        "balanceList": {"balance": {"summary": {"cashBalance": 6976542.0}, "equityList": equities}},
        "resp": {"respCode": "200", "respMsg": "OK"},
    }
    return json.dumps(document, ensure_ascii=False).encode()


def cpu_seconds(work: Callable[[], object], calls: int) -> float:
    """Return the CPU seconds of one call."""
    began = time.process_time()
    for _ in range(calls):
        work()
    return (time.process_time() - began) / calls


def decoded(read: Json, body: bytes) -> BalancePage:
    """Do all that the gateway does with a body, without its stops."""
    if len(body) <= SLICE_LENGTH:
        return READER(read.read_json(body))
    return READER(run_now(read.json_steps(body)))


def measured(rows: int, rounds: int) -> dict[str, list[float]]:
    """Return the CPU seconds of each round for one size."""
    body = answer(rows)
    works: dict[str, Callable[[], object]] = {"json.loads": partial(json.loads, body)}
    for backend in BACKENDS:
        read = json_of(backend)
        works[f"{backend}, text"] = partial(read.read_json, body)
        works[str(backend)] = partial(decoded, read, body)
    calls = max(1, int(SECONDS_A_ROUND / max(cpu_seconds(works[Backend.CORE], 1), 1e-6)))
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(cpu_seconds(work, calls))
    return taken


async def holds(backend: Backend, rows: int, rounds: int) -> list[float]:
    """Return the longest hold of each of some answers, from the request to the records."""
    body = answer(rows)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    settings = Settings(
        base_url="http://127.0.0.1",
        api_key="key",
        api_secret="made-up",  # noqa: S106  # it leaves with no request
        com_id="1",
        srv_id="1",
        backend=backend,
    )
    call = Call(
        endpoint=Endpoint("account.balance", "/unused", AuthScheme.API_KEY, repeatable=True),
        path="/v1/star/account/balance/search",
        broker="star",
        body={},
        read=READER,
    )
    gateway = Gateway(settings, transport=transport)
    try:

        async def ask() -> None:
            await gateway.ask(call, TraceBuilder())

        await longest_hold(ask)  # what is made once is made now
        return [await longest_hold(ask) for _ in range(rounds)]
    finally:
        await gateway.aclose()


def ratios(rounds: int) -> list[dict[str, object]]:
    """Print and return a line for each size and backend."""
    names = ("rows", "reader", "json.loads", "text", "decoded", "us a row", "ratio", "target")
    print("{:>6} {:>7} {:>12} {:>7} {:>10} {:>9} {:>7} {:>7}".format(*names))
    lines: list[dict[str, object]] = []
    for size in SIZES:
        times = measured(size, rounds)
        plain = times["json.loads"]
        for backend in BACKENDS:
            seconds, target = statistics.median(times[backend]), TARGETS.get((backend, size))
            whole, text = ratio_of(times[backend], plain), ratio_of(times[f"{backend}, text"], plain)
            print(
                f"{size:>6} {backend:>7} {statistics.median(plain) * 1e6:>9.0f} us {text:>6.2f}x"
                f" {seconds * 1e6:>7.0f} us {seconds / size * 1e6:>9.1f} {whole:>6.2f}x"
                f" {f'{target:.2f}x' if target else '':>7}"
            )
            lines.append(
                {
                    "rows": size,
                    "backend": str(backend),
                    "ratio": whole,
                    "text_ratio": text,
                    "target": target,
                    "seconds": seconds,
                    "json_loads_seconds": statistics.median(plain),
                }
            )
    return lines


def held(rounds: int) -> list[dict[str, object]]:
    """Print and return a line for each backend: how long the largest answer holds the loop."""
    lines: list[dict[str, object]] = []
    for backend in BACKENDS:
        times = anyio.run(holds, backend, SIZES[-1], rounds)
        middle, worst = statistics.median(times), max(times)
        print(
            f"longest hold of the loop, {SIZES[-1]} rows, {backend}: {middle * 1e3:.1f} ms"
            f" (worst of {rounds}: {worst * 1e3:.1f} ms; target {LONGEST_HOLD * 1e3:.0f} ms)"
        )
        lines.append(
            {"rows": SIZES[-1], "backend": str(backend), "hold_seconds": middle, "worst_hold_seconds": worst}
        )
    return lines


def main() -> None:
    """Print tables; `--json FILE` keeps their rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args()
    print(f"decoding a balance, medians of {options.rounds} rounds, Python {sys.version.split()[0]}")
    rows = [*ratios(options.rounds), *held(options.rounds)]
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()

"""What a whole market's snapshot costs: from its bytes to quotes, against `json.loads` of the same bytes.

`json.loads` makes floats and checks nothing; it is the yardstick, not a rival. Rounds are interleaved; of CPU times the
least is shown, as others on the machine only add to it. Also how long one snapshot holds the event loop on its way
through the client: the longest time between two turns of another task.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import anyio
import httpx
from harness import longest_hold

from koscom_async import Koscom, Quote, Settings
from koscom_async._cooperative import SLICE_LENGTH, run_now
from koscom_async._services.market.records import record_at
from koscom_async._transport.backend import json_of
from koscom_async._wire.catalogue.operations import Operations
from koscom_async.models.market.quotes import RowQuotes
from koscom_async.settings import Backend

ISSUES = 2600
BACKENDS = (Backend.CORE, Backend.FAST)
TARGET, LONGEST_HOLD = 2.5, 0.010
READER = Operations().reader("market.multiquote.lists", "v3")


def snapshot(issues: int) -> bytes:
    """Return a snapshot of that many issues, spelled as the manual's example is."""
    rows = [
        {
            "isuSrtCd": f"{number:05d}0",
            "trdPrc": 1000 + number * 7,
            "accTrdvol": 41_000 + number * 1003,
            "accTrdval": 91_000_000_000 + number * 1_000_003,
            "mktcap": 400_000_000_000_000 + number * 1_000_000_007,
        }
        for number in range(issues)
    ]
    return json.dumps({"trdDd": "20260130", "trdTm": "100325", "isuLists": rows}).encode()


def quotes(backend: Backend, body: bytes) -> Mapping[str, Quote]:
    """Do all that the client does with a body, without its stops; a quote is made when it is looked at."""
    read = json_of(backend)
    document = read.read_json(body) if len(body) <= SLICE_LENGTH else run_now(read.json_steps(body))
    answer = READER(document)
    return RowQuotes(answer.column("code"), record_at(Quote, answer))


def looked_at(backend: Backend, body: bytes) -> list[Quote]:
    """Do the same, and look at each quote."""
    return list(quotes(backend, body).values())


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


async def holds(backend: Backend, body: bytes, rounds: int) -> list[float]:
    """Return the longest hold of each of some snapshots, from the request to the quotes."""
    settings = Settings(
        environment="sandbox",
        api_key="key",
        api_secret="made-up",  # noqa: S106  # it leaves with no request
        com_id="1",
        srv_id="1",
        backend=backend,
    )
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    async with Koscom(settings, transport=transport) as koscom:
        ask = partial(koscom.market.snapshot, "kospi")
        await longest_hold(ask)  # what is made once is made now
        return [await longest_hold(ask) for _ in range(rounds)]


def main() -> None:
    """Print a line for each backend; `--json FILE` keeps them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--issues", type=int, default=ISSUES)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args()
    body = snapshot(options.issues)
    print(
        f"a snapshot of {options.issues} issues, the least of {options.rounds} rounds, Python {sys.version.split()[0]}"
    )
    works: dict[str, Callable[[], object]] = {"json.loads": partial(json.loads, body)}
    for backend in BACKENDS:
        works[str(backend)] = partial(quotes, backend, body)
        works[f"{backend}, looked at"] = partial(looked_at, backend, body)
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(options.rounds):
        for name, work in works.items():
            taken[name].append(cpu_seconds(work))
    least = {name: min(times) for name, times in taken.items()}
    print(f"json.loads {least['json.loads'] * 1e3:.1f} ms")
    lines: list[dict[str, object]] = []
    for backend in BACKENDS:
        ratio, whole = (least[f"{backend}{more}"] / least["json.loads"] for more in ("", ", looked at"))
        held = anyio.run(holds, backend, body, options.rounds)
        middle, worst = statistics.median(held), max(held)
        print(
            f"{backend:>5} {least[str(backend)] * 1e3:.1f} ms, {ratio:.2f}x (target {TARGET}x), "
            f"{whole:.2f}x with each quote looked at"
        )
        print(
            f"      longest hold of the loop {middle * 1e3:.1f} ms (worst {worst * 1e3:.1f} ms; "
            f"target {LONGEST_HOLD * 1e3:.0f} ms)"
        )
        facts = {"issues": options.issues, "backend": str(backend)}
        lines.append({**facts, "ratio": ratio, "looked_at": whole, "hold_seconds": middle})
    if options.json:
        options.json.write_text(json.dumps(lines, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()

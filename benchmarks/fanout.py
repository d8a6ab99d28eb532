"""How long one investor waits: wall time of `holdings` on the sandbox against the lower bound, as a ratio.

The lower bound is the longest chain of dependent calls times the latency that the gateway adds to each: first the
list of accounts, then the pages of the longest query. Rounds of all latencies are interleaved, and medians shown.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

from koscom_async import BrokerLimits, Koscom, Limits, Settings
from koscom_async.sandbox import SandboxGateway

LATENCIES = (0.02, 0.05, 0.1, 0.2, 0.4)
ROUNDS = 5
TARGET = 1.3


def unlimited(settings: Settings) -> Settings:
    """Return the gateway's settings with rates that the rounds of a benchmark do not reach."""
    return Settings(
        base_url=settings.base_url,
        api_key=settings.api_key,
        api_secret=settings.api_secret,
        com_id=settings.com_id,
        srv_id=settings.srv_id,
        limits=Limits(default=BrokerLimits(rate=10_000, burst=1000)),
    )


def longest_chain(gateway: SandboxGateway) -> int:
    """Return how many calls had to wait for one another, as the gateway saw them."""
    queries = Counter((call.broker, call.asset_type) for call in gateway.calls if call.asset_type)
    return 1 + max(queries.values())


async def measured(latency: float) -> tuple[float, float, int]:
    """Return the seconds of one call of `holdings` on a warm client, the lower bound, and the calls made."""
    async with SandboxGateway(latency=latency) as gateway, Koscom(unlimited(gateway.settings)) as koscom:
        await koscom.holdings(gateway.investor)  # opens the connections
        chain, calls = longest_chain(gateway), len(gateway.calls)
        began = time.perf_counter()
        holdings = await koscom.holdings(gateway.investor)
        seconds = time.perf_counter() - began
        holdings.require_complete()
    return seconds, chain * latency, calls


async def run(rounds: int) -> list[dict[str, float]]:
    """Measure every latency in turn, as often as there are rounds."""
    taken: dict[float, list[tuple[float, float, int]]] = {latency: [] for latency in LATENCIES}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for latency in LATENCIES:
            taken[latency].append(await measured(latency))
    return [
        {
            "latency": latency,
            "calls": results[0][2],
            "lower_bound": results[0][1],
            "seconds": statistics.median(seconds for seconds, _, _ in results),
            "ratio": statistics.median(seconds / bound for seconds, bound, _ in results),
        }
        for latency, results in taken.items()
    ]


def main() -> None:
    """Print a table of ratios; `--json FILE` keeps it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args()
    rows = asyncio.run(run(options.rounds))
    print(f"holdings of 3 accounts on the sandbox, median of {options.rounds} rounds")
    print(f"{'latency':>9} {'calls':>6} {'lower bound':>12} {'measured':>9} {'ratio':>6}")
    for row in rows:
        print(
            f"{row['latency'] * 1000:>6.0f} ms {row['calls']:>6.0f} {row['lower_bound'] * 1000:>9.0f} ms "
            f"{row['seconds'] * 1000:>6.0f} ms {row['ratio']:>6.2f}"
        )
    at_target = next(row for row in rows if row["latency"] == 0.2)
    print(f"at 200 ms: {at_target['ratio']:.2f} x the longest chain of calls (to be at most {TARGET})")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()

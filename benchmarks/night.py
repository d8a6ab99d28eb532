"""What a night of many investors takes, on paper: computed from what one process, one file and one Redis take here.

The gateway is a process of its own, and the run writes Parquet. Measured are the run's CPU time, its output, and, where
redis-server is installed, what Redis takes for a call of several processes. Pages hold all rows, as most brokers' do.
"""

import asyncio
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from attrs import evolve, frozen
from harness import Row, arguments, report, say

from koscom_async import BrokerLimits, Koscom, Limits
from koscom_async.batch import ParquetSink, aggregate
from koscom_async.sandbox import SandboxGateway, crowd

BROKERS = ("diamond", "cyber", "star")
PAGES = dict.fromkeys(BROKERS, 100)
ACCOUNTS = len(BROKERS)
AMPLE = Limits(default=BrokerLimits(rate=100_000.0, burst=1_000, in_flight=64), in_flight=128)
QUOTA = 50_000
"""Calls a day to each service, without a contract for more."""
BUSY = 0.7
"""A worker's process, and Redis, are given so much of a core."""
NIGHTS_A_YEAR = 250
CLIENTS_OF_REDIS = 4


@frozen
class Measured:
    """What one investor takes: calls, CPU seconds and bytes; and what Redis takes for a call, `None` without one."""

    calls: float
    seconds: float
    bytes: float
    redis_seconds: float | None
    redis_scripts: float | None


async def one_process(url: str, people: int, folder: str) -> tuple[float, float]:
    """Return calls and CPU seconds of one investor; what the process imports is no part of them."""
    known = SandboxGateway(in_process=True, ledger=crowd(people))
    customers = [(str(number), investor) for number, investor in enumerate(known.investors)]
    async with Koscom(evolve(known.settings, base_url=url, limits=AMPLE)) as koscom:
        await aggregate(koscom, customers[:2], sink=ParquetSink(f"{folder}/first"))
        began = time.process_time()
        ended = await aggregate(koscom, customers, sink=ParquetSink(f"{folder}/night"))
        seconds = time.process_time() - began
    if ended.complete != people:
        raise SystemExit(f"{people - ended.complete} of {people} investors were not read")
    return ended.calls / people, seconds / people


async def one_redis(url: str, calls: int) -> tuple[float, float]:
    """Return the seconds of Redis's CPU, and the scripts, that a call takes; several clients ask at once."""
    from redis.asyncio import Redis

    from koscom_async.integrations.redis import RedisLimiter

    limits = Limits(default=BrokerLimits(rate=calls / 2, burst=50))
    limiters = [RedisLimiter(url, limits) for _ in range(CLIENTS_OF_REDIS)]

    async def ask(limiter: RedisLimiter) -> None:
        for _ in range(calls // CLIENTS_OF_REDIS // 10):
            await limiter.acquire("diamond", "account")
            limiter.release("diamond")

    async with Redis.from_url(url) as redis:
        await limiters[0].acquire("star", "account")  # the script is there from now on
        limiters[0].release("star")
        await redis.config_resetstat()
        before = await _cpu(redis)
        async with asyncio.TaskGroup() as group:
            for limiter in limiters:
                for _ in range(10):
                    group.create_task(ask(limiter))
        seconds = await _cpu(redis) - before
        statistics: dict[str, Any] = await redis.info("commandstats")
    for limiter in limiters:
        await limiter.aclose()
    scripts = sum(each["calls"] for name, each in statistics.items() if name.startswith("cmdstat_eval"))
    return seconds / calls, scripts / calls


async def _cpu(redis: Any) -> float:
    used = await redis.info("cpu")
    return float(used["used_cpu_user"] + used["used_cpu_sys"])


def measured(people: int, calls: int) -> Measured:
    """Measure, each in its turn."""
    with gateway(people) as url, tempfile.TemporaryDirectory() as folder:
        spent, seconds = asyncio.run(one_process(url, people, folder))
        size = sum(path.stat().st_size for path in Path(folder, "night").rglob("*.parquet"))
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server()) if shutil.which("redis-server") else None
        shared = asyncio.run(one_redis(redis, calls)) if redis else (None, None)
    return Measured(spent, seconds, size / people, *shared)


@contextmanager
def gateway(people: int) -> Iterator[str]:
    """Let a gateway run in a process of its own; give its address."""
    command = [sys.executable, __file__, "--gateway", str(people)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # it is this file
        try:
            assert process.stdout is not None  # noqa: S101  # as it is piped
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@contextmanager
def redis_server() -> Iterator[str]:
    """Let a Redis run that keeps nothing; give its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # it is this machine's own
        try:
            assert process.stdout is not None  # noqa: S101  # as it is piped
            next(line for line in process.stdout if "Ready to accept connections" in line)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()


def on_paper(one: Measured, *, investors: int, brokers: int, rate: float, hours: float) -> Iterator[Row]:
    """Yield what was measured, and what follows for a night."""

    def row(part: str, measure: str, unit: str, value: float) -> Row:
        return Row(case={"part": part}, measure=measure, unit=unit, value=value)

    calls = one.calls * investors
    lists, balances = investors, calls - investors
    at_the_rate = balances / brokers / rate / 3_600
    a_second = calls / hours / 3_600
    processes = a_second * (one.seconds / one.calls) / BUSY
    yield row("an investor", "calls", "", one.calls)
    yield row("an investor", "CPU of a worker", "ms", one.seconds * 1e3)
    yield row("a process", "calls a second of its CPU", "", one.calls / one.seconds)
    yield row("an investor", "Parquet", "bytes", one.bytes)
    yield row("the night", "calls", "million", calls / 1e6)
    yield row("the night", "quota by contract, lists of accounts", "× 50,000", lists / QUOTA)
    yield row("the night", "quota by contract, balances", "× 50,000", balances / QUOTA)
    yield row(f"{brokers} brokers", f"hours at {rate:g} calls a second each", "h", at_the_rate)
    yield row(
        f"{brokers} brokers", f"rate of each for {hours:g} hours", "/s", balances / brokers / hours / 3_600
    )
    yield row(f"{hours:g} hours", "calls a second", "", a_second)
    yield row(f"{hours:g} hours", f"workers' processes, {BUSY:.0%} busy", "", processes)
    yield row("the night", "Parquet", "GB", one.bytes * investors / 1e9)
    yield row(f"{NIGHTS_A_YEAR} nights", "Parquet", "TB", one.bytes * investors * NIGHTS_A_YEAR / 1e12)
    if one.redis_seconds is not None and one.redis_scripts is not None:
        yield row("a call", "CPU of Redis", "us", one.redis_seconds * 1e6)
        yield row("a call", "scripts", "", one.redis_scripts)
        yield row(f"{hours:g} hours", "scripts a second", "", one.redis_scripts * a_second)
        yield row(f"{hours:g} hours", "of a core of Redis", "%", 100 * one.redis_seconds * a_second)


def main() -> None:
    """Measure, and compute a night."""
    parser = arguments(__doc__, rounds=1)
    parser.add_argument("--gateway", type=int, help="be the gateway of so many people, and nothing else")
    parser.add_argument("--people", type=int, default=500, help="investors of the measurement")
    parser.add_argument("--redis-calls", type=int, default=4_000, help="calls of the measurement of Redis")
    parser.add_argument("--investors", type=int, default=10_000_000, help="investors of the night")
    parser.add_argument("--brokers", type=int, default=30)
    parser.add_argument("--rate", type=float, default=BrokerLimits().rate, help="calls a second of a broker")
    parser.add_argument("--hours", type=float, default=8.0)
    options = parser.parse_args()
    if options.gateway:
        served = SandboxGateway(ledger=crowd(options.gateway), page_sizes=PAGES, quota=10**9)
        served.serve_forever(on_ready=lambda gateway: print(gateway.url, flush=True))
        return
    say(f"measuring {options.people} investors with {ACCOUNTS} accounts each")
    one = measured(options.people, options.redis_calls)
    night = on_paper(
        one, investors=options.investors, brokers=options.brokers, rate=options.rate, hours=options.hours
    )
    report("night", f"A night of {options.investors:,} investors", list(night), options)


if __name__ == "__main__":
    main()

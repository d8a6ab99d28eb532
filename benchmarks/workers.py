"""A batch over two and four of Dask's workers: how much of the limits they use together, and what a death costs.

Redis and the workers are processes of their own, on this machine (redis-server and the extra `dask` are needed). The
share is of the busiest broker's limit, from its first call to its last, without the burst. In another run, at a high
rate, a worker is killed with SIGKILL when half is done; what was asked again is counted.
"""

import functools
import os
import signal
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from attrs import evolve
from distributed import Client, LocalCluster
from harness import Row, arguments, report
from night import PAGES, redis_server

from koscom_async import BrokerLimits, Investor, Koscom, Limits, Settings
from koscom_async.batch import BatchProgress, BatchReport, ParquetSink, dask, read_investors, write_investors
from koscom_async.integrations.redis import RedisLimiter
from koscom_async.sandbox import SandboxGateway, crowd

BUSIEST, CALLS_AN_INVESTOR = "cyber", 4
MOST, LEAST = 1.02, 0.95
AMPLE = 2_000.0


@functools.cache
def investors_in(path: Path) -> Mapping[str, Investor]:
    """Return the investors of a file, read once by each worker."""
    return dict(read_investors(path))


def load(path: Path, keys: Sequence[str]) -> list[tuple[str, Investor]]:
    """Return the investors of these keys."""
    return [(key, investors_in(path)[key]) for key in keys]


def make_client(redis: str, rate: float, burst: int) -> Koscom:
    """Make a worker's client; settings are from its environment."""
    limits = Limits(default=BrokerLimits(rate=rate, burst=burst, in_flight=64), in_flight=128)
    return Koscom(evolve(Settings.from_env(), limits=limits), limiter=RedisLimiter(redis, limits))


class Measurement:
    """One gateway and its investors, asked by clusters of several sizes."""

    def __init__(self, gateway: SandboxGateway, redis: str, folder: Path, options: Any) -> None:
        self._gateway = gateway
        self._redis = redis
        self._folder = folder
        self._options = options
        self._people = folder / "investors.csv"
        customers = [(str(number), investor) for number, investor in enumerate(gateway.investors)]
        self._keys = [key for key, _ in customers]
        write_investors(self._people, customers)

    def rows(self, workers: int) -> list[Row]:
        """Measure a cluster of so many workers."""
        options, case = self._options, {"workers": workers}
        with (
            LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
            ) as cluster,
            Client(cluster) as client,  # type: ignore[no-untyped-call]
        ):
            self._run(client, f"first {workers}", AMPLE)  # with what workers import
            self._gateway.clear_calls()
            self._run(client, f"limits {workers}", options.rate)
            times = sorted(call.started for call in self._gateway.calls if call.broker == BUSIEST)
            share = (len(times) - options.burst) / (times[-1] - times[0]) / options.rate
            self._gateway.clear_calls()
            ended = self._run(client, f"death {workers}", AMPLE, kill=True)
            asked = Counter(call.broker for call in self._gateway.calls)["diamond"]
        lost = len(self._keys) - ended.complete - ended.skipped
        return [
            Row(case=case, measure="share of the limit", unit="", value=share, target=MOST),
            Row(
                case=case, measure="limit against what was used", unit="×", value=1 / share, target=1 / LEAST
            ),
            Row(case=case, measure="a death: investors lost", unit="", value=lost, target=0),
            Row(
                case=case,
                measure="a death: investors asked again",
                unit="",
                value=asked - len(self._keys),
                target=options.partition,
            ),
        ]

    def _run(self, client: Client, name: str, rate: float, *, kill: bool = False) -> BatchReport:
        pids = list(client.run(os.getpid).values()) if kill else []

        def killing(progress: BatchProgress) -> None:
            if pids and progress.investors >= len(self._keys) / 2:
                os.kill(pids.pop(), signal.SIGKILL)
                pids.clear()

        ended: BatchReport = dask.aggregate(
            client,
            functools.partial(load, self._people),
            self._keys,
            sink=ParquetSink(self._folder / name),
            partition_size=self._options.partition,
            make_client=functools.partial(make_client, self._redis, rate, self._options.burst),
            on_progress=killing,
        )
        return ended


def main() -> None:
    """Measure each size."""
    parser = arguments(__doc__, rounds=1)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--partition", type=int, default=10)
    parser.add_argument("--rate", type=float, default=30.0, help="calls a second of each broker")
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 4])
    options = parser.parse_args()
    options.burst = CALLS_AN_INVESTOR * options.partition
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        gateway = stack.enter_context(
            SandboxGateway(ledger=crowd(options.people), page_sizes=PAGES, quota=10**9)
        )
        os.environ.update(gateway.environment)
        measurement = Measurement(gateway, stack.enter_context(redis_server()), folder, options)
        rows = [row for workers in options.workers for row in measurement.rows(workers)]
    report("workers", f"{options.people} investors over Dask's workers", rows, options)


if __name__ == "__main__":
    main()

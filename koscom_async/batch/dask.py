"""A run over Dask's workers (extra `dask`): keys go out, each worker reads and writes its partitions, counts come back.

Dask decides where a partition runs, and runs it again where a worker dies. Nothing else of it is used: no data on its
wire, no result kept in a worker, nothing to be computed again.
"""

import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from time import monotonic
from typing import Any

import anyio

from koscom_async._hints import missing

try:
    import distributed
    from distributed import Client, KilledWorker, Worker, WorkerPlugin, get_worker
except ImportError as error:
    raise missing("this needs distributed", extra="dask", name=error.name) from error

from attrs import asdict, evolve, frozen

from koscom_async.batch._run.inputs import Options, check_count
from koscom_async.batch.aggregation import ACCOUNTS_OPEN
from koscom_async.batch.partition import Load, aggregate_partition
from koscom_async.batch.report import BatchProgress, BatchReport, Tally
from koscom_async.batch.segments import SharedSink, Sink, checked_shared
from koscom_async.client import Koscom
from koscom_async.errors import DeadlineExceededError, SettingsError, UsageError
from koscom_async.integrations.redis import RedisLimiter, RedisTokenStore
from koscom_async.settings import Settings
from koscom_async.tokens import FileTokenStore, TokenStore
from koscom_async.tokens.file import FILE_VARIABLE

__all__ = ["aggregate", "client_from_env"]

_wait: Any = distributed.wait

REDIS_VARIABLE = "KOSCOM_REDIS"
PARTITION_SIZE = 500
DEATHS = 10
"""So many workers may die under one partition: Dask counts also those who only had it assigned."""
SILENCE_SECONDS = 3_600.0


def aggregate(
    client: Client,
    load: Load,
    keys: Iterable[str],
    *,
    sink: Sink,
    partition_size: int = PARTITION_SIZE,
    accounts_open: int = ACCOUNTS_OPEN,
    attempts: int = 3,
    patience: float | None = None,
    make_client: Callable[[], Koscom] | None = None,
    on_progress: Callable[[BatchProgress], object] | None = None,
    timeout: float = SILENCE_SECONDS,
) -> Any:
    """Read what many investors own, over Dask's workers, and write each of them once; return a `BatchReport`.

    With an asynchronous `Client`, return an awaitable of it. `keys` are your own names of the investors; they alone
    travel, `partition_size` at a time. A worker calls `load(keys)`, which returns `(key, Investor)` of each, with a
    client of its own, from `make_client` or `client_from_env`, and writes into the `sink`, whose folder all workers
    see: `ParquetSink`, or `JsonLinesSink` with a folder. What fails and may be read later is asked again when all
    partitions have been asked: see `aggregate_partition`, which runs on any other engine.

    A worker that dies costs its open partition, which another one reads. Where the driver dies, the same call with the
    same keys, in the same order, goes on: what is there is not asked again. Dask's stealing of work is switched off for
    the scheduler, and a partition may outlive ten workers.

    Raises what a partition raises (`SinkError`, `UsageError`, what `load` raises), once those that are open have ended;
    `UsageError` for a partition under which all workers died, once all others are written; and `DeadlineExceededError`
    where no partition ends for `timeout` seconds. What was written stays.
    """
    options: dict[str, Any] = {"accounts_open": accounts_open, "attempts": attempts, "patience": patience}
    Options(**options)  # says at once what is impossible
    shared = checked_shared(sink)
    check_count("partition_size", partition_size)
    work = partial(_work, load=load, sink=shared, options=options)
    driver = _Driver(client, work, shared.sweep, on_progress or (lambda _: None), timeout)
    synced: Any = client
    return synced.sync(driver.run, keys, partition_size, KoscomPlugin(make_client or client_from_env))


def client_from_env() -> Koscom:
    """Return a worker's client: `Settings.from_env()`, and the limits shared through the Redis at `KOSCOM_REDIS`.

    Tokens that are renewed are kept in the file at `KOSCOM_TOKEN_FILE`, or else in that Redis. For another prefix, a
    seal, or a store of your own, give `aggregate` a function that makes the client, which each worker calls. Raises
    `SettingsError` for what is missing or wrong in the environment.
    """
    settings, url = Settings.from_env(), os.environ.get(REDIS_VARIABLE)
    if not url:
        raise SettingsError(
            f"{REDIS_VARIABLE} is missing: the address of the Redis through which workers share the limits",
            setting=REDIS_VARIABLE,
        )
    tokens: TokenStore = FileTokenStore() if os.environ.get(FILE_VARIABLE) else RedisTokenStore.from_url(url)
    return Koscom(settings, limiter=RedisLimiter(url, settings.limits), tokens=tokens)


class KoscomPlugin(WorkerPlugin):
    """Gives each worker one client, made there, which lives until the run ends. What travels is how it is made.

    Where a driver has died, its partitions go on until the next run's client takes the place of theirs; then they end
    without a part.
    """

    name = "koscom"

    def __init__(self, make_client: Callable[[], Koscom]) -> None:
        self._make_client = make_client
        self._client: Koscom | None = None

    async def setup(self, worker: Worker) -> None:
        """Make the client, on the worker's own loop."""
        self._client = self._make_client()
        self._open = set[anyio.CancelScope]()
        self._ended = anyio.Event()

    async def run(self, work: Callable[[Koscom], Awaitable[BatchReport]]) -> BatchReport:
        """Do what needs the client."""
        if self._client is None:
            raise self._closed()
        with anyio.CancelScope() as scope:
            self._open.add(scope)
            try:
                return await work(self._client)
            finally:
                self._open.discard(scope)
                self._ended.set()
        raise self._closed()

    async def teardown(self, worker: Worker) -> None:
        """End what is open, and close the client."""
        client, self._client = self._client, None
        if client is None:
            return
        for scope in self._open:
            scope.cancel()
        while self._open:
            self._ended = anyio.Event()
            await self._ended.wait()
        await client.aclose()

    def _closed(self) -> UsageError:
        return UsageError("the run of this partition has ended", advice="ask again: what is written stays")


async def _work(
    number: int,
    keys: Sequence[str],
    *,
    again: bool,
    load: Load,
    sink: SharedSink,
    options: dict[str, Any],
) -> BatchReport:
    """Read one partition, on a worker."""
    plugin: Any = get_worker().plugins[KoscomPlugin.name]
    ask = partial(aggregate_partition, number=number, keys=keys, load=load, sink=sink, again=again, **options)
    report: BatchReport = await plugin.run(ask)
    return report


async def _settle(dask_scheduler: Any = None) -> None:
    """Set, on the scheduler, what would run a partition twice, or give it up too early."""
    stealing = dask_scheduler.extensions.get("stealing")
    if stealing is not None:
        await stealing.stop()
    dask_scheduler.allowed_failures = max(dask_scheduler.allowed_failures, DEATHS)


@frozen
class _Partition:
    number: int
    keys: tuple[str, ...]


class _Driver:
    """Keeps each worker busy with partitions, one more than it can run, and sums what comes back."""

    def __init__(
        self,
        client: Client,
        work: Callable[..., Any],
        sweep: Callable[[], None],
        on_progress: Callable[[BatchProgress], object],
        timeout: float,
    ) -> None:
        self._client: Any = client  # its methods return awaitables here, in its own loop
        self._work = work
        self._sweep = sweep
        self._on_progress = on_progress
        self._timeout = timeout
        self._report = BatchReport()
        self._tally = Tally()
        self._failure: BaseException | None = None
        self._killed: UsageError | None = None
        self._waiting: list[_Partition] = []
        self._began = monotonic()

    async def run(self, keys: Iterable[str], size: int, plugin: KoscomPlugin) -> BatchReport:
        """Ask every partition, and then again those in which investors wait; raise the first failure at the end."""
        self._report = evolve(self._report, total=len(keys) if isinstance(keys, Sequence) else None)
        await self._client.run_on_scheduler(_settle)
        await self._client.register_plugin(plugin)
        try:
            await self._round(_partitions(keys, size), again=False)
            waiting, self._waiting = self._waiting, []
            await self._round(iter(waiting), again=True)
        finally:
            await self._client.unregister_worker_plugin(plugin.name)
        failure = self._failure or self._killed
        if failure is not None:
            raise failure
        if not self._report.left and self._report.stopped is None:
            await self._client.submit(self._sweep, pure=False)
        ended = self._report
        if ended.stopped is not None and ended.total is not None:
            return evolve(ended, left=ended.total - ended.investors - ended.skipped)
        return ended

    async def _round(self, partitions: Iterator[_Partition], *, again: bool) -> None:
        open_: dict[Any, _Partition] = {}
        while True:
            while not self._is_ending and len(open_) < await self._slots():
                partition = next(partitions, None)
                if partition is None:
                    break
                future = self._client.submit(
                    self._work, partition.number, partition.keys, again=again, pure=False
                )
                open_[future] = partition
            if not open_:
                return
            await self._wait(open_)
            for future in [each for each in open_ if each.done()]:
                await self._take(future, open_.pop(future), again=again)

    @property
    def _is_ending(self) -> bool:
        return self._failure is not None or self._report.stopped is not None

    async def _slots(self) -> int:
        """How many partitions may be with the workers: one more than each can run."""
        threads: dict[str, int] = await self._client.nthreads()
        return sum(threads.values()) + len(threads) or 1

    async def _wait(self, futures: dict[Any, _Partition]) -> None:
        try:
            with anyio.fail_after(self._timeout):
                await _wait(list(futures), return_when="FIRST_COMPLETED")
        except TimeoutError:
            raise DeadlineExceededError(
                f"no partition has ended for {self._timeout:g} s, of {len(futures)} that are with the workers",
                advice="see whether workers are alive, and their logs; then ask again: what is written stays",
            ) from None

    async def _take(self, future: Any, partition: _Partition, *, again: bool) -> None:
        """Count a partition that ended, and let the scheduler forget it."""
        try:
            report: BatchReport = await future
        except KilledWorker as error:
            # What is in it may end any worker: the others are read all the same.
            self._killed = self._killed or UsageError(
                f"partition {partition.number} ended {error.allowed_failures + 1} workers",
                code="killed",
                advice="see the workers' logs, and read its investors alone; the other partitions are written",
            )
        except Exception as error:
            self._fail(error)
        else:
            self._add(report, again=again)
            if report.left:
                self._waiting.append(partition)
        finally:
            future.release()

    def _fail(self, failure: BaseException) -> None:
        self._failure = self._failure or failure

    def _add(self, report: BatchReport, *, again: bool) -> None:
        self._tally.join(report)
        before = self._report
        progress = self._tally.snapshot(total=before.total, seconds=monotonic() - self._began)
        self._report = BatchReport(
            **asdict(progress, recurse=False),
            stopped=before.stopped or report.stopped,
            resume_at=before.resume_at or report.resume_at,
            left=before.left + (-report.investors - report.skipped if again else report.left),
        )
        self._on_progress(evolve(self._report, parked=self._report.left))


def _partitions(keys: Iterable[str], size: int) -> Iterator[_Partition]:
    remaining, number = iter(keys), 0
    while part := tuple(islice(remaining, size)):
        yield _Partition(number, part)
        number += 1

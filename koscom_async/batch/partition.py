"""One partition of a run that several workers share: its keys are read, and written as a part of the output.

The part's number is the checkpoint: a part that is there is not made again, and of two workers that make it the first
wins. Keys alone travel to a worker, which loads the investors itself and writes what they own itself; counts return.

A run asks each partition twice. Investors with accounts that fail and may be read later are not in the first part, and
what is known of them stands beside it, so that no worker waits for a broker that is down. When all first parts are
there, those who wait are asked again, and make the partition's second part.
"""

import json
import zlib
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from inspect import isawaitable
from typing import Any

import anyio.to_thread
from attrs import evolve, frozen

from koscom_async.batch._run.inputs import Investors, Options
from koscom_async.batch._run.parking import may_pass
from koscom_async.batch._run.reading import unmerged
from koscom_async.batch._run.stopping import DaysCalls
from koscom_async.batch.aggregation import ACCOUNTS_OPEN, read_into
from koscom_async.batch.report import BatchReport, Tally
from koscom_async.batch.segments import Entry, Segment, SharedSink, Sink, checked_shared
from koscom_async.client import Koscom
from koscom_async.errors import SinkError, UsageError
from koscom_async.models.holdings import Holdings
from koscom_async.models.investor import Investor

__all__ = ["Load", "aggregate_partition"]

Load = Callable[[Sequence[str]], Investors | Awaitable[Investors]]
"""Returns `(key, Investor)` of each of these keys."""

COMPRESSION = 3


async def aggregate_partition(
    koscom: Koscom,
    number: int,
    keys: Sequence[str],
    load: Load,
    *,
    sink: SharedSink,
    again: bool = False,
    accounts_open: int = ACCOUNTS_OPEN,
    attempts: int = 3,
    patience: float | None = None,
) -> BatchReport:
    """Read the investors of one partition, write them as a part of the sink's output, and return counts alone.

    `koscom_async.batch.dask.aggregate` calls it on Dask's workers; any engine can that runs a function on a worker. All
    workers see the sink's folder, and share the brokers' limits: give each client a `RedisLimiter`. Cut the keys into
    partitions of some five hundred, number them from 0, and call it for each; then for each `again=True`, which asks
    those who waited (`report.left`), up to `attempts` times in all. Both calls may be repeated, on any worker and at
    any time: what is there is not asked again. With other keys than the part was made of, they raise `SinkError`.
    At the end, `sink.sweep()` removes what only a run that goes on needs.

    `load(keys)` returns `(key, Investor)` of each key, as an iterable, asynchronous or not; it may be a coroutine
    function, and is called in a thread if it is none. An investor whom it does not return is written with an error.

    On Ray, make the client in the first call of an actor, whose loop is its own, and set `max_restarts` and
    `max_task_retries`; on Spark and Airflow, which have no loop, make it for each partition::

        async def part(number, keys, again):
            settings = Settings.from_env()
            async with Koscom(settings, limiter=RedisLimiter(REDIS, settings.limits)) as koscom:
                return await aggregate_partition(koscom, number, keys, load, sink=ParquetSink(FOLDER), again=again)

        numbered.foreach(lambda row: asyncio.run(part(row.number, row.keys, False)))     # an RDD, or a DAG's task
    """
    part = _Part.of(sink, number, keys)
    options = Options(accounts_open=accounts_open, attempts=attempts, patience=patience)
    state = await anyio.to_thread.run_sync(part.look)
    if again:
        return await _ask_again(koscom, part, state, load, evolve(options, attempts=max(1, attempts - 1)))
    return await _ask(koscom, part, state, load, evolve(options, attempts=1))


@frozen
class _Known:
    """What is known of an investor who waits."""

    holdings: Holdings | None = None
    calls: int = 0
    passes: int = 0


@frozen
class _State:
    """Which of a partition's parts are there, how many in them are not complete, and who waits."""

    has_first: bool
    has_last: bool
    incomplete_first: int
    incomplete_last: int
    waiting: Mapping[str, _Known]


@frozen
class _Part:
    """A partition's place in the output; the run is named after its keys, so that no others are taken for them."""

    sink: SharedSink
    keys: tuple[str, ...]
    first: int
    run: str

    @classmethod
    def of(cls, sink: Sink, number: int, keys: Sequence[str]) -> "_Part":
        shared = checked_shared(sink)
        texts: list[object] = list(keys)
        if len(set(keys)) < len(keys) or not all(isinstance(key, str) for key in texts):
            raise UsageError(f"the keys of partition {number} are not texts, each of them once")
        named = json.dumps([shared.fingerprint, number, list(keys)])
        return cls(shared, tuple(keys), 2 * number, blake2b(named.encode(), digest_size=12).hexdigest())

    def look(self) -> _State:
        self.sink.open(self.run, alone=False)
        has_first = self.sink.has(self.first)
        waiting = _unpacked(self.sink.waiting(self.first)) if has_first else {}
        has_last = self.sink.has(self.first + 1)
        return _State(
            has_first=has_first,
            has_last=has_last,
            incomplete_first=self.sink.incomplete(self.first) if has_first else 0,
            incomplete_last=self.sink.incomplete(self.first + 1) if has_last else 0,
            waiting=waiting,
        )

    def write(self, entries: Iterable[Entry], *, last: bool = False, waiting: bytes = b"") -> None:
        segment = Segment(run=self.run, number=self.first + last, entries=tuple(entries))
        self.sink.commit(segment, waiting)


async def _ask(koscom: Koscom, part: _Part, state: _State, load: Load, options: Options) -> BatchReport:
    if state.has_first:
        left = 0 if state.has_last else len(state.waiting)
        incomplete = state.incomplete_first + state.incomplete_last
        return BatchReport(skipped=len(part.keys) - left, skipped_incomplete=incomplete, left=left)
    entries, report = await _read(koscom, part.keys, load, {}, options)
    done = [entry for entry in entries if not _waits(entry)]
    waiting = {key: _Known() for key in part.keys} if report.stopped else {}
    waiting |= {
        each.key: _Known(unmerged(each.holdings), each.calls, each.passes) for each in entries if _waits(each)
    }
    for entry in done:
        waiting.pop(entry.key, None)
    if done or not report.stopped:
        await anyio.to_thread.run_sync(partial(part.write, done, waiting=_packed(waiting)))
    return _counted(done, report, left=len(waiting))


async def _ask_again(koscom: Koscom, part: _Part, state: _State, load: Load, options: Options) -> BatchReport:
    if not state.has_first:
        raise UsageError("those who wait are asked again when every partition has its first part")
    if state.has_last or not state.waiting:
        return BatchReport(skipped=len(state.waiting), skipped_incomplete=state.incomplete_last)
    earlier = {key: known.holdings for key, known in state.waiting.items() if known.holdings is not None}
    entries, report = await _read(koscom, tuple(state.waiting), load, earlier, options)
    if report.stopped:
        return _counted((), report, left=len(state.waiting))
    summed = [_summed(entry, state.waiting[entry.key]) for entry in entries]
    await anyio.to_thread.run_sync(partial(part.write, summed, last=True))
    return _counted(summed, report, left=0)


async def _read(
    koscom: Koscom, keys: Sequence[str], load: Load, earlier: Mapping[str, Holdings], options: Options
) -> tuple[list[Entry], BatchReport]:
    """Return what became of each investor, in the order of the keys; not of those whom a spent quota left out."""
    investors = await _loaded(load, keys)
    collected = _Collected()
    report = await read_into(
        koscom,
        investors,
        sink=collected,
        checkpoint=None,
        options=evolve(options, earlier=earlier, segment_size=len(keys) + 1),
    )
    missing = UsageError(
        "`load` returned no investor for this key", code="missing", advice="see where it loads them from"
    )
    entries = collected.entries | {
        key: Entry(key=key, error=missing, passes=0) for key in keys if key not in dict(investors)
    }
    found = [entries[key] for key in keys if key in entries]
    return found, report if report.stopped else _stopped_by(found, report)


def _stopped_by(entries: Iterable[Entry], report: BatchReport) -> BatchReport:
    """Return a report that says so where the day's calls were spent under the last investors of a partition."""
    days_calls = DaysCalls()
    for entry in entries:
        days_calls.hear(entry.holdings.outcomes if entry.holdings is not None else (), entry.error)
    return evolve(report, stopped="quota", resume_at=days_calls.resets_at) if days_calls.is_spent else report


async def _loaded(load: Load, keys: Sequence[str]) -> list[tuple[str, Investor]]:
    found: Any = await anyio.to_thread.run_sync(_called, load, keys)
    if isawaitable(found):
        found = await found
    pairs = [pair async for pair in found] if isinstance(found, AsyncIterable) else list(found)
    strange = {key for key, _ in pairs}.difference(keys)
    if strange or len(dict(pairs)) < len(pairs):
        raise UsageError(
            f"`load` returned {len(pairs)} investors for {len(keys)} keys, of which {len(strange)} have other keys",
            advice="return each of the keys once, and no other",
        )
    return pairs


def _called(load: Load, keys: Sequence[str]) -> object:
    found = load(keys)
    return found if isawaitable(found) or isinstance(found, AsyncIterable) else list(found)


class _Collected:
    """The sink of a run in memory."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}

    def has(self, segment: int) -> bool:
        return False

    def commit(self, segment: Segment) -> None:
        self.entries |= {entry.key: entry for entry in segment.entries}


def _waits(entry: Entry) -> bool:
    """Whether asking later may help."""
    if entry.holdings is None:
        return entry.error is not None and may_pass(entry.error)
    return any(may_pass(failure.error) for failure in entry.holdings.failures)


def _summed(entry: Entry, known: _Known) -> Entry:
    return evolve(entry, calls=entry.calls + known.calls, passes=entry.passes + known.passes)


def _counted(entries: Iterable[Entry], report: BatchReport, *, left: int) -> BatchReport:
    """Return the report of a part: of what is in it, with the calls that were made now."""
    tally = Tally()
    for entry in entries:
        tally.add(entry)
    counts = tally.snapshot()
    return evolve(
        report,
        investors=counts.investors,
        complete=counts.complete,
        accounts=counts.accounts,
        read=counts.read,
        failures=counts.failures,
        segments=int(counts.investors > 0),
        left=left,
    )


def _packed(waiting: Mapping[str, _Known]) -> bytes:
    if not waiting:
        return b""
    known = {
        key: [None if each.holdings is None else each.holdings.to_json(), each.calls, each.passes]
        for key, each in waiting.items()
    }
    return zlib.compress(json.dumps(known).encode(), COMPRESSION)


def _unpacked(data: bytes) -> dict[str, _Known]:
    if not data:
        return {}
    try:
        return {
            key: _Known(None if holdings is None else Holdings.from_json(holdings), calls, passes)
            for key, (holdings, calls, passes) in json.loads(zlib.decompress(data)).items()
        }
    except (zlib.error, ValueError, TypeError, AttributeError) as error:
        raise SinkError(
            "what a part has of the investors who wait cannot be read",
            advice="remove the part's folder, and its partition is asked again",
        ) from error

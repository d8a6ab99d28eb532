"""`aggregate`: what many investors own, each read once and written once, on one machine.

Opens and closes what a run needs; what happens in between is `reading`.
"""

import json
import os
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import anyio.to_thread

from koscom_async.batch._run.inputs import Investors, OnProgress, Options, Source, checkpoint_path
from koscom_async.batch._run.journal import Journal, sink_at_work
from koscom_async.batch._run.reading import Run
from koscom_async.batch.report import BatchReport
from koscom_async.batch.segments import Sink, fingerprint_of, open_sink
from koscom_async.client import Koscom, parts_of
from koscom_async.settings import Settings

__all__ = ["aggregate"]

ACCOUNTS_OPEN = 400
SEGMENT_SIZE = 1_000


async def aggregate(
    koscom: Koscom,
    investors: Investors,
    *,
    sink: Sink,
    checkpoint: str | os.PathLike[str] | None = None,
    accounts_open: int = ACCOUNTS_OPEN,
    attempts: int = 3,
    patience: float | None = None,
    on_progress: OnProgress | None = None,
    segment_size: int = SEGMENT_SIZE,
) -> BatchReport:
    """Read what many investors own, and write it into a sink, each of them once; return how it went.

    `investors` is an iterable of `(key, Investor)`, asynchronous or not: the key is your own name of the investor, and
    never the `ci`. They are taken as there is room: about `accounts_open` accounts are open at once. The brokers'
    limits decide how fast. Accounts that cannot be read now, as their broker is slow or down, wait with what was read
    of their investor, and are asked again when the source is dry, up to `attempts` times in all; then they are written
    with the reason. `patience`, in seconds, is how long an account may wait for its broker before the run goes on with
    others; by default it follows from the window, the calls and the limits. `on_progress` is called with a
    `BatchProgress` about once a second and at the end.

    With `checkpoint`, the path of a file, a run that was killed goes on: the same call asks those who are not written,
    at most one segment of `segment_size` investors and the open window a second time, and has each in the output once.
    The file holds account numbers and rows, and no secret. Where the day's calls are spent (down to
    `Limits(quota_reserve=…)`), the run stops: see `BatchReport.stopped`.

    Raises `UsageError` for what is no source, for a checkpoint of other settings or columns, and for one that another
    process holds; `SinkError` where sink or checkpoint cannot be written; `AuthenticationError` where the firm's key is
    refused; what the source raised, or a `UsageError` with that as its cause; what `on_progress` raised. What was
    committed stays, and the next run goes on.
    """
    options = Options(
        accounts_open=accounts_open,
        attempts=attempts,
        patience=patience,
        segment_size=segment_size,
        on_progress=on_progress,
        goes_on=checkpoint is not None,
    )
    return await read_into(koscom, investors, sink=sink, checkpoint=checkpoint, options=options)


async def read_into(
    koscom: Koscom,
    investors: Investors,
    *,
    sink: Sink,
    checkpoint: str | os.PathLike[str] | None,
    options: Options,
) -> BatchReport:
    """Do what `aggregate` does, with options that are checked."""
    source, path = Source(investors), checkpoint_path(checkpoint)
    settings, _ = parts_of(koscom)
    threads = anyio.CapacityLimiter(1)

    async def in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
        with anyio.CancelScope(shield=True):
            return await anyio.to_thread.run_sync(partial(work, *arguments), limiter=threads)

    begin = partial(Journal, path, settings=fingerprint_of_settings(settings), columns=fingerprint_of(sink))
    journal = await in_thread(begin)
    try:
        await in_thread(_open_output, sink, journal)
        return await Run(koscom, source, journal, sink, in_thread=in_thread, options=options).read_all()
    finally:
        await in_thread(journal.close)


def _open_output(sink: Sink, journal: Journal) -> None:
    with sink_at_work("begin"):
        open_sink(sink, journal.run)

    def has(segment: int) -> bool:
        with sink_at_work("tell what it has"):
            return sink.has(segment)

    journal.recover(has)


def fingerprint_of_settings(settings: Settings) -> str:
    """Return what of the settings a run must go on with: whose data, from where, read how. Nothing in it is secret."""
    overrides = {name: repr(each) for name, each in sorted(settings.brokers.items())}
    facts = (settings.base_url, settings.com_id, settings.srv_id, settings.scope, overrides)
    return json.dumps(facts, ensure_ascii=False)

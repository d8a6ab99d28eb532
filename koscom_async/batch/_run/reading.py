"""A run, in the order in which it happens: take investors, ask, conclude, and at the end ask what waited."""

import logging
from collections.abc import Callable
from contextlib import suppress
from heapq import heappop, heappush
from typing import Any

import anyio
from attrs import asdict, evolve

from koscom_async._cooperative import run_cooperatively
from koscom_async._fanout.streams import HoldingsStream
from koscom_async._merge import merging
from koscom_async._services.tasks import background
from koscom_async.batch._run.inputs import Options, Source
from koscom_async.batch._run.journal import Journal, KeyState
from koscom_async.batch._run.pacing import Pace, Window
from koscom_async.batch._run.parking import LONGEST_WAIT, MOST_PARKED, Lacking, Parked, Work
from koscom_async.batch._run.stopping import DaysCalls, concerns_everyone, poison, unforeseen
from koscom_async.batch._run.writing import Writer
from koscom_async.batch.report import BatchProgress, BatchReport, Tally
from koscom_async.batch.segments import Entry, Sink
from koscom_async.client import Koscom, parts_of
from koscom_async.errors import KoscomError, QuotaExceededError, UsageError, kept
from koscom_async.models.holdings import Holdings
from koscom_async.models.outcome import AccountOutcome

logger = logging.getLogger("koscom_async.batch")

DEATHS = 3
"""An investor who was open when the process died so often is not asked any more."""
STRIDES = 10
"""Investors are taken from the source when so much of the window is free: a tenth of it."""
AT_ONCE = 100
"""So many investors are opened before other tasks run."""
REPORT_SECONDS = 1.0


class Run:
    """Reads every investor of a source once, and hands each to the writer once."""

    def __init__(
        self,
        koscom: Koscom,
        source: Source,
        journal: Journal,
        sink: Sink,
        *,
        in_thread: Callable[..., Any],
        options: Options,
    ) -> None:
        settings, self._fanout = parts_of(koscom)
        self._cool_down = settings.breaker.cool_down
        self._source = source
        self._journal = journal
        self._in_thread = in_thread
        self._options = options
        self._window = Window(options.accounts_open)
        self._pace = Pace(koscom.account.read_balance, settings, self._window, patience=options.patience)
        self._days_calls = DaysCalls()
        self._parked = Parked()
        self._suspects: list[tuple[int, int, Work]] = []
        self._tally = Tally()
        self._writer = Writer(
            journal,
            sink,
            self._tally,
            in_thread=in_thread,
            segment_size=options.segment_size,
        )
        self._ended: list[str] = []
        self._failure: Exception | None = None
        self._is_at_the_end = False
        self._began_at = anyio.current_time()

    async def read_all(self) -> BatchReport:
        """Read every investor; raise what ended the run early, once what was read is written."""
        async with background() as group:
            written = anyio.Event()
            group.start_soon(self._write, written)
            group.start_soon(self._source.feed, self._window.changed)
            group.start_soon(self._report_now_and_then)
            with suppress(anyio.BrokenResourceError):  # the writer has failed, and says why
                async with self._writer.deliveries, background() as readers:
                    while works := await self._next():
                        for work in works:
                            self._window.enter(work.accounts)
                            readers.start_soon(self._read, work)
                    await self._write_what_waits()
            await written.wait()
        self._raise_failure()
        if self._source.failure is not None:
            raise self._source.failure
        self._report()
        return self._result()

    async def _next(self) -> list[Work]:
        """Return investors to be asked now; none at the end."""
        while True:
            self._raise_failure()
            changed = self._window.changed.next()
            works = await self._take()
            if works or self._is_over:
                return works
            with anyio.CancelScope(deadline=min(self._parked.next_at, self._pace.opens_at)):
                await changed.wait()

    @property
    def _is_stopping(self) -> bool:
        return self._days_calls.is_spent or self._source.failure is not None

    @property
    def _is_over(self) -> bool:
        is_all_asked = self._source.is_dry and not (self._parked or self._suspects)
        return not self._window.investors and (is_all_asked or self._is_stopping)

    async def _take(self) -> list[Work]:
        """Return investors of the source; when it is dry, those who waited; and last suspects, each alone.

        Those who wait for nothing but brokers that are given up are written as they are.
        """
        room = self._pace.room
        if self._is_stopping or room < 1:
            return []
        most = min(room, AT_ONCE)
        if not self._source.is_dry and len(self._parked) < MOST_PARKED:
            if self._window.investors and room < self._window.most // self._window.usual // STRIDES:
                return []
            works = await self._pull(most)
            if works or self._is_stopping:
                return works
        if self._is_at_the_end or len(self._parked) >= MOST_PARKED:
            for work in self._parked.give_up(self._pace.given_up(self._options.attempts - 1)):
                await self._write_as_read(work)
        elif self._source.is_dry:
            self._is_at_the_end = True
            self._pace.forget_probes()  # those of an outage that may be over
        return await self._begin_again(self._parked.take(most, self._pace) or self._at_the_end())

    def _at_the_end(self) -> list[Work]:
        """Return one suspect when all others are read; stop where they wait for the next day's calls alone.

        Those with the fewest deaths come first, so that kills by chance strike others.
        """
        if self._window.investors or not self._source.is_dry:
            return []
        if self._parked:
            if self._parked.first_at - anyio.current_time() > LONGEST_WAIT:
                self._days_calls.spend(self._days_calls.resets_at)
            return []
        return [heappop(self._suspects)[-1]] if self._suspects else []

    async def _begin_again(self, works: list[Work]) -> list[Work]:
        if works:
            keys = [work.key for work in works]
            read = await self._in_thread(self._journal.begin_again, keys, self._take_ended())
            for work, before in zip(works, read, strict=True):
                work.after = _without_spent(before)
                self._pace.expect(work.brokers)
        return works

    async def _pull(self, most: int) -> list[Work]:
        """Take investors from the source until some are to be asked, or none is there now."""
        works: list[Work] = []
        while not works and (pulled := await self._source.take_ready(most)):
            keys = [key for key, _ in pulled]
            states = await self._in_thread(self._journal.begin, keys, self._take_ended())
            for (key, investor), state in zip(pulled, states, strict=True):
                work = Work(
                    key, investor, self._window.usual, after=_without_spent(self._options.earlier.get(key))
                )
                if await self._place(work, state):
                    works.append(work)
        return works

    async def _place(self, work: Work, state: KeyState) -> bool:
        """Return whether an investor of the source is asked now; put those who are not where they belong."""
        if state.is_done:
            self._tally.count(skipped=1, skipped_incomplete=int(not state.is_complete))
        elif state.is_repeated:
            self._tally.count(repeated=1)
            logger.warning("the key %s came a second time; that investor is left out", work.key)
        elif state.deaths >= DEATHS:
            await self._writer.deliver(Entry(key=work.key, error=poison(state.deaths), passes=0))
        else:
            if state.parked is not None:
                work.restore(state.parked)
            if state.deaths:
                work.stands_alone = state.died_in_commit
                heappush(self._suspects, (state.deaths, self._source.taken + len(self._suspects), work))
            elif state.parked is not None:
                self._parked.add(work)
            else:
                return True
        return False

    async def _read(self, work: Work) -> None:
        """Ask an investor, and conclude; this task raises nothing."""
        try:
            holdings, error = await self._ask(work)
            await self._conclude(work, holdings, error)
        except anyio.BrokenResourceError:
            pass
        except Exception as failure:
            self._fail(failure)
        finally:
            self._ended.append(work.key)
            self._window.leave(work.accounts)

    async def _ask(self, work: Work) -> tuple[Holdings | None, KoscomError | None]:
        """Return what an investor owns as far as it can be read now, or why nothing is known of it."""
        work.passes += 1
        expected, work.brokers = work.brokers, ()
        outcomes: list[AccountOutcome] = []
        failure: KoscomError | None = None
        try:
            async with self._fanout.stream(
                HoldingsStream,
                work.investor,
                self._pace.read,
                operation="holdings",
                deadline=None,
                after=work.after,
            ) as stream:
                self._pace.expect(expected, -1)
                expected = ()
                self._count_accounts(work, len(stream.accounts) + len(stream.kept))
                outcomes = [outcome async for outcome in stream]
                holdings = await stream.merged()
        except KoscomError as error:
            failure = kept(error)
        except Exception as error:
            failure = unforeseen(kept(error))
        finally:
            self._pace.expect(expected, -1)
            work.calls += sum(outcome.trace.calls for outcome in outcomes)
        if isinstance(failure, UsageError) and work.after is not None:
            work.after = None  # other accounts are linked than before: nothing of what was read stands
            return await self._ask(work)
        work.calls += 1 if failure is None else failure.attempts
        self._pace.hear_of_list(failure)
        self._days_calls.hear(outcomes, failure)
        self._tally.learn(outcomes)
        return (holdings, None) if failure is None else (None, failure)

    def _count_accounts(self, work: Work, accounts: int) -> None:
        """Count an investor's accounts, now that they are known; one with none is open, too."""
        accounts = max(1, accounts)
        self._window.correct(work.accounts, accounts)
        work.accounts = accounts

    async def _conclude(self, work: Work, holdings: Holdings | None, error: KoscomError | None) -> None:
        """Write an investor, or let them wait for what may be read later."""
        is_silent = self._pace.is_silent(self._options.attempts)
        if error is not None and (is_silent or concerns_everyone(error)):
            self._fail(error)  # and the next run asks for this investor again
            return
        lacking = Lacking.of(holdings, error, self._pace.queue_of)
        work.attempts += bool(lacking.failed)
        if work.passes > 1 and not self._source.is_dry:
            work.attempts = min(work.attempts, self._options.attempts - 1)  # the last one is kept for the end
        brokers = lacking.brokers(may_fail_again=work.attempts < self._options.attempts)
        if not brokers or (self._is_stopping and not self._options.goes_on):
            await self._deliver(work, holdings, error)
            return
        work.brokers, work.error = brokers, error
        work.not_before = anyio.current_time() + lacking.seconds(self._cool_down)
        await self._in_thread(
            self._journal.park, work.key, work.state, unmerged(holdings), self._take_ended()
        )
        self._parked.add(work)

    async def _write_what_waits(self) -> None:
        """Write investors who wait when a run stops that cannot go on later."""
        if self._options.goes_on:
            return
        for work in self._parked.clear():
            await self._write_as_read(work)

    async def _write_as_read(self, work: Work) -> None:
        """Write an investor who waits, with what was read so far."""
        read = await self._in_thread(self._journal.read_of, work.key)
        holdings = None
        if read is not None:
            holdings = await run_cooperatively(merging(read.outcomes, as_of=read.as_of))
            holdings = evolve(holdings, consent_expires_on=read.consent_expires_on)
        await self._deliver(work, holdings, work.error if holdings is None else None)

    async def _deliver(self, work: Work, holdings: Holdings | None, error: KoscomError | None) -> None:
        entry = Entry(key=work.key, holdings=holdings, error=error, calls=work.calls, passes=work.passes)
        await self._writer.deliver(entry, alone=work.stands_alone)

    async def _write(self, written: anyio.Event) -> None:
        try:
            await self._writer.write()
        except Exception as error:
            self._fail(error)
        finally:
            written.set()

    def _fail(self, error: Exception) -> None:
        self._failure = self._failure or kept(error)
        self._window.changed.announce()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _take_ended(self) -> list[str]:
        ended, self._ended = self._ended, []
        return ended

    async def _report_now_and_then(self) -> None:
        """Report once a second, also while every investor waits for a broker."""
        try:
            while self._options.on_progress is not None:
                await anyio.sleep(REPORT_SECONDS)
                self._report()
        except Exception as error:
            self._fail(error)

    def _report(self) -> None:
        if self._options.on_progress is not None:
            self._options.on_progress(self._progress())

    def _progress(self) -> BatchProgress:
        return self._tally.snapshot(
            parked=len(self._parked),
            suspects=len(self._suspects),
            open_accounts=self._window.open,
            total=self._source.total,
            seconds=anyio.current_time() - self._began_at,
        )

    def _result(self) -> BatchReport:
        rest = 0 if self._source.total is None else self._source.total - self._source.taken
        left = len(self._parked) + len(self._suspects) + rest
        is_spent = self._days_calls.is_spent and (left > 0 or not self._source.is_dry)
        return BatchReport(
            **asdict(self._progress(), recurse=False),
            stopped="quota" if is_spent else None,
            resume_at=self._days_calls.resets_at if is_spent else None,
            left=left,
        )


def unmerged(holdings: Holdings | None) -> Holdings | None:
    """Return what is kept of an answer that is continued later: the accounts' own, and nothing that follows of it."""
    if holdings is None:
        return None
    return Holdings(
        outcomes=holdings.outcomes, as_of=holdings.as_of, consent_expires_on=holdings.consent_expires_on
    )


def _without_spent(read: Holdings | None) -> Holdings | None:
    """Return what is continued, without the accounts for which no call was left: they are asked when a run goes on."""
    if read is None:
        return None
    return evolve(
        read, outcomes=tuple(each for each in read.outcomes if not isinstance(each.error, QuotaExceededError))
    )

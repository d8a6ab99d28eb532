"""Bars of any instrument: all windows of a long range at once, the oldest first, each period once, whole or marked."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise

from attrs import evolve, field, frozen

from koscom_async._clock import KST
from koscom_async._cooperative import run_cooperatively
from koscom_async._decimals import EXACT
from koscom_async._record import counted
from koscom_async._services.catalogue.asker import Asker
from koscom_async._services.market.records import gathered, records_of
from koscom_async._services.operation import Deadline
from koscom_async._services.tasks import gather
from koscom_async.errors import NotYetAvailableError, PlatformError, UsageError
from koscom_async.models.market.bars import Bar, Bars, Every
from koscom_async.models.market.table import signed

PERIODS: Mapping[str, int] = {"day": 14, "week": 21, "month": 62}
"""Days between two bars above which one may be missing: the longest closures had eleven."""
SECONDS: Mapping[str, int] = {"10s": 10, "1m": 60, "10m": 600}
_SESSIONS = {"stocks": (time(9), time(15, 30)), "index": (time(9), time(15, 30))}
_DERIVATIVES = (time(8, 45), time(15, 45))
_CLOSED = time(15, 40)
_MOST_DAYS = 31
_AHEAD = timedelta(minutes=1)
"""How far the platform's clock may be ahead of this one."""
_WEEKEND = 5
_DAY = timedelta(1)

Place = Mapping[str, object]
"""What names an instrument to the platform: `issue` with `board` or `market`, or `index` with `market`."""


@frozen(kw_only=True, eq=False)
class BarReader:
    """Reads the bars of one kind of instruments: `stocks`, `futures`, `options` or `index`."""

    asker: Asker
    now: Callable[[], datetime]
    kind: str

    async def read(
        self, place: Place, since: date | str, until: date | str | None, every: Every, due: Deadline
    ) -> Bars:
        """Return the bars of a range, both ends included."""
        if every not in {*PERIODS, *SECONDS}:
            words = ", ".join((*PERIODS, *SECONDS))
            raise UsageError(f"there are no bars of {str(every)[:20]!r}", advice=f"one of {words}")
        now = self.now().astimezone(KST)
        first = _range_end(since, "since")
        last = now.date() if until is None else _range_end(until, "until")
        if _day(first) > _day(last):
            raise UsageError(f"since ({first}) is after until ({last})")
        asked = _Range(place, first, last, every, now, due)
        bars = await (self._periods if every in PERIODS else self._intervals)(asked)
        return Bars(
            code=str(place.get("issue") or place.get("index")),
            every=every,
            since=_day(first),
            until=_day(last),
            bars=tuple(bars),
            complete=not asked.lost,
            notes=(*sorted(asked.lost), *sorted(asked.notes)),
        )

    async def _periods(self, asked: "_Range") -> list[Bar]:
        bars = await self._history(asked, _day(asked.since), _day(asked.until))
        # Rows that a call loses are the oldest of its window: where some may be, it is asked once more.
        holes = [self._window_before(asked, hole) for hole in _holes(bars, _day(asked.since), asked.every)]
        again = await gather([partial(self._history, asked, *hole) for hole in holes])
        by_day = {bar.on: bar for bar in bars}
        for (start, _), more in zip(holes, again, strict=True):
            by_day |= {bar.on: bar for bar in more}
            if more and _holes(more, start, asked.every):
                asked.lost.add(
                    f"rows may be missing before {more[0].on}: the platform sends fewer than were asked for"
                )
        whole = [by_day[day] for day in sorted(filter(None, by_day))]
        return [evolve(bar, is_running=True) if asked.is_running(bar.on) else bar for bar in whole]

    def _window_before(self, asked: "_Range", hole: tuple[date, date]) -> tuple[date, date]:
        size = self.asker.operations[f"market.{self.kind}.history"].window[asked.every]
        return max(hole[0], hole[1] - _DAY * (size - 1)), hole[1]

    async def _history(self, asked: "_Range", since: date, until: date) -> list[Bar]:
        arguments = {**asked.place, "since": since, "until": until, "every": asked.every}
        answer = await self.asker.ask(
            f"market.{self.kind}.history", arguments, deadline=asked.due.seconds_left()
        )
        made = await run_cooperatively(
            gathered(records_of(Bar, answer, names={"on": "date", "close": "price"}))
        )
        if not answer.complete:
            asked.lost.add("rows may be missing: the platform keeps the newest of a call")
        if "direction" in answer.names:
            made = [_with_sign(*each) for each in zip(made, answer.column("direction"), strict=True)]
        if odd := sum(bar.doubtful for bar in made):
            asked.notes.add(f"{counted(odd, 'change')} against the sign of the direction code, which counts")
        by_day = {bar.on: bar for bar in reversed(made)}
        if None in by_day:
            asked.lost.add("rows may be missing: one has no date")
        return [by_day[day] for day in sorted(filter(None, by_day))]

    async def _intervals(self, asked: "_Range") -> list[Bar]:
        first = _day(asked.since)
        days = [first + _DAY * number for number in range((_day(asked.until) - first).days + 1)]
        days = [day for day in days if day.weekday() < _WEEKEND]
        if len(days) > _MOST_DAYS:
            raise UsageError(
                f"bars of {asked.every} over {len(days)} days take many hundred calls",
                advice=f"ask for at most {_MOST_DAYS} days at a time, or for bars of a day",
            )
        begins = [datetime.combine(day, asked.hours(day, self._hours)[0], KST) for day in days]
        if begins and min(begins) > asked.now:
            raise NotYetAvailableError(f"the session begins at {begins[0]:%H:%M} KST", available_at=begins[0])
        parts = await gather([partial(self._session, asked, day) for day in days])
        return [bar for bars in parts for bar in bars]

    async def _session(self, asked: "_Range", day: date) -> list[Bar]:
        """Return the bars of one day."""
        start, end = asked.hours(day, self._hours)
        opens = datetime.combine(day, start, KST)
        if start >= end or opens >= asked.now:
            return []
        # With the day, also today's: without one, a holiday's answer would be the session before.
        arguments = {**asked.place, "since": start, "until": end, "every": asked.every, "on": day}
        answer = await self.asker.ask(
            f"market.{self.kind}.intraday", arguments, deadline=asked.due.seconds_left()
        )
        step, totals, by_time = SECONDS[asked.every], dict[datetime, Decimal | None](), dict[datetime, Bar]()
        for bar, row in zip(records_of(Bar, answer), answer, strict=True):
            if row.time is not None:
                at = datetime.combine(day, row.time, KST)
                is_running = day == asked.now.date() and bool(_second(row.time) % step)
                by_time[at] = evolve(bar, at=at, is_running=is_running)
                totals[at] = row.accumulated_volume
        bars = [by_time[at] for at in sorted(by_time)]
        if bars and bars[-1].at and bars[-1].at > asked.now + _AHEAD:
            asked.lost.add(f"no rows on {day}: the platform answered with those of an earlier session")
            return []
        if not bars and day == asked.now.date() and await self._is_holiday(day, asked.due):
            asked.notes.add(f"the market is closed on {day}")
            return []
        if all(bar.volume is None for bar in bars):  # version 2 counts since the open
            bars = _by_interval(bars, totals, since_open=start <= time(9))
        # Derivatives open at 08:45 since 2023, and did so at 09:00: what is sure is the later.
        sure = max(opens, datetime.combine(day, time(9), KST))
        if not all(answer.column("time")):
            asked.lost.add(f"rows may be missing on {day}: one has no time")
        asked.lost.update(_lost(bars, day, sure, timedelta(seconds=step)))
        return bars

    @property
    def _hours(self) -> tuple[time, time]:
        return _SESSIONS.get(self.kind, _DERIVATIVES)

    async def _is_holiday(self, day: date, due: Deadline) -> bool:
        """Return whether the platform lists a day as closed: it lists those to come, in version 3."""
        try:
            answer = await self.asker.ask("market.extra.holiday", {}, deadline=due.seconds_left())
        except (UsageError, PlatformError):
            return False
        return day in answer.column("date")


@frozen(eq=False)
class _Range:
    """What is asked for: of what, from when to when, how often; when it is asked; and what may be lost or is odd."""

    place: Place
    since: date
    until: date
    every: Every
    now: datetime
    due: Deadline
    lost: set[str] = field(factory=set)
    notes: set[str] = field(factory=set)

    def hours(self, day: date, session: tuple[time, time]) -> tuple[time, time]:
        """Return which hours of a day are asked for: the session, or from and until a time that was given."""
        ends = (self.since, self.until)
        given = [each.time() if isinstance(each, datetime) and each.date() == day else None for each in ends]
        return given[0] or session[0], given[1] or session[1]

    def is_running(self, on: date | None) -> bool:
        """Return whether a day, week or month that ends on a day, so far, has not ended."""
        today = self.now.date()
        if on is None or self.every == "day":
            return on == today and self.now.time() < _CLOSED
        if self.every == "week":
            return on.isocalendar()[:2] == today.isocalendar()[:2]
        return (on.year, on.month) == (today.year, today.month)


def _range_end(given: object, name: str) -> date:
    """Return a day, or a time of one in Korea."""
    if isinstance(given, str):
        try:
            given = (
                datetime.fromisoformat(given) if len(given) > len("2026-01-30") else date.fromisoformat(given)
            )
        except ValueError:
            given = None
    if isinstance(given, datetime):
        return given.astimezone(KST) if given.tzinfo else given.replace(tzinfo=KST)
    if isinstance(given, date):
        return given
    raise UsageError(f"{name} is no day", advice="give a date, a datetime, or text such as 2026-01-30")


def _day(given: date) -> date:
    return given.date() if isinstance(given, datetime) else given


def _second(clock: time) -> float:
    return clock.hour * 3600 + clock.minute * 60 + clock.second + clock.microsecond / 1_000_000


def _with_sign(bar: Bar, direction: str | None) -> Bar:
    change, is_doubtful = signed(bar.change, direction)
    return evolve(bar, change=change, doubtful=True) if is_doubtful else bar


def _holes(bars: Sequence[Bar], since: date, every: Every) -> list[tuple[date, date]]:
    """Return the days between bars that are further apart than closures are long, and those before the first."""
    days = [since - _DAY, *(bar.on for bar in bars if bar.on is not None)]
    return [
        (former + _DAY, latter - _DAY)
        for former, latter in pairwise(days)
        if (latter - former).days > PERIODS[every]
    ]


def _by_interval(
    bars: Sequence[Bar], totals: Mapping[datetime, Decimal | None], *, since_open: bool
) -> list[Bar]:
    """Return bars whose volume is of their own interval, from volumes that count since the open."""
    before, made = Decimal(0) if since_open else None, []
    for bar in bars:
        total = totals[bar.at] if bar.at is not None else None
        made.append(
            evolve(bar, volume=None if total is None or before is None else EXACT.subtract(total, before))
        )
        before = total
    return made


def _lost(bars: Sequence[Bar], day: date, opens: datetime, step: timedelta) -> list[str]:
    """Return what may be missing of a session, whose every interval has a row."""
    if not bars:
        return [f"no rows on {day}: the market was closed, or the platform does not keep them"]
    times = [opens, *(bar.at for bar in bars if bar.at is not None)]
    late = next((latter for former, latter in pairwise(times) if latter - former > step), None)
    return [f"rows may be missing on {day} before {late:%H:%M:%S}"] if late else []

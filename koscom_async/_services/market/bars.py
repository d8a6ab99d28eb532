"""Bars of any instrument: all windows of a long range at once, the oldest first, each period once, whole or marked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from operator import attrgetter

from attrs import evolve, field, frozen

from koscom_async._clock import KST
from koscom_async._cooperative import SLICE_ROWS, Cooperative, run_cooperatively
from koscom_async._decimals import EXACT
from koscom_async._record import counted
from koscom_async._services.catalogue.asker import Asker
from koscom_async._services.market.records import gathered, records_of, with_sign
from koscom_async._services.operation import Deadline
from koscom_async._services.tasks import gather
from koscom_async.errors import KoscomError, NotYetAvailableError, UsageError
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.market.bars import Bar, Bars, Every
from koscom_async.models.market.others import index_name
from koscom_async.models.market.sessions import WEEKEND, Session, period_of, session_of, unfinished_day

PERIODS: Mapping[str, int] = {"day": 14, "week": 21, "month": 62}
"""Days between two bars above which one may be missing: the longest closures had eleven."""
SECONDS: Mapping[str, int] = {"10s": 10, "1m": 60, "10m": 600}
_figures = attrgetter("open", "high", "low", "close", "volume", "turnover")
FIRST_DAY = date(1956, 3, 3)
"""When the exchange opened: before it there is nothing to ask for."""
_MOST_DAYS = 31
_AHEAD = timedelta(minutes=1)
"""How far the platform's clock may be ahead of this one, or its rows behind."""
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
        if every not in (*PERIODS, *SECONDS):
            advice = f"one of {', '.join((*PERIODS, *SECONDS))}"
            raise UsageError(f"there are no bars of {str(every)[:20]!r}", advice=advice)
        now = self.now().astimezone(KST)
        first = _range_end(since, "since")
        last = now.date() if until is None else _range_end(until, "until")
        if _moment(first, time.min) > _moment(last, time.max):
            raise UsageError(f"since ({first}) is after until ({last})")
        asked = _Range(place, first, last, every, now, due)
        bars = await (self._periods if every in PERIODS else self._intervals)(asked)
        code = str(place.get("issue") or place.get("index"))
        return Bars(
            code=code,
            name=self.asker.boards.name_of(code) if self.kind == "stocks" else index_name(code),
            every=every,
            since=_day(first),
            until=_day(last),
            bars=tuple(bars),
            complete=not asked.lost,
            notes=(*sorted(asked.lost), *sorted(asked.notes)),
        )

    async def _periods(self, asked: "_Range") -> list[Bar]:
        today = asked.now.date()
        first, last = max(_day(asked.since), FIRST_DAY), min(_day(asked.until), today)
        if first > today:
            opens = datetime.combine(first, session_of(first, self.kind).opens, KST)
            raise NotYetAvailableError(f"{first} has not come", available_at=opens)
        if first > last:
            return []
        bars = await self._history(asked, first, last)
        # Rows that a call loses are the oldest of its window: where some may be, it is asked once more.
        holes = [self._window_before(asked, hole) for hole in _holes(bars, first, asked.every)]
        again = await gather([partial(self._history, asked, *hole) for hole in holes])
        for (start, _), more in zip(holes, again, strict=True):
            bars = bars + more
            if more and _holes(more, start, asked.every):
                asked.lost.add(
                    f"rows may be missing before {more[0].on}: the platform sends fewer than were asked for"
                )
        whole = await self._each_once(asked, bars)
        unfinished = period_of(unfinished_day(asked.now, self.kind), asked.every)
        if whole and whole[-1].on and period_of(whole[-1].on, asked.every) == unfinished:
            whole[-1] = evolve(whole[-1], is_running=True)
        return whole

    def _window_before(self, asked: "_Range", hole: tuple[date, date]) -> tuple[date, date]:
        size = self.asker.operations[f"market.{self.kind}.history"].window[asked.every]
        start = max(hole[0], hole[1] - _DAY * (size - 1))
        return max(hole[0], period_of(start, asked.every)[0]), hole[1]

    async def _history(self, asked: "_Range", since: date, until: date) -> list[Bar]:
        answer = await self._ask("history", asked, since=since, until=until)
        made = await gathered(records_of(Bar, answer))
        if not answer.complete:
            asked.lost.add("rows may be missing: the platform keeps the newest of a call")
        if "direction" in answer.names:
            made = await gathered(map(with_sign, made, answer.column("direction")))
        if odd := sum(bar.doubtful for bar in made):
            asked.notes.add(f"{counted(odd, 'change')} against the sign of the direction code, which counts")
        dated = [bar for bar in made if bar.on is not None]
        if len(dated) < len(made):
            asked.lost.add("rows may be missing: one has no date")
        first, last = period_of(since, asked.every)[0], period_of(until, asked.every)[1]
        inside = [bar for bar in dated if first <= (bar.on or since) <= last]
        if strange := len(dated) - len(inside):
            asked.lost.add(
                f"rows may be missing: {counted(strange, 'row')} came of days that were not asked for"
            )
        return await self._each_once(asked, inside)

    async def _each_once(self, asked: "_Range", bars: Iterable[Bar]) -> list[Bar]:
        """Return one bar for each period, the oldest first."""
        by_period, contradicted = await run_cooperatively(_by_period(bars, asked.every))
        if contradicted:
            asked.notes.add(f"{counted(contradicted, 'bar')} came twice, with other figures")
        return [by_period[period] for period in sorted(by_period)]

    async def _intervals(self, asked: "_Range") -> list[Bar]:
        first = _day(asked.since)
        length = min((_day(asked.until) - first).days + 1, 2 * _MOST_DAYS)
        days = [day for number in range(length) if (day := first + _DAY * number).weekday() < WEEKEND]
        if len(days) > _MOST_DAYS:
            raise UsageError(
                f"bars of {asked.every} of more than {_MOST_DAYS} days take many hundred calls",
                advice=f"ask for at most {_MOST_DAYS} days at a time, or for bars of a day",
            )
        begins = [datetime.combine(day, asked.hours(day, self.kind)[0], KST) for day in days]
        if begins and min(begins) > asked.now:
            raise NotYetAvailableError(f"the session begins at {begins[0]:%H:%M} KST", available_at=begins[0])
        parts = await gather([partial(self._session, asked, day) for day in days])
        return [bar for bars in parts for bar in bars]

    async def _session(self, asked: "_Range", day: date) -> list[Bar]:
        """Return the bars of one day."""
        start, end = asked.hours(day, self.kind)
        opens, closes = (datetime.combine(day, each, KST) for each in (start, end))
        if start >= end or opens >= asked.now:
            return []
        # With the day, also today's: without one, a holiday's answer would be the session before.
        answer = await self._ask("intraday", asked, since=start, until=_minute_after(end), on=day)
        bars = await run_cooperatively(_at_times(answer, day, asked, since_open=start <= time(9)))
        if bars and bars[-1].at and bars[-1].at > asked.now + _AHEAD:
            asked.lost.add(f"no rows on {day}: the platform answered with those of an earlier session")
            return []
        if not bars and day == asked.now.date() and await self._is_holiday(day, asked.due):
            asked.notes.add(f"the market is closed on {day}")
            return []
        session = session_of(day, self.kind)
        if (start, end) != (session.opens, session.closes):
            bars = [bar for bar in bars if bar.at and opens <= bar.at <= closes]
        if not all(answer.column("time")):
            asked.lost.add(f"rows may be missing on {day}: one has no time")
        asked.lost.update(_lost(bars, asked, day, (opens, closes), session))
        return bars

    async def _ask(self, operation: str, asked: "_Range", **when: date | time) -> Answer:
        arguments = {**asked.place, "every": asked.every, **when}
        name = f"market.{self.kind}.{operation}"
        return await self.asker.ask(name, arguments, deadline=asked.due.seconds_left())

    async def _is_holiday(self, day: date, due: Deadline) -> bool:
        """Return whether the platform lists a day as closed: it lists those to come, in version 3."""
        try:
            answer = await self.asker.ask("market.extra.holiday", {}, deadline=due.seconds_left())
        except KoscomError:  # what it would explain is there without it
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

    def hours(self, day: date, kind: str) -> tuple[time, time]:
        """Return which hours of a day are asked for: the session, or from and until a time that was given."""
        session = session_of(day, kind)
        ends = (self.since, self.until)
        given = [each.time() if isinstance(each, datetime) and each.date() == day else None for each in ends]
        return given[0] or session.opens, given[1] or session.closes


def _range_end(given: object, name: str) -> date:
    """Return a day, or a time of one in Korea."""
    if isinstance(given, str):
        try:
            given = (
                datetime.fromisoformat(given) if len(given) > len("2026-01-30") else date.fromisoformat(given)
            )
        except ValueError:
            given = None
    with suppress(OverflowError):
        if isinstance(given, date) and not isinstance(given.year, int):
            given = None  # pandas has a time that is none
        if isinstance(given, datetime):
            return given.astimezone(KST) if given.tzinfo else given.replace(tzinfo=KST)
        if isinstance(given, date):
            return given
    raise UsageError(f"{name} is no day", advice="give a date, a datetime, or text such as 2026-01-30")


def _day(given: date) -> date:
    return given.date() if isinstance(given, datetime) else given


def _moment(given: date, clock: time) -> datetime:
    return given if isinstance(given, datetime) else datetime.combine(given, clock, KST)


def _minute_after(clock: time) -> time:
    """Return the end of the minute in which a time is: the platform takes no seconds."""
    if not (clock.second or clock.microsecond) or clock >= time(23, 59):
        return clock
    return time(clock.hour + (clock.minute + 1) // 60, (clock.minute + 1) % 60)


def _holes(bars: Sequence[Bar], since: date, every: Every) -> list[tuple[date, date]]:
    """Return the days between bars that are further apart than closures are long, and those before the first."""
    days = [bar.on for bar in bars if bar.on is not None]
    former_end, former = since - _DAY, since - _DAY
    holes = []
    for day in days:
        if (day - former).days > PERIODS[every]:
            holes.append((former_end + _DAY, period_of(day, every)[0] - _DAY))
        former, former_end = day, period_of(day, every)[1]
    return holes


def _by_period(bars: Iterable[Bar], every: Every) -> Cooperative[tuple[dict[date, Bar], int]]:
    """Return the first bar of each period, and how many are doubtful, as another one has other figures."""
    by_period, contradicted = dict[date, Bar](), set[date]()
    for number, bar in enumerate(bars, 1):
        period = period_of(bar.on or FIRST_DAY, every)[0]
        if (former := by_period.setdefault(period, bar)) is not bar and _figures(former) != _figures(bar):
            contradicted.add(period)
            by_period[period] = evolve(former, doubtful=True)
        if not number % SLICE_ROWS:
            yield
    return by_period, len(contradicted)


def _at_times(answer: Answer, day: date, asked: _Range, *, since_open: bool) -> Cooperative[list[Bar]]:
    """Return the bars of a day's intervals, the oldest first, each with the volume of its own interval."""
    step, found = SECONDS[asked.every], dict[datetime, tuple[Bar, Decimal | None]]()
    for number, (bar, row) in enumerate(zip(records_of(Bar, answer), answer, strict=True), 1):
        if row.time is not None:
            at = datetime.combine(day, row.time, KST)
            is_running = day == asked.now.date() and at.timestamp() % step > 0
            found[at] = evolve(bar, at=at, is_running=is_running), row.accumulated_volume
        if not number % SLICE_ROWS:
            yield
    bars, before = [found[at][0] for at in sorted(found)], Decimal(0) if since_open else None
    if any(bar.volume is not None for bar in bars):
        return bars
    for place, at in enumerate(sorted(found)):  # version 2 counts since the open
        total = found[at][1]
        if total is not None and before is not None:
            volume = EXACT.subtract(total, before)
            is_odd = volume < 0  # what has been traded is not taken back
            bars[place] = evolve(bars[place], volume=None if is_odd else volume, doubtful=is_odd)
        before = total
    return bars


def _lost(
    bars: Sequence[Bar], asked: _Range, day: date, hours: tuple[datetime, datetime], session: Session
) -> list[str]:
    """Return what may be missing of a session, whose every interval has a row."""
    if not bars:
        return [f"no rows on {day}: the market was closed, or the platform does not keep them"]
    step = timedelta(seconds=SECONDS[asked.every])
    opens = max(hours[0], datetime.combine(day, session.surely_open, KST))
    closes = min(hours[1], datetime.combine(day, session.surely_until, KST))
    times = [bar.at for bar in bars if bar.at is not None]
    late = next((latter for former, latter in pairwise([opens, *times]) if latter - former > step), None)
    lost = [f"rows may be missing on {day} before {late:%H:%M:%S}"] if late else []
    if closes - times[-1] >= step and asked.now - _AHEAD - times[-1] >= step:
        lost.append(f"rows may be missing on {day} after {times[-1]:%H:%M:%S}")
    return lost

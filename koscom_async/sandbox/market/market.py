"""The market at a moment: what is listed, what a day was, and which day it is; pure, but for the clock it is given."""

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from functools import cached_property, lru_cache
from typing import Any

from attrs import frozen

from koscom_async.sandbox.market.calendar import TradingDays
from koscom_async.sandbox.market.listing import (
    BOARDS,
    list_futures,
    list_indices,
    list_issues,
    list_options,
    tables,
)
from koscom_async.sandbox.market.prices import OPENS, Bar, Day, Instrument, level, make_day

KST = timezone(timedelta(hours=9), "KST")
READY = time(6, 30)
"""When a trading day's listing is ready: until then all answers are of the day before."""

_DAYS_KEPT = 4_096
_A_YEAR = 365
_DAYS_A_MONTH = 31


@frozen
class Moment:
    """A time of day in Korea, with the number of the trading day that answers are about, and its seconds so far."""

    at: datetime
    number: int
    second: float
    """Below 0 before the open, and infinite on a day that has ended."""

    @property
    def is_over(self) -> bool:
        """Whether the day that answers are about has ended."""
        return math.isinf(self.second)


class Market:
    """A made-up Korean market of `issues` shares and funds, the same from the same `seed`.

    With `now`, a clock, it keeps its hours: a listing is ready from 06:30, a closing price from 15:40. Without, it
    follows the time of day while the market is open, shows its last day otherwise, and refuses nothing.
    `trading_days` and `last_price` are what a client's answer can be held against.
    """

    def __init__(
        self, *, issues: int = 480, seed: int = 0, now: Callable[[], datetime] | None = None
    ) -> None:
        self._issues, self.seed, self._now = issues, seed, now
        self.days = TradingDays()
        self.day_of = lru_cache(_DAYS_KEPT)(self._make_day)
        self.price = lru_cache(_DAYS_KEPT)(self._find_price)
        self._contracts = lru_cache(64)(self._list_contracts)
        self._snapshots: dict[str, tuple[str, Any]] = {}

    def following(self, now: Callable[[], datetime] | None) -> "Market":
        """Return the same market by another clock, or this one where it has a clock of its own."""
        if now is None or self._now is not None:
            return self
        return Market(issues=self._issues, seed=self.seed, now=now)

    def moment(self) -> Moment:
        """Return the moment that answers are about."""
        at = datetime.now(KST) if self._now is None else self._now().astimezone(KST)
        number = self.days.number(at.date())
        second = (at - datetime.combine(at.date(), time(), KST)).total_seconds() - OPENS
        opens_at = time(9) if self._now is None else READY
        if not self.days.has(at.date()):
            return Moment(at, number, math.inf)
        if at.time() < opens_at:
            return Moment(at, number - 1, math.inf)
        return Moment(at, number, second)

    def is_before(self, hour: time | None) -> bool:
        """Return whether it is a trading day, and too early for what is ready from an hour on."""
        if hour is None or self._now is None:
            return False
        at = self.moment().at
        return self.days.has(at.date()) and at.time() < hour

    @cached_property
    def _by_board(self) -> Mapping[str, Mapping[str, Instrument]]:
        boards: dict[str, dict[str, Instrument]] = {board: {} for board in BOARDS}
        for issue in sorted(list_issues(self._issues), key=lambda issue: issue.code):
            boards[issue.board][issue.code] = issue
        return boards

    def board(self, name: str) -> Mapping[str, Instrument]:
        """Return the issues of a board by code; `KeyError` where there is no such board."""
        return self._by_board[name]

    def trading_days(self, since: date, until: date) -> tuple[date, ...]:
        """Return the days between two, and both of them, on which the market trades."""
        numbers = range(self.days.first_number(since), self.days.number(until) + 1)
        return tuple(map(self.days.day, numbers))

    def last_price(self, code: str) -> float:
        """Return an issue's last price, by its short or its standard code; `KeyError` where there is no such issue."""
        issues = (issue for board in BOARDS for issue in self.board(board).values())
        issue = next((issue for issue in issues if code in {issue.code, issue.isin}), None)
        if issue is None:
            raise KeyError(code)
        moment = self.moment()
        return self.day_of(issue, moment.number).price_at(moment.second)

    @cached_property
    def indices(self) -> Mapping[tuple[str, str], Instrument]:
        """The indices, by market and code."""
        return {(index.board, index.code): index for index in list_indices()}

    def contracts(self, kind: str, market: str, today: date) -> Mapping[str, Instrument]:
        """Return the futures or options of a market by code, the continuous one too; `KeyError` where there is none."""
        return self._contracts(kind, market, today)

    def _list_contracts(self, kind: str, market: str, today: date) -> Mapping[str, Instrument]:
        if kind == "options":
            index = self.indices["kospi", "K51"]
            return {each.code: each for each in list_options(market, today, self.days, index, self.seed)}
        listed = {each.code: each for each in list_futures(market, today, self.days)}
        continuous = next((row[10] for row in tables()["futures"] if row[0] == market), "")
        if continuous:
            listed[continuous] = next(iter(listed.values()))
        return listed

    def _make_day(self, instrument: Instrument, number: int) -> Day:
        if instrument.strike is None:
            previous, close = (self.price(instrument, each) for each in (number - 1, number))
            return make_day(self.seed, instrument, number, previous=previous, close=close)
        return self._make_option_day(instrument, instrument.strike, number)

    def _make_option_day(self, option: Instrument, strike: float, number: int) -> Day:
        """Return an option's day: what the formula of Black and Scholes makes of its index's."""
        under = self.day_of(self.indices["kospi", option.root], number)

        def worth(price: float, at: int = number) -> float:
            days = (self.days.day(option.expires or at) - self.days.day(at)).days
            years = max(days, 0.5) / _A_YEAR
            return option.on_grid(max(_black_scholes(price, abs(strike), years, is_call=strike > 0), 0.01))

        volume = int(option.volume * under.volume / under.instrument.volume)
        knots = tuple(map(worth, under.knots)) if volume else (worth(under.knots[-1]),) * len(under.knots)
        # What did not trade has not changed.
        previous = worth(under.previous, number - 1) if volume else knots[0]
        return Day(option, previous=previous, volume=volume, marks=under.marks, knots=knots)

    def _find_price(self, instrument: Instrument, number: int) -> float:
        return instrument.on_grid(level(self.seed, instrument, number))

    def snapshot(self, name: str, moment: Moment, make: Callable[[], Any]) -> Any:
        """Return what is made once a second, at most, under a name."""
        second = f"{moment.at:%Y%m%d%H%M%S}"
        if name not in self._snapshots or self._snapshots[name][0] != second:
            self._snapshots[name] = (second, make())
        return self._snapshots[name][1]

    def bars(
        self, instrument: Instrument, since: date, until: date, *, cycle: str, moment: Moment
    ) -> Iterator[tuple[date, Bar, float]]:
        """Yield the latest day, its bar and the price before of each day, week or month (`D`, `W`, `M`), latest first.

        Today's is what has been traded so far, and is not there before the open.
        """
        latest = moment.number - (moment.second <= 0)
        first = max(self.days.first_number(since), instrument.listed, 1)
        last = min(self.days.number(until), latest)
        # A period whose last day is outside of the range is outside of it, and one that has not ended ends today.
        for start, end in self.days.last_days(first, min(latest, last + _DAYS_A_MONTH), cycle=cycle):
            if end <= last and end >= first:
                span = range(max(start, instrument.listed, 1), end + 1)
                parts = [self._bar(instrument, number, moment) for number in span]
                yield self.days.day(end), _joined(parts), self.day_of(instrument, span[0]).previous

    def _bar(self, instrument: Instrument, number: int, moment: Moment) -> Bar:
        end = moment.second if number == moment.number else math.inf
        return self.day_of(instrument, number).bar(0, end)


def _joined(parts: list[Bar]) -> Bar:
    if len(parts) == 1:
        return parts[0]
    volume, turnover = sum(part.volume for part in parts), sum(part.turnover for part in parts)
    return Bar(
        parts[0].open,
        max(part.high for part in parts),
        min(part.low for part in parts),
        parts[-1].close,
        *(volume, turnover, volume, turnover),
    )


VOLATILITY, RATE = 0.18, 0.03


def _black_scholes(price: float, strike: float, years: float, *, is_call: bool) -> float:
    spread = VOLATILITY * math.sqrt(years)
    above = (math.log(price / strike) + (RATE + VOLATILITY**2 / 2) * years) / spread
    discounted = strike * math.exp(-RATE * years)
    call = price * _normal(above) - discounted * _normal(above - spread)
    return call if is_call else call - price + discounted


def _normal(number: float) -> float:
    return (1 + math.erf(number / math.sqrt(2))) / 2

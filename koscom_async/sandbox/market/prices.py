"""How prices move: the same seed makes the same market, on any day, without a day before it having been asked for.

A price's level is noise of many wavelengths over the number of the trading day; a day is a line over what has been
traded since its open, and whatever is cut from it (ten seconds, the day so far, the day) adds up with the rest of it.
"""

import math
import struct
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise

from attrs import frozen

OPENS = 9 * 3600
"""Seconds after midnight."""

AUCTION_SECONDS = 600
"""The closing auction: nothing trades until its end."""

_OPENING, _CLOSING = 0.03, 0.06
_OCTAVES = 6
_WAVES = 1.4
_LEGS = 4
_KNOTS = 3 * _LEGS + 1

# The price below which a tick holds.
_STOCK_TICKS = ((2_000, 1), (5_000, 5), (20_000, 10), (50_000, 50), (200_000, 100), (500_000, 500))
_OPTION_TICKS = ((10, 0.01),)


@frozen(kw_only=True, eq=False)
class Instrument:
    """What is quoted: a share, a fund, an index, a future or an option.

    `price` is where its level began, `root` whose noise it moves with, and `multiplier` what a trade at 1 costs in won.
    Volume and turnover come over the wire in `volume_unit` shares and `turnover_unit` won.
    """

    code: str
    isin: str = ""
    name: str
    english: str = ""
    kind: str = "stock"
    board: str
    price: float
    volume: int
    root: str
    swing: float = 0.012
    tick: float = 0.0
    multiplier: float = 1.0
    volume_unit: int = 1
    turnover_unit: int = 1
    shares: int = 0
    sector: int = 0
    group: str = "ST"
    listed: int = 0
    """The number of its first trading day."""
    expires: int | None = None
    strike: float | None = None
    seconds: int = 23_400
    """How long a day's session is."""

    def tick_at(self, price: float) -> float:
        """Return the least step of a price."""
        if self.tick:
            return self.tick
        table = _OPTION_TICKS if self.kind == "option" else _STOCK_TICKS
        last = 0.05 if self.kind == "option" else 1_000
        return next((tick for below, tick in table if price < below), last)

    def on_grid(self, price: float, rounded: Callable[[float], int] = round) -> float:
        """Return a price that may be quoted: the nearest one, or the next above or below."""
        tick = self.tick_at(price)
        # A sum of floats that is a hair off the grid is on it.
        return max(round(rounded(round(price / tick, 6)) * tick, 2), tick)


@frozen
class Bar:
    """What was traded in a stretch of time; volume and turnover in the instrument's units, and since the open, too."""

    open: float
    high: float
    low: float
    close: float
    volume: int
    turnover: int
    volume_so_far: int
    turnover_so_far: int


class Day:
    """One instrument on one day: prices (`knots`) over the share of the day's volume that has been traded."""

    def __init__(
        self,
        instrument: Instrument,
        *,
        previous: float,
        volume: int,
        marks: tuple[float, ...],
        knots: tuple[float, ...],
    ) -> None:
        self.instrument, self.previous, self.volume = instrument, previous, volume
        self.marks, self.knots = marks, knots
        areas = [0.0]
        for place in range(1, len(marks)):
            width = marks[place] - marks[place - 1]
            areas.append(areas[-1] + width * (knots[place] + knots[place - 1]) / 2)
        self._areas = areas

    def volume_at(self, second: float) -> int:
        """Return how many have been traded since the open."""
        end = self.instrument.seconds
        if second <= 0:
            return 0
        if second >= end:
            return self.volume
        through = min(second / (end - AUCTION_SECONDS), 1.0)
        # More is traded near the open and the close.
        shape = through + 0.25 * math.sin(2 * math.pi * through) / (2 * math.pi)
        return int(self.volume * (_OPENING + (1 - _OPENING - _CLOSING) * shape))

    def _at(self, volume: int) -> tuple[float, float, int]:
        """Return the price after so many were traded, the price's integral up to there, and the knot before."""
        if not self.volume:
            return self.previous, 0.0, 0
        mark = volume / self.volume
        place = min(bisect_right(self.marks, mark) - 1, len(self.marks) - 2)
        width = self.marks[place + 1] - self.marks[place]
        part = (mark - self.marks[place]) / width
        price = self.knots[place] + (self.knots[place + 1] - self.knots[place]) * part
        area = self._areas[place] + (mark - self.marks[place]) * (price + self.knots[place]) / 2
        return price, area * self.volume, place

    def price_at(self, second: float) -> float:
        """Return the last price at a moment."""
        volume = self.volume_at(second)
        return self.instrument.on_grid(self._at(volume)[0]) if volume else self.previous

    def turnover_at(self, second: float) -> int:
        """Return how many won have been paid since the open."""
        return round(self._at(self.volume_at(second))[1] * self.instrument.multiplier)

    def bar(self, start: float = 0.0, end: float = math.inf) -> Bar:
        """Return what was traded after one moment and until another; by default all day."""
        instrument = self.instrument
        first, last = self.volume_at(start), self.volume_at(end)
        if not last:
            return Bar(*(self.previous,) * 4, 0, 0, 0, 0)
        opened, area_before, after = self._at(first)
        closed, area, place = self._at(last)
        prices = (opened, *self.knots[after + 1 : place + 1], closed)
        before, so_far = first // instrument.volume_unit, last // instrument.volume_unit
        paid_before, paid = (
            round(each * instrument.multiplier) // instrument.turnover_unit for each in (area_before, area)
        )
        return Bar(
            open=instrument.on_grid(opened),
            high=instrument.on_grid(max(prices), math.ceil),
            low=instrument.on_grid(min(prices), math.floor),
            close=instrument.on_grid(closed),
            volume=so_far - before,
            turnover=paid - paid_before,
            volume_so_far=so_far,
            turnover_so_far=paid,
        )


@lru_cache(maxsize=1 << 14)
def draws(seed: int, *names: object) -> tuple[float, ...]:
    """Return sixteen numbers from 0 to 1 that belong to these names."""
    digest = blake2b(f"{seed}|{names}".encode(), digest_size=64).digest()
    return tuple([number / 0xFFFFFFFF for number in struct.unpack("16I", digest)])


def level(seed: int, instrument: Instrument, number: int) -> float:
    """Return where an instrument's price closes on a trading day, before it is put on the grid."""
    total = 0.0
    for octave in range(_OCTAVES):
        width = 1 << 2 * octave
        place, rest = divmod(number, width)
        row, column = divmod(place, 16)
        noise = draws(seed, instrument.root, octave, row)
        after = noise if column < 15 else draws(seed, instrument.root, octave, row + 1)
        part = rest / width
        part = part * part * (3 - 2 * part)
        total += (noise[column] + (after[(column + 1) % 16] - noise[column]) * part - 0.5) * math.sqrt(width)
    return instrument.price * math.exp(instrument.swing * _WAVES * total)


def make_day(seed: int, instrument: Instrument, number: int, *, previous: float, close: float) -> Day:
    """Return the day of a share, a fund, an index or a future; an option's follows from its index."""
    chance = draws(seed, instrument.code, "day", number)
    open_ = instrument.on_grid(previous + (close - previous) * (chance[0] - 0.25))
    high = instrument.on_grid(max(open_, close) * (1 + instrument.swing * chance[1]))
    low = instrument.on_grid(min(open_, close) * (1 - instrument.swing * chance[2]))
    volume = int(instrument.volume * (0.5 + chance[3] + chance[4] ** 4 * 2))
    turns = (high, low) if chance[5] < 0.5 else (low, high)
    first = 0.1 + 0.35 * chance[6]
    second = first + 0.1 + 0.35 * chance[7]
    corners = ((0.0, open_), (first, turns[0]), (second, turns[1]), (1.0, close))
    marks, knots = [0.0], [open_]
    for leg, ((begins, start), (ends, end)) in enumerate(pairwise(corners)):
        for step in range(1, _LEGS + 1):
            part = step / _LEGS
            off = 0.0 if step == _LEGS else (chance[8 + (leg * 3 + step) % 8] - 0.5) * (high - low) * 0.5
            marks.append(begins + (ends - begins) * part)
            knots.append(min(max(start + (end - start) * part + off, low), high))
    return Day(instrument, previous=previous, volume=volume, marks=tuple(marks), knots=tuple(knots))

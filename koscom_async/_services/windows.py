"""Ranges of dates, cut into what a broker allows, and what each broker was found to allow.

No I/O: what a refusal means for the next question is decided here, and asked elsewhere.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta

import anyio
from attrs import frozen


@frozen(order=True)
class Window:
    """A range of calendar days in Korea, both ends included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.until - self.since).days + 1

    def cut(self, most: int) -> "tuple[Window, ...]":
        """Return windows of `most` days, and a last one of what is left: each day once, in order."""
        starts = range(0, self.days, max(most, 1))
        return tuple(
            Window(
                self.since + timedelta(start),
                min(self.since + timedelta(start + max(most, 1) - 1), self.until),
            )
            for start in starts
        )


class DateRanges:
    """How long a range each broker allows, for the life of the client; only `learn` and `prove` change it."""

    def __init__(self) -> None:
        self._most: dict[str, int] = {}
        self._proven: dict[str, int] = {}
        self._probes: dict[str, anyio.Lock] = {}

    def most(self, broker: str) -> int | None:
        """Return the days that the broker allows, or `None` where it has refused nothing yet."""
        return self._most.get(broker)

    def learn(self, broker: str, *, refused: int, said: int | None) -> None:
        """Remember that so many days were refused, and what the broker said that it allows.

        A number that is missing, or does not explain the refusal, is replaced by half of what was refused.
        """
        most = said if said is not None and 0 < said < refused else refused // 2
        self._most[broker] = max(1, min(most, self._most.get(broker, most)))

    def prove(self, broker: str, days: int) -> None:
        """Remember that so many days were answered."""
        self._proven[broker] = max(days, self._proven.get(broker, 0))

    @asynccontextmanager
    async def probing(self, broker: str, days: int) -> AsyncIterator[None]:
        """Let one caller at a time ask for more days than were ever answered, so that one refusal teaches all."""
        if self._is_settled(broker, days):
            yield
            return
        async with self._probes.setdefault(broker, anyio.Lock()):
            yield

    def _is_settled(self, broker: str, days: int) -> bool:
        most = self.most(broker)
        return days <= self._proven.get(broker, 0) or (most is not None and days <= most)

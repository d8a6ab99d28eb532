"""What one process sees of the others that share its rates: how seldom its turns come, and that operations starve.

A process knows its own lines only. With a few processes, the pace at which its turns come tells enough. With tens, each
lets an operation begin where none of its own waits, and all together are too many: so where operations that have begun
starve, new ones are refused at random, as clients throttle themselves in Google's "Site Reliability Engineering"
(chapter 21).

Simulated, of what the limits allow: four processes at twice that load waste 7 % of their calls instead of 27. Twenty at
twenty times that load keep 29 % of the answers instead of 11; for more, they would have to share one line.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import exp
from random import random

from attrs import define

from koscom_async._transport.limits.tickets import BrokerLine, Heard, Ticket, overloaded

SMOOTHING = 0.1
"""What the latest turn counts for in the pace."""
MEMORY_SECONDS = 120.0
"""After so long an operation counts for a third: of tens of processes, each sees few."""


@define(eq=False)
class Pace:
    """The mean of the `seconds` between two turns at a broker, while calls of this process wait for them."""

    least: float
    seconds: float
    _turn_at: float | None = None

    def record_turn(self, now: float, *, is_contended: bool) -> None:
        """Record a turn, and whether a further call waits for the next."""
        if self._turn_at is not None:
            self.seconds = max(self.least, self.seconds + SMOOTHING * (now - self._turn_at - self.seconds))
        self._turn_at = now if is_contended else None


class Throttle:
    """How many of the operations of this process that began of late have starved: were late while a call waited.

    One investor counts once in a while, as the accounts may be at a broker that is of no concern to others.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._begun = self._starved = 0.0
        self._counted_at: float | None = None
        self._heard_beginning, self._heard_starving = Heard(), Heard()

    @contextmanager
    def admit(self, ticket: Ticket | None, line: BrokerLine) -> Iterator[None]:
        """Enter it while a call waits for its turn; raise `OverloadedError` where its operation should not begin."""
        is_new = ticket is not None and ticket.is_new
        if is_new and self._refuses():
            raise overloaded(line.rate.pace * (line.waiting + 1))
        try:
            yield
        except BaseException:
            now = self._clock()
            is_queue = not (line.is_silent(now) or line.is_paused(now))
            if (
                ticket is not None
                and ticket.starves(now)
                and is_queue
                and self._heard_starving.hears(ticket.asker, now)
            ):
                self._count(starved=1)
            raise
        if ticket is not None and is_new and self._heard_beginning.hears(ticket.asker, self._clock()):
            self._count(begun=1)

    def _refuses(self) -> bool:
        """Whether an operation should not begin: the likelier, the more starve; as many again begin as are whole."""
        self._count()
        excess = 2 * self._starved - self._begun
        return excess > 0 and random() < excess / (self._begun + 1)  # noqa: S311  # spreads load, guards nothing

    def _count(self, *, begun: int = 0, starved: int = 0) -> None:
        now = self._clock()
        left = exp((self._counted_at - now) / MEMORY_SECONDS) if self._counted_at is not None else 0.0
        self._begun = left * self._begun + begun
        self._starved = left * self._starved + starved
        self._counted_at = now

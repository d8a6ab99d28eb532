"""How many accounts are open at once, and how many of them at each broker, so that a slow one does not hold up others.

Two bounds. A run's window is counted in accounts, as forty of one investor take the memory of forty. And at each broker
so many accounts wait as it can answer within the run's *patience*: the time in which the whole window would be read,
twice over, if all brokers were at their limits. An account beyond that is refused before a call is made for it, so that
its investor is parked with what was read, and the window goes to the brokers that can use it.

Simulated with twelve brokers, one of them ten times slower: without patience the window fills with accounts that wait
for that one, and the others are busy for 12 to 18 % of the time; with it, for 97 to 100 %.
"""

from collections.abc import Awaitable, Callable, Iterable
from math import inf

import anyio
from attrs import define, field

from koscom_async._services.operation import Deadline, deadline_at
from koscom_async._services.tasks import Notifier
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.endpoints import metered_as
from koscom_async.errors import OverloadedError
from koscom_async.models.account import Balance
from koscom_async.models.investor import Investor
from koscom_async.models.member import VirtualAccount
from koscom_async.settings import Settings

FIRST_GUESS = 3
"""So many accounts an investor has, until some are known."""
TURNS = 2.0
"""Patience is so many times the time in which the window is read. Less would park where chance makes a queue longer."""
LEAST_PATIENCE = 10.0
"""No account is cut off before so many seconds: short windows say nothing of how long an answer takes."""
SMOOTHING = 0.1
"""What the latest account counts for in a moving average."""

Read = Callable[..., Awaitable[Balance]]


@define(eq=False)
class Window:
    """The accounts that are open, of at most `most`, and who waits for a change of them."""

    most: int
    open: int = 0
    investors: int = 0
    changed: Notifier = field(factory=Notifier)
    _known: int = 0
    _accounts: int = 0

    @property
    def usual(self) -> int:
        """How many accounts an investor has, in the mean of those that are known."""
        return max(1, round(self._accounts / self._known)) if self._known else FIRST_GUESS

    @property
    def room(self) -> int:
        """How many investors may be opened now; one always may if none is open."""
        return max((self.most - self.open) // self.usual, int(not self.investors))

    def enter(self, accounts: int) -> None:
        """Count an investor who is asked from now on."""
        self.open += accounts
        self.investors += 1

    def correct(self, before: int, accounts: int) -> None:
        """Count an investor's accounts, now that the list of them is known."""
        self.open += accounts - before
        self._known += 1
        self._accounts += accounts

    def leave(self, accounts: int) -> None:
        """Count an investor who is not asked any more."""
        self.open -= accounts
        self.investors -= 1
        self.changed.announce()


@define(eq=False)
class BrokerPace:
    """One broker: its limits, the accounts that are being `asked` there or soon will be, and how fast they end."""

    rate: float
    in_flight: int
    asked: int = 0
    expected: int = 0
    known: int = 0
    calls: float = 1.0
    gap: float = 0.0
    ended_at: float = 0.0

    @property
    def capacity(self) -> float:
        """Accounts a second, as far as the limits allow."""
        return self.rate / self.calls

    def pace(self, now: float) -> float:
        """Accounts a second, as they end; less, the longer none has ended."""
        waited = now - self.ended_at if self.asked else 0.0
        return min(self.capacity, 1 / max(self.gap, waited, 1e-9))

    def begin(self, now: float) -> None:
        """Count an account that is asked from now on."""
        if not self.asked:
            self.ended_at = now
        self.asked += 1

    def end(self, calls: int, now: float) -> None:
        """Count an account that is not asked any more, after so many calls; after none, it says nothing of the pace."""
        self.asked -= 1
        if calls:
            self.known += 1
            gap, weight = now - self.ended_at, max(SMOOTHING, 1 / self.known)
            self.gap += weight * (gap - self.gap)
            self.calls += weight * (calls - self.calls)
            self.ended_at = now


class Pace:
    """Reads accounts, as many at each broker as it can answer within the patience; refuses others without a call."""

    def __init__(
        self, read: Read, settings: Settings, window: Window, *, patience: float | None = None
    ) -> None:
        self._read = read
        self._settings = settings
        self._window = window
        self._patience = patience
        self._brokers: dict[str, BrokerPace] = {}

    @property
    def patience(self) -> float:
        """The time in which all brokers answer the window twice, in seconds, unless one was given."""
        if self._patience is not None:
            return self._patience
        capacity = sum(broker.capacity for broker in self._brokers.values())
        return TURNS * self._window.most / capacity if capacity else inf

    def queue_of(self, account: VirtualAccount) -> str:
        """Return the name under which the account's broker is limited."""
        return metered_as(account.broker.short_name, self._settings)

    def room_at(self, queue: str) -> int:
        """How many more accounts would be answered in time, beside those that are expected."""
        broker = self._broker(queue)
        least = min(broker.in_flight, max(1, self._window.most // 8))
        most = max(least, self.patience * broker.pace(anyio.current_time()))
        return int(min(most, self._window.most)) - broker.asked - broker.expected

    def expect(self, queues: Iterable[str], accounts: int = 1) -> None:
        """Count an investor who waited, from when they are taken until their accounts are asked (`accounts=-1`)."""
        for queue in queues:
            self._broker(queue).expected += accounts

    async def read(
        self, investor: Investor, account: VirtualAccount, trace: TraceBuilder, *, deadline: Deadline
    ) -> Balance:
        """Read a balance; raise `OverloadedError`, without a call, where too many wait for the broker."""
        queue = self.queue_of(account)
        if self.room_at(queue) < 1:
            raise OverloadedError("enough accounts wait for this broker; it is asked for this one later")
        broker = self._broker(queue)
        broker.begin(anyio.current_time())
        try:
            return await self._read(investor, account, trace, deadline=deadline_at(self._longest))
        finally:
            broker.end(trace.calls, anyio.current_time())
            self._window.changed.announce()

    @property
    def _longest(self) -> float:
        """The seconds after which an account is given up for now: its broker answers slower than was expected."""
        return self._patience or max(LEAST_PATIENCE, TURNS * self.patience)

    def _broker(self, queue: str) -> BrokerPace:
        broker = self._brokers.get(queue)
        if broker is None:
            limits = self._settings.limits.of(queue)
            broker = self._brokers[queue] = BrokerPace(limits.rate, limits.in_flight)
        return broker

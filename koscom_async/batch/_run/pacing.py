"""How many accounts are open at once, and how many of them at each broker, so that a slow one does not hold up others.

Two bounds. A run's window is counted in accounts, as forty of one investor take the memory of forty. And at each broker
so many accounts wait as it can answer within the run's *patience*: the time in which the whole window would be read,
twice over, if all brokers were at their limits. An account beyond that is refused before a call is made for it, so that
its investor is parked with what was read, and the window goes to the brokers that can use it.

A broker that is down is not asked for investors who wait, but for one at a time, each after its breaker's cool-down;
after some of these probes it is given up.

Simulated with twelve brokers, one of them ten times slower: without patience the window fills with accounts that wait
for that one, and the others are busy for 12 to 18 % of the time; with it, for 97 to 100 %.
"""

from collections.abc import Awaitable, Callable, Iterable
from math import inf

import anyio
from attrs import define, field

from koscom_async._services.operation import LONGEST_SECONDS, Deadline, deadline_at
from koscom_async._services.tasks import Notifier
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.endpoints import AUTH, COMMON, metered_as
from koscom_async.errors import (
    BreakerOpenError,
    BrokerUnavailableError,
    ConnectionFailedError,
    KoscomError,
    OverloadedError,
    PlatformError,
    ResponseError,
)
from koscom_async.models.account import Balance
from koscom_async.models.investor import Investor
from koscom_async.models.member import VirtualAccount
from koscom_async.settings import Settings

FIRST_GUESS = 3
"""So many accounts an investor has, until some are known."""
TURNS = 2.0
"""Patience is so many times the time in which the window is read. Less would park where chance makes a queue longer."""
ATTEMPTS_AWAITED = 2
"""No account is cut off before so many attempts could time out, so that a broker which hangs is seen to be down."""
SILENT_PROBES = 20
"""After so many probes that were not answered, each a cool-down apart, a platform that has answered is down."""
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
    """One broker: its limits, the accounts that are being `asked` there or soon will be, and how fast they end.

    `is_down`: its circuit was open when it was last asked. Then it is closed until a time, and so many `probes` failed.
    """

    rate: float
    in_flight: int
    asked: int = 0
    expected: int = 0
    known: int = 0
    calls: float = 1.0
    gap: float = 0.0
    ended_at: float = 0.0
    is_down: bool = False
    has_answered: bool = False
    closed_until: float = -inf
    probes: int = 0

    @property
    def capacity(self) -> float:
        """Accounts a second, as far as the limits allow."""
        return self.rate / self.calls

    def pace(self, now: float) -> float:
        """Accounts a second, as they end; less, the longer none has ended."""
        waited = now - self.ended_at if self.asked else 0.0
        return min(self.capacity, 1 / max(self.gap, waited, 1e-9))

    def hear(self, error: BaseException | None, now: float, *, cool_down: float) -> None:
        """Learn from how a question ended whether the broker is down."""
        if isinstance(error, BreakerOpenError):
            self.is_down = True
            self.closed_until = max(self.closed_until, now + (error.retry_after or 0.0))
        elif isinstance(error, BrokerUnavailableError | ConnectionFailedError):
            if self.is_down and now >= self.closed_until:
                self.probes += 1
                self.closed_until = now + cool_down
        elif error is None or isinstance(error, PlatformError | ResponseError):
            self.is_down, self.has_answered, self.probes = False, True, 0

    def room(self, most: int, now: float) -> int:
        """How many more may be asked, of so many at most: one as a probe where it is down."""
        if self.is_down:
            most = 1 if now >= self.closed_until else 0
        return most - self.asked - self.expected

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
        self._cool_down = settings.breaker.cool_down
        self._brokers: dict[str, BrokerPace] = {}
        limits = settings.limits.of(COMMON)
        self._lists = BrokerPace(limits.rate, limits.in_flight)

    @property
    def patience(self) -> float:
        """The time in which all brokers answer the window twice, in seconds, unless one was given.

        A broker counts with what its limit allows, or less where enough accounts wait and yet end slower: when this
        computer is slow, all are, and nothing is gained by parking.
        """
        if self._patience is not None:
            return self._patience
        now = anyio.current_time()
        capacity = sum(
            broker.pace(now) if broker.asked >= self._least(broker) else broker.capacity
            for broker in self._brokers.values()
        )
        return TURNS * self._window.most / capacity if capacity else inf

    def queue_of(self, account: VirtualAccount) -> str:
        """Return the name under which the account's broker is limited."""
        return metered_as(account.broker.short_name, self._settings)

    def room_at(self, queue: str) -> int:
        """How many more of those who wait would be answered in time, beside those that are expected."""
        if queue == COMMON:
            return self._window.most
        broker = self._broker(queue)
        return broker.room(self._most(broker), anyio.current_time())

    def seconds_at(self, queue: str) -> float:
        """How long it takes until those who are asked or expected at a broker are read, as far as the limits allow."""
        broker = self._broker(queue)
        return (broker.asked + broker.expected) / broker.capacity

    def _most(self, broker: BrokerPace) -> int:
        most = max(self._least(broker), self.patience * broker.pace(anyio.current_time()))
        return int(min(most, self._window.most))

    def _least(self, broker: BrokerPace) -> int:
        """Return how many may be asked in any case, so that the broker has work meanwhile."""
        return min(broker.in_flight, max(1, self._window.most // 8))

    @property
    def room(self) -> int:
        """How many investors may be opened now; one as a probe, and alone, where no list of accounts can be read."""
        if not self._lists.is_down:
            return self._window.room
        may_probe = anyio.current_time() >= self._lists.closed_until and not self._window.investors
        return min(self._window.room, 1) if may_probe else 0

    def is_silent(self, probes: int) -> bool:
        """Whether no list of accounts can be read: after so many probes, where none could be from the start."""
        return self._lists.probes >= (SILENT_PROBES if self._lists.has_answered else probes)

    def hear_of_list(self, error: KoscomError | None) -> None:
        """Learn from how the question for an investor's list of accounts ended; a token that failed says nothing."""
        if error is not None and error.broker == AUTH:
            return
        self._lists.hear(error, anyio.current_time(), cool_down=self._cool_down)

    @property
    def opens_at(self) -> float:
        """When the next broker that is down may be asked again; `inf` where none waits for that."""
        now = anyio.current_time()
        closed = (each.closed_until for each in (self._lists, *self._brokers.values()) if each.is_down)
        return min((moment for moment in closed if moment > now), default=inf)

    def forget_probes(self) -> None:
        """Count the probes that fail from now on."""
        for broker in self._brokers.values():
            broker.probes = 0

    def given_up(self, probes: int) -> set[str]:
        """Return the brokers that are down, and did not answer so many probes in a row."""
        return {
            queue for queue, broker in self._brokers.items() if broker.is_down and broker.probes >= probes
        }

    def expect(self, queues: Iterable[str], accounts: int = 1) -> None:
        """Count an investor who waited, from when they are taken until their accounts are asked (`accounts=-1`)."""
        for queue in queues:
            self._broker(queue).expected += accounts

    async def read(
        self, investor: Investor, account: VirtualAccount, trace: TraceBuilder, *, deadline: Deadline
    ) -> Balance:
        """Read a balance; raise `OverloadedError`, without a call, where too many wait for the broker."""
        broker = self._broker(self.queue_of(account))
        if broker.asked + broker.expected >= self._most(broker):
            raise OverloadedError("enough accounts wait for this broker; it is asked for this one later")
        broker.begin(anyio.current_time())
        failure: BaseException | None = None
        try:
            return await self._read(investor, account, trace, deadline=deadline_at(self._longest))
        except BaseException as error:
            failure = error
            raise
        finally:
            now = anyio.current_time()
            broker.end(trace.calls, now)
            broker.hear(failure, now, cool_down=self._cool_down)
            del failure  # it holds this frame
            self._window.changed.announce()

    @property
    def _longest(self) -> float:
        """The seconds after which an account is given up for now: its broker answers slower than was expected."""
        least = ATTEMPTS_AWAITED * self._settings.timeouts.attempt
        return self._patience or min(max(least, TURNS * self.patience), LONGEST_SECONDS)

    def _broker(self, queue: str) -> BrokerPace:
        broker = self._lists if queue == COMMON else self._brokers.get(queue)
        if broker is None:
            limits = self._settings.limits.of(queue)
            broker = self._brokers[queue] = BrokerPace(limits.rate, limits.in_flight)
        return broker

"""Under overload operations are served, not calls: each has a place in all lines, and some should not begin.

A part of an answer is worth little. Where more is asked than the limits let leave, calls that leave in the order in
which they come let all operations advance together, until all reach their deadlines half done; sharing fairly between
operations does the same. So each operation has a ticket, and at each broker:

- The calls of the operation that began first leave first.
- An operation that by forecast cannot be whole by its deadline is refused: before its first call, by what is owed to
  the operations before it, and once more before its first call at each broker. The forecast is a mean and two
  deviations, as TCP's timeout is (RFC 6298). What finds no other call waiting is let in, so that a broker that was
  slow is learned anew.
- Work that is not urgent waits in a second line, which gets a turn in ten: operations with no deadline, or a long one,
  and the calls of an operation beyond its first 32. The latter come one by one, when the burst is whole again, so that
  a long operation leaves it to the short ones.

Simulated beside fourteen other policies at twice the load that the limits allow, this one kept 99 % of the answers and
wasted 1 % of the calls; calls in the order in which they come kept none, and operations in that order 32 %.
"""

from collections.abc import Awaitable, Callable, Hashable
from itertools import count
from math import inf
from types import TracebackType
from typing import Protocol, Self

import anyio
from attrs import define, field

from koscom_async._transport.limits.lines import PATIENT_TURN_EVERY, TwoLines, WaitingCall
from koscom_async.errors import OverloadedError

PATIENT_SECONDS = 30.0
"""An operation with more time, or no deadline, is not urgent."""
QUANTUM = 32
"""So many calls of an operation leave a broker's first line."""
LATE = 0.5
"""An operation should not begin where it would be late, more likely than not."""
MOST_KINDS = 1000
"""Of so many kinds of operations it is known what they lately needed."""
SMOOTHING = 0.1
"""What the latest operation counts for in a moving average."""
DEVIATIONS = 2.0
"""How far above the mean the forecast is."""
SLOW_START_SECONDS = 2.0
"""So long those that begin while nothing is known of their kind keep others, which must wait, from beginning, too."""
ODD_SECONDS = 1.0
"""A slower operation counts for no more than twice what is expected."""
HEARD_AGAIN_SECONDS = 60.0
"""So long the operations of an investor teach nothing more: others agree, or it is forgotten."""
MOST_HEARD = 100
"""Of so many investors, the latest, a kind remembers when they were heard: beside as many, one moves little."""
SILENT_SECONDS = 2.0
"""A broker that has not answered for so long is a failure and no queue: it keeps no operation from beginning."""


class Rate(Protocol):
    """What is known of a broker's rate: `interval` seconds a call after a `burst`, which is whole at `free_at`.

    `pace` is the seconds a call for those that wait: the interval, unless others share the rate.
    """

    @property
    def interval(self) -> float: ...

    @property
    def pace(self) -> float: ...

    @property
    def burst(self) -> int: ...

    @property
    def free_at(self) -> float: ...

    @property
    def paused_until(self) -> float: ...

    def ready_at(self) -> float:
        """Return when the next call may leave; a time in the past means now."""


class BrokerLine(TwoLines):
    """A broker's two lines, its rate, and how many calls operations still need of it.

    `owed` are those of operations that have begun, `expected` of those that wait to begin.
    """

    def __init__(self, broker: str, rate: Rate) -> None:
        super().__init__()
        self.broker = broker
        self.rate = rate
        self.owed = self.expected = 0.0
        self.unanswered_since: float | None = None
        self._pacing = anyio.Lock(fast_acquire=True)

    async def wait_for_burst(
        self, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        """Return when the burst is whole, or after the second line's share of the rate; to one call after another."""
        async with self._pacing:
            until = clock() + PATIENT_TURN_EVERY * self.rate.interval
            while (wait := min(self.rate.free_at, until) - clock()) > 0:
                await sleep(wait)

    def seconds_for(self, calls: float, now: float) -> float:
        """Return how long it takes until so many calls have left, and the next one may leave."""
        if not self.waiting:
            calls -= self.rate.burst - max(0.0, self.rate.free_at - now) / self.rate.interval
        return max(0.0, calls) * self.rate.pace

    def is_silent(self, now: float) -> bool:
        """Whether a call is unanswered, and has been for so long that none of the others counts on an answer."""
        return self.unanswered_since is not None and now - self.unanswered_since > SILENT_SECONDS

    def is_paused(self, now: float) -> bool:
        """Whether no call may leave for so long that it is no queue either."""
        return self.rate.ready_at() - now > SILENT_SECONDS


@define(eq=False)
class Habit:
    """What operations of a kind lately needed of a broker, in the mean; `use` is the share of them that came at all."""

    line: BrokerLine
    calls: float
    seconds: float
    deviation: float
    use: float = 1.0
    known: int = 1

    @property
    def needs(self) -> float:
        """In how many seconds such an operation is whole, once it has begun at the broker."""
        return self.seconds + DEVIATIONS * self.deviation

    def learn(self, calls: int, seconds: float) -> None:
        """Record what an operation took that was whole; the first ones count for as much as each other.

        A single one, however slow, moves the forecast by little: where others are as slow, it soon follows.
        """
        seconds = min(seconds, max(2 * self.needs, ODD_SECONDS))
        self.known += 1
        weight = max(SMOOTHING, 1 / self.known)
        self.calls += weight * (calls - self.calls)
        self.deviation += weight * (abs(seconds - self.seconds) - self.deviation)
        self.seconds += weight * (seconds - self.seconds)


@define(eq=False)
class Heard:
    """The investors that were heard lately. One, whose accounts may be odd, is heard once in a while."""

    _at: dict[int, float] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._at)

    def hears(self, asker: int | None, now: float) -> bool:
        """Whether to count what became of an operation; one that is asked for no investor always counts."""
        if asker is None:
            return True
        latest = self._at.get(asker)
        if latest is not None and now - latest < HEARD_AGAIN_SECONDS:
            return False
        self._at.pop(asker, None)  # to the end
        self._at[asker] = now
        if len(self._at) > MOST_HEARD:
            del self._at[next(iter(self._at))]
        return True


@define(eq=False)
class Kind:
    """Operations that lately needed much the same: their habits by broker, those that wait to begin, and have begun."""

    habits: dict[str, Habit] = field(factory=dict)
    waiting: "set[Ticket]" = field(factory=set)
    begun: "set[Ticket]" = field(factory=set)
    first_began_at: float | None = None
    heard: Heard = field(factory=Heard)

    def held_until(self) -> float:
        """Return until when no further operation begins: while the first ones show what such an operation needs."""
        if self.habits or self.first_began_at is None:
            return -inf
        return self.first_began_at + SLOW_START_SECONDS

    def learn(self, line: BrokerLine, calls: int, seconds: float) -> None:
        """Record what an operation took at a broker that was read whole."""
        habit = self.habits.get(line.broker)
        if habit is not None:
            habit.learn(calls, seconds)
            return
        self.habits[line.broker] = Habit(line, float(calls), seconds, seconds / 4)
        for ticket in self.begun:
            demand = ticket.at(line)
            demand.owe(calls - demand.taken)

    def reconsider(self, now: float) -> None:
        """Refuse the operations that wait to begin and will be late, by what has just been learned."""
        for ticket in sorted(self.waiting, key=lambda each: each.number):
            ticket.expect_again(now)


@define(eq=False)
class Demand:
    """One operation at one broker: the calls that it `asked` for, the turns `taken`, the calls still `owed` to it."""

    ticket: "Ticket"
    line: BrokerLine
    asked: int = 0
    taken: int = 0
    owed: float = 0.0
    began_at: float | None = None
    answered_at: float | None = None
    has_failed: bool = False
    waiting: list[WaitingCall] = field(factory=list)

    @property
    def is_long(self) -> bool:
        """Whether the operation has asked for more calls than leave the first line."""
        return self.asked > QUANTUM

    def check(self, now: float) -> None:
        """Raise `OverloadedError` where the operation should not begin, or not begin here.

        And where it is due before a pause ends: it would wait for the deadline, which answers nothing.
        """
        pause_ends_at = self.line.rate.paused_until
        if pause_ends_at > now and self.ticket.is_due_before(pause_ends_at):
            raise paused(pause_ends_at - now)
        if self.began_at is None and not self.ticket.is_patient:
            wait = self.ticket.wait_if_late(self, now)
            if wait is not None:
                raise overloaded(wait)

    def join(self) -> WaitingCall:
        """Wait in the broker's line; each call beyond the quantum waits behind one operation more."""
        self.ticket.expect()
        beyond = max(0, self.asked - QUANTUM)
        is_patient = self.ticket.is_patient or beyond > 0
        call = self.line.join(self.ticket.number + beyond, is_patient=is_patient)
        self.waiting.append(call)
        return call

    def take_turn(self, now: float) -> None:
        """Count a call that leaves."""
        if self.began_at is None:
            self.began_at = now
            self.ticket.begin(self)
        self.taken += 1
        if self.owed > 0:
            self.owe(self.owed - 1)

    def owe(self, calls: float) -> None:
        """Set what is still owed to an operation that has begun."""
        calls = max(0.0, calls)
        self.line.owed = max(0.0, self.line.owed + calls - self.owed)
        self.owed = calls


class Ticket:
    """Enter it around an operation: its place in all lines, and what the limiter learns of it at its end.

    An operation is of a `kind` that lately needed much the same, and is due in so many seconds. `calls` have left so
    far, and so many `rows` came and are kept. `asker` is a number that stands for the investor, where that is known.
    """

    asker: int | None = None

    def __init__(self, number: int, kind: Kind, clock: Callable[[], float], seconds: float) -> None:
        self.number = number
        self.calls = self.rows = 0
        self.is_patient = seconds > PATIENT_SECONDS
        self._clock = clock
        self._due = clock() + seconds
        self._has_starved = False
        self._kind = kind
        self._demands: dict[str, Demand] = {}
        self._is_expected = self._has_begun = False

    @property
    def is_new(self) -> bool:
        """Whether it is urgent, and neither has begun nor waits to."""
        return not (self._has_begun or self._is_expected or self.is_patient)

    def is_due_before(self, moment: float) -> bool:
        """Whether its deadline is before a moment."""
        return self._due < moment

    def starves(self, now: float) -> bool:
        """Whether it is late although it began in time; once."""
        is_first = self._has_begun and self._due <= now and not self._has_starved
        self._has_starved = self._has_starved or is_first
        return is_first

    def at(self, line: BrokerLine) -> Demand:
        """Return what the operation asks of a broker."""
        demand = self._demands.get(line.broker)
        if demand is None:
            demand = self._demands[line.broker] = Demand(self, line)
        return demand

    def wait_if_late(self, demand: Demand, now: float) -> float | None:
        """Return the seconds in which what is queued will have left, if the operation cannot be whole in time.

        Judged by what such operations lately needed; `None` where it can.
        """
        left, here = self._due - now, demand.line
        habit = self._kind.habits.get(here.broker)
        others_wait = here.waiting_urgently > len(demand.waiting)
        if habit is not None and others_wait and habit.needs > left:
            return here.seconds_for(here.owed, now) + here.rate.pace
        if self._has_begun:
            return None
        first = habit.seconds if habit is not None else 0.0
        late = longest = 0.0
        for needed in self._kind.habits.values():
            line = needed.line
            wait = line.seconds_for(line.owed + (0.0 if self._is_expected else line.expected), now)
            until_begun = wait if line is here else wait + first
            if wait > 0 and until_begun + needed.needs > left and not line.is_silent(now):
                late += needed.use
                longest = max(longest, wait)
        return longest if late >= LATE else None

    def held_until(self) -> float:
        """Return until when its first call does not leave."""
        return -inf if self._has_begun or self.is_patient else self._kind.held_until()

    def expect(self) -> None:
        """Count what the operation will need, while it waits to begin."""
        if self.is_new:
            self._is_expected = True
            self._kind.waiting.add(self)
            for habit in self._kind.habits.values():
                demand = self.at(habit.line)
                demand.owed = habit.use * habit.calls
                habit.line.expected += demand.owed

    def expect_again(self, now: float) -> None:
        """Count what it will need by what is known now; or end its wait, where it will be late."""
        self._is_expected = False
        demands = tuple(self._demands.values())
        wait = self.wait_if_late(demands[0], now)
        if wait is None:
            self.expect()
            return
        for call in [call for demand in demands for call in demand.waiting]:
            call.refuse(overloaded(wait))

    def begin(self, demand: Demand) -> None:
        """Count what the operation will need, now that its first call leaves: of the broker, or of any."""
        if self.is_patient:
            return
        kind = self._kind
        if not self._has_begun:
            for each in self._demands.values():
                self._settle(each)
            self._has_begun = True
            kind.waiting.discard(self)
            for needed in kind.habits.values():
                self.at(needed.line).owe(needed.use * needed.calls)
            kind.begun.add(self)
            if kind.first_began_at is None:
                kind.first_began_at = demand.began_at
        habit = kind.habits.get(demand.line.broker)
        if habit is not None:
            demand.owe(habit.calls)

    def fail(self, broker: str) -> None:
        """Record that what the operation asked of a broker was not answered whole; no more is owed to it."""
        demand = self._demands.get(broker)
        if demand is not None:
            demand.has_failed = True
            self._settle(demand)

    def _settle(self, demand: Demand) -> None:
        if self._has_begun:
            demand.owe(0.0)
        else:
            demand.line.expected = max(0.0, demand.line.expected - demand.owed)
            demand.owed = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for demand in self._demands.values():
            self._settle(demand)
        self._kind.waiting.discard(self)
        self._kind.begun.discard(self)
        if error is None and self._has_begun and self._kind.heard.hears(self.asker, self._clock()):
            self._teach()
        self._demands.clear()  # they hold the ticket, too: no cycle is left

    def _teach(self) -> None:
        is_first = not self._kind.habits
        for broker, habit in self._kind.habits.items():
            demand = self._demands.get(broker)
            habit.use += SMOOTHING * ((demand is not None and demand.asked > 0) - habit.use)
        for demand in self._demands.values():
            # A long operation's calls leave the second line: they hold up no other, and say nothing of the usual ones.
            is_telling = not (demand.has_failed or demand.is_long)
            if is_telling and demand.began_at is not None and demand.answered_at is not None:
                self._kind.learn(demand.line, demand.taken, demand.answered_at - demand.began_at)
        if is_first:
            self._kind.reconsider(self._clock())


def overloaded(wait: float) -> OverloadedError:
    """Return the error of an operation that should not begin now, and may be asked for after so many seconds."""
    return OverloadedError(
        "too many calls are queued for an answer within the deadline; no call was made",
        retry_after=round(wait, 3),
    )


def paused(seconds: float) -> OverloadedError:
    """Return the error of an operation that is due before its broker may be asked again."""
    return OverloadedError(
        "the broker asked for a pause that ends after the deadline; no call was made",
        retry_after=round(seconds, 3),
    )


class Tickets:
    """The lines at all brokers, and what operations lately needed, by kind."""

    def __init__(self, rate_of: Callable[[str], Rate], *, clock: Callable[[], float]) -> None:
        self._rate_of = rate_of
        self._clock = clock
        self._lines: dict[str, BrokerLine] = {}
        self._kinds: dict[Hashable, Kind] = {}
        self._numbers = count()

    def line(self, broker: str) -> BrokerLine:
        """Return the line at a broker."""
        line = self._lines.get(broker)
        if line is None:
            line = self._lines[broker] = BrokerLine(broker, self._rate_of(broker))
        return line

    def open(self, kind: Hashable, seconds: float) -> Ticket:
        """Return the ticket of an operation that is due in so many seconds, `inf` for any."""
        known = self._kinds.get(kind)
        if known is None:
            known = self._kinds[kind] = Kind()
            if len(self._kinds) > MOST_KINDS:  # brokers that lists of accounts name are part of some
                del self._kinds[next(iter(self._kinds))]
        return Ticket(self.number(), known, self._clock, seconds)

    def number(self) -> int:
        """Return the place of an operation that begins now."""
        return next(self._numbers)

"""Limits calls in flight: how the slots of one process are divided, and in which order calls get them.

A slot is one unanswered call. Four rules, each for a way in which brokers that stay silent would take all of them:

- What every investor asks first, the list of accounts and the tokens, has slots of its own beside those that all share.
- Where several brokers are asked, a broker takes at most as many slots as it leaves free (dynamic thresholds, as
  switches divide tfirst buffers: Choudhury and Hahne, 1998). So the next broker finds some, and few stay unused.
- Of half of the slots, one is kept for each broker that was asked before and has no call in flight. However many
  brokers fall silent at one instant, they do not take the last slots of the others.
- A broker that does not answer in time has its limit halved each time, down to one, and each answer adds one again.
  It holds only where slots run short: where there are enough, a slow broker harms none but itself.

A broker's calls wait in a line, and only the one whose turn it is asks whether it may leave. It asks last of all, with
its slot in hand: nothing can come between the grant and the call, and a cancelled call holds no grant. `lines` says
whose turn it is; the rate is GCRA's concern.
"""

from collections.abc import Awaitable, Callable

import anyio.lowlevel
from attrs import define

from koscom_async._transport.limits.lines import WaitingCall
from koscom_async._transport.limits.tickets import BrokerLine, Demand, Ticket, Tickets
from koscom_async._wire.endpoints import PLATFORM
from koscom_async.settings import Limits

UNANSWERED_SECONDS = 5.0
"""A call that its caller gave up after so long speaks against the broker, and not against the caller's patience."""


@define(eq=False)
class BrokerSlots:
    """One broker's slots: how many are `taken`, at most `limit`, and where slots run short at most `shrunk`."""

    is_platform: bool
    limit: int
    shrunk: int
    taken: int = 0


class Slots:
    """All slots, by broker. `take` follows each `may_take` that is true; `give_back` each `take`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._shared, self._platform_own = limits.in_flight, limits.in_flight_of_platform
        self._most_kept = limits.in_flight // 2
        # Keyed by broker, not by host: all share one gateway address, but each is metered on its own.
        self._brokers: dict[str, BrokerSlots] = {}
        self._platform_taken = 0
        self._brokers_asked = 0
        self._brokers_idle = 0
        self.taken = 0

    @property
    def free(self) -> int:
        """How many are left of those that brokers and the platform's services share."""
        of_brokers = self.taken - self._platform_taken
        return self._shared - of_brokers - max(0, self._platform_taken - self._platform_own)

    def of(self, broker: str) -> BrokerSlots:
        """Return a broker's slots."""
        slots = self._brokers.get(broker)
        if slots is None:
            limit = self._limits.of(broker).in_flight
            slots = self._brokers[broker] = BrokerSlots(broker in PLATFORM, limit, limit)
            self._brokers_asked += not slots.is_platform
            self._brokers_idle += not slots.is_platform
        return slots

    def may_take(self, slots: BrokerSlots) -> bool:
        """Whether a broker may have one slot more."""
        free = self.free
        if slots.taken >= slots.limit:
            return False
        if slots.is_platform:
            return self._platform_taken < self._platform_own or free > 0
        if free < 1 or self._brokers_asked < 2:
            return free > 0
        if slots.taken and free <= min(self._brokers_idle, self._most_kept):
            return False
        return slots.taken <= free and (slots.taken < slots.shrunk or not self.is_crowded)

    def take(self, slots: BrokerSlots) -> None:
        """Count a slot as taken."""
        self._brokers_idle -= not (slots.taken or slots.is_platform)
        slots.taken += 1
        self.taken += 1
        self._platform_taken += slots.is_platform

    def give_back(self, slots: BrokerSlots) -> None:
        """Count a slot as free."""
        slots.taken -= 1
        self._brokers_idle += not (slots.taken or slots.is_platform)
        self.taken -= 1
        self._platform_taken -= slots.is_platform

    def record(self, slots: BrokerSlots, *, is_answered: bool) -> None:
        """Adapt what a broker gets where slots run short to how a call ended."""
        if not is_answered:
            slots.shrunk = max(1, slots.shrunk // 2)
        elif slots.shrunk < slots.limit:
            slots.shrunk += 1

    @property
    def is_crowded(self) -> bool:
        """Whether half of the slots are taken: brokers without one go before brokers that have some."""
        return self._brokers_asked > 1 and self.free <= self._shared // 2


def unchecked() -> None:
    """Let a call leave, whatever happened while it waited."""


@define(eq=False)
class BrokerCalls:
    """The calls of one broker: those in flight, and those that wait.

    `has_slot`: one was handed to the line; `is_asking`: the call whose turn it was asks whether it may leave.
    """

    slots: BrokerSlots
    line: BrokerLine
    has_slot: bool = False
    is_asking: bool = False


class Bulkhead:
    """The calls in flight of one process. Only `enter`, `acquire`, `acquire_nowait` and `release` change it."""

    def __init__(
        self,
        limits: Limits,
        tickets: Tickets,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._slots = Slots(limits)
        self._tickets = tickets
        self._brokers: dict[str, BrokerCalls] = {}
        # The brokers whose lines wait for a slot, in the order in which they began to.
        self._waiting: dict[BrokerSlots, BrokerCalls] = {}

    def of(self, broker: str) -> BrokerCalls:
        """Return the calls of a broker."""
        calls = self._brokers.get(broker)
        if calls is None:
            calls = self._brokers[broker] = BrokerCalls(self._slots.of(broker), self._tickets.line(broker))
        return calls

    def enter(self, calls: BrokerCalls, ticket: Ticket) -> Demand:
        """Count a call that an operation asks for; raise `OverloadedError` where it should not wait."""
        demand = ticket.at(calls.line)
        demand.asked += 1
        demand.check(self._clock())
        return demand

    async def wait_for_burst(self, calls: BrokerCalls) -> None:
        """Return when a call of a long operation may come, as it leaves the burst to others."""
        await calls.line.wait_for_burst(self._clock, self._sleep)

    def has_room(self, calls: BrokerCalls) -> bool:
        """Whether a call to this broker finds a slot at once, and overtakes no other call."""
        slots = calls.slots
        return (
            not calls.line.waiting
            and self._slots.may_take(slots)
            and not (slots.taken and self._slots.is_crowded)
        )

    def acquire_nowait(self, calls: BrokerCalls, demand: Demand | None) -> None:
        """Take the slot that `has_room` found."""
        self._slots.take(calls.slots)
        self._leave(calls, demand)

    async def acquire(
        self,
        calls: BrokerCalls,
        demand: Demand | None,
        *,
        check: Callable[[], None],
        take: Callable[[], Awaitable[bool]],
    ) -> None:
        """Return with a slot, once `take` has granted the call.

        `check` raises where the call may not leave any more: it is asked when it is the call's turn, and once more with
        the slot in hand. `take` awaits where processes share tfirst limits. What they raise is raised, with the slot
        given back.
        """
        line = calls.line
        call = demand.join() if demand is not None else line.join(self._tickets.number())
        is_granted = False
        try:
            while not is_granted:
                if line.head() is not call or calls.is_asking:
                    await call.wait()
                    continue
                check()
                if demand is not None:
                    demand.check(self._clock())
                is_granted = await self._try_to_leave(calls, call, demand, check, take)
            self._leave(calls, demand)
        finally:
            if demand is not None:
                demand.waiting.remove(call)
            line.leave(call, takes_turn=is_granted)
            if not line.waiting:
                self._waiting.pop(calls.slots, None)
                self._return_slot(calls)

    async def _try_to_leave(
        self,
        calls: BrokerCalls,
        call: WaitingCall,
        demand: Demand | None,
        check: Callable[[], None],
        take: Callable[[], Awaitable[bool]],
    ) -> bool:
        """Wait for what the call needs next: the rate, a slot, the grant. Return whether it has been granted."""
        slots, now = calls.slots, self._clock()
        wait = calls.line.rate.ready_at() - now
        if demand is not None and demand.ticket.held_until() > now:
            wait = max(wait, calls.line.rate.interval)  # and then look again
        if wait > 0:
            self._waiting.pop(slots, None)
            self._return_slot(calls)
            await self._sleep(wait)
            return False
        if not calls.has_slot:
            if slots.taken and self._slots.is_crowded and not call.has_given_way:
                # Calls that arrive in this moment, for brokers without a slot, go first. A fan-out makes more calls in
                # one moment than there are slots: handed out as they arrive, the last brokers would not start for a
                # whole answer's time, and tfirst rates, which take the longest, would lie idle.
                call.has_given_way = True
                await anyio.lowlevel.checkpoint()
                return False
            if not self._slots.may_take(slots):
                self._waiting.setdefault(slots, calls)
                await call.wait()
                return False
            self._slots.take(slots)
        calls.has_slot = False
        self._waiting.pop(slots, None)
        calls.is_asking = True
        is_granted = False
        try:
            check()
            # A pause may have begun while this call waited for its slot.
            is_granted = await take()
        finally:
            calls.is_asking = False
            if not is_granted:
                self._give_back(slots)
                calls.line.notify()
        return is_granted

    def _leave(self, calls: BrokerCalls, demand: Demand | None) -> None:
        now = self._clock()
        if calls.line.unanswered_since is None:
            calls.line.unanswered_since = now
        if demand is not None:
            demand.take_turn(now)

    def release(
        self, calls: BrokerCalls, demand: Demand | None = None, *, is_answered: bool | None = None
    ) -> None:
        """Give a call's slot back. `is_answered` says whether its broker answered; `None` says nothing of it."""
        if is_answered is not None:
            self._slots.record(calls.slots, is_answered=is_answered)
        if is_answered:
            calls.line.unanswered_since = None
            if demand is not None:
                demand.answered_at = self._clock()
        self._give_back(calls.slots)

    def _return_slot(self, calls: BrokerCalls) -> None:
        """Give back the slot that was handed to a line, if it cannot be used now."""
        if calls.has_slot:
            calls.has_slot = False
            self._give_back(calls.slots)

    def _give_back(self, slots: BrokerSlots) -> None:
        """Free a slot, and hand it to the first line that may have it; so no later call can overtake."""
        self._slots.give_back(slots)
        first = next((each for each in self._waiting if self._slots.may_take(each)), None)
        if first is not None:
            self._slots.take(first)
            calls = self._waiting.pop(first)
            calls.has_slot = True
            calls.line.notify()

    def in_flight(self, broker: str | None = None) -> int:
        """Return how many calls are in flight, at a broker or in all."""
        return self._slots.taken if broker is None else self._slots.of(broker).taken

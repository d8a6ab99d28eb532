"""Limits calls in flight: how the slots of one process are divided, and in which order calls get them.

A slot is one unanswered call. Four rules, each for a way in which brokers that stay silent would take all of them:

- What every investor asks first, the list of accounts and the tokens, has slots of its own beside those that all share.
- Where several brokers are asked, a broker takes at most as many slots as it leaves free (dynamic thresholds, as
  switches divide their buffers: Choudhury and Hahne, 1998). So the next broker finds some, and few stay unused.
- Of half of the slots, one is kept for each broker that was asked before and has no call in flight. However many
  brokers fall silent at one instant, they do not take the last slots of the others.
- A broker that does not answer in time has its limit halved each time, down to one, and each answer adds one again.
  It holds only where slots run short: where there are enough, a slow broker harms none but itself.

A broker's waiters stand in a queue, and only its head asks whether it may leave. It asks last of all, with its slot
in hand: nothing can come between the grant and the call, and a cancelled waiter holds no grant. The rate is GCRA's
concern.
"""

from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
from attrs import define

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


class Bulkhead:
    """The calls in flight of one process. Only `acquire`, `acquire_nowait` and `release` change it."""

    def __init__(
        self, limits: Limits, *, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._slots = Slots(limits)
        self._queues: dict[str, anyio.Lock] = {}
        # The heads that wait for a slot, in the order in which they came; the event says that it was handed over.
        self._waiting: dict[BrokerSlots, anyio.Event] = {}

    def has_room(self, broker: str) -> bool:
        """Whether a call to this broker finds a slot at once, and overtakes no other call."""
        slots = self._slots.of(broker)
        return (
            self._slots.may_take(slots)
            and not (slots.taken and self._slots.is_crowded)
            and not self._queue(broker).locked()
        )

    def acquire_nowait(self, broker: str) -> None:
        """Take the slot that `has_room` found."""
        self._slots.take(self._slots.of(broker))

    async def acquire(
        self,
        broker: str,
        *,
        check: Callable[[], None],
        ready_at: Callable[[], float],
        take: Callable[[], Awaitable[bool]],
    ) -> None:
        """Return with a slot, once `take` has granted the call.

        `check` raises where the call may not leave any more: it is asked at the head of the queue, and once more with
        the slot in hand. `ready_at` is when `take` is worth asking; `take` awaits where processes share their limits.
        What they raise is raised, with the slot given back.
        """
        slots = self._slots.of(broker)
        async with self._queue(broker):
            is_granted = False
            while not is_granted:
                check()
                while (wait := ready_at() - self._clock()) > 0:
                    await self._sleep(wait)
                await self._wait_for_slot(slots)
                try:
                    check()
                    # A pause may have begun while this call waited for its slot.
                    is_granted = await take()
                finally:
                    if not is_granted:
                        self._give_back(slots)

    async def _wait_for_slot(self, slots: BrokerSlots) -> None:
        if slots.taken and self._slots.is_crowded:
            # Calls that arrive in this moment, for brokers without a slot, go first. A fan-out makes more calls in one
            # moment than there are slots: handed out as they arrive, the last brokers would not start for a whole
            # answer's time, and their rates, which take the longest, would lie idle.
            await anyio.lowlevel.checkpoint()
        if self._slots.may_take(slots):
            self._slots.take(slots)
            return
        handed_over = self._waiting[slots] = anyio.Event()
        try:
            await handed_over.wait()
        except BaseException:
            if handed_over.is_set():
                self._give_back(slots)
            else:
                del self._waiting[slots]
            raise

    def release(self, broker: str, *, is_answered: bool | None = None) -> None:
        """Give a call's slot back. `is_answered` says whether its broker answered; `None` says nothing of it."""
        slots = self._slots.of(broker)
        if is_answered is not None:
            self._slots.record(slots, is_answered=is_answered)
        self._give_back(slots)

    def _give_back(self, slots: BrokerSlots) -> None:
        """Free a slot, and hand it to the first who may have it; so no later call can overtake."""
        self._slots.give_back(slots)
        heir = next((each for each in self._waiting if self._slots.may_take(each)), None)
        if heir is not None:
            self._slots.take(heir)
            self._waiting.pop(heir).set()

    def in_flight(self, broker: str | None = None) -> int:
        """Return how many calls are in flight, at a broker or in all."""
        return self._slots.taken if broker is None else self._slots.of(broker).taken

    def _queue(self, broker: str) -> anyio.Lock:
        queue = self._queues.get(broker)
        if queue is None:
            # fast_acquire: an empty queue costs no trip through the event loop.
            queue = self._queues[broker] = anyio.Lock(fast_acquire=True)
        return queue

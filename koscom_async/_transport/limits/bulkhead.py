"""Limits calls in flight, per broker and in total, in arrival order. The rate is GCRA's concern.

A broker's waiters stand in a queue, and only its head asks whether it may leave. It asks last of all, with its slots
in hand: nothing can come between the grant and the call, and a cancelled waiter holds no grant.
"""

from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
from attrs import define

from koscom_async.settings import Limits


@define(eq=False)
class BrokerSlots:
    """One broker's slots, and the queue before them."""

    queue: anyio.Lock
    slots: anyio.Semaphore
    limit: int

    @property
    def taken(self) -> int:
        return self.limit - self.slots.value


class Bulkhead:
    """The slots of one process. Only `acquire`, `acquire_nowait` and `release` change them."""

    def __init__(
        self, limits: Limits, *, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._limits = limits
        self._clock = clock
        self.sleep = sleep
        # Keyed by broker, not by host: all share one gateway address, but each is metered on its own.
        self.brokers: dict[str, BrokerSlots] = {}
        # fast_acquire: a free slot costs no trip through the event loop.
        self.total = anyio.Semaphore(limits.in_flight, fast_acquire=True)

    def has_room(self, broker: str) -> bool:
        """Whether a call to this broker finds a slot at once, and overtakes no other call."""
        of_broker = self._slots_of(broker)
        if of_broker.slots.value < 1 or self.total.value < 1 or of_broker.queue.locked():
            return False
        return not (of_broker.taken and self._is_crowded())

    def acquire_nowait(self, broker: str) -> None:
        """Take slots that `has_room` found."""
        self._slots_of(broker).slots.acquire_nowait()
        self.total.acquire_nowait()

    async def acquire(
        self, broker: str, *, ready_at: Callable[[], float], take: Callable[[], Awaitable[bool]]
    ) -> None:
        """Return with a slot of the broker and one of the total, once `take` has granted the call.

        `ready_at` is when `take` is worth asking. What `take` raises is raised, with the slots given back. Both are
        asked while the broker's slot is held, and `take` awaits where processes share their limits.
        """
        of_broker = self._slots_of(broker)
        async with of_broker.queue:
            await of_broker.slots.acquire()
            try:
                has_others = of_broker.taken > 1
                if has_others and self._is_crowded():
                    # Calls that arrive in this moment, for brokers without a slot, go first.
                    await anyio.lowlevel.checkpoint()
                is_granted = False
                while not is_granted:
                    while (wait := ready_at() - self._clock()) > 0:
                        await self.sleep(wait)
                    await self.total.acquire()
                    is_granted = await self._granted(take)
            except BaseException:
                of_broker.slots.release()
                raise

    async def _granted(self, take: Callable[[], Awaitable[bool]]) -> bool:
        """Ask for the grant; give the slot of the total back if there is none."""
        is_granted = False
        try:
            # A pause may have begun while this call waited for a slot of the total.
            is_granted = await take()
        finally:
            if not is_granted:
                self.total.release()
        return is_granted

    def _is_crowded(self) -> bool:
        """Whether brokers without a slot go before one that has some: half of the total is taken.

        A fan-out makes more calls in one moment than there are slots. Handed out as the calls arrive, the last brokers
        would not start for a whole answer's time, and their rates, which take the longest, would lie idle. Where only
        one broker was ever asked, no call gives way.
        """
        return self.total.value <= self._limits.in_flight // 2 and len(self.brokers) > 1

    def release(self, broker: str) -> None:
        """Give back both slots of a call."""
        self.total.release()
        self.brokers[broker].slots.release()

    def in_flight(self, broker: str | None = None) -> int:
        """Return how many slots are taken, of a broker or of the total."""
        if broker is None:
            return self._limits.in_flight - self.total.value
        of_broker = self.brokers.get(broker)
        return of_broker.taken if of_broker else 0

    def _slots_of(self, broker: str) -> BrokerSlots:
        of_broker = self.brokers.get(broker)
        if of_broker is None:
            limit = self._limits.of(broker).in_flight
            of_broker = self.brokers[broker] = BrokerSlots(
                queue=anyio.Lock(fast_acquire=True),
                slots=anyio.Semaphore(limit, fast_acquire=True),
                limit=limit,
            )
        return of_broker

"""Who leaves next: order, calls in flight by broker, calls in flight in total. When is another's to decide.

Waiters of a broker stand in a queue, and its head alone asks whether it may leave. It asks last of all, with its
places in hand, so that nothing can come between the turn and the call, and a cancelled waiter holds no turn.
"""

from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
from attrs import define

from koscom_async.settings import Limits


@define(eq=False)
class _Lane:
    queue: anyio.Lock
    places: anyio.Semaphore


class Bulkhead:
    """The places of one process. Only `enter`, `enter_at_once` and `leave` change them."""

    def __init__(
        self, limits: Limits, *, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._sleep = sleep
        # Keyed by broker, not by host: all share one gateway address, but each is metered on its own.
        self._lanes: dict[str, _Lane] = {}
        # fast_acquire: a free place costs no trip through the event loop.
        self._total = anyio.Semaphore(limits.in_flight, fast_acquire=True)

    def is_free(self, broker: str) -> bool:
        """Whether nobody is before a call to this broker, and there is a place for it among both."""
        if self._gives_way(broker, places=1):
            return False
        lane = self._lane(broker)
        return lane.places.value > 0 and self._total.value > 0 and not lane.queue.locked()

    def enter_at_once(self, broker: str) -> None:
        """Take the places that are free; its turn is the caller's to take, before anything else happens."""
        self._lane(broker).places.acquire_nowait()
        self._total.acquire_nowait()

    async def enter(
        self, broker: str, *, ready_at: Callable[[], float], take: Callable[[], Awaitable[bool]]
    ) -> None:
        """Return with a place among the broker's calls and among all, when `take` says that the turn is taken.

        `ready_at` says when it is worth asking again. What `take` raises is raised, with the places given back.
        """
        lane = self._lane(broker)
        async with lane.queue:
            await lane.places.acquire()
            try:
                if self._gives_way(broker, places=2):  # one of them is its own
                    # Whoever comes in the same moment, for a broker that has no place yet, goes first.
                    await anyio.lowlevel.checkpoint()
                while not await self._passes(ready_at, take):
                    pass
            except BaseException:
                lane.places.release()
                raise

    def _gives_way(self, broker: str, *, places: int) -> bool:
        """Whether so few places are left that brokers which have none go before this one, which has some.

        A fan-out asks in one moment for more calls than there are places. Were they handed out as the calls come, the
        last brokers would not begin for a whole answer's time, and their rates, which are what takes longest, not run.
        Where nobody else was ever asked, there is nobody to give way to.
        """
        if self._total.value > self._limits.in_flight // 2 or len(self._lanes) < 2:
            return False
        return self.in_flight(broker) >= places

    async def _passes(self, ready_at: Callable[[], float], take: Callable[[], Awaitable[bool]]) -> bool:
        while (wait := ready_at() - self._clock()) > 0:
            await self._sleep(wait)
        await self._total.acquire()
        is_taken = False
        try:
            # A pause may have begun while this call waited for its place among all, so this may say no.
            is_taken = await take()
        finally:
            if not is_taken:
                self._total.release()
        return is_taken

    def leave(self, broker: str) -> None:
        """Give the places back."""
        self._total.release()
        self._lanes[broker].places.release()

    def _lane(self, broker: str) -> _Lane:
        lane = self._lanes.get(broker)
        if lane is None:
            lane = self._lanes[broker] = _Lane(
                queue=anyio.Lock(fast_acquire=True),
                places=anyio.Semaphore(self._limits.of(broker).in_flight, fast_acquire=True),
            )
        return lane

    def in_flight(self, broker: str | None = None) -> int:
        """Return how many places are taken, of a broker or of all."""
        if broker is None:
            return self._limits.in_flight - self._total.value
        lane = self._lanes.get(broker)
        return self._limits.of(broker).in_flight - lane.places.value if lane else 0

"""One broker's rate, as GCRA (the generic cell rate algorithm): a call may leave when the backlog is at most a burst.

Pure arithmetic on a clock that the caller reads. Who waits, and in which order, is the bulkhead's concern.
"""

from attrs import define, field

NEVER = float("-inf")


@define(eq=False)
class GCRA:
    """`rate` calls a second after a `burst`.

    `free_at` is when the backlog is worked off, `paused_until` when a pause ends.
    """

    rate: float
    burst: int
    free_at: float = NEVER
    paused_until: float = NEVER
    interval: float = field(init=False)
    slack: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.interval = 1 / self.rate
        self.slack = (self.burst - 1) / self.rate

    def ready_at(self) -> float:
        """Return when the next call may leave; a time in the past means now."""
        return max(self.free_at - self.slack, self.paused_until)

    def take(self, now: float) -> None:
        """Count a call that leaves now."""
        self.free_at = max(self.free_at, now) + self.interval

    def pause(self, until: float) -> None:
        """Let no call leave before then; a shorter pause does not end a longer one."""
        self.paused_until = max(self.paused_until, until)

    def record_grant(self, now: float) -> None:
        """Record a call granted elsewhere (by Redis). The backlog never exceeds one burst."""
        self.take(now)
        self.free_at = min(self.free_at, now + self.burst / self.rate)

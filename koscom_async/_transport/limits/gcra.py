"""One broker's rate, as a virtual schedule (GCRA): a call may leave when the schedule is at most a burst ahead.

Pure arithmetic on a clock that the caller reads; who waits, and in which order, is the turnstile's.
"""

from attrs import define

NEVER = float("-inf")


@define(eq=False)
class Schedule:
    """`rate` calls a second after a `burst`; `free_at` is where it stands, `paused_until` when a pause ends."""

    rate: float
    burst: int
    free_at: float = NEVER
    paused_until: float = NEVER

    def ready_at(self) -> float:
        """Return when the next call may leave; a time that is past means now."""
        return max(self.free_at - (self.burst - 1) / self.rate, self.paused_until)

    def take(self, now: float) -> None:
        """Count a call that leaves now."""
        self.free_at = max(self.free_at, now) + 1 / self.rate

    def pause(self, until: float) -> None:
        """Let no call leave before then; a shorter pause does not end a longer one."""
        self.paused_until = max(self.paused_until, until)

    def follow(self, now: float) -> None:
        """Count a call that somebody else let go, who may allow more than this schedule: it owes at most a burst."""
        self.take(now)
        self.free_at = min(self.free_at, now + self.burst / self.rate)

"""Which call leaves next: a broker's calls wait in two lines, and the second gets a turn in ten.

In the first stand urgent calls, in the second those that are not; in each, the operation that began first is first. An
operation's number never changes, so that only so many come before another. When a turn comes is not decided here.
"""

from heapq import heappop, heappush
from itertools import count

import anyio
from attrs import define

from koscom_async.errors import KoscomError

PATIENT_TURN_EVERY = 10
"""One turn in so many is the second line's, at least."""


@define(eq=False)
class WaitingCall:
    """One call in a line."""

    is_patient: bool
    has_given_way: bool = False
    _is_gone: bool = False
    _has_changed: bool = False
    _changed: anyio.Event | None = None
    _refusal: KoscomError | None = None

    @property
    def is_gone(self) -> bool:
        """Whether it does not wait any more."""
        return self._is_gone

    async def wait(self) -> None:
        """Return when it may be the one that leaves; raise what it was refused with, where it should not wait on."""
        if not self._has_changed:
            self._changed = anyio.Event()
            await self._changed.wait()
        self._has_changed = False
        if self._refusal is not None:
            raise self._refusal

    def notify(self) -> None:
        """Let it look again whether it may leave."""
        self._has_changed = True
        if self._changed is not None:
            self._changed.set()

    def refuse(self, error: KoscomError) -> None:
        """End its wait with an error."""
        self._refusal = error
        self.notify()

    def withdraw(self) -> None:
        """Leave the line."""
        self._is_gone = True


Entry = tuple[int, int, WaitingCall]


class TwoLines:
    """The calls that wait for one broker: the urgent ones in the first line, the patient ones in the second."""

    def __init__(self) -> None:
        self.waiting = self.waiting_urgently = 0
        self._urgent: list[Entry] = []
        self._patient: list[Entry] = []
        self._urgent_turns = 0
        self._order = count()

    def join(self, number: int, *, is_patient: bool = False) -> WaitingCall:
        """Add a call of the operation with that number; those of one number leave as they came."""
        call = WaitingCall(is_patient)
        heappush(self._patient if is_patient else self._urgent, (number, next(self._order), call))
        self.waiting += 1
        self.waiting_urgently += not is_patient
        return call

    def head(self) -> WaitingCall | None:
        """Return the call whose turn it is."""
        urgent, patient = _first(self._urgent), _first(self._patient)
        if patient is not None and (urgent is None or self._urgent_turns >= PATIENT_TURN_EVERY - 1):
            return patient
        return urgent

    def leave(self, call: WaitingCall, *, takes_turn: bool) -> None:
        """Remove a call, and let the one whose turn it is look again."""
        call.withdraw()
        self.waiting -= 1
        self.waiting_urgently -= not call.is_patient
        if takes_turn:
            has_patient = _first(self._patient) is not None
            self._urgent_turns = self._urgent_turns + 1 if has_patient and not call.is_patient else 0
        self.notify()

    def notify(self) -> None:
        """Let the call whose turn it is look again whether it may leave."""
        head = self.head()
        if head is not None:
            head.notify()


def _first(calls: list[Entry]) -> WaitingCall | None:
    while calls and calls[0][2].is_gone:
        heappop(calls)
    return calls[0][2] if calls else None

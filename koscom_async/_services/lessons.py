"""What refusals teach: how much a broker allows, learned for each account, and for the broker when investors agree.

One account's refusal may be that account's own, or wrong, and must not change how every investor of its broker is
asked. So an account's refusal holds for that account. It holds for the broker once two investors met it: as much is
allowed as the second strictest of them was, and never less than was lately answered, or than `least`. What was learned
is forgotten after an hour: one call a broker and an hour is what it costs to notice that a broker has changed.
"""

from collections.abc import Callable
from time import monotonic
from typing import Any

from attrs import define, field

from koscom_async.brokers import find_broker
from koscom_async.models.statistics import LearnedRefusal

AccountKey = tuple[int, int]
"""An investor's account: two numbers that stand for them, and show nothing of either."""

BELIEVED_SECONDS = 3600.0
MOST_ACCOUNTS = 100
"""So many accounts' refusals are remembered for each broker. An older one's account is refused once more."""
MOST_BROKERS = 100
"""Of so many brokers something is remembered. Lists of accounts may name more: the oldest unregistered one goes."""
NOTHING, EVERYTHING = 0, 10**6
"""How much is allowed of what a broker takes or does not take at all; what has a number lies between."""


def forget_a_broker(known: dict[str, Any]) -> None:
    """Drop one broker from a table by broker that has too many: the oldest that is not registered, if there is one."""
    if len(known) > MOST_BROKERS:
        del known[next((name for name in known if find_broker(short_name=name) is None), next(iter(known)))]


@define(eq=False)
class _Lesson:
    """What a refusal allowed, or what an answer had, and until when it is believed."""

    amount: int
    until: float


@define(eq=False)
class Lessons:
    """What refusals with one code taught, by broker. Only `record_refusal` and `record_answer` change it."""

    _code: str
    _least: int = 0
    _clock: Callable[[], float] = monotonic
    taught: dict[str, dict[AccountKey, _Lesson]] = field(factory=dict, init=False)
    _answered: dict[str, _Lesson] = field(factory=dict, init=False)

    def record_refusal(self, broker: str, account: AccountKey, allowed: int) -> None:
        """Record that an account was refused, and how much is allowed by what that says."""
        lessons = self.taught.setdefault(broker, {})
        forget_a_broker(self.taught)
        earlier = self._own(broker, account)
        lessons.pop(account, None)
        lessons[account] = _Lesson(allowed if earlier is None else min(allowed, earlier), self._ends_at())
        if len(lessons) > MOST_ACCOUNTS:
            del lessons[next(iter(lessons))]

    def record_answer(self, broker: str, amount: int) -> None:
        """Record that an account of a broker was answered so much."""
        lesson = self._answered.get(broker)
        if lesson is None or amount >= lesson.amount or lesson.until <= self._clock():
            self._answered[broker] = _Lesson(amount, self._ends_at())
            forget_a_broker(self._answered)

    def allowed(self, broker: str, account: AccountKey) -> int | None:
        """Return how much an account may ask, or `None` where nothing was learned."""
        if broker not in self.taught:
            return None
        own = self._own(broker, account)
        return self.allowed_to_all(broker) if own is None else own

    def allowed_to_all(self, broker: str) -> int | None:
        """Return how much every account of a broker may ask; `None` unless two investors met a refusal."""
        strictest: dict[int, int] = {}
        for (investor, _), lesson in self._alive(broker).items():
            strictest[investor] = min(lesson.amount, strictest.get(investor, lesson.amount))
        if len(strictest) < 2:
            return None
        return max(sorted(strictest.values())[1], self.most_answered(broker), self._least)

    def most_answered(self, broker: str) -> int:
        """Return how much a broker answered lately; 0 where nothing is known."""
        lesson = self._answered.get(broker)
        return lesson.amount if lesson is not None and lesson.until > self._clock() else 0

    def snapshot(self) -> tuple[LearnedRefusal, ...]:
        """Return what is remembered, by broker."""
        return tuple(
            self._shown(broker, alive) for broker in sorted(self.taught) if (alive := self._alive(broker))
        )

    def _shown(self, broker: str, alive: dict[AccountKey, _Lesson]) -> LearnedRefusal:
        to_all = self.allowed_to_all(broker)
        allowed = min(lesson.amount for lesson in alive.values()) if to_all is None else to_all
        return LearnedRefusal(
            broker=broker,
            code=self._code,
            accounts=len(alive),
            holds_for_all=to_all is not None and to_all < EVERYTHING,
            max_days=allowed if NOTHING < allowed < EVERYTHING else None,
        )

    def _own(self, broker: str, account: AccountKey) -> int | None:
        lesson = self.taught[broker].get(account)
        return lesson.amount if lesson is not None and lesson.until > self._clock() else None

    def _alive(self, broker: str) -> dict[AccountKey, _Lesson]:
        now, lessons = self._clock(), self.taught.get(broker, {})
        return {account: lesson for account, lesson in lessons.items() if lesson.until > now}

    def _ends_at(self) -> float:
        return self._clock() + BELIEVED_SECONDS

"""The script's decision against a model in Python: any state, any question, and what is left behind, to the microsecond."""

from fractions import Fraction
from math import ceil

import pytest
import redis
from attrs import evolve, frozen
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from koscom_async._transport.limits.redis_scripts import (
    ACQUIRE,
    GRANTED,
    PAUSE,
    RECORD,
    SPENT,
    WAIT,
    WITHDRAW,
)

SECOND = 1_000_000
BROKER, SERVICE = "{test}:broker:star", "{test}:service:account"
NEAR = 2
"""Microseconds by which a double of the size of today may be off, after a sum and a difference."""


@frozen(kw_only=True)
class State:
    """What Redis holds; moments in microseconds since 1970, `None` where it holds nothing."""

    free: float | None = None
    paused: float | None = None
    last: str | None = None
    remaining: int | None = None
    limit: int | None = None
    until: float | None = None


@frozen(kw_only=True)
class Question:
    interval: float
    burst: int
    reserve: float = 0.0
    name: str = "question"

    @property
    def slack(self):
        return (self.burst - 1) * self.interval


def decide(state, question, now):
    """Return verdict and wait, and the state after it: the specification."""
    if state.until is not None and state.until <= now:
        state = evolve(state, remaining=None, limit=None, until=None)
    free = min(state.free or 0, now + question.slack + question.interval)
    paused = state.paused or 0
    if state.last == question.name:
        return GRANTED, max(0, max(free - question.slack, paused) - now), state
    kept = question.reserve * max(state.limit or 0, 0)
    if state.remaining is not None and state.remaining <= kept:
        return SPENT, max(0, max(free - question.slack, paused) - now), state
    ready = max(free - question.slack, paused)
    if ready > now:
        return WAIT, ready - now, state
    free = max(free, now) + question.interval
    left = None if state.remaining is None else state.remaining - 1
    after = evolve(state, free=free, last=question.name, remaining=left)
    return GRANTED, max(0, max(free - question.slack, paused) - now), after


class Server:
    def __init__(self, url):
        self.client = redis.Redis.from_url(url, decode_responses=True)
        self.scripts = {
            script: self.client.register_script(script) for script in (ACQUIRE, WITHDRAW, PAUSE, RECORD)
        }

    def now(self):
        seconds, microseconds = self.client.time()
        return seconds * SECOND + microseconds

    def put(self, state):
        self.client.delete(BROKER, SERVICE)
        for key, names in ((BROKER, ("free", "paused", "last")), (SERVICE, ("remaining", "limit", "until"))):
            fields = {name: getattr(state, name) for name in names if getattr(state, name) is not None}
            if fields:
                self.client.hset(
                    key,
                    mapping={
                        name: value if isinstance(value, str) else repr(value)
                        for name, value in fields.items()
                    },
                )

    def state(self, now):
        state, day = self.client.hgetall(BROKER), self.client.hgetall(SERVICE)
        known = bool(day) and float(day["until"]) > now
        return State(
            free=float(state["free"]) if "free" in state else None,
            paused=float(state["paused"]) if "paused" in state else None,
            last=state.get("last"),
            remaining=int(day["remaining"]) if known else None,
            limit=int(day["limit"]) if known and "limit" in day else None,
            until=float(day["until"]) if known else None,
        )

    def ask(self, question):
        args = (repr(question.interval), repr(question.slack), repr(question.reserve), question.name)
        return self.scripts[ACQUIRE](keys=(BROKER, SERVICE), args=args)


@pytest.fixture
def server(redis_server):
    server = Server(redis_server.url)
    yield server
    server.client.close()


def near(one, other):
    return one == other if None in (one, other) else abs(one - other) <= NEAR


# Offsets stay away from the very moment of the question, which the server chooses some microseconds later.
offsets = st.integers(-100 * SECOND, -1) | st.integers(SECOND, 100 * SECOND)
states = st.builds(
    dict,
    free=st.none() | offsets,
    paused=st.none() | offsets,
    last=st.none() | st.sampled_from(["question", "another"]),
    day=st.none() | st.tuples(st.integers(0, 100), st.none() | st.integers(-1, 100), offsets),
)
questions = st.builds(
    Question,
    interval=st.floats(30.0, 5.0 * SECOND) | st.sampled_from([100_000.0, SECOND / 3]),
    burst=st.integers(1, 50),
    reserve=st.sampled_from([0.0, 0.2, 0.5]),
)


@given(drawn=states, question=questions)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_script_decides_as_the_model_does(server, drawn, question):
    start = server.now()
    moments = {name: None if drawn[name] is None else start + drawn[name] for name in ("free", "paused")}
    day = drawn["day"] or (None, None, None)
    until = None if day[2] is None else start + day[2]
    server.put(State(**moments, last=drawn["last"], remaining=day[0], limit=day[1], until=until))
    held = server.state(start)
    verdict, now, wait, paused, remaining, limit, ends = server.ask(question)
    expected, expected_wait, after = decide(held, question, now)
    # So close to the border the rounding of a microsecond decides.
    assume(not near(held.free or 0, now + question.slack))
    assert verdict == expected
    assert near(wait, ceil(expected_wait))
    assert near(paused, max(0, ceil((after.paused or 0) - now)))
    assert (remaining, limit) == (
        -1 if after.remaining is None else after.remaining,
        -1 if after.limit is None else after.limit,
    )
    assert ends == (-1 if after.until is None else after.until)
    left = server.state(now)
    assert (left.last, left.remaining) == (after.last, after.remaining)
    if expected == GRANTED and held.last != question.name:
        assert near(left.free, after.free)
    assert near(left.paused, held.paused)


@given(
    interval=st.integers(200, 3000),
    burst=st.integers(1, 6),
    steps=st.lists(st.sampled_from(["ask", "ask", "ask", "again", "withdraw"]), min_size=5, max_size=60),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_over_any_window_the_rate_is_kept_whatever_is_repeated_or_withdrawn(server, interval, burst, steps):
    """On the server's running clock: questions in any mixture, of which the withdrawn ones count as never granted."""
    server.client.delete(BROKER, SERVICE)
    granted: dict[str, int] = {}
    name = "none"
    for number, step in enumerate(steps):
        if step == "withdraw":
            undone = server.scripts[WITHDRAW](keys=(BROKER, SERVICE), args=(name,))
            if undone == [1]:
                del granted[name]
            continue
        name = name if step == "again" else f"question-{number}"
        verdict, now, *_ = server.ask(Question(interval=float(interval), burst=burst, name=name))
        if verdict == GRANTED and name not in granted:
            granted[name] = now
    times = sorted(granted.values())
    for first in range(len(times)):
        for last in range(first, len(times)):
            window = Fraction(times[last] - times[first] + NEAR, interval)
            assert last - first + 1 <= burst + window


def test_a_question_that_is_sent_twice_is_granted_once(server):
    server.put(State(remaining=5, limit=50, until=server.now() + 100 * SECOND))
    question = Question(interval=1.0 * SECOND, burst=1)
    answers = [server.ask(question) for _ in range(3)]
    assert [answer[0] for answer in answers] == [GRANTED] * 3
    assert [answer[4] for answer in answers] == [4, 4, 4]
    assert server.ask(evolve(question, name="another"))[0] == WAIT


def test_a_withdrawn_turn_is_as_if_it_had_never_been(server):
    question = Question(interval=1.0 * SECOND, burst=2)
    server.put(
        State(free=server.now() + 0.5 * SECOND, remaining=5, limit=50, until=server.now() + 100 * SECOND)
    )
    before = server.state(server.now())
    server.ask(question)
    assert server.scripts[WITHDRAW](keys=(BROKER, SERVICE), args=(question.name,)) == [1]
    assert server.state(server.now()) == before
    assert server.scripts[WITHDRAW](keys=(BROKER, SERVICE), args=(question.name,)) == [0]
    assert server.state(server.now()) == before


def test_a_turn_that_another_was_granted_after_is_not_withdrawn(server):
    server.put(State())
    for name in ("one", "two"):
        server.ask(Question(interval=1.0 * SECOND, burst=2, name=name))
    before = server.state(server.now())
    assert server.scripts[WITHDRAW](keys=(BROKER, SERVICE), args=("one",)) == [0]
    assert server.state(server.now()) == before


def test_many_small_steps_do_not_drift(server):
    """A third of a millisecond has no end in decimals, and none in microseconds."""
    server.put(State())
    interval = 1000 / 3
    start = server.now()
    for number in range(600):
        assert server.ask(Question(interval=interval, burst=10_000, name=str(number)))[0] == GRANTED
    left = server.state(start)
    taken = server.ask(Question(interval=interval, burst=10_000, name="last"))
    assert left.free - start <= 600 * interval + (taken[1] - start)
    assert left.free >= start + 600 * interval - 600 * 0.25


@given(first=st.integers(1, 10 * SECOND), second=st.integers(1, 10 * SECOND))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_of_two_pauses_the_later_end_counts(server, first, second):
    server.put(State())
    server.scripts[PAUSE](keys=(BROKER,), args=(first,))
    (left,) = server.scripts[PAUSE](keys=(BROKER,), args=(second,))
    assert max(first, second) - SECOND <= left <= max(first, second)


def test_a_state_s_life_is_that_of_what_it_says(server):
    server.put(State())
    server.scripts[PAUSE](keys=(BROKER,), args=(60 * SECOND,))
    assert 60_000 <= server.client.pttl(BROKER) <= 70_000
    server.put(State())
    server.ask(Question(interval=1.0 * SECOND, burst=5))
    assert 0 < server.client.pttl(BROKER) <= 11_000

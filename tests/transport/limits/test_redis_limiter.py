"""The limits that processes share: rate, pauses and quota of one broker; here two limiters stand for two processes."""

from datetime import UTC, datetime, timedelta

import anyio
import pytest
import redis

from koscom_async import BrokerLimits, Limits, QuotaExceededError, SettingsError
from koscom_async._transport.limits.quota import Source
from koscom_async._transport.limits.redis_limiter import RedisLimiter
from koscom_async._transport.limits.redis_scripts import RECORD
from tests.transport.limits.redis_time import TravellingTime, limiter_of, limits_of

STAR = Source("star", 1)
CYBER = Source("cyber", 2)
REFUSED = Source("star", 1, is_refusal=True)

TOLERANCE = 0.25
"""Seconds of the server's own time that may pass while a test asks: a busy machine is slow, and waits are much longer."""


@pytest.fixture
def time(redis_server):
    time = TravellingTime(redis_server.url)
    yield time
    time.close()


@pytest.fixture
async def pair(redis_server, time):
    """Make two limiters that share everything but the process."""
    made = []

    def make(**changes):
        made.extend(limiter_of(redis_server.url, time, **changes) for _ in range(2))
        return made[-2:]

    yield make
    for limiter in made:
        await limiter.aclose()


async def leave(limiter, broker="star", service="account"):
    await limiter.acquire(broker, service)
    limiter.release(broker)


def waited(time):
    return sum(time.slept)


async def test_the_burst_and_then_the_rate_are_one_for_all(pair, time):
    one, other = pair(rate=0.5, burst=4)
    for limiter in (one, other, one, other):
        await leave(limiter)
    assert time.slept == []
    for limiter in (other, one, other, one):
        await leave(limiter)
    # Each wait may be a quarter of an interval longer than needed; the schedule does not forget what it is owed.
    assert 8 - TOLERANCE <= waited(time) <= 8 + 0.5


async def test_without_a_burst_calls_leave_exactly_at_the_rate(pair, time):
    one, other = pair(rate=0.5, burst=1)
    for limiter in (one, other, other, one, one):
        await leave(limiter)
    assert waited(time) == pytest.approx(8, abs=TOLERANCE)


async def test_the_waits_of_a_saturated_broker_are_uneven_so_that_the_nearest_process_does_not_always_win(
    pair, time
):
    one, _ = pair(rate=0.5, burst=2)
    for _ in range(12):
        await leave(one)
    assert all(wait <= 2.5 + TOLERANCE for wait in time.slept)
    assert len({round(wait, 4) for wait in time.slept}) > 5


async def test_each_broker_has_its_own_rate(pair, time):
    one, other = pair(rate=10, burst=1)
    await leave(one, "star")
    await leave(other, "cyber")
    assert time.slept == []


async def test_another_prefix_is_another_world(redis_server, time):
    for prefix in ("team-a", "team-b"):
        limiter = limiter_of(redis_server.url, time, prefix=prefix)
        await leave(limiter)
        await limiter.aclose()
    assert time.slept == []
    assert sorted(time.server.keys()) == [b"{team-a}:broker:star", b"{team-b}:broker:star"]


async def test_a_pause_holds_every_process_and_no_other_broker(pair, time):
    one, other = pair(burst=5)
    await one.pause("star", 7.0)
    await leave(other, "cyber")
    assert time.slept == []
    await leave(other, "star")
    assert waited(time) == pytest.approx(7.0, abs=0.025 + TOLERANCE)


async def test_a_shorter_pause_of_another_process_does_not_end_a_longer_one(pair, time):
    one, other = pair()
    await one.pause("star", 7.0)
    await other.pause("star", 1.0)
    await leave(other)
    assert waited(time) == pytest.approx(7.0, abs=TOLERANCE)


async def test_a_pause_that_begins_while_another_process_waits_holds_it_too(pair, time, monkeypatch):
    one, other = pair(rate=1, burst=1)
    await leave(one)
    sleep = time.sleep

    async def paused_meanwhile(seconds):
        if not time.slept:
            await one.pause("star", 5.0)
        await sleep(seconds)

    monkeypatch.setattr(other.bulkhead, "_sleep", paused_meanwhile)
    await leave(other)
    assert time.slept[0] == pytest.approx(1.0, abs=TOLERANCE)
    assert waited(time) == pytest.approx(5.0, abs=TOLERANCE)


async def test_the_day_is_counted_down_by_all_and_spent_for_all(pair):
    one, other = pair(rate=1000, burst=100)
    await one.record_quota("account", source=STAR, remaining=3, limit=50)
    for limiter in (one, other, other):
        await leave(limiter)
    for limiter in (one, other):
        with pytest.raises(QuotaExceededError, match="the day's calls are spent until") as caught:
            await leave(limiter)
        assert caught.value.resets_at.astimezone(UTC).time().isoformat() in {"00:00:00", "00:01:00"}
        assert limiter.bulkhead.in_flight() == 0
        assert [(quota.service, quota.remaining, quota.limit) for quota in limiter.quotas()] == [
            ("account", 0, 50)
        ]
    await leave(other, service="member")


async def test_one_broker_s_word_that_no_call_is_left_is_not_passed_on_until_another_agrees(pair):
    one, other = pair(rate=1000, burst=100)
    await one.record_quota("account", source=STAR, remaining=0, limit=50)
    for limiter in (one, other):
        await leave(limiter, "cyber")
    await one.record_quota("account", source=CYBER, remaining=0, limit=50)
    for limiter in (one, other):
        with pytest.raises(QuotaExceededError):
            await leave(limiter, "samsung")


async def test_the_reserve_is_left_by_all(pair):
    batch, other = pair(rate=1000, burst=100, reserve=0.2)
    await other.record_quota("account", source=STAR, remaining=11, limit=50)
    await leave(batch)
    with pytest.raises(QuotaExceededError, match="down to the reserve of 20%"):
        await leave(other)


async def test_a_new_day_is_a_new_day_for_all(pair, time):
    one, other = pair(rate=1000, burst=100)
    await one.record_quota("account", source=REFUSED, remaining=0, limit=50)
    with pytest.raises(QuotaExceededError):
        await leave(other)
    time.pass_by(86_400)
    await leave(other)


@pytest.mark.parametrize(
    ("seconds_after_midnight", "believed_for"), [(0.5, 59.5), (59, 1), (61, 86_339), (43_200, 43_200)]
)
async def test_the_script_believes_a_first_minute_s_word_for_that_minute_only(
    seconds_after_midnight, believed_for, redis_server
):
    """The same text as on the server, with the clock at the given moment: the script reads it in one line."""
    midnight = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())
    microseconds = round(seconds_after_midnight * 1e6)
    script = RECORD.replace(
        "redis.call('TIME')", f"{{{midnight + microseconds // 10**6}, {microseconds % 10**6}}}"
    )
    assert script != RECORD
    with redis.Redis.from_url(redis_server.url) as client:
        (ends,) = client.eval(script, 1, "service", 0, 50, 60_000_000)
    assert ends == round((midnight + seconds_after_midnight + believed_for) * 1e6)


async def test_a_limit_that_is_not_known_has_no_reserve(pair):
    one, other = pair(rate=1000, burst=100, reserve=0.5)
    await one.record_quota("account", source=STAR, remaining=1, limit=None)
    await leave(other)
    assert [(quota.remaining, quota.limit) for quota in other.quotas()] == [(0, None)]


async def test_calls_in_flight_are_limited_in_each_process(pair):
    one, other = pair(rate=1000, burst=100, in_flight=2)
    for limiter in (one, one, other, other):
        await limiter.acquire("star", "account")
    assert one.bulkhead.in_flight("star") == other.bulkhead.in_flight("star") == 2
    with anyio.move_on_after(0) as scope:
        await one.acquire("star", "account")
    assert scope.cancelled_caught
    for limiter in (one, one, other, other):
        limiter.release("star")
    assert one.bulkhead.in_flight() == other.bulkhead.in_flight() == 0


async def test_waiters_of_a_process_leave_in_the_order_in_which_they_came(pair):
    one, _ = pair(rate=100, burst=2)
    left = []

    async def call(number):
        await leave(one)
        left.append(number)

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(call, number)
    assert left == list(range(20))


async def test_states_go_when_they_say_nothing_any_more(pair, time):
    one, _ = pair(rate=10, burst=1)
    await leave(one)
    await one.record_quota("account", source=STAR, remaining=5, limit=50)
    star, account = time.server.pttl("{koscom}:broker:star"), time.server.pttl("{koscom}:service:account")
    assert 0 < star <= 10_100
    assert 0 < account <= timedelta(days=1) / timedelta(milliseconds=1)


async def test_a_server_s_clock_that_is_set_back_stops_nobody(pair, time):
    one, other = pair(rate=10, burst=3)
    await leave(one)
    time.pass_by(-3600)
    await leave(other)
    assert waited(time) <= 0.1 + 0.025 + TOLERANCE


async def test_keys_name_brokers_and_services_and_nothing_else(pair, time):
    one, _ = pair()
    await leave(one)
    await one.pause("star", 1.0)
    await one.record_quota("account", source=STAR, remaining=5, limit=50)
    assert sorted(time.server.keys()) == [b"{koscom}:broker:star", b"{koscom}:service:account"]


async def test_a_client_that_was_given_is_not_closed_and_one_that_was_opened_is(redis_server):
    given = redis.asyncio.Redis.from_url(redis_server.url, protocol=2)
    limiter = RedisLimiter(given, limits_of())
    await leave(limiter)
    await limiter.aclose()
    assert any(connection.is_connected for connection in given.connection_pool._available_connections)
    await given.aclose()
    limiter = RedisLimiter(redis_server.url, limits_of())
    await leave(limiter)
    opened = limiter._store._opened
    await limiter.aclose()
    assert not any(connection.is_connected for connection in opened.connection_pool._available_connections)
    await leave(limiter, "cyber")  # asked again, it opens again: two clients may share one limiter
    await limiter.aclose()


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"redis": "http://:PASSWORD-MARK@host"}, "url"),
        ({"redis": "redis://:PASSWORD-MARK@host:port"}, "url"),
        ({"prefix": ""}, "prefix"),
        ({"prefix": "a{b}"}, "prefix"),
        ({"prefix": "with space"}, "prefix"),
        ({"local_share": 0}, "local_share"),
        ({"local_share": 1.5}, "local_share"),
        ({"local_share": float("nan")}, "local_share"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": "1"}, "timeout"),
        ({"local_share": True}, "local_share"),
        ({"prefix": None}, "prefix"),
        ({"timeout": float("inf")}, "timeout"),
    ],
)
def test_impossible_arguments_are_refused_by_name_and_without_the_url(changes, setting):
    with pytest.raises(SettingsError) as caught:
        RedisLimiter(**{"redis": "redis://127.0.0.1", "limits": limits_of()} | changes)
    assert caught.value.setting == setting
    assert "MARK" not in str(caught.value)
    assert caught.value.__context__ is None


async def test_a_broker_s_own_limits_hold(redis_server, time):
    limits = Limits(brokers={"star": BrokerLimits(rate=2, burst=1)})
    limiter = RedisLimiter(redis_server.url, limits, clock=time.clock, sleep=time.sleep)
    for broker in ("star", "cyber", "star", "cyber"):
        await leave(limiter, broker)
    assert waited(time) == pytest.approx(0.5, abs=TOLERANCE)
    await limiter.aclose()

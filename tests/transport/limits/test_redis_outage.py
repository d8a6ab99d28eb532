"""Redis away, slow, odd, and back: what a limiter does is what was set, and never nothing."""

import logging
from contextlib import suppress

import anyio
import anyio.to_thread
import pytest
import redis

from koscom_async import LimitsUnavailableError, QuotaExceededError
from koscom_async._transport.limits.quota import Source
from koscom_async._transport.limits.redis_limiter import RedisLimiter
from tests.redis_server import free_port
from tests.transport.limits.redis_time import TravellingTime, limiter_of, limits_of

BY_STAR = Source("star", 1)

TOLERANCE = 0.25


class LocalTime:
    """A clock and a sleep that end at once, for what happens without the server."""

    def __init__(self):
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


async def leave(limiter, broker="star", service="account"):
    await limiter.acquire(broker, service)
    limiter.release(broker)


async def stop(server):
    await anyio.to_thread.run_sync(server.stop)


async def start(server):
    await anyio.to_thread.run_sync(server.start)


async def refused(limiter, **call):
    with pytest.raises(LimitsUnavailableError) as caught:
        await leave(limiter, **call)
    return caught.value


async def test_it_fails_closed_with_an_error_of_ours_and_serves_again_when_redis_is_back(
    mortal_redis, caplog
):
    time = LocalTime()
    limiter = limiter_of(mortal_redis.url, time, burst=10)
    await leave(limiter)
    await stop(mortal_redis)
    error = await refused(limiter)
    assert (error.code, error.retriable, error.__cause__, error.__context__) == ("limits", True, None, None)
    assert f"Redis at 127.0.0.1:{mortal_redis.port} does not answer (ConnectionError)" in str(error)
    assert "check that Redis can be reached" in error.advice
    assert limiter.bulkhead.in_flight() == 0
    await start(mortal_redis)
    await refused(limiter)  # within the second Redis is not asked
    time.now += 1.0
    await leave(limiter)
    await leave(limiter)
    assert [
        (record.levelno, record.getMessage().split(": ")[-1])
        for record in caplog.records
        if record.name == "koscom_async.transport"
    ] == [
        (logging.WARNING, "calls fail until it does"),
        (logging.WARNING, "the limits are shared again"),
    ]
    await limiter.aclose()


STAR, ACCOUNT = "{koscom}:broker:star", "{koscom}:service:account"


def spoilt(client, key, how):
    """Put something else under a key of the limits."""
    if how == "text":
        client.set(key, "somebody else's")
    elif how == "list":
        client.rpush(key, "x")
    else:
        client.hset(
            key, mapping=dict.fromkeys(("free", "paused", "last", "remaining", "limit", "until"), how)
        )


@pytest.mark.parametrize("how", ["text", "list", "nan", "-nan", "0x1p3", "1e999", "-1e300", "x"])
async def test_a_key_of_another_kind_costs_its_own_broker_and_no_other(redis_server, caplog, how):
    """It was an outage of Redis for all: of ten rounds at a sound broker, two were whole."""
    time = LocalTime()
    limiter = limiter_of(redis_server.url, time, rate=1000, burst=1000)
    with redis.Redis.from_url(redis_server.url) as client:
        spoilt(client, STAR, how)
        for _ in range(10):
            if how in {"text", "list"}:
                error = await refused(limiter)
                assert f"the key {STAR} or {ACCOUNT} holds something else than these limits" in str(error)
            else:
                with suppress(LimitsUnavailableError):
                    await leave(limiter)
            await leave(limiter, broker="cyber")
            await limiter.pause("star", 0)
        assert "does not answer" not in caplog.text
        assert (
            caplog.text.count("delete it, or take another prefix") <= 2
        )  # once for a decision, once for a pause
        client.delete(STAR)
        await leave(limiter)
    await limiter.aclose()


@pytest.mark.parametrize("how", ["text", "nan", "1e300", "-1e300", "x", "5.5"])
async def test_a_service_s_key_of_another_kind_costs_no_other_service_and_raises_nothing_foreign(
    redis_server, how
):
    time = LocalTime()
    limiter = limiter_of(redis_server.url, time, rate=1000, burst=1000)
    with redis.Redis.from_url(redis_server.url) as client:
        spoilt(client, ACCOUNT, how)
        for _ in range(3):
            with suppress(LimitsUnavailableError, QuotaExceededError):
                await leave(limiter)
            await leave(limiter, service="common")
        await limiter.record_quota("account", remaining=5, limit=50)
        client.delete(ACCOUNT)
        await limiter.record_quota("account", remaining=5, limit=50)
        await leave(limiter)
    await limiter.aclose()


async def test_with_a_local_share_the_broker_of_an_odd_key_goes_on_with_it(redis_server):
    time = LocalTime()
    limiter = limiter_of(redis_server.url, time, rate=10, burst=8, local_share=0.25)
    with redis.Redis.from_url(redis_server.url) as client:
        spoilt(client, STAR, "text")
    for _ in range(3):
        await leave(limiter)
    assert time.slept == [pytest.approx(0.4)]
    await limiter.aclose()


async def test_while_redis_is_away_it_is_asked_once_a_second(mortal_redis, monkeypatch):
    time = LocalTime()
    limiter = limiter_of(mortal_redis.url, time)
    await stop(mortal_redis)
    asked = []
    acquire = limiter._store._acquire

    async def counted(**given):
        asked.append(time.now)
        return await acquire(**given)

    monkeypatch.setattr(limiter._store, "_acquire", counted)
    for _ in range(25):
        await refused(limiter)
        time.now += 0.125
    assert asked == [1000.0, 1001.0, 1002.0, 1003.0]
    await limiter.aclose()


async def test_with_a_local_share_it_goes_on_with_that_share_of_rate_and_burst(mortal_redis, caplog):
    time = LocalTime()
    limiter = limiter_of(mortal_redis.url, time, rate=40, burst=8, local_share=0.25)
    await stop(mortal_redis)
    left = []
    for _ in range(12):
        await leave(limiter)
        left.append(round(time.now - 1000, 6))
    assert left == [0, 0, *(round(0.1 * number, 6) for number in range(1, 11))]
    messages = [record.getMessage() for record in caplog.records if record.name == "koscom_async.transport"]
    assert len(messages) == 1
    assert "this process goes on with 25% of each broker's rate until it does" in messages[0]
    await limiter.aclose()


async def test_the_local_share_begins_with_what_redis_granted_before(mortal_redis):
    time = LocalTime()
    limiter = limiter_of(mortal_redis.url, time, rate=40, burst=8, local_share=0.25)
    for _ in range(8):
        await leave(limiter)
    await stop(mortal_redis)
    await leave(limiter)
    assert sum(time.slept) == pytest.approx(0.1)  # a burst that was just spent is not given again
    await limiter.aclose()


async def test_a_share_leaves_at_least_one_call_at_a_time(mortal_redis):
    time = LocalTime()
    limiter = limiter_of(mortal_redis.url, time, rate=10, burst=1, local_share=0.1)
    await stop(mortal_redis)
    for _ in range(3):
        await leave(limiter)
    assert time.slept == [pytest.approx(1.0)] * 2
    await limiter.aclose()


async def test_a_pause_and_the_day_hold_in_this_process_without_redis(mortal_redis):
    time = LocalTime()
    limiter = limiter_of(mortal_redis.url, time, rate=10, burst=5, local_share=0.5)
    await stop(mortal_redis)
    await limiter.pause("star", 7.0)
    await limiter.record_quota("account", source=Source("common"), remaining=2, limit=50)
    await leave(limiter)
    await leave(limiter)
    assert time.slept[0] == pytest.approx(7.0)
    with pytest.raises(QuotaExceededError):
        await leave(limiter)
    assert [quota.remaining for quota in limiter.quotas()] == [0]
    await limiter.aclose()


async def test_a_pause_that_redis_told_of_holds_when_redis_goes(mortal_redis, monkeypatch):
    time = LocalTime()
    one, other = (limiter_of(mortal_redis.url, time, burst=5, local_share=0.5) for _ in range(2))
    await one.pause("star", 7.0)
    monkeypatch.setattr(other.bulkhead, "_sleep", lambda _: anyio.sleep_forever())
    with anyio.move_on_after(0.5):
        await leave(other)
    monkeypatch.undo()
    await stop(mortal_redis)
    await leave(other)
    assert sum(time.slept) == pytest.approx(7.0, abs=TOLERANCE)
    await one.aclose()
    await other.aclose()


async def test_when_redis_is_back_the_share_ends(mortal_redis):
    time = LocalTime()
    limiter = limiter_of(mortal_redis.url, time, rate=10, burst=20, local_share=0.25)
    await stop(mortal_redis)
    for _ in range(6):
        await leave(limiter)
    assert time.slept == [pytest.approx(0.4)]
    await start(mortal_redis)
    time.now += 1.0
    for _ in range(20):
        await leave(limiter)
    assert len(time.slept) == 1
    await limiter.aclose()


async def test_a_redis_that_lost_its_memory_knows_the_scripts_at_the_next_question(mortal_redis):
    time = LocalTime()
    limiter = limiter_of(mortal_redis.url, time, burst=10)
    await leave(limiter)
    await stop(mortal_redis)
    await start(mortal_redis)
    await leave(limiter)  # a dropped connection is made anew without anybody noticing
    with redis.Redis.from_url(mortal_redis.url) as client:
        client.script_flush()
    await leave(limiter)
    await limiter.aclose()


async def serve(handle, use):
    """A server that is not Redis, for as long as `use` lasts."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610  # not Django's
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handle)
        await use(f"redis://:PASSWORD-MARK@127.0.0.1:{port}/0")
        group.cancel_scope.cancel()


async def silent(stream):
    async with stream:
        await anyio.sleep_forever()


async def babbling(stream):
    async with stream:
        async for _ in stream:
            await stream.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def refusing(stream):
    async with stream:
        async for _ in stream:
            await stream.send(b"-WRONGPASS for PASSWORD-MARK\r\n" * 3)


async def hanging_up(stream):
    async with stream:
        await stream.receive()


async def answering_short(stream):
    async with stream:
        async for received in stream:
            await stream.send(
                b"*1\r\n:1\r\n" if b"EVALSHA" in received else b"+OK\r\n" * received.count(b"*")
            )


@pytest.mark.parametrize("handle", [silent, babbling, refusing, hanging_up, answering_short])
async def test_whatever_answers_in_redis_s_place_nothing_foreign_comes_up_and_no_password(handle, caplog):
    caplog.set_level(logging.DEBUG)
    time = LocalTime()

    async def use(url):
        limiter = limiter_of(url, time, timeout=0.1)
        error = await refused(limiter)
        assert (error.__cause__, error.__context__) == (None, None)
        await limiter.pause("star", 1.0)
        await limiter.record_quota("account", source=BY_STAR, remaining=5, limit=None)
        assert "MARK" not in f"{error!r} {error} {caplog.text} {limiter!r} {limiter._store!r}"
        assert limiter.bulkhead.in_flight() == 0
        await limiter.aclose()

    with anyio.fail_after(10):
        await serve(handle, use)


async def test_a_silent_redis_costs_no_more_than_the_timeout():
    async def use(url):
        limiter = RedisLimiter(url, limits_of(), timeout=0.05)
        asked = anyio.current_time()
        await refused(limiter)
        assert anyio.current_time() - asked < 2
        await limiter.aclose()

    await serve(silent, use)


async def test_nobody_there_at_all():
    limiter = RedisLimiter(f"redis://127.0.0.1:{free_port()}", limits_of())
    await refused(limiter)
    await limiter.aclose()


class Held:
    """A relay in front of Redis whose answers can be held back, so that a cancellation strikes in between."""

    def __init__(self, port):
        self.port = port
        self.answers = 0
        self.holding = False
        self.arrived = anyio.Event()
        self.let_go = anyio.Event()

    async def relay(self, stream):
        async with (
            stream,
            await anyio.connect_tcp("127.0.0.1", self.port) as server,
            anyio.create_task_group() as group,
        ):
            group.start_soon(self._questions, stream, server)
            try:
                while True:
                    answer = await server.receive()
                    if self.holding:
                        self.holding = False
                        self.arrived.set()
                        await self.let_go.wait()
                    await stream.send(answer)
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                group.cancel_scope.cancel()

    async def _questions(self, stream, server):
        try:
            while True:
                await server.send(await stream.receive())
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            await server.send_eof()


async def test_a_call_that_is_cancelled_between_the_grant_and_its_answer_gives_the_turn_back(redis_server):
    """Redis has granted the turn and counted the day's call when the asker goes."""
    time = TravellingTime(redis_server.url)
    held = Held(redis_server.port)

    async def use(url):
        limiter = limiter_of(url.replace(":PASSWORD-MARK@", ""), time, rate=1, burst=2)
        await limiter.record_quota("account", source=BY_STAR, remaining=10, limit=50)
        await leave(limiter)
        before = time.server.hget("{koscom}:broker:star", "free")
        held.holding = True
        async with anyio.create_task_group() as group:
            group.start_soon(limiter.acquire, "star", "account")
            await held.arrived.wait()
            assert time.server.hget("{koscom}:broker:star", "free") > before
            assert time.server.hget("{koscom}:service:account", "remaining") == b"8"
            group.cancel_scope.cancel()
        assert time.server.hget("{koscom}:broker:star", "free") == before
        assert time.server.hget("{koscom}:service:account", "remaining") == b"9"
        assert limiter.bulkhead.in_flight() == 0
        held.let_go.set()
        await leave(limiter)
        assert time.slept == []
        await limiter.aclose()

    with anyio.fail_after(20):
        await serve(held.relay, use)
    time.close()


@pytest.mark.parametrize("turns", range(30))
async def test_cancelling_at_any_moment_gives_everything_back(redis_server, turns):
    time = TravellingTime(redis_server.url)
    limiter = limiter_of(redis_server.url, time, rate=0.001, burst=3, in_flight=5, total=5)
    if turns % 2:
        await leave(limiter, "cyber")  # a connection is there already
    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(limiter.acquire, "star", "account")
        for _ in range(turns):
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    granted = limiter.bulkhead.in_flight("star")
    assert granted <= 2
    for _ in range(granted):
        limiter.release("star")
    assert limiter.bulkhead.in_flight() == 0
    # What is left of the burst of three leaves at once; a lost turn would take a quarter of an hour to come back.
    for _ in range(3 - granted):
        await leave(limiter)
    assert time.slept == []
    pool = limiter._store._opened.connection_pool
    assert len(pool._in_use_connections) == 0
    await limiter.aclose()
    time.close()


async def test_a_storm_of_cancellations_leaves_no_connection_and_no_place(redis_server):
    limiter = RedisLimiter(
        redis_server.url, limits_of(rate=100_000, burst=1000, in_flight=50, total=100), timeout=5.0
    )
    with redis.Redis.from_url(redis_server.url) as client:
        before = len(client.client_list())
        for turns in range(40):
            async with anyio.create_task_group() as group:
                for number in range(10):
                    group.start_soon(leave, limiter, f"broker{number}")
                for _ in range(turns):
                    await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()
        assert len(limiter._store._opened.connection_pool._in_use_connections) == 0
        assert len(client.client_list()) - before <= 8
        assert limiter.bulkhead.in_flight() == 0
        assert limiter._store._slots.value == 8
        await limiter.aclose()
        assert len(client.client_list()) <= before


@pytest.mark.parametrize("until", ["1e999", "1e300", f"{7_226_582_400 * 10**6}"])
async def test_a_service_s_day_that_ends_in_years_is_none(redis_server, until):
    """With no end at all, Redis was asked two thousand times a second, and no call left."""
    limiter = limiter_of(redis_server.url, LocalTime(), rate=1000, burst=1000)
    with redis.Redis.from_url(redis_server.url) as client:
        client.hset(ACCOUNT, mapping={"remaining": 0, "limit": 5, "until": until})
        with anyio.fail_after(30):
            await leave(limiter)
    await limiter.aclose()

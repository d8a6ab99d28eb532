"""Tokens in a real Redis: kept for all processes, renewed by one of them, and locks that never stay behind."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import anyio
import anyio.lowlevel
import attrs
import pytest
from redis.asyncio import Redis

from koscom_async import ConnectionFailedError, Koscom, ReauthorizationRequiredError, SettingsError, Token
from koscom_async.integrations.redis import RedisTokenStore
from koscom_async.sandbox import SandboxGateway
from koscom_async.tokens import FernetSeal, LockingTokenStore

TOKEN = Token(access="ACCESS-MARK", refresh="REFRESH-MARK")


@pytest.fixture
def address(running_redis):
    return running_redis.url


@pytest.fixture
async def store(address):
    async with Redis.from_url(address) as redis:
        await redis.flushall()
        yield RedisTokenStore(redis)


async def test_what_was_saved_is_loaded_also_by_another_process_s_store(store, address):
    await store.save("a", TOKEN)
    other = RedisTokenStore.from_url(address)
    assert (await other.load("a"), await other.load("b")) == (TOKEN, None)
    await other.aclose()
    assert isinstance(store, LockingTokenStore)
    assert "MARK" not in repr(store)


async def test_what_is_no_token_counts_as_none(store):
    await store._redis.set("koscom:token:a", b"\xff{")
    assert await store.load("a") is None


async def test_a_stored_year_1_is_no_token_and_a_holdings_call_says_so(store):
    async with SandboxGateway(in_process=True) as gateway:
        investor = attrs.evolve(gateway.investor, token=None)
        async with Koscom(gateway.settings, transport=gateway.transport, tokens=store) as koscom:
            await koscom._gateway.tokens.keep(investor, TOKEN)
            (key,) = await store._redis.keys()
            await store._redis.set(
                key, '{"access": "a", "refresh": "r", "expires_at": "0001-01-01T00:00:00+00:00"}'
            )
            with pytest.raises(ReauthorizationRequiredError, match="there is no access token"):
                await koscom.holdings(investor)


DAY = 86_400


async def test_a_token_is_forgotten_when_it_was_not_saved_for_long_and_lock_keys_are_too(store):
    later = datetime.now(UTC) + timedelta(days=200)
    for keep_days, token, days in (
        (90, TOKEN, 90),
        (2.5, TOKEN, 2.5),
        (90, attrs.evolve(TOKEN, expires_at=later), 200),
    ):
        await RedisTokenStore(store._redis, keep_days=keep_days).save("a", token)
        assert days * DAY - 60 < await store._redis.ttl("koscom:token:a") <= days * DAY
    async with store.lock("a"):
        assert 0 < await store._redis.ttl("koscom:token:a:lock") <= 60
    for keep_days in (0, -1, float("nan"), float("inf"), True, "90", 1e6):
        with pytest.raises(SettingsError, match="keep_days must be above 0"):
            RedisTokenStore(store._redis, keep_days=keep_days)


async def test_with_a_seal_redis_has_nothing_that_can_be_read_and_believes_nothing_that_was_put_there(store):
    sealing = RedisTokenStore(store._redis, seal=FernetSeal(FernetSeal.new_key()))
    await sealing.save("a", TOKEN)
    assert b"MARK" not in await store._redis.get("koscom:token:a")
    assert await sealing.load("a") == TOKEN
    await store._redis.copy(
        "koscom:token:a", "koscom:token:b"
    )  # another investor's token, put in the place of one's own
    await store.save("c", TOKEN)
    for key, words in (
        ("b", "not opened by this store's seal"),
        ("c", "is not sealed, and this store seals"),
    ):
        with pytest.raises(SettingsError, match=words):
            await sealing.load(key)


async def test_a_lock_is_held_by_one_and_others_wait_for_it_by_key(store):
    entered = []

    async def second():
        async with store.lock("a"):
            entered.append("second")

    async with anyio.create_task_group() as group, store.lock("a"), store.lock("b"):
        group.start_soon(second)
        await store.load("a")
        entered.append("first")
    assert entered == ["first", "second"]


async def test_a_lock_that_ran_out_is_left_without_complaint_and_is_the_next_one_s(store):
    async with store.lock("a"):
        await store._redis.set("koscom:token:a:lock", "somebody else")
    assert await store._redis.get("koscom:token:a:lock") == b"somebody else"


@pytest.mark.parametrize("turns", range(0, 40, 3))
async def test_whoever_is_cancelled_anywhere_leaves_no_lock(store, turns):
    async with anyio.create_task_group() as group:

        async def hold():
            async with store.lock("a"):
                await anyio.sleep_forever()

        group.start_soon(hold)
        for _ in range(turns):
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    with anyio.fail_after(10):
        async with store.lock("a"):  # which would otherwise run out after a minute
            pass
    assert await store._redis.keys() == []


ASK = """
import sys, anyio, attrs
from datetime import datetime
from koscom_async import Device, Investor, Koscom, Settings, Token
from koscom_async.integrations.redis import RedisTokenStore

async def main():
    url, redis, ci, name, access, refresh = sys.argv[1:]
    settings = Settings(base_url=url, api_key="sandbox-api-key", api_secret="sandbox-api-secret", com_id="F0995", srv_id="297")
    investor = Investor(ci=ci, name=name, token=Token(access=access, refresh=refresh),
                        device=Device(ip="192.0.2.10", mac="00:00:5E:00:53:01"))
    store = RedisTokenStore.from_url(redis)
    async with Koscom(settings, tokens=store) as koscom:
        print("ready", flush=True)
        sys.stdin.readline()
        holdings = await koscom.holdings(investor)
        print(holdings.complete, len(holdings.positions))
    await store.aclose()

anyio.run(main)
"""


async def test_two_processes_that_meet_a_dead_token_renew_it_once(store, address):
    async with SandboxGateway(latency=0.05) as gateway:
        token = gateway.issue_token()
        gateway.revoke_token()
        person = gateway.ledger.people[0]
        arguments = [gateway.url, address, person.ci, person.name, token.access, token.refresh]
        processes = [
            subprocess.Popen(  # noqa: ASYNC220, S603  # two processes are what is tested
                [sys.executable, "-c", ASK, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        for process in processes:
            assert await anyio.to_thread.run_sync(process.stdout.readline) == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        ends = [(await anyio.to_thread.run_sync(process.communicate))[0] for process in processes]
        assert [end.split()[0] for end in ends] == ["True", "True"]
        assert gateway.refreshes == 1


async def test_a_redis_that_is_not_there_is_an_error_of_ours_and_nothing_is_sent():
    async with SandboxGateway() as gateway:
        store = RedisTokenStore.from_url("redis://:PASSWORD-MARK@127.0.0.1:1/0")
        async with Koscom(gateway.settings, tokens=store) as koscom:
            with pytest.raises(ConnectionFailedError, match="the token store could not load") as caught:
                await koscom.holdings(attrs.evolve(gateway.investor, token=TOKEN))
        assert (caught.value.code, caught.value.retriable, gateway.calls) == ("token-store", False, ())
        assert "MARK" not in repr(store) + str(caught.value)
        await store.aclose()


def test_without_redis_py_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(ImportError, match=r"\.\[redis\]"):
        RedisTokenStore.from_url("redis://localhost")

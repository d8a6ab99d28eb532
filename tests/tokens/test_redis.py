"""Tokens in a real Redis: kept for all processes, renewed by one of them, and locks that never stay behind."""

import subprocess
import sys

import anyio
import anyio.lowlevel
import attrs
import pytest
from redis.asyncio import Redis

from koscom_async import ConnectionFailedError, Koscom, Token
from koscom_async.integrations.redis import RedisTokenStore
from koscom_async.sandbox import SandboxGateway
from koscom_async.tokens import LockingTokenStore

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
    with pytest.raises(ImportError, match=r"koscom_async\[redis\]"):
        RedisTokenStore.from_url("redis://localhost")

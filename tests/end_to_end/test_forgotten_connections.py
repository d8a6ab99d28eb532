"""A balancer between client and gateway that forgets its connections: the next byte over each is answered by a reset."""

import asyncio
import socket
import struct
from contextlib import asynccontextmanager, suppress
from functools import partial
from urllib.parse import urlsplit

import anyio
import pytest
from attrs import evolve

from koscom_async import BrokerLimits, Koscom, Limits
from koscom_async.sandbox import SandboxGateway
from koscom_async.settings import Backend
from tests.end_to_end.test_main_job import impatient

MANY = 40
PLENTY = BrokerLimits(rate=10_000, burst=10_000, in_flight=MANY)


class Balancer:
    """Hands bytes on in both directions, for connections that it remembers."""

    def __init__(self, target):
        self._target = target
        self._remembered = set()
        self.accepted = self.resets = self.waiting = 0
        self.may_pass = anyio.Event()

    def forget(self):
        self._remembered.clear()

    async def serve(self, reader, writer):
        self.accepted += 1
        self._remembered.add(writer)
        upstream, downstream = await asyncio.open_connection(*self._target)
        back = asyncio.get_running_loop().create_task(self._hand_back(upstream, writer))
        with suppress(ConnectionError, asyncio.CancelledError):
            while data := await reader.read(2**16):
                if writer not in self._remembered:
                    self._reset(writer)
                    break
                self.waiting += 1
                await self.may_pass.wait()
                downstream.write(data)
        back.cancel()
        downstream.close()
        writer.close()

    async def _hand_back(self, upstream, writer):
        with suppress(ConnectionError):
            while data := await upstream.read(2**16):
                writer.write(data)

    def _reset(self, writer):
        self.resets += 1
        at_once = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        writer.transport.abort()


@asynccontextmanager
async def balanced(gateway, backend):
    """A client behind a balancer."""
    to = urlsplit(gateway.url)
    balancer = Balancer((to.hostname, to.port))
    server = await asyncio.start_server(balancer.serve, "127.0.0.1", 0)
    settings = impatient(gateway.settings, backend=backend, limits=Limits(default=PLENTY, in_flight=2 * MANY))
    settings = evolve(settings, base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with server, Koscom(settings) as koscom:
        yield koscom, balancer


async def at_once(ask, times):
    answers = []

    async def one():
        answers.append(await ask())

    async with anyio.create_task_group() as group:
        for _ in range(times):
            group.start_soon(one)
    return answers


@pytest.mark.parametrize("backend", [Backend.CORE, Backend.FAST, Backend.HTTPX])
async def test_no_call_fails_and_none_is_sent_more_than_twice(backend):
    with SandboxGateway() as gateway:
        for idle in (1, MANY):
            async with balanced(gateway, backend) as (koscom, balancer):
                balancer.may_pass.set()
                accounts = await koscom.member.accounts(gateway.investor)
                account = accounts.accounts[0]
                ask = partial(koscom.account.balance, gateway.investor, account)
                balancer.may_pass, balancer.waiting = anyio.Event(), 0

                async with anyio.create_task_group() as group:
                    group.start_soon(at_once, ask, idle)
                    while balancer.waiting < idle:
                        await anyio.lowlevel.checkpoint()
                    balancer.may_pass.set()
                for times in (1, idle):
                    balancer.forget()
                    calls, resets = koscom.statistics().of(account.broker.short_name).calls, balancer.resets
                    answers = await at_once(ask, times)
                    assert len({len(answer.rows) for answer in answers}) == 1
                    assert koscom.statistics().of(account.broker.short_name).calls == calls + times
                    assert balancer.resets - resets <= times
                assert balancer.resets > 0
                balancer.forget()
                assert (await koscom.holdings(gateway.investor)).complete
                statistics = koscom.statistics()
                assert {(each.retries, each.failures, each.breaker) for each in statistics.brokers} == {
                    (0, 0, "closed")
                }

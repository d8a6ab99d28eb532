"""Clients that leave take their calls to the brokers with them: by whatever route, middleware and server."""

from contextlib import asynccontextmanager, contextmanager
from itertools import product

import anyio
import anyio.lowlevel
import httpx
import pytest
import uvicorn
from anyio import fail_after

from koscom_async.sandbox import SandboxGateway, generated
from tests.integrations.web.conftest import Shop
from tests.integrations.web.visits import Visit, read_events
from tests.leaks import assert_nothing_left, open_descriptors, other_tasks
from tests.loops import naming

BROKERS = ("diamond", "cyber", "star")
LONG = 60


async def until(condition):
    with fail_after(LONG):
        while not condition():
            await anyio.lowlevel.checkpoint()


def asked(gateway):
    """How many calls the brokers got."""
    return sum(call.broker in BROKERS for call in gateway.calls)


@pytest.mark.parametrize("behind_middleware", [False, True])
async def test_no_call_begins_after_the_client_left(behind_middleware):
    gateway = SandboxGateway(in_process=True)
    shop = Shop(gateway, behind_middleware=behind_middleware)
    async with gateway, shop.app.router.lifespan_context(shop.app) as state:
        await Visit("/holdings")(shop.app, state)  # after it, what brokers refuse is known
        gateway.clear_calls()
        await Visit("/holdings")(shop.app, state)
        whole, before = asked(gateway), other_tasks()
        for path, spec in product(("/holdings", "/events", "/events?growing=true"), ("2.3", "2.4")):
            with naming({"path": path, "spec": spec}), fail_after(LONG):
                gateway.set_fault("cyber", "silent")  # so that the rest of its pages is still to be asked
                gateway.clear_calls()
                visit = Visit(*path.split("?"), spec=spec)
                async with anyio.create_task_group() as group:
                    group.start_soon(visit, shop.app, state)
                    await until(lambda: any(call.broker == "cyber" for call in gateway.calls))
                    visit.left.set()
                assert '"complete"' not in visit.text
                await assert_nothing_left(shop.koscom, before)
                assert asked(gateway) < whole
                # As long as a whole answer takes, none of the calls that were left follows.
                gateway.clear_faults()
                gateway.clear_calls()
                stays = Visit("/holdings", spec=spec)
                await stays(shop.app, state)
                assert '"complete":true' in stays.text
                assert asked(gateway) == whole


@pytest.mark.parametrize("behind_middleware", [False, True])
async def test_a_client_that_leaves_before_its_stream_is_open_ends_it(gateway, behind_middleware):
    gateway.set_fault("common", "silent")  # as long as under overload the list of accounts waits for its turn
    shop = Shop(gateway, behind_middleware=behind_middleware)
    async with shop.app.router.lifespan_context(shop.app) as state:
        before, visit = other_tasks(), Visit("/events")
        with fail_after(LONG):
            async with anyio.create_task_group() as group:
                group.start_soon(visit, shop.app, state)
                await until(lambda: gateway.calls)
                visit.left.set()
            await assert_nothing_left(shop.koscom, before)
        assert (visit.status, visit.text) == (499, "")
        gateway.clear_faults()
        stays = Visit("/events")
        await stays(shop.app, state)
        assert '"complete":true' in stays.text


async def test_a_client_that_is_gone_gets_an_empty_answer_with_a_status_for_the_log(gateway, shop):
    async with shop.app.router.lifespan_context(shop.app) as state:
        visit = Visit("/holdings")
        visit.left.set()
        await visit(shop.app, state)
    assert (visit.status, visit.text) == (499, "")


async def test_an_error_of_the_work_comes_as_it_is(gateway, shop):
    gateway.set_fault("common", "4002")
    async with shop.app.router.lifespan_context(shop.app) as state:
        visit = Visit("/holdings")
        await visit(shop.app, state)
    assert visit.status == 409


async def test_of_five_hundred_streams_nothing_is_left():
    async with SandboxGateway(in_process=True, ledger=generated(accounts=1, transactions=20)) as gateway:
        shop = Shop(gateway)
        async with shop.app.router.lifespan_context(shop.app) as state:
            gateway.set_fault("diamond", "silent")
            visits, before = [Visit("/events") for _ in range(500)], other_tasks()
            async with anyio.create_task_group() as group:
                for visit in visits:
                    group.start_soon(visit, shop.app, state)
                for visit in visits:
                    await visit.begun.wait()
                for visit in visits:
                    visit.left.set()
            await assert_nothing_left(shop.koscom, before)
            gateway.clear_faults()
            after = Visit("/events")
            await after(shop.app, state)
            assert after.events[-1][2]["complete"] is True


class Server(uvicorn.Server):
    """A server in the test's own loop, which takes no signals."""

    def __init__(self, app):
        super().__init__(uvicorn.Config(app, port=0, log_config=None, ws="none"))
        self.ready = anyio.Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self):
        yield


@asynccontextmanager
async def served(app):
    """Serve an application on a socket; yield the server and its port."""
    server = Server(app)
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve)
        await server.ready.wait()
        yield server, server.servers[0].sockets[0].getsockname()[1]
        server.should_exit = True


async def test_of_streams_over_sockets_no_socket_is_left():
    with SandboxGateway() as gateway:
        shop = Shop(gateway)
        async with served(shop.app) as (server, port):
            url = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient() as client:
                await client.get(f"{url}/holdings")  # what is opened once, is open
                for broker in BROKERS:
                    gateway.set_fault(broker, "silent")
                descriptors, tasks = open_descriptors(), other_tasks()
                streams = [await anyio.connect_tcp("127.0.0.1", port) for _ in range(30)]
                for stream in streams:
                    await stream.send(b"GET /events HTTP/1.1\r\nHost: shop\r\n\r\n")
                for stream in streams:
                    while b"event: accounts" not in await stream.receive():
                        pass
                for stream in streams:
                    await stream.aclose()
                await until(lambda: len(server.server_state.connections) == 1)
                await assert_nothing_left(shop.koscom, tasks)
                await until(lambda: open_descriptors() <= descriptors)  # the gateway has a loop of its own
                gateway.clear_faults()
                answer = await client.get(f"{url}/events")
                assert read_events(answer.text)[-1][2]["complete"] is True

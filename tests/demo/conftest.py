"""The demonstration, served in this process over a sandbox without its latencies."""

from contextlib import asynccontextmanager

import anyio
import pytest

from koscom_async.cli.demo.app import build_app
from koscom_async.cli.demo.server import DemoServer
from koscom_async.sandbox import SandboxGateway
from koscom_async.sandbox.server import HOST, bind


@asynccontextmanager
async def served(gateway):
    """Serve the page while the context lasts, and get its address."""
    ready = anyio.Event()
    with bind(0) as listener:
        server = DemoServer(build_app(gateway), ready.set)
        async with anyio.create_task_group() as group:
            group.start_soon(server.serve, [listener])
            await ready.wait()
            try:
                yield f"http://{HOST}:{listener.getsockname()[1]}/"
            finally:
                server.should_exit = True


@pytest.fixture
def gateway(manuals_investor):
    with SandboxGateway() as gateway:
        yield gateway

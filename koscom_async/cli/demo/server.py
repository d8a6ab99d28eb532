"""The demonstration's own server: it says when it answers, and ends at once, with streams open, when it is asked to."""

import socket
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import anyio
import anyio.to_thread
import uvicorn
from fastapi import FastAPI

from koscom_async.cli.demo.app import build_app
from koscom_async.sandbox import SandboxGateway
from koscom_async.sandbox.delivery import Latency, LongTail, Uniform
from koscom_async.sandbox.gateway import until_stopped
from koscom_async.sandbox.server import HOST, bind

# What a person can watch: one long answer, eight short ones, five of middling length.
LATENCIES: dict[str, float | Latency] = {
    "common": 0.4,
    "diamond": LongTail(1.1, spread=0.15),
    "cyber": Uniform(0.3, 0.7),
    "star": Uniform(0.8, 1.5),
}


class DemoServer(uvicorn.Server):
    """A uvicorn server that calls `on_ready` when it answers, and leaves signals to its caller."""

    def __init__(self, app: FastAPI, on_ready: Callable[[], object]) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",  # a stream that is cut off at the end is no error
            access_log=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=0,
        )
        super().__init__(config)
        self._on_ready = on_ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone: uvicorn would send them once more, to a process that is ending already."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


async def serve(*, port: int, open_browser: bool, on_ready: Callable[[str], object]) -> None:
    """Run until SIGINT or SIGTERM; `on_ready` gets the address. Raises `OSError` if the port is taken."""
    with bind(port) as listener:
        url = f"http://{HOST}:{listener.getsockname()[1]}/"
        async with SandboxGateway(latency=LATENCIES) as gateway, anyio.create_task_group() as group:

            def ready() -> None:
                on_ready(url)
                if open_browser:
                    # A browser of the terminal returns when it is left.
                    opened = partial(anyio.to_thread.run_sync, webbrowser.open, url, abandon_on_cancel=True)
                    group.start_soon(opened)

            server = DemoServer(build_app(gateway), ready)
            group.start_soon(server.serve, [listener])
            await until_stopped()
            server.should_exit = True

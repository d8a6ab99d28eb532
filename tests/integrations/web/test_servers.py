"""Servers in processes of their own, asked to end while streams are open: each stream and each server ends by itself."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import redis

from koscom_async.sandbox import SandboxGateway
from tests.integrations.web.visits import read_events

ROOT = Path(__file__).parents[3]
APP = "tests.integrations.web.shop:from_environment"
UVICORN = ["uvicorn", "--factory", APP, "--fd", "{socket}"]
GUNICORN = [
    "gunicorn", f"{APP}()", "--worker-class", "asgi", "--workers", "2", "--bind", "fd://{socket}",
    "--preload", "--no-control-socket",
]  # fmt: skip
DEADLINE, LONG = 2, 60

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")


@contextmanager
def running(command, **environment):
    """Start a server on a socket that listens already, so that nothing has to wait for it; yield it and its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        server = subprocess.Popen(  # noqa: S603  # a server of this machine's own
            [sys.executable, "-m", *(word.format(socket=number) for word in command)],
            cwd=ROOT,
            env=os.environ | environment,
            pass_fds=[number],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield server, f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.kill()
            server.communicate()


def ended(server, url):
    """Open two streams, ask the server to end, and return what both brought, and what the server wrote."""
    with (
        httpx.stream("GET", f"{url}/events", timeout=LONG) as one,
        httpx.stream("GET", f"{url}/events", timeout=LONG) as other,
    ):
        streams = [one.iter_text(), other.iter_text()]
        first = [next(stream) for stream in streams]
        server.send_signal(signal.SIGTERM)
        texts = [begin + "".join(stream) for begin, stream in zip(first, streams, strict=True)]
    written, _ = server.communicate(timeout=LONG)
    return [read_events(text) for text in texts], written


def check(server, url):
    """Each stream ends as its deadline says, and then the server, without a word of what went wrong."""
    streams, written = ended(server, url)
    for events in streams:
        name, number, holdings = events[-1]
        assert (name, number) == ("holdings", "end")
        assert [failure["error"]["code"] for failure in holdings["failures"]] == ["deadline"]
    assert server.returncode in {0, -signal.SIGTERM}, written
    assert "Traceback" not in written, written


def test_uvicorn_ends_when_its_streams_have_ended():
    with SandboxGateway(latency={"star": LONG}) as gateway:
        environment = {**gateway.environment, "SHOP_DEADLINE": str(DEADLINE)}
        with running(UVICORN, **environment) as (server, url):
            check(server, url)


def test_gunicorn_s_workers_share_limits_and_end_when_their_streams_have_ended(running_redis):
    shared = redis.Redis.from_url(running_redis.url)
    shared.flushall()
    with SandboxGateway(latency={"star": LONG}) as gateway:
        environment = {
            **gateway.environment,
            "SHOP_DEADLINE": str(DEADLINE),
            "SHOP_REDIS": running_redis.url,
        }
        with running(GUNICORN, **environment) as (server, url):
            check(server, url)
    assert shared.dbsize() > 0
    shared.close()

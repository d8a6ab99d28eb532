"""What holds for all tests: no example is bounded in time, time can be set, and there are two backends."""

import asyncio
import contextlib
import importlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from koscom_async._transport.limits.limiter import ProcessLimiter
from tests.backends import BACKENDS, CHOICE
from tests.fake_time import Clock
from tests.hurry import hurrying
from tests.machine import CHROMIUM, REDIS_SERVER, find_program, hide_system_fonts, require_programs
from tests.redis_server import RedisServer

# Machines are slow and noisy. The suite draws few examples each time; `--hypothesis-profile=thorough` draws many, and
# `nox -s fuzz` goes on for as long as it is given.
settings.register_profile("house", deadline=None, max_examples=30)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("house")


def pytest_configure(config):
    hide_system_fonts(config)
    os.environ.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # workers and programs that tests start share what is compiled


def pytest_sessionstart(session):
    worker = getattr(session.config, "workerinput", None)
    if worker is not None:
        _import_a_share(session.config, int(worker["workerid"].removeprefix("gw")), worker["workercount"])


def pytest_xdist_auto_num_workers(config):
    """Two workers a core: half of the tests' time is waiting for programs, sockets and clocks of their own."""
    return 2 * (os.cpu_count() or 1)


def pytest_runtest_setup(item):
    require_programs(item)


def _import_a_share(config, number, count):
    """All workers collect all tests: each compiles a part of them first, so that none is compiled by all at once."""
    paths = [Path(argument.partition("::")[0]) for argument in config.args]
    files = [file for path in paths for file in (sorted(path.rglob("test_*.py")) if path.is_dir() else ())]
    for file in files[number::count]:
        with contextlib.suppress(Exception, pytest.skip.Exception):  # the collection shows them
            importlib.import_module(
                ".".join(file.absolute().relative_to(config.rootpath).with_suffix("").parts)
            )


@pytest.fixture(scope="session")
def redis_command():
    return find_program(*REDIS_SERVER)


@pytest.fixture(scope="session")
def chromium_command():
    return find_program(*CHROMIUM)


@pytest.fixture(scope="session")
def running_redis(redis_command):
    """One Redis for the whole run; `redis_server` is the same, emptied."""
    with RedisServer(redis_command) as server:
        yield server


@pytest.fixture
def redis_server(running_redis):
    """The one for the whole run, forgetful between tests."""
    import redis

    with redis.Redis.from_url(running_redis.url) as client:
        client.flushall()
    return running_redis


@pytest.fixture
def ring():
    """A keyring in memory, in the place of the system's."""
    import keyring

    from tests.keyrings import Ring

    before, ring = keyring.get_keyring(), Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture(params=BACKENDS)
def backend(request, monkeypatch):
    """Which backend carries the test; it runs once over each."""
    monkeypatch.setattr(CHOICE, "backend", request.param)
    return request.param


@pytest.fixture
def manuals_investor(monkeypatch):
    """The sandbox has the manual's odd rows, where a test gives it no ledger of its own."""
    from tests.manuals_investor import manuals_ledger

    monkeypatch.setattr("koscom_async.sandbox.gateway.example_ledger", manuals_ledger)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def standing_clock(monkeypatch):
    """The loop's clock, which stands still unless a test moves it: no stall of the machine counts."""
    loop = asyncio.get_running_loop()
    clock = Clock(loop.time())
    monkeypatch.setattr(loop, "time", clock)
    return clock


@pytest.fixture
async def jump(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the event loop's clock forward, so that deadlines strike without anybody waiting for them."""
    loop = asyncio.get_running_loop()
    real, ahead = loop.time, 0.0

    def forward(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds

    monkeypatch.setattr(loop, "time", lambda: real() + ahead)
    return forward


@pytest.fixture
async def hurry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the event loop's clock jump to the next timer where nothing but time is waited for."""
    with hurrying(asyncio.get_running_loop()) as clock:
        monkeypatch.setitem(ProcessLimiter.__init__.__kwdefaults__, "clock", clock)
        yield

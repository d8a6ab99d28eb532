"""A real redis-server of the tests' own, on a socket file; where there is none, CI fails and a developer is told."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MISSING = (
    "redis-server is not installed: install Debian's package redis-server (apt-get install redis-server)"
)


@contextmanager
def redis_server(directory: Path) -> Iterator[str]:
    """Run a server while the context lasts, and yield its address."""
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("CI", "").lower() not in {"", "0", "false"}:
            pytest.fail(MISSING, pytrace=False)
        pytest.skip(MISSING)
    socket = directory / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"]
    with subprocess.Popen(  # noqa: S603  # found above
        [program, *options, "--dir", str(directory)], stdout=subprocess.PIPE, text=True
    ) as process:
        if not any("ready to accept connections" in line.lower() for line in process.stdout):
            pytest.fail("redis-server did not start")
        yield f"unix://{socket}"
        process.kill()

"""A redis-server of the tests' own, on a free port of loopback: started, stopped and started again on demand."""

import os
import shutil
import socket
import subprocess

import pytest

MISSING = (
    "redis-server is not installed, so what processes share cannot be tested: "
    "install Debian's package redis-server (apt-get install redis-server)"
)


def redis_server_command():
    """Return the server's path; where it is missing, fail in CI, and elsewhere skip and say so."""
    found = shutil.which("redis-server")
    if found is None:
        if os.environ.get("CI", "").lower() not in {"", "0", "false"}:
            pytest.fail(MISSING, pytrace=False)
        pytest.skip(MISSING)
    return found


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class RedisServer:
    """Keeps nothing on disk: one that was stopped comes back without its memory."""

    def __init__(self):
        self._command = redis_server_command()
        self._process = None
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(  # noqa: S603  # a server of this machine's own
            [self._command, *options], stdout=subprocess.PIPE, text=True
        )
        for line in self._process.stdout:
            if "Ready to accept connections" in line:
                return
        pytest.fail("redis-server did not start")

    def stop(self):
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

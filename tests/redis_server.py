"""A redis-server of the tests' own, on a free port of loopback: started, stopped and started again on demand."""

import socket
import subprocess

import pytest


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class RedisServer:
    """Keeps nothing on disk: one that was stopped comes back without its memory."""

    def __init__(self, command):
        self._command = command
        self._process = None
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

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

"""Runs the gateway of fixed answers in a process of its own, on another core: `server.c`, built when first needed.

Where no C compiler works, `static_server.py` takes its place, and the benchmark says so. What is answered, and after
which time, is the caller's.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from attrs import frozen

HERE = Path(__file__).parent
COMPILERS = ("cc", "gcc", "clang")


@frozen
class Answer:
    """The body of an answer, and the bytes in a request by which it is chosen; empty ones are in every request."""

    body: bytes
    needle: bytes = b""


class Responder:
    """Answers from the first of `answers` that fits, `latency` milliseconds (from, to) later; `url` is where."""

    def __init__(
        self, answers: Sequence[Answer], *, latency: tuple[float, float] = (0, 0), seed: int = 0
    ) -> None:
        self._answers = tuple(answers)
        self._arguments = [str(latency[0]), str(latency[1]), str(seed)]
        self.url = ""

    def __enter__(self) -> Self:
        program = _built()
        command = [str(program)] if program else [sys.executable, str(HERE / "static_server.py")]
        self._process = subprocess.Popen(  # noqa: S603  # our own server
            [*command, *self._arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None  # noqa: S101  # they were asked for
        assert self._process.stdout is not None  # noqa: S101
        on_other_core(self._process.pid)
        for answer in self._answers:
            self._process.stdin.write(b"%d %d\n" % (len(answer.needle), len(answer.body)))
            self._process.stdin.write(answer.needle + answer.body)
        self._process.stdin.close()
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def on_other_core(server: int) -> None:
    """Give this process one core and the server another, where there are two and the system lets us choose."""
    if not hasattr(os, "sched_setaffinity"):
        return
    ours, *others = sorted(_cores())
    if others:
        os.sched_setaffinity(0, {ours})
        os.sched_setaffinity(server, {others[0]})


@cache
def _cores() -> frozenset[int]:
    """Return the cores that were ours before any was given away."""
    return frozenset(os.sched_getaffinity(0))


_directory: tempfile.TemporaryDirectory[str] | None = None


@cache
def _built() -> Path | None:
    """Return the compiled server, or `None`, and say why, where it cannot be made."""
    global _directory  # noqa: PLW0603  # it lives as long as the process, and is then removed
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        print("no C compiler: answering from Python, which may be slower than its clients", file=sys.stderr)
        return None
    _directory = tempfile.TemporaryDirectory(prefix="koscom-bench-")
    program = Path(_directory.name, "server")
    made = subprocess.run(  # noqa: S603  # a compiler of the system, and our own source
        [compiler, "-O2", "-o", str(program), str(HERE / "server.c")],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        print(
            f"server.c does not compile here ({made.stderr.strip()[:200]}): Python answers", file=sys.stderr
        )
        return None
    return program

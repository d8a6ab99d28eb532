"""The command as a process: on a terminal, interrupted, and serving the sandbox to another one."""

# ruff: noqa: S603  # the process that is started is the command under test
import contextlib
import json
import os
import re
import shlex
import signal
import socket
import stat
import struct
import subprocess
import sys

import anyio
import pytest

from koscom_async import Investor, Koscom, KoscomError, QuotaExceededError, Settings
from koscom_async.batch import read_investors
from koscom_async.sandbox import crowd

KOSCOM = [sys.executable, "-W", "error", "-m", "koscom_async"]

# Pseudo-terminals and signals to a process are not everywhere.
fcntl, pty, termios = (pytest.importorskip(name) for name in ("fcntl", "pty", "termios"))


class Terminal:
    """A pseudo-terminal: `end` for a process to write to, and what was written."""

    def __init__(self, columns=100):
        self._ours, self.end = pty.openpty()
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        self._seen = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._ours)

    def handed_over(self):
        """Keep the end to the process alone, so that it closes with the process."""
        os.close(self.end)

    def read(self, until=None):
        """Return what was written so far: until these words, or the end."""
        with contextlib.suppress(OSError):  # Linux reports the other end's closing so
            while until is None or until.encode() not in self._seen:
                piece = os.read(self._ours, 65536)
                if not piece:
                    break
                self._seen += piece
        # What is read until now may end within a letter.
        return self._seen.decode(errors="replace")


def environment(**changes):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KOSCOM_", "COLUMNS"))}
    return {**kept, "TERM": "xterm-256color", **changes}


def test_on_a_terminal_each_account_has_a_line_that_ends_with_its_mark():
    with Terminal() as terminal:
        process = subprocess.Popen(
            [*KOSCOM, "holdings", "--sandbox", "--json", "--latency", "0.15", "--fault", "star=4001"],
            stdout=subprocess.PIPE,
            stderr=terminal.end,
            env=environment(),
        )
        terminal.handed_over()
        seen = terminal.read()
        data, _ = process.communicate()
    assert process.returncode == 3
    assert json.loads(data)["complete"] is False
    assert b"\x1b" not in data
    assert "linked accounts" in seen
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    assert re.search(r"✓ 다이아몬드 증권 1607…4203 \d\.\d s", plain)
    assert re.search(r"✗ 스타 증권 1606…2944 +\d\.\d s", plain)
    assert re.search(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] 사이버 증권 1608…8517", plain)


def test_ctrl_c_ends_it_quietly():
    with Terminal() as terminal:
        process = subprocess.Popen(
            [*KOSCOM, "holdings", "--sandbox", "--latency", "60"],
            stdout=subprocess.PIPE,
            stderr=terminal.end,
            env=environment(),
        )
        terminal.handed_over()
        terminal.read(until="linked accounts")
        process.send_signal(signal.SIGINT)
        seen = terminal.read()
        out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, b"")
    assert "Traceback" not in seen
    assert "Aborted" not in seen


def test_the_sandbox_serves_another_process_until_ctrl_c():
    server = subprocess.Popen(
        [*KOSCOM, "sandbox", "serve", "--fault", "star=4001"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    told = {}
    assert re.match(r"# The sandbox gateway answers at http://127\.0\.0\.1:\d+ ", server.stdout.readline())
    for line in iter(server.stdout.readline, "# and then, for example: koscom holdings\n"):
        variable, _, value = shlex.split(line)[1].partition("=")
        told[variable] = value
    try:
        answer = subprocess.run(
            [*KOSCOM, "holdings", "--json"], capture_output=True, env=environment(**told), check=False
        )
    finally:
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=20)
    assert answer.returncode == 3
    (failure,) = json.loads(answer.stdout)["failures"]
    assert failure["account"]["broker"]["short_name"] == "star"
    assert (server.returncode, out, err) == (0, "", "")


def test_a_taken_port_is_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = subprocess.run(
            [*KOSCOM, "sandbox", "serve", "--port", str(port)],
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
        )
    assert result.returncode == 1
    assert result.stderr.startswith(f"koscom: port {port} cannot be used: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_crowd_is_served_with_files_that_a_shell_and_a_program_read(tmp_path):
    env_file, investors_file = tmp_path / "a b.env", tmp_path / "investors.parquet"
    server = subprocess.Popen(
        [*KOSCOM, "sandbox", "serve", "--people", "3", "--seed", "7", "--quota", "40", "--rate", "500",
         "--env", env_file, "--investors", investors_file],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )  # fmt: skip
    told = "".join(iter(server.stdout.readline, "# and then, for example: koscom holdings\n"))
    try:
        assert f"# 3 investors: koscom batch {investors_file} --output night\n" in told
        assert [stat.S_IMODE(each.stat().st_mode) for each in (env_file, investors_file)] == [0o600] * 2
        shell = subprocess.run(
            ["/bin/sh", "-c", f"{told}\nenv"], capture_output=True, text=True, env=environment(), check=True
        )
        variables = dict(
            line.split("=", 1) for line in shell.stdout.splitlines() if line.startswith("KOSCOM_")
        )
        lines = [shlex.split(line)[0] for line in env_file.read_text(encoding="utf-8").splitlines()]
        assert dict(line.split("=", 1) for line in lines).items() <= variables.items()
        people = dict(read_investors(investors_file))
        assert list(people) == [f"sandbox-{number:06}" for number in (1, 2, 3)]
        assert people["sandbox-000001"] == Investor.from_env(variables)
        held = anyio.run(net_worths, Settings.from_env(variables), people.values())
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=20)
    expected = [
        sum(account.summary.total for account in person.accounts) for person in crowd(3, seed=7).people
    ]
    assert held[:2] == expected[:2]
    assert {type(failure.error) for failure in held[2].failures} == {QuotaExceededError}


async def net_worths(settings, people):
    """What each has, or why it is not known."""
    seen = []
    async with Koscom(settings) as koscom:
        for investor in people:
            try:
                seen.append((await koscom.holdings(investor)).require_complete().totals.net_worth)
            except KoscomError as error:
                seen.append(error)
    return seen


def test_parquet_without_its_extra_is_one_line(koscom, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = koscom("sandbox", "serve", "--investors", str(tmp_path / "investors.parquet"))
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "extra" in result.stderr
    assert "arrow" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_wrong_options_of_the_sandbox_are_refused_before_it_serves(koscom, tmp_path):
    for arguments, message in {
        ("--rate", "moon=3"): "unknown broker 'moon'",
        ("--rate", "cyber="): "'cyber=' is no number of calls above 0, such as 50 or star=2.5",
        ("--rate", "nan"): "'nan' is no number of calls above 0, such as 50 or star=2.5",
        ("--people", "0"): "0 is not in the range 1<=x<=100000",
        ("--seed", "3"): "--seed needs --people",
        ("--people", "3", "--documents"): "--documents and --people exclude each other",
        ("--env", f"{tmp_path}/none/.env"): f"there is no directory {tmp_path}/none",
        ("--investors", str(tmp_path)): f"{tmp_path} is a directory",
    }.items():
        result = koscom("sandbox", "serve", *arguments)
        assert (result.exit_code, message in result.stderr) == (2, True), (arguments, result.stderr)
    result = koscom("sandbox", "serve", "--investors", "investors.txt")
    message = "investors.txt: the name must end in .csv or .parquet"
    assert (result.exit_code, result.stderr) == (1, f"koscom: {message}\n")


@pytest.mark.parametrize("encoding", ["ascii", "cp949"])
def test_a_sign_survives_an_encoding_without_it(encoding):
    result = subprocess.run(
        [*KOSCOM, "holdings", "--sandbox", "--fault", "star=4001"],
        capture_output=True,
        env=environment(PYTHONIOENCODING=encoding),
        check=False,
    )
    text = result.stdout.decode(encoding)
    assert result.returncode == 3
    assert "-210,000  -14.00%" in text or "-210,000 -14.00%" in text
    assert "INCOMPLETE: 1 of 3" in text


def test_a_watch_is_drawn_on_a_screen_of_its_own_until_ctrl_c():
    with Terminal() as terminal:
        process = subprocess.Popen(
            [*KOSCOM, "holdings", "--sandbox", "--watch", "3600", "--fault", "star=4001"],
            stdout=terminal.end,
            stderr=terminal.end,
            env=environment(),
        )
        terminal.handed_over()
        terminal.read(until="again in 3600 s")
        process.send_signal(signal.SIGINT)
        seen = terminal.read()
        process.wait(timeout=20)
    assert process.returncode == 130
    entered, left = seen.index("\x1b[?1049h"), seen.index("\x1b[?1049l")
    assert entered < seen.index("None so far.") < left
    assert entered < seen.index("INCOMPLETE: 1 of 3 accounts") < left
    assert "asked 1 time" in seen[left:]
    assert "Traceback" not in seen


def test_a_watch_off_a_terminal_is_lines_until_ctrl_c():
    process = subprocess.Popen(
        [*KOSCOM, "holdings", "--sandbox", "--watch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d KST  watching 3 accounts, 3 of them read, "
        r"net worth ₩42,762,100; asking again every 60 s\n",
        first,
    )
    assert (process.returncode, out) == (130, "")
    assert err.startswith("asking 3 accounts at the embedded sandbox gateway")
    assert "\x1b" not in first + err


def test_parquet_is_not_poured_over_a_terminal():
    with Terminal() as terminal:
        process = subprocess.Popen(
            [*KOSCOM, "holdings", "--sandbox", "--format", "parquet"],
            stdout=terminal.end,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        terminal.handed_over()
        seen = terminal.read()
        _, err = process.communicate(timeout=20)
    assert (process.returncode, seen) == (2, "")
    assert b"parquet is not for a terminal: add --output FILE, or redirect it" in err

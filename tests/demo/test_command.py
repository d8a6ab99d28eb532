"""`koscom demo` as a command: it prints its address, opens a browser or not, and ends cleanly with streams open."""

# ruff: noqa: S603  # the process that is started is the command under test
import os
import re
import signal
import subprocess
import sys
import webbrowser

import httpx
import pytest

from koscom_async._hints import install
from koscom_async.cli.demo.server import serve
from koscom_async.sandbox.server import bind
from tests.cli.conftest import koscom  # noqa: F401  # a fixture

if sys.platform == "win32":
    pytest.skip("signals to a process", allow_module_level=True)

ADDRESS = r"The page is at (http://127\.0\.0\.1:\d+/) until Ctrl-C\.\n"
KOSCOM = [sys.executable, "-W", "error", "-m", "koscom_async"]


def test_it_serves_until_a_signal_and_ends_cleanly_while_a_stream_is_open():
    process = subprocess.Popen(
        [*KOSCOM, "demo", "--no-browser"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        url = re.fullmatch(ADDRESS, process.stdout.readline())[1]
        with httpx.stream("GET", f"{url}holdings/events?fault=star%3Dsilent", timeout=20) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "event: accounts"
            process.terminate()
            with pytest.raises(httpx.RemoteProtocolError):
                assert "event: holdings" not in list(lines), "it did not wait for the deadline"
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (0, "", "")


async def test_the_browser_is_opened_when_the_page_can_be_asked_and_ctrl_c_ends_it(monkeypatch):
    shown, opened = [], []

    def look(url):
        opened.append(httpx.get(url).status_code)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(webbrowser, "open", look)
    await serve(port=0, open_browser=True, on_ready=shown.append)
    assert opened == [200]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", shown[0])


def test_a_port_that_is_taken_is_one_line(koscom):  # noqa: F811
    with bind(0) as taken:
        taken.listen()
        result = koscom("demo", "--no-browser", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 1
    assert re.fullmatch(r"koscom: port \d+ cannot be used: Address already in use\n", result.stderr)


def test_without_the_extra_it_says_which_one_to_install(koscom, monkeypatch):  # noqa: F811
    for name in [name for name in sys.modules if name.startswith("koscom_async.cli.demo.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    result = koscom("demo", "--no-browser")
    assert (result.exit_code, result.stderr) == (
        1,
        f"koscom: koscom demo needs fastapi, which the extra 'web' brings: {install('web')}\n",
    )

"""The README is true: its programs run against the sandbox, its commands are the ones that CI runs."""

import ast
import inspect
import re
from pathlib import Path
from types import CodeType

import pytest

import koscom_async
from koscom_async._http.transport import KEEP_ALIVE_SECONDS
from koscom_async._transport.isolation import GRACE_SECONDS
from koscom_async.sandbox import SandboxGateway
from tests.integrations.web.visits import browser, read_events
from tests.loops import each

README = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def compiled(program: str) -> CodeType:
    return compile(program, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.fixture
async def environment(monkeypatch, tmp_path):
    """The credentials of a sandbox gateway in the environment, as a user would have the platform's; files go away."""
    monkeypatch.chdir(tmp_path)
    async with SandboxGateway() as gateway:
        for name, value in gateway.environment.items():
            monkeypatch.setenv(name, value)
        yield


def test_the_first_two_commands_are_one_line_each():
    assert [command.count("\n") for command in COMMANDS[:2]] == [1, 1]
    assert "holdings --sandbox" in COMMANDS[0]
    assert "pytest" in COMMANDS[1]


def test_the_first_program_runs_as_it_stands(capsys):
    code = compiled(PROGRAMS[0])
    exec(code, {"__name__": "__main__"})  # noqa: S102  # running it is the test
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1].startswith("net worth ")
    assert printed[-1].endswith("complete: True")
    assert any("동화약품" in line for line in printed)


def test_the_first_program_has_about_ten_lines():
    assert len([line for line in PROGRAMS[0].splitlines() if line.strip()]) <= 11


@pytest.mark.parametrize("program", PROGRAMS[1:], ids=lambda program: program.strip().splitlines()[0][:50])
async def test_each_further_program_runs_on_the_sandbox(program, environment, capsys):
    names = {name: getattr(koscom_async, name) for name in koscom_async.__all__} | {
        "SandboxGateway": SandboxGateway
    }
    result = eval(compiled(program), names)  # noqa: S307  # running it is the test
    if inspect.isawaitable(result):
        await result
    if "print(" in program:
        assert capsys.readouterr().out.strip()


async def test_the_web_application_serves_holdings_and_events(environment):
    (program,) = [each for each in PROGRAMS if "FastAPI(" in each]
    names = {}
    exec(compiled(program), names)  # noqa: S102  # running it is the test
    async with browser(names["app"]) as client:
        assert (await client.get("/holdings")).json()["complete"] is True
        events = read_events((await client.get("/holdings/events")).text)
        assert [name for name, _, _ in events] == ["accounts", "account", "account", "account", "holdings"]
        again = await client.get("/holdings/events", headers={"Last-Event-ID": "end"})
        assert again.status_code == 204


@each("name", sorted(set(re.findall(r"`(\w+Error)`", README))))
def test_every_error_that_is_named_exists(name):
    assert issubclass(getattr(koscom_async, name), koscom_async.KoscomError)


def test_what_may_surprise_is_written_with_the_numbers_that_hold():
    assert f"may overrun your deadline by {GRACE_SECONDS:g} seconds" in README
    assert f"has been idle for {KEEP_ALIVE_SECONDS:g} seconds; when a name changes its address" in README
    assert "`HTTPS_PROXY` and other proxy variables are not read" in README

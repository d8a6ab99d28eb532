"""The pytest plugin in a pytest of its own: the fixtures work under each runner, and starting costs nothing heavy."""

import os
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
PLUGIN = "koscom_async.integrations.pytest"


@pytest.fixture(autouse=True)
def _find_the_package(monkeypatch):
    """Let the other pytest find the package where it is not installed."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)


TEST = """
    import pytest
    from koscom_async import Koscom

    {mark}
    async def test_holdings(koscom_gateway, koscom_settings, koscom_investor, koscom_fault):
        koscom_fault("star", "4001")
        async with Koscom(koscom_settings) as koscom:
            holdings = await koscom.holdings(koscom_investor)
        assert [each.error.code for each in holdings.failures] == ["4001"]
        assert {{call.broker for call in koscom_gateway.calls}} == {{"common", "diamond", "cyber", "star"}}
"""


@pytest.mark.parametrize(
    ("mark", "arguments"),
    [
        ("@pytest.mark.asyncio", ["-p", "no:anyio"]),
        ("@pytest.mark.anyio", ["-p", "no:asyncio"]),
    ],
    ids=["pytest-asyncio", "anyio"],
)
def test_the_fixtures_work_under_each_runner(pytester, mark, arguments):
    scope = "asyncio_default_fixture_loop_scope = function\n" if arguments[1] == "no:anyio" else ""
    pytester.makeini("[pytest]\n" + scope)
    pytester.makeconftest("import pytest\n\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n")
    pytester.makepyfile(TEST.format(mark=mark))
    pytester.runpytest_subprocess("-p", *_plugin(), *arguments).assert_outcomes(passed=1)


def test_the_gateway_is_made_with_the_users_options_and_needs_no_loop(pytester):
    pytester.makepyfile(
        """
        import httpx
        import pytest
        from koscom_async.sandbox import firm

        @pytest.fixture(scope="session")
        def koscom_sandbox_options():
            return {"ledger": firm({"comet": 3})}

        def test_options(koscom_gateway, koscom_settings):
            assert len(koscom_gateway.ledger.discretionary) == 3
            assert koscom_settings.discretionary_brokers == ("comet",)
            assert httpx.post(koscom_gateway.url + "/nowhere").status_code == 404
        """
    )
    pytester.runpytest_subprocess("-p", *_plugin()).assert_outcomes(passed=1)


def test_the_plugin_is_found_by_its_entry_point():
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"koscom_async": PLUGIN}


def test_starting_imports_nothing_heavy():
    program = (
        "import sys, koscom_async.integrations.pytest;"
        "heavy = {'starlette', 'uvicorn', 'httpx', 'cattrs', 'tenacity'} & set(sys.modules); print(sorted(heavy))"
    )
    printed = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    assert printed.strip() == "[]"


def _plugin():
    """Name the plugin where the package is not installed, so that no entry point finds it."""
    found = [each.value for each in entry_points(group="pytest11")]
    return ("no:cacheprovider",) if PLUGIN in found else (PLUGIN,)

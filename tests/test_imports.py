"""What importing brings along, each in a fresh process: nothing optional, and httpx only with the first client."""

import ast
import inspect
import json
import pickle
import py_compile
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from zipfile import ZipFile

import pytest

import koscom_async
from koscom_async import _lazy
from koscom_async.sandbox import Fault, SandboxGateway

PUBLIC = _lazy.listed("koscom_async")
FIRST_PROGRAM = "from koscom_async import Koscom, Settings, Investor, Device, Token, KoscomError"
HEAVY = {
    "anyio", "asyncio", "cattrs", "click", "h11", "httpcore", "httptools", "httpx", "json", "logging", "matplotlib",
    "msgspec", "opentelemetry", "pandas", "polars", "pyarrow", "redis", "rich", "ssl", "starlette", "stdnum",
    "tenacity", "uvicorn", "fastapi", "pydantic",
}  # fmt: skip


def modules_after(program, *, before=""):
    """The modules that a program loads in a process of its own, after what is done before it."""
    text = f"import sys\n{before}\nbefore = set(sys.modules)\n{program}\nloaded = set(sys.modules) - before\nimport json\nprint(json.dumps(sorted(loaded)))"
    ended = subprocess.run(  # noqa: S603  # our own text
        [sys.executable, "-c", text],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(koscom_async.__file__).parent.parent,
    )
    assert ended.returncode == 0, ended.stderr
    return set(json.loads(ended.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "program", ["import koscom_async", FIRST_PROGRAM, "from koscom_async import Environment, Backend, Limits"]
)
def test_a_program_that_only_imports_loads_nothing_heavy(program):
    assert modules_after(program) & HEAVY == set()


def test_the_package_alone_loads_nothing_of_itself():
    assert {name for name in modules_after("import koscom_async") if name.startswith("koscom_async")} == {
        "koscom_async"
    }


def test_a_first_program_loads_only_the_modules_of_its_names():
    assert {name for name in modules_after(FIRST_PROGRAM) if name.startswith("koscom_async.")} == {
        "koscom_async._clock",
        "koscom_async._decimals",
        "koscom_async._identifiers",
        "koscom_async._masking",
        "koscom_async._record",
        "koscom_async._lazy",
        "koscom_async.client",
        "koscom_async.errors",
        "koscom_async.models",
        "koscom_async.models._fields",
        "koscom_async.models.codes",
        "koscom_async.models.investor",
        "koscom_async.settings",
        "koscom_async.settings.addresses",
        "koscom_async.settings.checks",
    }


def test_the_first_client_loads_no_catalogue():
    program = "from koscom_async import Koscom, Settings\nKoscom(Settings(environment='sandbox', api_key='k', api_secret='s', com_id='F0995', srv_id='297'))"
    assert {name for name in modules_after(program) if "catalogue" in name} == set()


def test_settings_alone_load_nothing_of_the_client():
    assert "koscom_async.client" not in modules_after("from koscom_async import Settings")


def test_the_pytest_plugin_loads_no_more_than_the_package():
    loaded = modules_after("import koscom_async.integrations.pytest", before="import pytest")
    assert {name for name in loaded if name.startswith("koscom_async")} == {
        "koscom_async",
        "koscom_async.integrations",
        "koscom_async.integrations.pytest",
    }
    assert loaded & HEAVY == set()


def checked_names():
    """Where a type checker finds each public name, which it takes for exported since it is imported `as` itself."""
    (block,) = [node for node in ast.parse(inspect.getsource(koscom_async)).body if isinstance(node, ast.If)]
    assert all(isinstance(node, ast.ImportFrom) for node in block.body)
    assert all(alias.asname == alias.name for node in block.body for alias in node.names)
    return {alias.name: node.module for node in block.body for alias in node.names}


def test_a_type_checker_sees_each_name_where_a_program_finds_it():
    names = checked_names()
    assert names == PUBLIC
    assert sorted(koscom_async.__all__) == sorted([*names, "__version__"])
    for name, module in names.items():
        assert getattr(koscom_async, name) is getattr(import_module(module), name), name


def test_the_names_are_found_in_a_zip_without_source(tmp_path):
    compiled = Path(py_compile.compile(koscom_async.__file__, cfile=tmp_path / "compiled.pyc", doraise=True))
    with ZipFile(tmp_path / "package.zip", "w") as package:
        package.write(compiled, "koscom_async/__init__.pyc")
        for module in ("_lazy", "_masking", "errors"):
            path = Path(koscom_async.__file__).parent / f"{module}.py"
            package.write(py_compile.compile(path, cfile=tmp_path / module), f"koscom_async/{module}.pyc")
    program = f"import koscom_async\nassert len(koscom_async.__all__) == {len(koscom_async.__all__)}\nassert koscom_async.UsageError('x')"
    modules_after(program, before=f"sys.path.insert(0, {str(tmp_path / 'package.zip')!r})")


def test_each_name_is_found_where_it_says_that_it_lives():
    for name, module in PUBLIC.items():
        value = getattr(koscom_async, name)
        assert getattr(sys.modules[module], name) is value, name
        if inspect.isclass(value):
            assert inspect.getmodule(value) is sys.modules[value.__module__], name
            assert pickle.loads(pickle.dumps(value)) is value, name  # noqa: S301  # what was pickled a moment ago


def test_a_star_imports_every_public_name():
    program = "from koscom_async import *\nimport koscom_async\nassert set(koscom_async.__all__) <= set(globals()), koscom_async.__all__"
    assert "koscom_async.client" in modules_after(program)


def test_dir_lists_every_public_name_before_any_is_loaded():
    loaded = modules_after("import koscom_async\nassert set(koscom_async.__all__) <= set(dir(koscom_async))")
    assert {name for name in loaded if name.startswith("koscom_async")} == {
        "koscom_async",
        "koscom_async._lazy",
    }


def test_help_shows_the_public_names():
    program = "import pydoc, koscom_async\ntext = pydoc.plain(pydoc.render_doc(koscom_async))\nassert 'class Koscom(' in text and 'class Settings(' in text, text[:500]"
    assert "koscom_async._fanout.investor" not in modules_after(
        "from koscom_async import Koscom; help(Koscom)"
    )
    assert "koscom_async.client" in modules_after(program)


def test_a_name_that_is_none_says_so():
    with pytest.raises(AttributeError, match="module 'koscom_async' has no attribute 'Kosmos'"):
        _ = koscom_async.Kosmos


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_command_loads_no_subcommand_to_say_which_there_are(option):
    program = f"sys.argv = ['koscom', {option!r}]\nfrom koscom_async.__main__ import main\nassert main() == 0"
    loaded = modules_after(program)
    assert loaded & HEAVY == {"click"}
    assert {name for name in loaded if name.startswith("koscom_async.cli.")} == {
        "koscom_async.cli.main",
    }


# In a process of its own, so that what the gateway loads is not taken for the client's.
ASKING = """
import asyncio
from contextlib import suppress
from datetime import date
from attrs import evolve
from koscom_async import Investor, Koscom, ReauthorizationRequiredError, Settings, Token

settings, investor = Settings.from_env(), Investor.from_env()

async def ask():
    global before
    async with Koscom(evolve(settings, backend={backend!r}, check_service_hours=False)) as koscom:
        before = set(sys.modules)
        holdings = await koscom.holdings(investor)
        assert len(holdings.positions) > 5, holdings
        assert {{failure.account.broker.short_name for failure in holdings.failures}} == {{"star"}}, holdings
        await koscom.portfolios(investor)
        await koscom.watchlists(investor)
        await koscom.discretionary_holdings()
        async with koscom.stream_transactions(investor, date(2024, 1, 1), date(2024, 3, 1)) as stream:
            async for _ in stream:
                pass
        await koscom.transactions(investor, date(2024, 1, 1), date(2024, 3, 1))
        with suppress(ReauthorizationRequiredError):
            await koscom.oauth.refresh(Token(access="a", refresh="unknown"))
        koscom.statistics()

asyncio.run(ask())
"""


@pytest.mark.parametrize("backend", ["core", "fast"])
def test_no_call_waits_for_an_import(monkeypatch, backend):
    faults = {"star": "4001", "diamond": Fault("429", times=1), "cyber": Fault("reset", times=1)}
    with SandboxGateway(faults=faults) as gateway:
        for name, value in gateway.environment.items():
            monkeypatch.setenv(name, value)
        assert modules_after(ASKING.format(backend=backend)) == set()


def test_the_first_client_loads_no_discretionary_service_unless_the_settings_name_brokers():
    first = "from koscom_async import Koscom, Settings; Koscom(Settings(environment='production', api_key='k', api_secret='s', com_id='c', srv_id='s'{}))"
    loaded = modules_after(first.format(""))
    assert {
        name for name in loaded if "discretionary" in name or name.startswith("koscom_async._fanout.firm")
    } == set()
    named = modules_after(first.format(", discretionary_brokers=('samsung',)"))
    assert {"koscom_async._fanout.firm", "koscom_async._services.discretionary"} <= named


def test_a_record_loads_its_ways_out_when_it_goes_them():
    loaded = modules_after("from koscom_async import Holdings, Position, AccountOutcome, Statistics")
    assert loaded & HEAVY == set()
    assert not {
        name for name in loaded if name.startswith(("koscom_async.export.html", "koscom_async.export.frames"))
    }
    assert not loaded & {
        "koscom_async.models.difference",
        "koscom_async.models.breakdown",
        "koscom_async.models.explanation",
    }


def test_a_way_out_that_is_none_says_so():
    with pytest.raises(AttributeError, match=r"module 'koscom_async\.export' has no attribute 'pdf'"):
        _ = import_module("koscom_async.export").pdf
